"""The fold of sla.py for a whole past at once (回放): the same law, without the history that a
clock keeps for display. What is left is what reports count: verdicts, instants, used time.

It knows the ordinary kinds of events, in the order of their instants, and says None for a ticket
with anything else (an excuse, a due instant set by hand, an applied policy, an import, a mail that
was written before what we knew): such a ticket is folded by sla.py. A property test holds the two
together, so that a new kind of event is slow at worst, never wrong.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from server.domain.chat_events import HelpAsked, Helped
from server.domain.clocks import lapses_at
from server.domain.courts import Court, Judged, judged_of, lapse
from server.domain.events import (
    Assigned,
    Breached,
    CheckedIn,
    Claimed,
    CustomerWrote,
    Disputed,
    Edited,
    Escalated,
    Nudged,
    Opened,
    Planned,
    PriorityChanged,
    Released,
    Replied,
    StatusChanged,
    Transferred,
)
from server.domain.law import MATCHED, Metric, Pin, Policy
from server.domain.pasts import Past, RoutedTo, event_of
from server.domain.signals import DEAD, DONE
from server.domain.sla import fold


def judge(court: Court, history: Sequence[Past], until: int) -> list[Judged]:
    """All clocks of one ticket's history, as they stood at `until`: a clock whose time was up
    by then is breached whether or not somebody was told.
    """
    clocks = _Ticket(court).fold(history)
    if clocks is None:
        court.differs = True  # nobody looked
        state = fold((event_of(one) for one in history), court.law)
        clocks = [judged_of(clock) for clock in state.clocks]
        for clock, judged in zip(state.clocks, clocks, strict=True):
            lapsed_at = lapses_at(clock, court.law)
            if clock.is_open and clock.verdict == "none" and lapsed_at is not None:
                lapse(judged, int(lapsed_at.timestamp()), until)
        return clocks
    for judged in clocks:
        if judged.state == "running" and judged.verdict == "none":
            left = judged.target - judged.used
            table = court.table(judged.pin)
            lapse(judged, table.next_open(table.add(judged.since, left)), until)
    return clocks


class _Unusual(Exception):
    """Only sla.py can fold this ticket."""


class _Ticket:
    """One ticket's clocks under way; what sla.py's `_Step` and clocks.py do, in place."""

    __slots__ = (
        "_court",
        "_law",
        "_watched",
        "answered",
        "asked",
        "asked_recorded_at",
        "at",
        "category",
        "channel",
        "clocks",
        "customer_level",
        "held",
        "last",
        "on",
        "pin",
        "policy",
        "priority",
        "queue",
        "seq",
        "status",
        "team",
    )

    def __init__(self, court: Court) -> None:
        self._court = court
        self._law = court.law
        self._watched = court.newest
        self.priority, self.queue, self.category = "normal", "", ""
        self.customer_level, self.channel, self.team, self.policy = "normal", "", "", ""
        self.status: str = "new"
        self.held = self.answered = False
        self.asked: int | None = None
        self.asked_recorded_at: datetime | None = None
        self.on: set[str] = set()
        self.pin: Pin | None = None
        self.clocks: list[Judged] = []
        self.last: dict[str, Judged] = {}
        self.seq = self.at = 0

    def fold(self, history: Sequence[Past]) -> list[Judged] | None:
        """All clocks, or None when the history is not an ordinary one."""
        court = self._court
        low, high, since, newest = court.low, court.high, court.since, court.newest
        try:
            for past in history:
                at, seq, body = int(past.effective_at.timestamp()), past.seq, past.body
                if at < self.at or not low <= at < high:
                    return None
                self.at, self.seq = at, seq
                self._watched = newest if seq >= since else court.watched(seq)
                _DOES[type(body)](self, body, past)
        except (KeyError, _Unusual):
            return None
        return self.clocks

    # What events mean: signals.py

    def opened(self, body: Opened, _past: Past) -> None:
        if body.imported:
            raise _Unusual
        self.priority = body.priority.value
        self.queue = body.queue
        self.category = body.category or ""
        self.customer_level = body.customer_level
        self.channel = body.channel
        self.pin = self._court.pin(self, self.seq, None)
        self.apply("opened", self.at)
        self.apply("unheld", self.at)

    def handed(self, body: Claimed | Assigned, _past: Past) -> None:
        self.hold(held=body.assignee is not None)

    def routed(self, body: RoutedTo, _past: Past) -> None:
        named = body.policy is not None and body.policy != self.policy
        if body.policy is not None:
            self.policy = body.policy
        self.sent(body.team or "", self.team, held=body.assignee is not None, policy=named)

    def transferred(self, body: Transferred, _past: Past) -> None:
        self.sent(body.team or "", body.previous_team or self.team, held=body.assignee is not None)

    def sent(self, team: str, was: str, *, held: bool, policy: bool = False) -> None:
        """The ticket is in a team, and held or not."""
        changed = "policy" if policy else ""
        moves: list[str] = []
        if self._watched.teams:
            if team != was:
                moves = [*(["left"] if was else []), *(["joined"] if team else [])]
            if team != self.team:
                self.team, changed = team, "team"
        if changed:
            self.promise(self._court.pin(self, self.seq, self.pin))
        for signal in moves:
            self.apply(signal, self.at)
        self.hold(held=held)

    def hold(self, *, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.apply("held" if held else "unheld", self.at)

    def released(self, _body: Released, _past: Past) -> None:
        self.held = False
        self.apply("unheld", self.at)

    def replied(self, body: Replied, _past: Past) -> None:
        self.apply("answered" if body.human else "bot_answered", self.at)

    def wrote(self, _body: CustomerWrote | Disputed, past: Past) -> None:
        if self.status not in DONE:
            if self.answered and self.status not in DEAD:
                self.apply("asked", self.at)
        elif self.asked is None:
            self.asked, self.asked_recorded_at = self.at, past.recorded_at

    def moved(self, body: StatusChanged, past: Past) -> None:
        was, now = self.status, body.new_category
        self.status = now
        if now in DONE:
            if was not in DONE:
                self.apply("resolved", self.at)
        else:
            asked, own = self.asked, self.asked_recorded_at == past.recorded_at
            self.asked = self.asked_recorded_at = None
            if was in DONE and now not in DEAD:
                self.apply("reopened", self.at)
                if asked is not None:
                    self.apply("asked", asked if own else self.at)
        self.move()

    def reprioritised(self, body: PriorityChanged, _past: Past) -> None:
        if body.new.value != self.priority:
            self.priority = body.new.value
            self.promise(self._court.pin(self, self.seq, self.pin))

    def edited(self, body: Edited, _past: Past) -> None:
        changed = moves = False
        for name, pair in body.fields.items():
            if name not in _READ or getattr(self, name) == pair[1]:
                continue
            moves = moves or (name == "queue" and bool(self.team))
            changed = True
            setattr(self, name, pair[1])
        if changed:
            self.promise(self._court.pin(self, self.seq, self.pin))
        if moves:
            self.apply("left", self.at)
            self.apply("joined", self.at)

    def told(self, body: Breached, past: Past) -> None:
        """A breach that was told is one, if the law says so of that instant."""
        for clock in self.clocks:
            if clock.metric == body.metric and clock.instance == body.instance:
                if clock.state == "running" and clock.verdict != "breached":
                    lapse(clock, self.lapses(clock), int(past.recorded_at.timestamp()))
                return

    # What signals do: sla.py

    def apply(self, signal: str, at: int) -> None:
        if signal == "bot_answered":
            if self.pin is None or not self._law.policy_of(self.pin).bot_reply_counts:
                return
            signal = "answered"
        if signal in {"answered", "resolved"}:
            self.answered, self.asked, self.asked_recorded_at = True, None, None
        found = self._watched.by_signal.get(signal)
        if found is None:
            return
        stops, starts, resumes = found
        for metric in stops:
            self.stop(metric, at)
        for metric in starts:
            self.start(metric, at)
        for metric in resumes:
            self.resume(metric.id, at)

    def start(self, metric: Metric, at: int) -> None:
        name = metric.id
        if name in self.on or self.status in DONE or self.status in DEAD:
            return
        if metric.instances == "one" and name in self.last:
            return
        self.on.add(name)
        self.begin(name, at)

    def begin(self, metric: str, at: int) -> None:
        pin = self.pin
        if pin is None:
            return
        target = self._law.policies[pin.policy, pin.policy_version].target(metric, self.priority)
        if target is None:
            return
        last = self.last.get(metric)
        clock = Judged(
            metric=metric,
            instance=1 if last is None else last.instance + 1,
            pin=pin,
            target=target,
            started=at,
            since=at,
            mark=self._court.meter(pin).read(at),
        )
        self.last[metric] = clock
        self.clocks.append(clock)

    def stop(self, metric: Metric, at: int) -> None:
        name = metric.id
        clock = self.last.get(name)
        if clock is not None and clock.state in _OPEN:
            at = max(at, clock.since)
            self.catch_up(clock, at)
            late = clock.used > clock.target
            clock.state, clock.stopped = "stopped", at
            clock.verdict = "breached" if late else "met"
            if not late:
                clock.breached, clock.by_retarget = None, False
        self.on.discard(name)
        if self.clocks and self.clocks[-1].started == at and metric.starts & metric.stops:
            self.forget(name, at)

    def forget(self, metric: str, at: int) -> None:
        """What the same answer began and ended was no question."""
        last = self.clocks[-1]
        if last.metric == metric and last.stopped == at and last.instance > 1:
            self.clocks.pop()
            self.last[metric] = next(one for one in reversed(self.clocks) if one.metric == metric)

    def resume(self, metric: str, at: int) -> None:
        policy = self._law.policy_of(self.pin) if self.pin is not None else None
        mode = policy.reopen if policy is not None else "resume"
        if mode == "keep" or metric in self.on:
            return
        self.on.add(metric)
        clock = self.last.get(metric)
        if clock is None or mode == "restart":
            self.begin(metric, at)
        elif clock.state == "stopped":
            self.reopen(clock, at)

    def promise(self, pin: Pin | None) -> None:
        """From now on this is promised."""
        self.pin = pin
        policy: Policy | None = self._law.policy_of(pin) if pin is not None else None
        for name in self._watched.every:
            if name not in self.on:
                continue
            target = policy.target(name, self.priority) if policy else None
            clock = self.last.get(name)
            if clock is None or clock.state == "stopped":
                self.begin(name, self.at)
            elif pin is not None and target is not None:
                if clock.state == "cancelled":
                    self.reopen(clock, self.at)
                self.retarget(clock, pin, target)
            elif clock.state in _OPEN:
                self.cancel(clock)
        self.move()

    def move(self) -> None:
        """The status says which clocks stand still, and whether there are any."""
        category, court, every = self.status, self._court, self._watched.every
        dead = category in DEAD
        if dead:
            self.on.clear()
        for clock in self.clocks:
            if clock.state not in _OPEN:
                continue
            if dead:
                self.cancel(clock)
                continue
            metric = every.get(clock.metric)
            stands = metric is not None and court.stands(clock.pin, metric, category)
            if stands and clock.state == "running":
                self.catch_up(clock, max(self.at, clock.since))
                clock.state = "paused"
            elif not stands and clock.state == "paused":
                self.catch_up(clock, max(self.at, clock.since))
                self.run(clock)

    # How a clock runs: clocks.py

    def run(self, clock: Judged) -> None:
        clock.state = "running"
        clock.mark = self._court.meter(clock.pin).read(clock.since)

    def catch_up(self, clock: Judged, at: int) -> None:
        if at <= clock.since:
            return
        if clock.state != "running":
            clock.since = at
            return
        mark = self._court.meter(clock.pin).read(at)
        used = clock.used + mark - clock.mark
        if used > clock.target and clock.verdict != "breached":
            clock.breached = self.lapses(clock)
            clock.verdict = "breached"
        clock.used, clock.mark, clock.since = used, mark, at

    def lapses(self, clock: Judged) -> int:
        table = self._court.table(clock.pin)
        return table.next_open(table.add(clock.since, clock.target - clock.used))

    def reopen(self, clock: Judged, at: int) -> None:
        at = max(at, clock.since)
        if clock.verdict != "breached":
            clock.verdict = "none"
        clock.gap += at - clock.since
        clock.stopped, clock.since = None, at
        self.run(clock)

    def cancel(self, clock: Judged) -> None:
        at = max(self.at, clock.since)
        self.catch_up(clock, at)
        clock.state, clock.stopped = "cancelled", at

    def retarget(self, clock: Judged, pin: Pin, target: int) -> None:
        if clock.pin == pin and clock.target == target:
            return
        at = max(self.at, clock.since)
        self.catch_up(clock, at)
        clock.pin, clock.target = pin, target
        clock.mark = self._court.meter(pin).read(clock.since)
        if clock.used > target:
            if clock.verdict != "breached":
                clock.verdict, clock.breached, clock.by_retarget = "breached", at, True
            return
        clock.verdict, clock.breached, clock.by_retarget = "none", None, False


def _signal(signal: str) -> Callable[[_Ticket, Any, Past], None]:
    return lambda ticket, _body, _past: ticket.apply(signal, ticket.at)


_READ: Final = frozenset({*MATCHED, "policy"})
_OPEN: Final = frozenset({"running", "paused"})

_DOES: Final[dict[type[Any], Callable[[_Ticket, Any, Past], None]]] = {
    Opened: _Ticket.opened,
    RoutedTo: _Ticket.routed,
    Claimed: _Ticket.handed,
    Assigned: _Ticket.handed,
    Transferred: _Ticket.transferred,
    Released: _Ticket.released,
    Replied: _Ticket.replied,
    CustomerWrote: _Ticket.wrote,
    Disputed: _Ticket.wrote,
    StatusChanged: _Ticket.moved,
    PriorityChanged: _Ticket.reprioritised,
    Edited: _Ticket.edited,
    Breached: _Ticket.told,
    Planned: _signal("planned"),
    CheckedIn: _signal("checked_in"),
    Nudged: _signal("nudged"),
    Escalated: _signal("escalated"),
    HelpAsked: _signal("help_asked"),
    Helped: _signal("helped"),
}
