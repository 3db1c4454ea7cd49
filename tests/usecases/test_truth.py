"""What is kept beside the event log is what the log says, whatever was done in whatever order."""

import ast
import asyncio
import shutil
import tempfile
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain import sla
from server.domain.climbs import NONE, climb_on
from server.domain.errors import Refusal
from server.domain.events import Priority
from server.domain.people import Staff
from server.domain.renewing import Apply, ExcuseTime
from server.storage import ledger, tickets, timers
from server.storage.database import Statement
from server.usecases import deadlines, housekeeping, intake, promises, verification
from server.usecases.recording import timers_of
from tests.support.builders import Office, a_calendar, a_policy, an_office

pytestmark = pytest.mark.anyio

CELLS = Statement(
    "SELECT team, assignee, status_category, breached, promised, COUNT(*) AS tickets FROM ticket"
    " GROUP BY team, assignee, status_category, breached, promised",
    tickets.TallyCell,
)
NUMBERS = Statement("SELECT number FROM ticket ORDER BY number", int)
WAITING = ("waiting_customer", "waiting_third", "waiting_internal")

step = st.one_of(
    st.tuples(st.just("file"), st.sampled_from(["打印机卡纸", "网络不通"])),
    st.tuples(
        st.sampled_from(
            [
                "claim",
                "release",
                "reply",
                "ask",
                "resolve",
                "then_wait",
                "hold",
                "resume",
                "note",
                "close",
                "cancel",
                "reopen",
                "write",
                "confirm",
                "dispute",
                "rate",
                "nudge",
                "urgent",
                "low",
                "move",
                "escalate",
                "edit",
                "plan",
                "check_in",
                "set_due",
                "release_due",
                "policy",
                "calendar",
                "apply",
                "excuse",
            ]
        ),
        st.integers(0, 2),
    ),
    st.tuples(st.just("pass"), st.sampled_from([1, 12, 16, 70, 300, 1500, 5000, 15_000])),
)


def command_of(kind: str, number: int, office: Office) -> c.AnyCommand | None:
    """What is asked of a ticket by this name."""
    until = office.clock.now() + timedelta(hours=30)
    return {
        "claim": c.Claim(ticket=number),
        "release": c.Release(ticket=number),
        "reply": c.Reply(ticket=number, text="在看"),
        "ask": c.Reply(ticket=number, text="请发照片", then="waiting_customer"),
        "then_wait": c.Reply(ticket=number, text="问厂家", then="waiting_third"),
        "resolve": c.Resolve(ticket=number, solution="好了"),
        "hold": c.Hold(ticket=number, status=WAITING[number % 3], reason="等", until=until),
        "resume": c.Resume(ticket=number),
        "note": c.Note(ticket=number, text="记"),
        "close": c.Close(ticket=number),
        "cancel": c.Cancel(ticket=number, reason="误报"),
        "reopen": c.Reopen(ticket=number),
        "urgent": c.SetPriority(ticket=number, priority=Priority.URGENT),
        "low": c.SetPriority(ticket=number, priority=Priority.LOW),
        "move": c.Transfer(ticket=number, team="second", staff=office.li.id),
        "escalate": c.Escalate(ticket=number, reason="急"),
        "plan": c.Plan(ticket=number, text="换一台", public=number % 2 == 0),
        "check_in": c.CheckIn(ticket=number),
        "set_due": c.SetDue(ticket=number, metric="resolve", due_at=until, reason="约好"),
        "release_due": c.ReleaseDue(ticket=number, metric="resolve"),
    }.get(kind)


async def take_step(office: Office, kind: str, value: Any, place: int) -> None:
    """One thing happens; refusals are answers like any other."""
    desk, by = office.desk, office.boss
    if kind == "file":
        await office.file(value)
    elif kind == "pass":
        office.move_by(timedelta(minutes=value))
        for due in await deadlines.list_due(desk):
            await deadlines.fall_due(desk, due.ticket)
    elif kind in {"policy", "calendar"}:
        await save_law(office, kind, value)
    elif kind in {"apply", "excuse"}:
        await give_order(office, kind, value)
    else:
        known = await desk.database.all(NUMBERS)
        number = known[value % len(known)] if known else 1
        command = command_of(kind, number, office)
        try:
            if command is not None:
                await office.do(by, command)
            else:
                await the_customer(office, kind, number, place)
        except Refusal:
            pass


async def save_law(office: Office, kind: str, value: int) -> None:
    """A new version of the policy or of the calendar."""
    if kind == "calendar":
        week = dict.fromkeys(range(1, 6 + value % 2), (("08:00", f"{17 + value}:00"),))
        await office.save("calendar", "office", msgspec.structs.replace(a_calendar(), week=week))
        return
    targets = {"urgent": f"{value + 1}h", "*": f"{value + 3}h"}
    more = {"update": "3h", "team": "5h", "plan": "2h", "onsite": "1h"} if value else {}
    promised = a_policy(first=f"{15 + value}m", resolve=targets, **more)
    await office.save("policy", "standard", promised)


async def give_order(office: Office, kind: str, value: int) -> None:
    """An order to many clocks, worked through as the loop does."""
    desk, now = office.desk, office.clock.now()
    order: Apply | ExcuseTime = Apply(policies=("standard",) if value else ())
    if kind == "excuse":
        order = ExcuseTime(
            from_at=now - timedelta(hours=5 * value + 1),
            to_at=now + timedelta(hours=2 * value),
            cause="storm",
            reason="台风",
            teams=("first",) if value == 1 else (),
            metrics=("resolve",) if value == 2 else (),
        )
    given = await promises.give_order(desk, office.boss, order)
    number = 0
    while page := await promises.list_next(desk, given, number):
        for number, concerned in page:
            if concerned:
                await promises.work_on(desk, given.job.id, number)
    await promises.end(desk, given.job.id)


async def the_customer(office: Office, kind: str, number: int, place: int) -> None:
    desk = office.desk
    if kind == "write":
        await intake.customer_writes(desk, number, f"m{place}", "在吗", "portal")
    elif kind == "confirm":
        await intake.confirm(desk, number, "portal")
    elif kind == "dispute":
        await intake.dispute(desk, number, "没好", "portal")
    elif kind == "rate":
        await intake.rate(desk, number, number % 5 + 1, "", "portal")
    elif kind == "nudge":
        await intake.nudge(desk, number, "portal")
    elif kind == "edit":
        seen = await tickets.find(desk.database, number)
        if seen is not None:
            edit = c.Edit(ticket=number, seen_version=seen.version, category=f"类{place % 3}")
            await office.do(office.boss, edit)


async def prove(office: Office) -> None:
    """Chain, folded states, timers, due fields and counters are what the log and the rows say."""
    desk = office.desk
    proof = await verification.verify(desk)
    assert proof.flaw is None
    found = [one async for one in verification.differences(desk) if one is not None]
    assert found == []
    kept = {msgspec.structs.astuple(cell) for cell in await tickets.read_tally(desk.database)}
    counted = {msgspec.structs.astuple(cell) for cell in await desk.database.all(CELLS)}
    assert kept == counted
    firm = await desk.firm()
    for number in await desk.database.all(NUMBERS):
        ticket = await tickets.find(desk.database, number)
        events = await ledger.list_events(desk.database, number)
        state = sla.SlaState()
        for event in events:
            state = sla.step(state, event, firm.law)
        assert state == sla.fold(events, firm.law)
        recorded = [event.recorded_at for event in events]
        assert recorded == sorted(recorded)
        assert ticket is not None
        climbs = reduce(climb_on, events, NONE)
        due = {(one.kind, one.key, one.due_at) for one in timers_of(ticket, state, firm, climbs)}
        rows = await timers.list_timers(desk.database, number)
        assert {(one.kind, one.key, one.due_at) for one in rows} == due


async def live(url: str, steps: list[tuple[str, Any]]) -> None:
    """A desk lives through these steps, and then is proved."""
    async with an_office(url) as office:
        await office.connect()
        await office.file()
        for place, (kind, value) in enumerate(steps):
            await take_step(office, kind, value, place)
        await prove(office)


@settings(max_examples=40, deadline=None)
@given(st.lists(step, min_size=5, max_size=30))
def test_after_any_story_the_caches_are_what_the_log_says(migrated_file: Path, steps):
    folder = Path(tempfile.mkdtemp(prefix="paidan-story-"))
    try:
        shutil.copyfile(migrated_file, folder / "desk.db")
        asyncio.run(live(f"sqlite:///{folder / 'desk.db'}", steps))
    finally:
        shutil.rmtree(folder)


STORY = [
    *[("file", "网络不通"), ("claim", 0), ("ask", 0), ("pass", 70), ("write", 0), ("urgent", 0)],
    *[("policy", 1), ("low", 0), ("hold", 0), ("hold", 0), ("pass", 5000), ("resolve", 0)],
    *[("rate", 0), ("dispute", 0), ("nudge", 0), ("escalate", 1), ("move", 1), ("edit", 1)],
    *[("policy", 2), ("pass", 300), ("resolve", 1), ("pass", 5000), ("write", 1), ("close", 0)],
    *[("file", "打印机卡纸"), ("cancel", 2), ("reopen", 0), ("pass", 1500), ("confirm", 1)],
    *[("policy", 1), ("calendar", 1), ("file", "网络不通"), ("plan", 0), ("check_in", 0)],
    *[("set_due", 0), ("apply", 1), ("pass", 70), ("excuse", 1), ("release_due", 0), ("write", 0)],
    *[("policy", 2), ("apply", 0), ("excuse", 2), ("pass", 1500), ("excuse", 0), ("resolve", 0)],
    *[("pass", 5000), ("pass", 15_000), ("write", 0), ("write", 0), ("pass", 300), ("claim", 2)],
]


async def test_a_long_story_on_either_engine(desk_url: str):
    await live(desk_url, STORY)


async def test_the_same_story_gives_the_same_log(sqlite_url: str, migrated_file: Path, tmp_path):
    other = tmp_path / "again.db"
    shutil.copyfile(migrated_file, other)
    heads = []
    for url in (sqlite_url, f"sqlite:///{other}"):
        await live(url, STORY)
        async with _opened(url) as database:
            heads.append(await ledger.read_head(database))
    assert heads[0] == heads[1]


def _opened(url: str):
    from contextlib import asynccontextmanager

    from server.storage.database import Database

    @asynccontextmanager
    async def opened():
        database = Database.from_url(url)
        await database.open()
        yield database
        await database.close()

    return opened()


async def test_a_body_that_was_changed_behind_the_desk_is_named(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Claim(ticket=number))
    events = await ledger.list_events(office.desk.database, number)

    async def forge(unit):
        await unit.run(
            Statement[None]("UPDATE event SET body = :body WHERE seq = :seq"),
            body='{"kind":"claimed","assignee":99}',
            seq=events[-1].seq,
        )

    await office.desk.database.unit(forge)
    office.proven = False
    flaw = (await verification.verify(office.desk)).flaw
    assert flaw is not None
    assert flaw.seq == events[-1].seq


ROOT = Path(__file__).parents[2]
GUARDED = {
    ("tickets", "insert"),
    ("tickets", "write"),
    ("ledger", "append"),
    ("ledger", "row_of"),
    ("timer_rows", "put_state"),
    ("timers", "put_state"),
    ("timer_rows", "replace"),
}


def test_record_is_the_only_writer_of_tickets_and_of_the_log():
    callers = set()
    for file in [*(ROOT / "server").rglob("*.py"), *(ROOT / "bots").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
                    if (module, name) in GUARDED:
                        callers.add(str(file.relative_to(ROOT)))
                case _:
                    pass
    assert callers == {"server/usecases/recording.py"}


async def test_filing_again_with_the_same_key_is_the_same_ticket(office: Office):
    first = await office.file(key="same-key")
    again = await asyncio.gather(*(office.file(key="same-key") for _ in range(5)))
    assert {one.number for one in again} == {first.number}
    assert await office.kinds(first.number) == ["opened", "routed"]
    other = await office.file(key="other-key")
    assert other.number == first.number + 1


async def test_a_command_with_the_same_key_is_done_once(office: Office):
    number = (await office.file()).number
    note = c.Note(ticket=number, text="记")
    for _ in range(3):
        await office.do(office.zhao, note, "key-0001")
    assert (await office.kinds(number)).count("noted") == 1
    stranger = Staff(id=office.li.id, name="李工", email="li@x.cn")
    with pytest.raises(Refusal):
        await office.do(stranger, note, "key-0001")


async def test_a_message_with_the_same_key_is_heard_once(office: Office):
    number = (await office.file()).number
    for _ in range(3):
        await intake.customer_writes(office.desk, number, "m1", "在吗", "portal")
    assert (await office.kinds(number)).count("customer_wrote") == 1


async def test_the_log_is_verified_from_a_seal_that_was_kept(office: Office):
    await office.file()
    sealed = await housekeeping.seal(office.desk)
    assert sealed is not None
    await office.file()
    whole = await verification.verify(office.desk)
    kept = (sealed.through_seq, sealed.seal)
    rest = await verification.verify(office.desk, kept)
    assert rest.flaw is None
    assert (rest.events, rest.hash) == (whole.events - sealed.through_seq, whole.hash)
    for wrong in (
        (sealed.through_seq, "0" * 64),
        (sealed.through_seq - 1, sealed.seal),
        (sealed.through_seq + 1, sealed.seal),
        (whole.events + 7, sealed.seal),
        (0, sealed.seal),
    ):
        with pytest.raises(verification.UnknownSeal):
            await verification.verify(office.desk, wrong)
