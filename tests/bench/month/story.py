"""Who does what when: customers write, colleagues work one ticket after the other, and in the
manual month a dispatcher hands out. Everything is done by the use cases that console and chat call;
what the desk does by itself (routing, clocks, ladders, timers) it does by itself.
"""

import heapq
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.domain import commands as c
from server.domain.errors import Refusal
from server.domain.events import Priority
from server.domain.people import Staff
from server.domain.ticket import Ticket
from server.domain.worktime import spans
from server.storage import tickets as shelf
from server.storage.tickets import Listed
from server.usecases import intake, people, reading
from server.usecases.reading import TicketQuery
from server.usecases.tickets import perform
from tests.bench.month.assumptions import PEOPLE, Assumptions, Request
from tests.bench.month.house import VAGUE, Placed
from tests.support.world import World

_LOOK_AROUND: Final = timedelta(minutes=5)
"""How often an idle colleague looks at his lists by himself, besides when he is told."""

Act = Callable[[], Awaitable[None]]


@dataclass
class Worker:
    """A colleague of the story. `busy`: has a ticket in hand; `present`: between two bells."""

    id: int
    team: str
    busy: bool = False
    present: bool = False


class Story:
    """One month. `automatic`: the desk hands out; else the dispatcher does, and colleagues take
    the oldest of theirs first instead of what falls due first.
    """

    def __init__(
        self, world: World, placed: Placed, assumed: Assumptions, *, automatic: bool
    ) -> None:
        self._world = world
        self._desk = world.desk
        self._assumed = assumed
        self._automatic = automatic
        self._dispatcher = placed.dispatcher
        self._workers = {one: Worker(one, team) for one, team in placed.workers.items()}
        self._start = world.clock.now()
        self._queue: list[tuple[datetime, int, Act]] = []
        self._order = itertools.count()
        self._chance = random.Random(assumed.seed)
        self._asked: set[int] = set()
        self.requests: dict[int, Request] = {}
        self.refused = 0

    async def live(self, requests: list[Request]) -> None:
        """The whole month, and a working day after it to finish what can be finished."""
        for request in requests:
            self._at(self._start + timedelta(seconds=request.at), self._filing(request))
        await self._plan_days()
        while self._queue:
            at, _, act = heapq.heappop(self._queue)
            await self._world.clock.advance_to(at)
            await act()
            await self._world.at_rest()

    def _at(self, at: datetime, act: Act) -> None:
        heapq.heappush(self._queue, (at, next(self._order), act))

    def _in(self, span: timedelta, act: Act) -> None:
        self._at(self._world.clock.now() + span, act)

    async def _plan_days(self) -> None:
        firm = await self._desk.firm()
        calendar = firm.law.epoch().calendars["default"]
        end = self._start + timedelta(days=self._assumed.days)
        days: dict[object, list[tuple[datetime, datetime]]] = {}
        for opens, closes in spans(calendar, self._start, end):
            days.setdefault(opens.date(), []).append((opens, closes))
        for stretches in days.values():
            self._at(stretches[0][0], lambda: self._duty(on=True))
            self._at(stretches[-1][1], lambda: self._duty(on=False))
            for opens, closes in stretches:
                self._at(opens, self._begin)
                self._at(closes, self._pause)
                if self._automatic:
                    self._every(opens, closes, _LOOK_AROUND, self._look_around)
                else:
                    self._every(opens, closes, self._assumed.looks_every, self._hand_out)
                    self._every(opens, closes, _LOOK_AROUND, self._look_around)

    def _every(self, opens: datetime, closes: datetime, span: timedelta, act: Act) -> None:
        while opens < closes:
            self._at(opens, act)
            opens += span

    async def _staff(self, number: int) -> Staff:
        return (await self._desk.firm()).staff[number]

    # Customers

    def _filing(self, request: Request) -> Act:
        async def file() -> None:
            words = request.sort.word if request.clear else VAGUE
            filing = intake.Filing(
                channel="form",
                key=self._world.key(),
                subject=f"{words}，请帮忙看看",
                text=f"您好，{words}，麻烦尽快回复。",
                name=f"客户{request.customer}",
                phone=f"138{request.customer:08d}",
                level="vip" if request.vip else "normal",
                urgency=Priority.URGENT if request.urgent else Priority.NORMAL,
            )
            filed = (await intake.file_ticket(self._desk, filing)).ticket
            self.requests[filed.number] = request
            await self._world.at_rest()
            await self._call(filed.number)

        return file

    def _answering(self, number: int) -> Act:
        async def answer() -> None:
            await intake.customer_writes(
                self._desk, number, self._world.key(), "好的，情况如上。", "portal"
            )
            await self._call(number)

        return answer

    def _confirming(self, number: int) -> Act:
        async def confirm() -> None:
            try:
                await intake.confirm(self._desk, number, "portal")
            except Refusal:
                self.refused += 1  # closed or reopened meanwhile

        return confirm

    # The dispatcher

    async def _hand_out(self) -> None:
        by = await self._staff(self._dispatcher)
        load = dict(await reading.list_load(self._desk))
        for row in await self._all_unclaimed(by):
            request = self.requests[row.number]
            right = self._chance.random() < self._assumed.dispatcher_right
            teams = list(PEOPLE)
            team = request.sort.team if right else self._chance.choice(teams)
            members = [one.id for one in self._workers.values() if one.team == team]
            staff = min(members, key=lambda one: (load.get(one, 0), one))
            load[staff] = load.get(staff, 0) + 1
            await self._do(by, c.Transfer(ticket=row.number, team=team, staff=staff))
            await self._call(row.number)

    async def _all_unclaimed(self, by: Staff) -> list[Listed]:
        found: list[Listed] = []
        after: str | None = None
        while True:
            query = TicketQuery(view="unclaimed", sort="created", limit=100, after=after)
            page = await reading.list_tickets(self._desk, by, query)
            found += page.tickets
            after = page.next
            if after is None:
                return sorted(found, key=lambda one: one.number)

    # Colleagues

    async def _duty(self, *, on: bool) -> None:
        for worker in self._workers.values():
            await people.set_duty(self._desk, await self._staff(worker.id), on)

    async def _begin(self) -> None:
        for worker in self._workers.values():
            worker.present = True
        await self._world.at_rest()
        await self._look_around()

    async def _pause(self) -> None:
        for worker in self._workers.values():
            worker.present = False

    async def _look_around(self) -> None:
        for worker in self._workers.values():
            if worker.present and not worker.busy:
                await self._next(worker)

    async def _call(self, number: int) -> None:
        """Somebody is told of a ticket: its assignee, or whoever of its team is idle."""
        await self._world.at_rest()
        ticket = await shelf.find(self._desk.database, number)
        if ticket is None:
            return
        for worker in self._workers.values():
            told = worker.id == ticket.assignee or (
                ticket.assignee is None and self._automatic and worker.team == ticket.team
            )
            if told and worker.present and not worker.busy:
                await self._next(worker)
                return

    async def _next(self, worker: Worker) -> None:
        """Take the next ticket in hand, if there is one."""
        by = await self._staff(worker.id)
        mine = await reading.list_tickets(
            self._desk, by, TicketQuery(view="mine", sort="due", limit=100)
        )
        ready = [one for one in mine.tickets if one.status_category in {"new", "open"}]
        if not self._automatic:
            ready.sort(key=lambda one: one.number)
        if not ready and self._automatic:
            page = await reading.list_tickets(
                self._desk, by, TicketQuery(view="unclaimed", sort="due", limit=25)
            )
            ready = [one for one in page.tickets if one.team == worker.team]
        if ready:
            await self._work(worker, by, ready[0].number)

    async def _work(self, worker: Worker, by: Staff, number: int) -> None:
        request = self.requests[number]
        worker.busy = True
        if request.sort.team != worker.team:
            self._in(self._assumed.misplaced, lambda: self._pass_on(worker, number))
        elif await self._do(by, c.Claim(ticket=number)) is None:
            worker.busy = False
        elif number in self._asked:
            span = timedelta(minutes=request.minutes)
            self._in(span, lambda: self._resolve(worker, number))
        else:
            self._in(self._assumed.reading, lambda: self._reply(worker, number))

    async def _pass_on(self, worker: Worker, number: int) -> None:
        team = self.requests[number].sort.team
        await self._do(await self._staff(worker.id), c.Transfer(ticket=number, team=team))
        await self._free(worker)
        await self._call(number)

    async def _reply(self, worker: Worker, number: int) -> None:
        request = self.requests[number]
        then = "waiting_customer" if request.asks_back else None
        by = await self._staff(worker.id)
        done = await self._do(by, c.Reply(ticket=number, text="您好，正在处理。", then=then))
        self._asked.add(number)
        if done is None or request.asks_back:
            if done is not None:
                self._in(timedelta(seconds=request.answers_after), self._answering(number))
            await self._free(worker)
        else:
            span = timedelta(minutes=request.minutes)
            self._in(span, lambda: self._resolve(worker, number))

    async def _resolve(self, worker: Worker, number: int) -> None:
        by = await self._staff(worker.id)
        done = await self._do(by, c.Resolve(ticket=number, solution="已处理，请您确认。"))
        request = self.requests[number]
        if done is not None and request.confirms:
            self._in(timedelta(seconds=request.confirms_after), self._confirming(number))
        await self._free(worker)

    async def _free(self, worker: Worker) -> None:
        worker.busy = False
        await self._world.at_rest()
        if worker.present:
            await self._next(worker)

    async def _do(self, by: Staff, command: c.AnyCommand) -> Ticket | None:
        """Do a command as a colleague does; None when the desk refuses, because the ticket has
        moved on meanwhile.
        """
        try:
            return await perform(self._desk, command, by, "web")
        except Refusal:
            self.refused += 1
            return None
