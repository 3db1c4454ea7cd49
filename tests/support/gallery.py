"""Pictures of every page and state, to be looked at by a person: desktop and phone, light and dark.

    .venv/bin/python -m tests.support.gallery OUT_DIR [WORD …]

A demo desk on a free port, a real Chromium, one PNG a look (`gallery_looks.py`) and an
`index.html` that shows them side by side. WORDs choose the looks whose name has one of them.
Printed is what the pictures may hide: pages wider than the window, errors in the console.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError

from server import app, demo, vault
from server.demo.surface import Theatre
from server.desk import Desk
from server.domain import commands as c
from server.domain.people import Role, Staff
from server.settings import Settings
from server.usecases import administration, intake, people
from server.usecases.tickets import perform
from tests.support.browser import DESKTOP, PHONE, Device, chromium
from tests.support.gallery_looks import LONG, Look, every_look

DEVICES: Final = {"desktop": DESKTOP, "phone": PHONE}
OPENED: Final = datetime(2026, 3, 18, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
AT_ONCE: Final = 4
PATIENCE: Final = 30_000
"""Milliseconds that a look may take to be there."""
_STILL: Final = """async () => {
  await document.fonts.ready
  for (let still = 0; still < 4; still++) {
    await new Promise(requestAnimationFrame)
    const moving = document.getAnimations().filter(
      (one) => one.effect.getComputedTiming().iterations !== Infinity)
    if (moving.length > 0) still = 0
  }
}"""
_WIDE: Final = """() => [document.scrollingElement.scrollWidth,
  document.documentElement.clientWidth]"""
_HIGHEST: Final = 4_000
"""Pixels of a page that a picture shows at most."""


class Stage:
    """The demo firm with a ticket in every state; each is known by a word."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.numbers: dict[str, int] = {}

    def facts(self, setup: str) -> dict[str, str]:
        """What the braces in a look's path stand for."""
        numbers = {name: str(number) for name, number in self.numbers.items()}
        links = {
            f"t_{name}": vault.link_token(self.desk.secret, number)
            for name, number in self.numbers.items()
        }
        return numbers | links | {"setup": setup}

    async def staff(self, account: str) -> Staff:
        everybody = (await self.desk.firm()).staff.values()
        return next(one for one in everybody if one.email.startswith(f"{account}@"))

    async def file(self, word: str, subject: str, text: str, **more: Any) -> int:
        filing = intake.Filing(
            **{"name": "王小姐", "phone": f"1200000{len(self.numbers):04}"}
            | more
            | {"channel": "form", "key": f"gallery-{word}", "subject": subject, "text": text}
        )
        number = (await intake.file_ticket(self.desk, filing)).ticket.number
        self.numbers[word] = number
        await self.desk.activity.at_rest()
        return number

    async def do(self, account: str, *wishes: c.AnyCommand) -> None:
        by = await self.staff(account)
        for wish in wishes:
            await perform(self.desk, wish, by, "web")
            await self.desk.activity.at_rest()

    async def save(self, kind: str, item: str, doc: dict[str, Any]) -> None:
        """A new version of something configured, unless the firm has it."""
        known = await administration.list_configuration(self.desk, kind)
        if item not in {one.id for one in known}:
            by = await self.staff("wangjg")
            await administration.save_configuration(self.desk, by, kind, item, doc, 0)


async def play(stage: Stage) -> None:
    """What the demo firm has not lived through already."""
    await configure(stage)
    text = "浦东张江，挂机空调开了半小时不出冷风，室内机一直滴水。"
    for word in ("talk", "held", "solved", "confirmed", "rated", "late", "fresh"):
        number = await stage.file(word, "浦东空调不制冷还滴水", text, category="空调维修")
        if word != "fresh":
            await stage.do("liwei", c.Claim(ticket=number))
    talk, held = stage.numbers["talk"], stage.numbers["held"]
    await stage.do(
        "liwei",
        c.Reply(
            ticket=talk, text="您好，我是李伟，今天下午 2 点到 4 点之间上门，到之前给您打电话。"
        ),
        c.Note(ticket=talk, text="这台去年换过电容，带一只 35 μF 的备件。"),
        c.Reply(ticket=held, text="需要换一块主板，配件明天到，到货后我马上联系您。"),
        c.Hold(
            ticket=held,
            status="waiting_parts",
            reason="等主板到货",
            until=stage.desk.clock.now() + timedelta(days=1),
        ),
    )
    await intake.customer_writes(
        stage.desk, talk, "gallery-word", "好的，我 3 点以后都在家。", "portal"
    )
    for word in ("solved", "confirmed", "rated"):
        number = stage.numbers[word]
        solution = "清洗了排水管并补了冷媒，出风口 12 度，保修三个月。"
        await stage.do("liwei", c.Resolve(ticket=number, solution=solution))
        if word != "solved":
            await intake.confirm(stage.desk, number, "portal")
    await intake.rate(stage.desk, stage.numbers["rated"], 5, "师傅很准时，讲得也清楚。", "portal")
    long = await stage.file(
        "long",
        "商场三楼东侧中央空调两台外机同时报警停机，" * 8,
        f"请看照片 {LONG}\n" + "报警代码 E6，早上七点开始。" * 30,
        name="上海浦东新区张江高科技园区物业管理有限公司值班室",
        company="上海浦东新区张江高科技园区物业管理有限公司",
        level="vip",
    )
    await stage.do("wangjg", c.Note(ticket=long, text=f"看这里：{LONG}"))
    await stage.desk.activity.at_rest()


async def configure(stage: Stage) -> None:
    """One of each kind that the demo firm does without, and an auditor."""
    liwei, zhaolei = (await stage.staff("liwei")).id, (await stage.staff("zhaolei")).id
    await stage.save(
        "metric",
        "on_site",
        {"name": {"zh": "到场", "en": "On site"}, "starts": ["opened"], "stops": ["checked_in"]},
    )
    await stage.save(
        "roster",
        "east",
        {
            "name": "浦东班组",
            "teams": ["cooling_east"],
            "calendar": "default",
            "shifts": [
                {"id": "early", "name": "早班", "hours": ["08:00", "16:00"]},
                {"id": "late", "name": "晚班", "hours": ["14:00", "22:00"]},
            ],
            "cycles": [
                {
                    "id": "turn",
                    "name": "两早两晚",
                    "days": ["early", "early", "late", "late", "", ""],
                    "first_day": "2026-03-16",
                }
            ],
            "lines": [
                {"staff": liwei, "cycle": "turn"},
                {"staff": zhaolei, "cycle": "turn", "ahead": 2},
            ],
        },
    )
    boss = await stage.staff("wangjg")
    fresh = Staff(id=0, name="审计小林", email="auditor@hongda.example", role=Role.AUDITOR)
    await people.add_staff(stage.desk, boss, fresh, await stage.desk.passwords.hash(demo.PASSWORD))


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[tuple[Stage, dict[str, str]]]:
    """The stage, and the addresses of its desks: `demo`, and `empty`, never set up."""
    settings = Settings(listen="127.0.0.1:0", data=folder / "demo", synchronous="NORMAL")
    nothing = msgspec.structs.replace(settings, data=folder / "empty")
    app.make_folder(nothing.data)
    async with (
        demo.staged(settings, at=OPENED) as theatre,
        demo.serving(theatre) as address,
        app.open_desk(nothing) as empty,
        app.serving(empty) as other,
    ):
        stage = Stage(theatre.desk)
        await play(stage)
        await age(theatre)
        link = str(await app.offer_set_up(empty, other))
        yield stage, {"demo": address, "empty": other, "setup": link.removeprefix(other)}


async def age(theatre: Theatre) -> None:
    """Half an hour later: some are late, some nearly."""
    await theatre.clock.pull(timedelta(minutes=35))
    theatre.desk.bell.ring()
    await theatre.desk.activity.at_rest()


class Camera:
    """Takes the pictures, and remembers what they may hide."""

    def __init__(self, browser: Browser, folder: Path, sites: dict[str, str]) -> None:
        self._browser = browser
        self._folder = folder
        self._sites = sites
        self.odd: list[str] = []

    async def take(self, looks: Sequence[Look], facts: dict[str, str], device: str) -> None:
        """Looks of one person, language and desk, by one browser: pages come from its cache."""
        held: Device = DEVICES[device]
        context = await self._browser.new_context(
            viewport={"width": held.width, "height": held.height},
            has_touch=held.touch,
            is_mobile=held.touch,
            locale=looks[0].language,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            color_scheme="light",
        )
        context.set_default_timeout(PATIENCE)
        site = self._sites[looks[0].desk]
        if looks[0].language.startswith("en"):
            await context.add_init_script("localStorage.setItem('paidan.language', 'en')")
        if looks[0].who:
            await self._sign_in(context.request, site, looks[0].who)
        for look in looks:
            page = await context.new_page()
            page.on("pageerror", lambda error, at=look: self.odd.append(f"{at.name}: {error}"))
            try:
                await self._stand(page, look, site + look.path.format_map(facts), device)
                await self._shoot(page, look, device)
            except BrowserError as error:
                self.odd.append(f"{look.name} {device}: {str(error).splitlines()[0]}")
            await context.set_offline(offline=False)
            await page.evaluate("localStorage.clear()")
            await page.unroute_all(behavior="ignoreErrors")
            await page.close()
        await context.close()

    async def _sign_in(self, request: Any, site: str, account: str) -> None:
        answer = await request.post(
            f"{site}/api/v1/session",
            data={"email": f"{account}@hongda.example", "password": demo.PASSWORD},
            headers={"origin": site},
        )
        assert answer.ok, await answer.text()

    async def _stand(self, page: Page, look: Look, url: str, device: str) -> None:
        """Bring the page to where the picture is taken."""
        for act in look.first:
            await act(page)
        await page.goto(url)
        try:
            await page.locator(look.shows).first.wait_for(state="attached")
            for act in look.then:
                await act(page)
        except BrowserError as error:  # the picture shows what is there instead
            self.odd.append(f"{look.name} {device}: {' '.join(str(error).split())[:160]}")

    async def _shoot(self, page: Page, look: Look, device: str) -> None:
        await page.wait_for_timeout(400)
        wide, window = await page.evaluate(_WIDE)
        if wide > window:
            self.odd.append(f"{look.name} {device}: {wide - window} px wider than the window")
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate(_STILL)
            await page.screenshot(
                path=self._folder / f"{look.name}-{device}-{scheme}.png", **await frame(page, look)
            )


async def frame(page: Page, look: Look) -> dict[str, Any]:
    """The whole page, if it is not endless; else the window."""
    if not look.whole:
        return {}
    high = await page.evaluate("document.scrollingElement.scrollHeight")
    if high <= _HIGHEST:
        return {"full_page": True}
    width = await page.evaluate("document.documentElement.clientWidth")
    return {"full_page": True, "clip": {"x": 0, "y": 0, "width": width, "height": _HIGHEST}}


def rolls_of(looks: Iterable[Look]) -> list[list[Look]]:
    """What one browser can take, one after the other."""
    rolls: dict[tuple[str, str, str], list[Look]] = {}
    for look in looks:
        rolls.setdefault((look.desk, look.who, look.language), []).append(look)
    return list(rolls.values())


def write_index(folder: Path, looks: Sequence[Look]) -> None:
    """One page that shows them all."""
    rows = "".join(
        f"<h2>{escape(look.name)}</h2><p>{escape(look.path)}</p><div>"
        + "".join(
            f'<a href="{name}"><img loading="lazy" src="{name}" alt=""></a>'
            for device in DEVICES
            for scheme in ("light", "dark")
            if (folder / (name := f"{look.name}-{device}-{scheme}.png")).is_file()
        )
        + "</div>"
        for look in looks
    )
    style = "body{font:14px sans-serif}div{display:flex;gap:12px}img{height:420px}"
    page = f"<!doctype html><meta charset=utf-8><title>Paidan</title><style>{style}</style>{rows}"
    (folder / "index.html").write_text(page, "utf-8")


async def visit(folder: Path, words: Sequence[str]) -> list[str]:
    """Take them; what was odd."""
    looks = [one for one in every_look() if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="paidan-gallery-") as place:
        async with staged(Path(place)) as (stage, sites), chromium() as browser:
            assert urlsplit(sites["demo"]).port
            camera = Camera(browser, folder, sites)
            facts = stage.facts(sites["setup"])
            hands = asyncio.Semaphore(AT_ONCE)

            async def one(rolls: Sequence[Look], device: str) -> None:
                async with hands:
                    await camera.take(rolls, facts, device)

            await asyncio.gather(
                *(one(roll, device) for roll in rolls_of(looks) for device in DEVICES)
            )
    return [*sorted(camera.odd), f"{len(looks)} looks in {folder}"]


def main(folder: Path, words: Sequence[str]) -> None:
    """The command."""
    folder.mkdir(parents=True, exist_ok=True)
    said = asyncio.run(visit(folder, words))
    write_index(folder, every_look())
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
