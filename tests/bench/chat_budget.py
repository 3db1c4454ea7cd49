"""`python3 dev.py bench chat-budget`: a firm's month in DingTalk's free edition.

Ten colleagues in two teams, 45 tickets a working day, one calendar month, driven through the real
use cases and the DingTalk rehearsal on a hand-moved clock. Six tickets of ten wait in the group to
be claimed, the others are assigned. Seven claims of ten are said in chat, the work is done on the
pages, every other ticket is resolved in chat, customers write again about every other ticket, a
tenth goes to the other team, and each colleague asks once a day what is his. What it costs is read
from the rehearsal's own meters, which refuse what is over the quota, and from those that the desk
keeps: the two must agree.
"""

import asyncio
import heapq
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from server.domain import commands as c
from server.domain.people import Role, Staff, Team
from server.domain.quota import Budget
from server.usecases import budget, intake, people
from tests.bench.harness import Report
from tests.support.world import ADMINISTRATOR, FIRST, SECOND, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI).astimezone(UTC)
TICKETS_A_DAY = 45
MORE_PEOPLE = ("孙一", "钱二", "周三", "吴四", "郑五", "王六", "冯七")
GRAB, IN_CHAT, SOLVED_IN_CHAT, WRITES, READS, MOVES = 0.6, 0.7, 0.5, 0.5, 0.3, 0.1
MOST_STREAM, MOST_API, MOST_SHARE, MOST_CPU = 2.5, 4.5, 90.0, 600.0

WORKED_ON = {"open", "new"}

Work = Callable[[], Awaitable[None]]


@dataclass
class Month:
    """A month under way: what is still to happen, and what each day cost."""

    world: World
    seed: int = 7
    filed: int = 0
    days: list[tuple[date, int, int, int]] = field(default_factory=list)
    """Day, tickets, webhook and Stream calls, API calls: of that day alone."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # a story, not a secret
        self.coming: list[tuple[datetime, int, Work]] = []
        self.teams: dict[str, list[str]] = {FIRST: ["小赵"], SECOND: ["李工"]}
        self._order = 0

    async def furnish(self) -> None:
        """Ten colleagues in two teams, all of them in DingTalk."""
        world = self.world
        await world.set_up()
        chat = await world.rehearse_dingtalk()
        administrator = await world.staff(ADMINISTRATOR)
        for number, name in enumerate(MORE_PEOPLE, start=11):
            fresh = Staff(id=0, name=name, email=f"s{number}@x.cn", role=Role.STAFF, on_duty=True)
            world.staff_ids[name] = (
                await people.add_staff(world.desk, administrator, fresh, None)
            ).id
            chat.people[name] = chat.sim.person(f"u{number:03}", name)
            self.teams[(FIRST, SECOND)[number % 2]].append(name)
        for group in chat.groups.values():
            group.members = {one.id: one for one in chat.people.values()}
        leader = (world.staff_ids["主管"],)
        for team, names in self.teams.items():
            members = tuple(world.staff_ids[name] for name in names)
            await world.save(
                "team", team, Team(id=team, name=team, members=members, leaders=leader)
            )
        await world.connect_dingtalk()

    @property
    def spent(self) -> tuple[int, int]:
        """What the platform has counted: webhook and Stream, API."""
        assert self.world.chat is not None
        found = self.world.chat.sim.budget
        return found.stream_calls, found.api_calls

    def at(self, when: datetime, work: Work) -> None:
        """Let something happen then."""
        self._order += 1
        heapq.heappush(self.coming, (when, self._order, work))

    def later(self, least: float, most: float, work: Work) -> None:
        """Let something happen after so many minutes, in working hours."""
        when = self.world.clock.now() + timedelta(minutes=self.dice.uniform(least, most))
        here = when.astimezone(SHANGHAI)
        if here.hour >= 18:
            when += timedelta(hours=15)
        elif here.hour == 12:
            when += timedelta(minutes=90)
        if when.astimezone(SHANGHAI).weekday() > 4:
            when += timedelta(days=2)
        self.at(when, work)

    async def spend(self, days: int, tickets: int = TICKETS_A_DAY) -> None:
        """So many working days."""
        day = START.astimezone(SHANGHAI).date()
        while len(self.days) < days:
            if day.weekday() < 5:
                await self._day(day, tickets)
            day += timedelta(days=1)

    async def _day(self, day: date, tickets: int) -> None:
        begins = datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)
        before, had = self.spent, self.filed
        for _ in range(tickets):
            minutes = self.dice.choice((self.dice.uniform(0, 180), self.dice.uniform(270, 520)))
            self.at(begins + timedelta(minutes=minutes), self._file)
        for names in self.teams.values():
            for name in names:
                asked_at = begins + timedelta(minutes=self.dice.uniform(1, 60))
                self.at(asked_at, lambda name=name: self._say(name, "我的"))
        ends = begins.replace(hour=23)
        while self.coming and self.coming[0][0] < ends:
            when, _, work = heapq.heappop(self.coming)
            await self.world.clock.advance_to(when)
            await work()
            await self.world.at_rest()
        await self.world.clock.advance_to(ends)
        stream, api = (now - then for now, then in zip(self.spent, before, strict=True))
        self.days.append((day, self.filed - had, stream, api))

    async def _say(self, name: str, text: str) -> None:
        assert self.world.chat is not None
        line = self.world.chat.person(name).says(text)
        await self.world.chat.sim.until(lambda: line.acked)
        await self.world.at_rest()

    async def _file(self) -> None:
        self.filed += 1
        grab = self.dice.random() < GRAB
        ticket = await self.world.file(
            f"{'打印机卡纸' if grab else '断网了'} {self.filed}", phone=f"139{self.filed:08}"
        )
        number = ticket.number
        self.later(2, 20, (lambda: self._claim(number)) if grab else (lambda: self._reply(number)))

    async def _claim(self, number: int) -> None:
        ticket = await self.world.ticket(number)
        if ticket.assignee is not None:  # the other team's rules gave it to somebody
            await self._reply(number)
            return
        name = self.dice.choice(self.teams[ticket.team or FIRST])
        if self.dice.random() < IN_CHAT:
            await self._say(name, f"接单 {number}")
        else:
            await self.world.perform(name, c.Claim(ticket=number))
        self.later(5, 20, lambda: self._reply(number))

    async def _holder(self, number: int) -> str:
        ticket = await self.world.ticket(number)
        names = {staff: name for name, staff in self.world.staff_ids.items()}
        return names[ticket.assignee] if ticket.assignee is not None else ""

    async def _reply(self, number: int) -> None:
        name = await self._holder(number)
        if not name:
            await self._claim(number)
            return
        if (await self.world.ticket(number)).status_category not in WORKED_ON:
            return
        await self.world.perform(name, c.Reply(ticket=number, text="马上到"))
        if self.dice.random() < WRITES:
            self.later(5, 60, lambda: self._write(number))
        elif self.dice.random() < MOVES:
            ticket = await self.world.ticket(number)
            other = FIRST if ticket.team == SECOND else SECOND
            await self.world.perform(name, c.Transfer(ticket=number, team=other, reason="转组"))
            self.later(2, 20, lambda: self._claim(number))
            return
        self.later(60, 240, lambda: self._resolve(number))

    async def _write(self, number: int) -> None:
        ticket, desk = await self.world.ticket(number), self.world.desk
        reads = self.dice.random() < READS and ticket.assignee is not None
        with desk.presence.looking(ticket.assignee or 0, number if reads else None):
            await intake.customer_writes(desk, number, self.world.key(), "什么时候到？", "portal")
            await self.world.at_rest()

    async def _resolve(self, number: int) -> None:
        name = await self._holder(number)
        ticket = await self.world.ticket(number)
        if not name or ticket.status_category not in WORKED_ON:
            return
        if self.dice.random() < SOLVED_IN_CHAT:
            await self._say(name, f"解决 {number} 换了搓纸轮")
        else:
            await self.world.perform(name, c.Resolve(ticket=number, solution="换了搓纸轮"))

    async def counted(self) -> tuple[Budget, ...]:
        """What the desk itself has counted."""
        return await budget.read(self.world.desk, "dingtalk")


async def standard_life(folder: Path) -> tuple[int, int]:
    """What one ticket costs that is claimed, answered, asked about and resolved: webhook and
    Stream calls, API calls.
    """
    async with World(folder, start=START + timedelta(hours=1)) as world:
        month = Month(world)
        await month.furnish()
        before = month.spent
        number = (await world.file("打印机卡纸")).number
        await month._say("李工", f"接单 {number}")  # noqa: SLF001  # as in the month
        await world.advance(minutes=10)
        await world.perform("李工", c.Reply(ticket=number, text="马上到"))
        await intake.customer_writes(world.desk, number, world.key(), "好的", "portal")
        await world.advance(minutes=30)
        await world.perform("李工", c.Resolve(ticket=number, solution="换了搓纸轮"))
        await world.advance(minutes=30)
        stream, api = month.spent
        return stream - before[0], api - before[1]


async def run() -> int:
    """The month, its table and its bars."""
    report = Report("DingTalk's free edition: a month of 10 colleagues, 45 tickets a working day")
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        life = await standard_life(Path(folder) / "life")
        async with World(Path(folder) / "month", start=START) as world:
            world.proven = False
            month = Month(world)
            await month.furnish()
            await month.spend(22)
            stream, api = month.spent
            counted = {one.name: one for one in await month.counted()}
    print("day         tickets   W&S   API")
    for day, tickets, day_stream, day_api in month.days:
        print(f"{day}  {tickets:7} {day_stream:5} {day_api:5}")
    print(f"{'month':10}  {month.filed:7} {stream:5} {api:5}")
    report.judge("a ticket's standard life: webhook and Stream calls", [life[0]], MOST_STREAM, "")
    report.judge("a ticket's standard life: API calls", [life[1]], MOST_API, "")
    report.judge("month: W&S calls a ticket, all in", [stream / month.filed], MOST_STREAM, "")
    report.judge("month: API calls a ticket, all in", [api / month.filed], MOST_API, "")
    report.judge("month: share of 3 000 W&S calls", [stream / 30], MOST_SHARE, "%")
    report.judge("month: share of 5 000 API calls", [api / 50], MOST_SHARE, "%")
    # Fewer than five pushes may still wait to be written.
    report.judge("our W&S meter is off by", [abs(counted["stream"].used - stream)], 4, "calls")
    report.judge("our API meter is off by", [abs(counted["api"].used - api)], 0, "calls")
    report.judge("CPU", [time.process_time() - began], MOST_CPU, "s")
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
