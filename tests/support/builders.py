"""Builders in the language of the glossary: every field optional, everything a value of the desk.

a_ticket(status="resolved")          a ticket in hand, for rules
a_colleague(team="first")            a colleague, for rules
a_policy(first="15m")                a promise
async with an_office(url) as office  a desk without workers and HTTP: three people, two teams
"""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.activity import Activity
from server.clock import HandClock
from server.desk import Desk
from server.domain.calendars import Calendar, china_calendar
from server.domain.commands import AnyCommand
from server.domain.conditions import Condition, Says
from server.domain.events import Actor, AnyBody, Event, StatusCategory
from server.domain.firm import Firm, Profile
from server.domain.law import Policy, law_of
from server.domain.people import Role, Staff, Team
from server.domain.rules import Rule, Rules, Then
from server.domain.statuses import STATUSES
from server.domain.ticket import Ticket
from server.settings import Settings
from server.storage import ledger
from server.storage.database import Database
from server.usecases import administration, people, tickets
from server.usecases.acts import change
from server.usecases.intake import Filing, file_ticket
from tests.support.proof import prove

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 16, 9, tzinfo=SHANGHAI).astimezone(UTC)
OFFICE_HOURS = (("09:00", "12:00"), ("13:30", "18:00"))
_UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(text: str) -> int:
    """ "15m", "4h", "90s" in seconds."""
    amount, unit = re.fullmatch(r"(\d+)([smh])", text).groups()
    return int(amount) * _UNITS[unit]


def at(text: str) -> datetime:
    """ "10:30" on Monday 2026-03-16 in Shanghai, or "17 10:30" in that month."""
    day, _, time = text.rpartition(" ")
    return datetime.fromisoformat(f"2026-03-{day or '16'} {time}").replace(tzinfo=SHANGHAI)


def a_ticket(status: str = "new", **fields: Any) -> Ticket:
    """A ticket in this status; a status that work has begun in has 李工 (3) as its holder."""
    found = STATUSES[status]
    given = {
        "number": 12,
        "version": 3,
        "ticket_seq": 5,
        "subject": "打印机卡纸",
        "customer": 1,
        "team": "second",
        "assignee": None if status == "new" else 3,
        "created_at": MONDAY,
        "updated_at": MONDAY,
        "status": found.id,
        "status_category": found.category,
    }
    if found.category in (StatusCategory.RESOLVED, StatusCategory.CLOSED):
        given["resolved_at"] = MONDAY
    return Ticket(**(given | fields))


def a_colleague(number: int = 3, name: str = "李工", **fields: Any) -> Staff:
    """A colleague on duty."""
    return Staff(
        **({"id": number, "name": name, "email": f"c{number}@x.cn", "on_duty": True} | fields)
    )


def a_calendar(name: str = "office", **fields: Any) -> Calendar:
    """Monday to Friday 09:00–12:00 and 13:30–18:00 in China."""
    return china_calendar(dict.fromkeys(range(1, 6), OFFICE_HOURS), id=name, **fields)


def a_rule(id: str, name: str = "", when: Condition | None = None, **then: Any) -> Rule:  # noqa: A002
    """A routing rule; it names its mode, unless told otherwise."""
    return Rule(id=id, name=name, when=when, then=Then(**{"mode": "automatic", **then}))


def a_policy(calendar: str = "office", **targets: str | dict[str, str]) -> Policy:
    """`a_policy(first="15m", resolve={"urgent": "4h", "*": "8h"})`."""
    promised = {
        metric: {"*": seconds(target)}
        if isinstance(target, str)
        else {priority: seconds(text) for priority, text in target.items()}
        for metric, target in targets.items()
    }
    return Policy(id="standard", version=1, name="标准", calendar=calendar, targets=promised)


def a_firm(**fields: Any) -> Firm:
    """主管 (2), 李工 (3, 二线), 小赵 (4, 一线), without chat."""
    staff = (
        a_colleague(2, "主管", role=Role.SUPERVISOR),
        a_colleague(3, "李工", skills={"network": 3}),
        a_colleague(4, "小赵"),
    )
    given: dict[str, Any] = {
        "seq": 1,
        "profile": Profile(name="示例公司"),
        "teams": {
            "first": Team(id="first", name="一线", members=(4,)),
            "second": Team(id="second", name="二线", members=(3,), leaders=(2,)),
        },
        "staff": {one.id: one for one in staff},
        "queues": {},
        "rules": Rules(),
        "law": law_of([a_policy(first="15m")], [a_calendar()]),
    }
    return Firm(**(given | fields))


def an_event(body: AnyBody, by: Actor | None = None, **fields: Any) -> Event:
    """A body in an envelope."""
    given: dict[str, Any] = {
        "seq": 7,
        "ticket": 12,
        "ticket_seq": 6,
        "recorded_at": MONDAY,
        "effective_at": MONDAY,
        "actor": by or Actor("desk"),
        "via": "web",
        "body": body,
    }
    return Event(**(given | fields))


class SeededEntropy:
    """The same random bytes in every run."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def token_bytes(self, count: int) -> bytes:
        """Random bytes, fit for tests."""
        return self._random.randbytes(count)


@dataclass
class Office:
    """A desk with three people in two teams, an administrator and one customer's form."""

    desk: Desk
    clock: HandClock
    admin: Staff
    boss: Staff
    li: Staff
    zhao: Staff
    proven: bool = True
    """Whether clocks, timers and due fields must be what the event log says when all is over."""
    _filed: int = field(default=0)

    async def file(self, subject: str = "打印机卡纸", **fields: Any) -> Ticket:
        """A customer files a ticket; by the rules it waits in 一线 for somebody to claim it,
        with 网络 in it 李工 gets it.
        """
        self._filed += 1
        given = {
            "channel": "form",
            "key": f"key-{self._filed}",
            "subject": subject,
            "text": subject,
            "name": "王芳",
            "phone": "13800000001",
        }
        return (await file_ticket(self.desk, Filing(**(given | fields)))).ticket

    async def do(self, by: Staff, command: AnyCommand, key: str | None = None) -> Ticket:
        """A colleague gives a command in the console."""
        return await tickets.perform(self.desk, command, by, "web", key)

    async def events(self, number: int) -> list[AnyBody]:
        """What happened to a ticket."""
        return [event.body for event in await ledger.list_events(self.desk.database, number)]

    async def kinds(self, number: int) -> list[str]:
        """The same, by name."""
        return [str(body.__struct_config__.tag) for body in await self.events(number)]

    async def save(self, kind: str, item: str, doc: Any) -> None:
        """The administrator saves a new version."""
        await _save(self.desk, kind, item, doc, Actor("staff", self.admin.id))

    async def connect(self, platform: str = "dingtalk") -> None:
        """Switch a chat platform on: everybody is bound, both teams have a group."""
        await administration.save_channel(
            self.desk, Actor("staff", self.admin.id), platform, {}, None, enabled=True
        )
        for person in (self.admin, self.boss, self.li, self.zhao):
            await _bind(self.desk, person.id, platform, f"user-{person.id}")
        for team in ("first", "second"):
            await administration.meet_group(
                self.desk, platform, f"group-{team}", team, team, Actor("staff", self.admin.id)
            )

    def move_to(self, text: str) -> None:
        """Move the clock's hand without waking anybody: there are no loops here."""
        self.clock._now = at(text).astimezone(UTC)  # noqa: SLF001

    def set_to(self, instant: datetime) -> None:
        """The same to an instant."""
        self.clock._now = instant  # noqa: SLF001

    def move_by(self, span: timedelta) -> None:
        """The same by a span."""
        self.clock._now += span  # noqa: SLF001


_save = change(administration.save_document)
_bind = change(people.bind_account)
_enrol = change(people.enrol)


def a_desk(url: str, database: Database | None = None) -> Desk:
    """A desk without workers and HTTP, its clock at Monday 2026-03-16 09:00 in Shanghai."""
    activity = Activity()
    return Desk(
        database=database or Database.from_url(url, synchronous="NORMAL"),
        clock=HandClock(MONDAY, activity),
        settings=Settings(),
        entropy=SeededEntropy(),
        activity=activity,
        secret=b"k" * 32,
    )


@asynccontextmanager
async def an_office(url: str) -> AsyncIterator[Office]:
    """The desk and its people on a migrated, empty database."""
    desk = a_desk(url)
    await desk.database.open()
    try:
        office = await _furnish(desk)
        yield office
        if office.proven:
            await prove(desk)
    finally:
        await desk.database.close()


async def _furnish(desk: Desk) -> Office:
    async def person(name: str, email: str, role: Role, **fields: Any) -> Staff:
        fresh = Staff(id=0, name=name, email=email, role=role, on_duty=True, **fields)
        return await _enrol(desk, fresh, None, Actor("desk"))

    admin = await person("管理员", "admin@x.cn", Role.ADMINISTRATOR)
    boss = await person("主管", "boss@x.cn", Role.SUPERVISOR)
    li = await person("李工", "li@x.cn", Role.STAFF, skills={"network": 3})
    zhao = await person("小赵", "zhao@x.cn", Role.STAFF)
    assert isinstance(desk.clock, HandClock)
    office = Office(desk=desk, clock=desk.clock, admin=admin, boss=boss, li=li, zhao=zhao)
    await office.save("team", "first", Team(id="first", name="一线", members=(zhao.id,)))
    second = Team(id="second", name="二线", members=(li.id,), leaders=(boss.id,))
    await office.save("team", "second", second)
    network = a_rule("network", "网络", Says(("网络",)), team="second", skills={"network": 1})
    rules = Rules(rules=(network,), fallback_team="first", fallback_mode="grab")
    await office.save("rules", "default", rules)
    await office.save("calendar", "office", a_calendar())
    await office.save("policy", "standard", a_policy(first="15m", resolve="4h"))
    return office
