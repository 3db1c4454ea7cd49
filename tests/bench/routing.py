"""`python3 dev.py bench routing`: what one decision costs, with 200 rules and 200 colleagues.

The worst of its kind: the last rule is the one that matches, so that all are read; all colleagues
are in one team, have tickets, a past and the skill; every part of the score says something. Figures
are CPU of the whole process, threads included, of a decision.

    rules        the rules are read
    decide       the team is ranked and the decision told
    route        both in a unit of work on SQLite, with the standings and the customer's last
                 colleague read from the database; nothing is written
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from server.domain.conditions import All, AnyOf, Condition, Facts, Is, LooksLike, Not, Says, Within
from server.domain.events import Actor, Priority
from server.domain.people import Staff, Team
from server.domain.queues import Caps, Fatigue, Queue
from server.domain.ranking import Field, Need, Place
from server.domain.routing import Pool, decide
from server.domain.rules import Rule, Rules, Then, read
from server.domain.standings import DIGITS, WORTH, Standing, written
from server.storage import standings
from server.storage.database import Database, Unit
from server.storage.migrate import migrate
from server.usecases import people
from server.usecases.acts import Act, change
from server.usecases.routing import route
from tests.bench.harness import WINDOWS, Report
from tests.support.builders import MONDAY, Office, an_office

COLLEAGUES = 200
RULES = 200
DECISIONS = 150
BAR_MS = 2.0
WORDS = ("打印机", "网络", "发票", "退款", "漏水", "不制冷", "异响", "安装", "移机", "账号")
TEXT = (
    "您好，我家的空调昨天装好以后一直有异常的声音，今天早上彻底不工作了，请尽快安排师傅上门看看。"
    * 4
)

_enrol = change(people.enrol)


def a_rule(number: int) -> Rule:
    """One of five kinds; none but the last matches what is asked."""
    word = WORDS[number % len(WORDS)]
    kinds: tuple[Condition, ...] = (
        Says(words=(f"{word}{number}", f"{word}-{number}")),
        All(of=(Is(field="customer_level", values=("vip",)), Says(words=(f"{word}{number}",)))),
        AnyOf(
            of=(
                Is(field="category", values=(f"类{number}",)),
                Is(field="product", values=(f"型号{number}",)),
            )
        ),
        LooksLike(field="text", pattern=rf"{word}\d+号?{number}\b"),
        All(
            of=(
                Not(of=Is(field="channel", values=("form",))),
                Within(field="hour", least=8, most=20),
            )
        ),
    )
    when: Condition = Says(words=("不工作",)) if number == RULES else kinds[number % len(kinds)]
    return Rule(
        id=f"r{number}",
        name=f"规则{number}",
        when=when,
        then=Then(team="crowd", skills={"hvac": 2}),
    )


RULE_SET = Rules(rules=tuple(a_rule(number) for number in range(1, RULES + 1)))
QUEUE = Queue(
    id="default",
    name="默认",
    caps=Caps(open=60, hourly=40, by_category={"空调": 50}),
    fatigue=Fatigue(after=5, rest=30),
)


def a_standing(rng: random.Random) -> Standing:
    """A colleague in the middle of a busy day."""
    now = int(MONDAY.timestamp())
    given = "".join(
        written(one) for one in sorted(rng.randrange(now - 28800, now) for _ in "x" * 30)
    )
    work = {"urgent": rng.randrange(3), "normal": rng.randrange(20), "low": rng.randrange(5)}
    return Standing(
        load=sum(work.values()),
        weight=sum(WORTH[priority] * tickets for priority, tickets in work.items()),
        categories={"空调": rng.randrange(20), "冰箱": rng.randrange(5)},
        held=30,
        given=given,
        run=given[-3 * DIGITS :],
        pace=rng.randrange(600, 20_000),
    )


async def furnish(office: Office) -> None:
    """A crowd in one team, each with a standing, and the rules."""
    rng = random.Random(7)
    numbers: list[int] = []
    for n in range(COLLEAGUES):
        fresh = Staff(
            id=0,
            name=f"师傅{n}",
            email=f"n{n}@x.cn",
            on_duty=True,
            skills={"hvac": 2 + n % 4},
            region=("广东省/深圳市/南山区", "广东省/广州市/天河区", "江苏省/南京市")[n % 3],
        )
        numbers.append((await _enrol(office.desk, fresh, None, Actor("desk"))).id)
    await office.save("team", "crowd", Team(id="crowd", name="空调", members=tuple(numbers)))
    await office.save("queue", "default", QUEUE)
    await office.save("rules", "default", RULE_SET)

    async def fill(unit: Unit) -> None:
        for number in numbers:
            await standings.put(unit, number, a_standing(rng))

    await office.desk.database.unit(fill)


@change
async def _only_route(act: Act, ticket: object) -> str | None:
    change_ = await route(act, ticket, TEXT)  # type: ignore[arg-type]
    return change_.ticket.team


async def measure() -> int:
    """All figures."""
    report = Report("routing: CPU of one decision, 200 rules and 200 colleagues")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        await _make(url)
        async with an_office(url) as office:
            await furnish(office)
            firm = await office.desk.firm()
            known = await standings.read_all(office.desk.database)
            facts = Facts(
                subject="空调坏了",
                text=TEXT,
                priority="high",
                channel="form",
                category="空调",
                at=MONDAY,
            )
            verdict = read(firm.rules, facts)
            assert verdict.rule == f"r{RULES}", verdict
            at = {one.region: Place(region=one.region) for one in firm.staff.values()}
            places = {number: at[one.region] for number, one in firm.staff.items()}
            pool = Pool(
                queue=QUEUE,
                need=Need(
                    priority=Priority.URGENT,
                    category="空调",
                    skills=verdict.skills,
                    place=Place(region="广东省/深圳市/南山区"),
                    known=max(firm.staff),
                ),
                field=Field(
                    staff=firm.staff,
                    standings=known,
                    places=places,
                    at=MONDAY + timedelta(minutes=1),
                ),
                teams=firm.teams,
            )
            decision = decide(verdict, pool)
            assert decision.assignee is not None
            assert decision.pool == COLLEAGUES
            report.show("rules", _windows(lambda: read(firm.rules, facts)), "ms")
            report.show("decide", _windows(lambda: decide(verdict, pool)), "ms")
            both = _windows(lambda: decide(read(firm.rules, facts), pool))
            report.judge("rules and decide", both, BAR_MS, "ms")
            ticket = await office.file("空调坏了", text=TEXT, category="空调")
            assert ticket.team == "crowd"
            fresh = replace(ticket, assignee=None, team=None)
            routes = [await _routes(office, fresh) for _ in range(WINDOWS)]
            report.judge("route, in a unit", routes, BAR_MS, "ms")
            office.proven = False
    return report.finish()


async def _make(url: str) -> None:
    database = Database.from_url(url, synchronous="NORMAL")
    await database.open()
    await migrate(database, MONDAY)
    await database.close()


def _windows(work: Callable[[], object]) -> list[float]:
    found: list[float] = []
    for _ in range(WINDOWS):
        began = time.process_time()
        for _ in range(DECISIONS):
            work()
        found.append((time.process_time() - began) / DECISIONS * 1000)
    return found


async def _routes(office: Office, ticket: object) -> float:
    began = time.process_time()
    for _ in range(DECISIONS):
        assert await _only_route(office.desk, ticket) == "crowd"
    return (time.process_time() - began) / DECISIONS * 1000


def main() -> int:
    """Measure and print."""
    return asyncio.run(measure())


if __name__ == "__main__":
    sys.exit(main())
