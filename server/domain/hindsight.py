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
from server.domain.courts import Court, Judged, Terms, judged_of, lapse
from server.domain.events import (
    Assigned,
    CheckedIn,
    Claimed,
    CustomerWrote,
    Disputed,
    Edited,
    Escalated,
    Nudged,
    Planned,
    PriorityChanged,
    Released,
    Replied,
    Transferred,
)
from server.domain.law import MATCHED, Law, Metric
from server.domain.pasts import BreachTold, FiledAs, MovedTo, Past, RoutedTo, events_of
from server.domain.signals import DEAD, DONE
from server.domain.sla import SlaState, fold


class _Running(Judged, kw_only=True, gc=False):
    """A clock under way."""

    terms: Terms


def judge(court: Court, past: Past, until: int) -> Sequence[Judged]:
    """All clocks of one ticket's history, as they stood at `until`: a clock whose time was up
    by then is breached whether or not somebody was told.
    """
    clocks = _Ticket(court).fold(past)
    if clocks is None:
        court.differs = True  # nobody looked
        return stood(fold(events_of(past), court.law), court.law, until)
    for clock in clocks:
        if clock.state == "running" and clock.verdict == "none":
            lapse(clock, _lapses(clock), until)
    return clocks


def stood(state: SlaState, law: Law, until: int) -> list[Judged]:
    """The same of clocks that sla.py folded."""
    clocks = [judged_of(clock) for clock in state.clocks]
    for clock, judged in zip(state.clocks, clocks, strict=True):
        if clock.is_open and clock.verdict == "none":
            lapsed_at = lapses_at(clock, law)
            if lapsed_at is not None:
                lapse(judged, int(lapsed_at.timestamp()), until)
    return clocks


def _lapses(clock: _Running) -> int:
    return clock.terms.lapses(clock.mark, clock.since, clock.target - clock.used)


class _Unusual(Exception):
    """Only sla.py can fold this ticket."""


class _Ticket:
    """One ticket's clocks under way; what sla.py's `_Step` and clocks.py do, in place."""

    __slots__ = (
        "_court",
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
        "policy",
        "priority",
        "queue",
        "seq",
        "status",
        "team",
        "terms",
    )

    def __init__(self, court: Court) -> None:
        self._court = court
        self._watched = court.newest
        self.priority, self.queue, self.category = "normal", "", ""
        self.customer_level, self.channel, self.team, self.policy = "normal", "", "", ""
        self.status: str = "new"
        self.held = self.answered = False
        self.asked: int | None = None
        self.asked_recorded_at: datetime | None = None
        self.on: set[str] = set()
        self.terms: Terms | None = None
        self.clocks: list[_Running] = []
        self.last: dict[str, _Running] = {}
        self.seq = self.at = 0

    def fold(self, past: Past) -> list[_Running] | None:
        """All clocks, or None when the history is not an ordinary one."""
        court, ats = self._court, past.ats
        if ats != sorted(ats) or not court.low <= ats[0] or not ats[-1] < court.high:
            return None
        columns = zip(past.seqs, ats, past.recorded_at, past.bodies, strict=True)
        early = past.seqs[0] < court.since
        try:
            for self.seq, self.at, recorded_at, body in columns:
                if early:
                    self._watched = court.watched(self.seq)
                _DOES[type(body)](self, body, recorded_at)
        except (KeyError, _Unusual):
            return None
        return self.clocks

    # What events mean: signals.py

    def opened(self, body: FiledAs, _recorded_at: datetime) -> None:
        if body.imported:
            raise _Unusual
        self.priority = body.priority.value
        self.queue = body.queue
        self.category = body.category or ""
        self.customer_level = body.customer_level
        self.channel = body.channel
        self.terms = self._court.find(self, self.seq, None)
        self.apply("opened", self.at)
        self.apply("unheld", self.at)

    def handed(self, body: Claimed | Assigned, _recorded_at: datetime) -> None:
        self.hold(held=body.assignee is not None)

    def routed(self, body: RoutedTo, _recorded_at: datetime) -> None:
        named = body.policy is not None and body.policy != self.policy
        if body.policy is not None:
            self.policy = body.policy
        self.sent(body.team or "", self.team, held=body.assignee is not None, policy=named)

    def transferred(self, body: Transferred, _recorded_at: datetime) -> None:
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
            self.promise()
        for signal in moves:
            self.apply(signal, self.at)
        self.hold(held=held)

    def hold(self, *, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.apply("held" if held else "unheld", self.at)

    def released(self, _body: Released, _recorded_at: datetime) -> None:
        self.held = False
        self.apply("unheld", self.at)

    def replied(self, body: Replied, _recorded_at: datetime) -> None:
        self.apply("answered" if body.human else "bot_answered", self.at)

    def wrote(self, _body: CustomerWrote | Disputed, recorded_at: datetime) -> None:
        if self.status not in DONE:
            if self.answered and self.status not in DEAD:
                self.apply("asked", self.at)
        elif self.asked is None:
            self.asked, self.asked_recorded_at = self.at, recorded_at

    def moved(self, body: MovedTo, recorded_at: datetime) -> None:
        was, now = self.status, body.new_category
        self.status = now
        if now in DONE:
            if was not in DONE:
                self.apply("resolved", self.at)
        else:
            asked, own = self.asked, self.asked_recorded_at == recorded_at
            self.asked = self.asked_recorded_at = None
            if was in DONE and now not in DEAD:
                self.apply("reopened", self.at)
                if asked is not None:
                    self.apply("asked", asked if own else self.at)
        pausing = self._court.pausing
        if now in pausing or was in pausing:  # else all clocks run before and after
            self.move()

    def reprioritised(self, body: PriorityChanged, _recorded_at: datetime) -> None:
        if body.new.value != self.priority:
            self.priority = body.new.value
            self.promise()

    def edited(self, body: Edited, _recorded_at: datetime) -> None:
        changed = moves = False
        for name, pair in body.fields.items():
            if name not in _READ or getattr(self, name) == pair[1]:
                continue
            moves = moves or (name == "queue" and bool(self.team))
            changed = True
            setattr(self, name, pair[1])
        if changed:
            self.promise()
        if moves:
            self.apply("left", self.at)
            self.apply("joined", self.at)

    def told(self, body: BreachTold, recorded_at: datetime) -> None:
        """A breach that was told is one, if the law says so of that instant."""
        for clock in self.clocks:
            if clock.metric == body.metric and clock.instance == body.instance:
                if clock.state == "running" and clock.verdict != "breached":
                    lapse(clock, _lapses(clock), int(recorded_at.timestamp()))
                return

    # What signals do: sla.py

    def apply(self, signal: str, at: int) -> None:
        if signal == "bot_answered":
            if self.terms is None or not self.terms.policy.bot_reply_counts:
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
        terms = self.terms
        if terms is None:
            return
        target = terms.policy.target(metric, self.priority)
        if target is None:
            return
        last = self.last.get(metric)
        clock = _Running(
            metric=metric,
            instance=1 if last is None else last.instance + 1,
            pin=terms.pin,
            target=target,
            started=at,
            since=at,
            mark=terms.meter.read(at),
            terms=terms,
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
        mode = self.terms.policy.reopen if self.terms is not None else "resume"
        if mode == "keep" or metric in self.on:
            return
        self.on.add(metric)
        clock = self.last.get(metric)
        if clock is None or mode == "restart":
            self.begin(metric, at)
        elif clock.state == "stopped":
            self.reopen(clock, at)

    def promise(self) -> None:
        """From now on something else may be promised."""
        pinned = self.terms.pin if self.terms is not None else None
        terms = self.terms = self._court.find(self, self.seq, pinned)
        for name in self._watched.every:
            if name not in self.on:
                continue
            target = terms.policy.target(name, self.priority) if terms is not None else None
            clock = self.last.get(name)
            if clock is None or clock.state == "stopped":
                self.begin(name, self.at)
            elif terms is not None and target is not None:
                if clock.state == "cancelled":
                    self.reopen(clock, self.at)
                self.retarget(clock, terms, target)
            elif clock.state in _OPEN:
                self.cancel(clock)
        self.move()

    def move(self) -> None:
        """The status says which clocks stand still, and whether there are any."""
        category, every = self.status, self._watched.every
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
            stands = metric is not None and category in clock.terms.paused(metric)
            if stands and clock.state == "running":
                self.catch_up(clock, max(self.at, clock.since))
                clock.state = "paused"
            elif not stands and clock.state == "paused":
                self.catch_up(clock, max(self.at, clock.since))
                self.run(clock)

    # How a clock runs: clocks.py

    def run(self, clock: _Running) -> None:
        clock.state = "running"
        clock.mark = clock.terms.meter.read(clock.since)

    def catch_up(self, clock: _Running, at: int) -> None:
        if at <= clock.since:
            return
        if clock.state != "running":
            clock.since = at
            return
        mark = clock.terms.meter.read(at)
        used = clock.used + mark - clock.mark
        if used > clock.target and clock.verdict != "breached":
            clock.breached = _lapses(clock)
            clock.verdict = "breached"
        clock.used, clock.mark, clock.since = used, mark, at

    def reopen(self, clock: _Running, at: int) -> None:
        at = max(at, clock.since)
        if clock.verdict != "breached":
            clock.verdict = "none"
        clock.gap += at - clock.since
        clock.stopped, clock.since = None, at
        self.run(clock)

    def cancel(self, clock: _Running) -> None:
        at = max(self.at, clock.since)
        self.catch_up(clock, at)
        clock.state, clock.stopped = "cancelled", at

    def retarget(self, clock: _Running, terms: Terms, target: int) -> None:
        if clock.terms is terms and clock.target == target:
            return
        at = max(self.at, clock.since)
        self.catch_up(clock, at)
        clock.terms, clock.pin, clock.target = terms, terms.pin, target
        clock.mark = terms.meter.read(clock.since)
        if clock.used > target:
            if clock.verdict != "breached":
                clock.verdict, clock.breached, clock.by_retarget = "breached", at, True
            return
        clock.verdict, clock.breached, clock.by_retarget = "none", None, False


def _signal(signal: str) -> Callable[[_Ticket, Any, datetime], None]:
    return lambda ticket, _body, _recorded_at: ticket.apply(signal, ticket.at)


_READ: Final = frozenset({*MATCHED, "policy"})
_OPEN: Final = frozenset({"running", "paused"})

_DOES: Final[dict[type[Any], Callable[[_Ticket, Any, datetime], None]]] = {
    FiledAs: _Ticket.opened,
    RoutedTo: _Ticket.routed,
    Claimed: _Ticket.handed,
    Assigned: _Ticket.handed,
    Transferred: _Ticket.transferred,
    Released: _Ticket.released,
    Replied: _Ticket.replied,
    CustomerWrote: _Ticket.wrote,
    Disputed: _Ticket.wrote,
    MovedTo: _Ticket.moved,
    PriorityChanged: _Ticket.reprioritised,
    Edited: _Ticket.edited,
    BreachTold: _Ticket.told,
    Planned: _signal("planned"),
    CheckedIn: _signal("checked_in"),
    Nudged: _signal("nudged"),
    Escalated: _signal("escalated"),
    HelpAsked: _signal("help_asked"),
    Helped: _signal("helped"),
}
