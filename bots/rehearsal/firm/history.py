"""Four weeks at the demo firm, lived by the real use cases on a clock that is moved by hand.

Every request is a story of its own: it sleeps until its next step and then does what a customer
or a colleague would do. Steps that would lie after the end are left undone, which is how open,
waiting and overdue tickets come about.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta

from bots.rehearsal.firm.house import CALENDAR
from bots.rehearsal.firm.people import COLLEAGUES
from bots.rehearsal.firm.plan import WEEKS, ZONE, Plan, draw, fill, home_of, read_texts
from server.clock import HandClock
from server.desk import Desk
from server.domain import commands as c
from server.domain.events import Priority, StatusCategory, Via
from server.domain.firm import Firm
from server.domain.people import Role, Staff
from server.domain.priority import ORDER
from server.domain.ticket import WAITING_CATEGORIES, Ticket
from server.domain.worktime import add
from server.usecases import deadlines, intake, people
from server.usecases.intake import Filing
from server.usecases.tickets import perform

Hook = Callable[[], Awaitable[None]]
HOOK_BEFORE_END = timedelta(minutes=20)


class _AfterTheEnd(Exception):
    """The next step of a story would lie in the future."""


async def live(
    desk: Desk,
    clock: HandClock,
    until: datetime,
    *,
    seed: int = 1,
    tickets: int = 200,
    today: int = 43,
    hook: Hook | None = None,
) -> None:
    """Live the weeks before `until`; `clock` is the desk's own and ends there. `hook` is awaited
    shortly before the end: chat is connected then, so that the latest notices find their way.
    """
    until = until.astimezone(UTC)
    plans = draw(until, seed, tickets, today)
    await clock.advance_to(until - WEEKS - timedelta(days=1))
    firm = await desk.firm()
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(_watch(desk, clock))
        absent = tasks.create_task(_take_leave(desk, clock, until))
        stories = [
            tasks.create_task(_Story(desk, clock, until, plan, firm).tell()) for plan in plans
        ]
        await clock.advance_to(until - HOOK_BEFORE_END)
        if hook is not None:
            await hook()
        await clock.advance_to(until)
        for one in stories:
            await one
        watch.cancel()
        absent.cancel()


async def _watch(desk: Desk, clock: HandClock) -> None:
    """Let fall due what falls due, as the running desk's loop does."""
    while True:
        seen = desk.bell.rung
        for due in await deadlines.list_due(desk):
            await deadlines.fall_due(desk, due.ticket)
        await clock.wait(desk.bell, seen, await deadlines.next_due_at(desk))


async def _take_leave(desk: Desk, clock: HandClock, until: datetime) -> None:
    """One of the twelve is away today: routing says so when it explains itself."""
    local = until.astimezone(ZONE)
    morning = datetime.combine(local.date(), time(8, 30), ZONE)
    await clock.sleep_until(morning.astimezone(UTC))
    email = next(one.email for one in COLLEAGUES if one.away_today)
    firm = await desk.firm()
    person = next(one for one in firm.staff.values() if one.email == email)
    await people.set_duty(desk, person, on_duty=False)


class _Story:
    """One request, from its filing to its rating."""

    def __init__(
        self, desk: Desk, clock: HandClock, until: datetime, plan: Plan, firm: Firm
    ) -> None:
        self.desk = desk
        self.clock = clock
        self.until = until
        self.plan = plan
        self.staff = firm.staff
        self.members = {
            team.id: [firm.staff[number] for number in sorted(team.members)]
            for team in firm.teams.values()
        }
        self.dice = random.Random(plan.seed)  # noqa: S311 - a story, not a secret
        self.said = read_texts().said

    async def tell(self) -> None:
        """Everything up to the end, or up to the last step before `until`."""
        try:
            await self._reach(self.plan.at)
            ticket = await self._file()
            if not self.plan.fresh:
                await self._handle(ticket)
        except _AfterTheEnd:
            return

    # Steps

    async def _handle(self, ticket: Ticket) -> None:
        ticket = await self._settle_in(ticket)
        if self.dice.random() < 0.03:
            await self._cancel(ticket)
            return
        ticket = await self._take(ticket)
        ticket = await self._talk(ticket)
        ticket = await self._wait_for_parts(ticket)
        ticket = await self._solve(ticket)
        await self._after(ticket)

    async def _file(self) -> Ticket:
        plan = self.plan
        clerk = self._pick("frontline") if plan.by_phone else None
        filed = await intake.file_ticket(
            self.desk,
            Filing(
                channel="staff" if plan.by_phone else "portal",
                key=f"story-{plan.seed}",
                subject=plan.problem.subject,
                text=plan.text,
                name=plan.caller.name,
                phone=plan.caller.phone,
                company=plan.caller.company,
                level=plan.caller.level,
                category=plan.category,
                priority=plan.problem.priority if plan.by_phone else None,
                via=plan.via,
                by=clerk,
            ),
        )
        return filed.ticket

    async def _settle_in(self, ticket: Ticket) -> Ticket:
        """Somebody looks at it: priority, category, the right team."""
        wanted, home = self.plan.problem.priority, home_of(self.plan)
        if ORDER.index(wanted) > ORDER.index(ticket.priority):
            await self._work(3)
            raised = c.SetPriority(ticket=ticket.number, priority=wanted, reason="客户描述紧急")
            ticket = await self._perform(raised, self._leader())
        if ticket.team == home:
            return ticket
        await self._work(self._slow(9))
        by = self._holder(ticket) or self._pick(ticket.team or "frontline")
        west = "浦西" if home == "cooling_west" else "专业" if home != "frontline" else "上门"
        reason = next((one for one in self.said.transfer if west in one), self.said.transfer[0])
        return await self._perform(c.Transfer(ticket=ticket.number, team=home, reason=reason), by)

    async def _take(self, ticket: Ticket) -> Ticket:
        """接单, and the first answer."""
        if ticket.assignee is None:
            if self.dice.random() < 0.12:
                await self._urge(ticket)
            await self._work(self._slow(4 if ticket.customer_level == "vip" else 7))
            by = self._pick(ticket.team or "frontline")
            ticket = await self._perform(c.Claim(ticket=ticket.number), by)
            await self._work(self._lag(5))
        else:
            await self._work(self._slow(5 if ticket.customer_level == "vip" else 14))
        problem = self.plan.problem
        text = self._fill(self.dice.choice(problem.replies), ticket)
        asks = any(word in text for word in ("？", "请")) and self.dice.random() < 0.45
        then = "waiting_customer" if asks else None
        ticket = await self._perform(
            c.Reply(ticket=ticket.number, text=text, then=then), None, ticket
        )
        if problem.notes and self.dice.random() < 0.5:
            await self._work(self._lag(4))
            note = c.Note(ticket=ticket.number, text=self.dice.choice(problem.notes))
            ticket = await self._perform(note, None, ticket)
        return ticket

    async def _talk(self, ticket: Ticket) -> Ticket:
        """The customer answers, perhaps after a while, and a visit is agreed."""
        waits = ticket.status_category is StatusCategory.WAITING_CUSTOMER
        if not waits and self.dice.random() < 0.5:
            return ticket
        if waits and self.dice.random() < 0.1:
            return await self._never_heard(ticket)
        await self._wall(self.dice.uniform(3, 240))
        ticket = await self._write(ticket, self.dice.choice(self.plan.problem.answers))
        if self.dice.random() < 0.7:
            await self._work(self._slow(16))
            text = self._fill(self.dice.choice(self.said.visit), ticket)
            ticket = await self._perform(c.Reply(ticket=ticket.number, text=text), None, ticket)
        if self.dice.random() < 0.35:
            ticket = await self._hold(ticket, "visit_booked", "已约上门时间", hours=26)
        return ticket

    async def _never_heard(self, ticket: Ticket) -> Ticket:
        """The customer stays silent until somebody looks again."""
        await self._work(60 * 18)
        if ticket.status_category in WAITING_CATEGORIES:
            ticket = await self._perform(c.Resume(ticket=ticket.number), None, ticket)
        return ticket

    async def _wait_for_parts(self, ticket: Ticket) -> Ticket:
        if not self.plan.problem.parts and self.dice.random() > 0.08:
            return ticket
        await self._work(self._lag(90))
        text = self.dice.choice(self.said.parts_said)
        ticket = await self._perform(c.Reply(ticket=ticket.number, text=text), None, ticket)
        reason = self.dice.choice(self.said.parts)
        ticket = await self._hold(ticket, "waiting_parts", reason, hours=72)
        await self._work(60 * self.dice.uniform(6, 22))
        return ticket

    async def _solve(self, ticket: Ticket) -> Ticket:
        if self.plan.problem.priority is Priority.URGENT:
            await self._work(self._lag(55, spread=0.4))
        elif self.plan.problem.category == "咨询":
            await self._work(self._lag(20))
        elif self.dice.random() < 0.04:
            await self._work(60 * self.dice.uniform(44, 58))
        else:
            await self._work(self._lag(230, spread=0.8))
        if self.dice.random() < 0.05:
            ticket = await self._urge(ticket)
        text = self._fill(self.dice.choice(self.plan.problem.solutions), ticket)
        return await self._perform(c.Resolve(ticket=ticket.number, solution=text), None, ticket)

    async def _after(self, ticket: Ticket) -> None:
        """The customer confirms or disputes, rates, or says nothing (quiet close)."""
        luck = self.dice.random()
        if luck < 0.05:
            ticket = await self._again(ticket)
            luck = 0.3
        if luck > 0.7:
            return
        await self._wall(self._lag(75, spread=1.1))
        if self.dice.random() < 0.2:
            ticket = await self._thank(ticket)
        await intake.confirm(self.desk, ticket.number, "portal")
        if self.dice.random() < 0.78:
            await self._wall(self.dice.uniform(0.5, 4))
            await self._rate(ticket)

    async def _again(self, ticket: Ticket) -> Ticket:
        """It was not solved after all."""
        await self._wall(self.dice.uniform(90, 1500))
        text = self.dice.choice(self.said.dispute)
        ticket = await intake.dispute(self.desk, ticket.number, text, "portal")
        await self._work(self._lag(12))
        text = self._fill(self.dice.choice(self.said.again), ticket)
        ticket = await self._perform(c.Reply(ticket=ticket.number, text=text), None, ticket)
        await self._work(self._lag(200))
        text = self.dice.choice(self.said.solved_again)
        return await self._perform(c.Resolve(ticket=ticket.number, solution=text), None, ticket)

    async def _thank(self, ticket: Ticket) -> Ticket:
        """Words of thanks are heard before the solution is confirmed; they reopen nothing when
        a colleague notes them down from the phone.
        """
        note = c.Note(ticket=ticket.number, text=f"客户来电：{self.dice.choice(self.said.thanks)}")
        return await self._perform(note, None, ticket)

    async def _rate(self, ticket: Ticket) -> None:
        kinds = [5, 4, 3, 2, 1]
        weights = [66, 22, 7, 3, 2] if not ticket.breached else [20, 30, 25, 15, 10]
        score = self.dice.choices(kinds, weights)[0]
        comment = self.dice.choice(read_texts().ratings[str(score)])
        await intake.rate(self.desk, ticket.number, score, comment, "portal")

    async def _cancel(self, ticket: Ticket) -> None:
        await self._work(self._lag(25))
        reason = self.dice.choice(self.said.cancel)
        await self._perform(c.Cancel(ticket=ticket.number, reason=reason), self._leader())

    async def _urge(self, ticket: Ticket) -> Ticket:
        await self._wall(self.dice.uniform(8, 40))
        await self._write(ticket, self.dice.choice(self.said.urge))
        return await intake.nudge(self.desk, ticket.number, "portal")

    async def _write(self, ticket: Ticket, text: str) -> Ticket:
        key = f"{self.plan.seed}-{self.dice.random()}"
        return await intake.customer_writes(self.desk, ticket.number, key, text, "portal")

    async def _hold(self, ticket: Ticket, status: str, reason: str, hours: float) -> Ticket:
        wake_at = self.clock.now() + timedelta(hours=hours)
        hold = c.Hold(ticket=ticket.number, status=status, reason=reason, until=wake_at)
        return await self._perform(hold, None, ticket)

    # Means

    async def _perform(
        self, command: c.AnyCommand, by: Staff | None, ticket: Ticket | None = None
    ) -> Ticket:
        who = by or (self._holder(ticket) if ticket is not None else None)
        if who is None:
            msg = f"nobody holds {command}"
            raise LookupError(msg)
        via: Via = "dingtalk" if self.dice.random() < 0.6 else "web"
        return await perform(self.desk, command, who, via)

    def _holder(self, ticket: Ticket) -> Staff | None:
        return self.staff.get(ticket.assignee) if ticket.assignee is not None else None

    def _leader(self) -> Staff:
        """Who sees every ticket."""
        return next(one for one in self.staff.values() if one.role is Role.SUPERVISOR)

    def _pick(self, team: str) -> Staff:
        return self.dice.choice(self.members[team])

    def _fill(self, text: str, ticket: Ticket) -> str:
        holder = self._holder(ticket)
        master = f"{holder.name[0]}师傅" if holder is not None else "师傅"
        return fill(text, self.dice, self.plan.caller, master)

    async def _reach(self, at: datetime) -> None:
        if at > self.until:
            raise _AfterTheEnd
        await self.clock.sleep_until(at.astimezone(UTC))  # clocks show what they are given

    async def _wall(self, minutes: float) -> None:
        """So many minutes later, whatever the hour."""
        await self._reach(self.clock.now() + timedelta(minutes=minutes))

    async def _work(self, minutes: float) -> None:
        """So many minutes of working time later; a little later still when that is the bell."""
        at = add(CALENDAR, self.clock.now(), timedelta(minutes=minutes))
        await self._reach(at)

    def _lag(self, median: float, spread: float = 0.6) -> float:
        """Minutes, about so many, sometimes a good deal more."""
        return self.dice.lognormvariate(math.log(median), spread)

    def _slow(self, median: float) -> float:
        """The same for a first touch, which once in a while is forgotten for an hour or three."""
        return self.dice.uniform(62, 190) if self.dice.random() < 0.05 else self._lag(median)
