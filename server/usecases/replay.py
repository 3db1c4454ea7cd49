"""Replay (回放): judge a past again under drafts of policies, calendars and metrics, and compare.

Reads in pages beside a working desk and judges in a thread, some hundred tickets at a time, so that
nobody waits for it. One replay at a time.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

import msgspec

from server.desk import Desk
from server.domain.calendars import Calendar
from server.domain.courts import Court, Judged, Kept, judged_as_kept
from server.domain.errors import Conflict, Invalid
from server.domain.hindsight import judge, stood
from server.domain.law import Law, Pin, law_of
from server.domain.metrics import Metric
from server.domain.pasts import FiledAs, Past
from server.domain.replay import Comparison, SlaReplay
from server.domain.rerouting import RoutingReplay
from server.domain.sla import Policy
from server.storage import pasts, policies
from server.usecases.documents import read
from server.usecases.drafts import Draft, rerouting_of

PAGE: Final = 400
"""Tickets read and judged at a time."""

LONGEST: Final = timedelta(days=400)
_MARGIN: Final = timedelta(days=3)
"""An event may be dated a day before it was recorded, and a zone may lie a day away."""

LawKind = Literal["policy", "calendar", "metric"]
_LAWS: Final[dict[str, Any]] = {"policy": Policy, "calendar": Calendar, "metric": Metric}


class ReplayUnderWay(Conflict):
    """Another replay is not ended yet."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found, of tickets filed in [from_at, to_at), as they stood at `until`.
    `routing` where rules or rosters were drafted.
    """

    from_at: datetime
    to_at: datetime
    until: datetime
    sla: SlaReplay
    routing: RoutingReplay | None = None


def span_of(start: str | None, end: str | None, zone: str) -> tuple[datetime, datetime]:
    """Two local days as instants: from the first one's morning up to the second one's. Refuses
    `Invalid` for what is no day.
    """
    found: list[datetime] = []
    for field, text in (("from", start), ("to", end)):
        try:
            day = date.fromisoformat(text or "")
        except ValueError:
            raise Invalid(**{field: "day"}) from None
        found.append(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC))
    return found[0], found[1]


def last_month(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The calendar month before this one, in the firm's zone."""
    first = now.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = (first - timedelta(days=1)).replace(day=1)
    return before.astimezone(UTC), first.astimezone(UTC)


async def replay(desk: Desk, from_at: datetime, to_at: datetime, drafts: Sequence[Draft]) -> Report:
    """Compare the tickets that were filed in a period: as it was, and with the drafts. Refuses
    `Invalid` for a period or a draft that makes no sense, and `ReplayUnderWay`.
    """
    if not from_at < to_at:
        raise Invalid(to="replay_order")
    if to_at - from_at > LONGEST:
        raise Invalid(to="replay_too_long")
    if desk.replayed is not None:
        raise ReplayUnderWay
    desk.replayed = 0.0
    try:
        with desk.activity.busy():
            return await _replay(desk, from_at, to_at, drafts)
    finally:
        desk.replayed = None


async def _replay(
    desk: Desk, from_at: datetime, to_at: datetime, drafts: Sequence[Draft]
) -> Report:
    until = desk.clock.now()
    versions = await policies.list_versions(desk.database)
    plans = [one for one in drafts if one.kind in _LAWS]
    law = law_from(versions)
    other = law_from(redrafted(versions, plans)) if plans else None
    comparing = _Comparing(law, other, from_at, to_at, until)
    rerouting = await rerouting_of(desk, versions, [one for one in drafts if one not in plans])
    first = await _first_since(desk, from_at)
    end = await _first_since(desk, to_at)
    for low in range(first, end, PAGE):
        high = min(low + PAGE, end) - 1
        page = await pasts.read_pasts(desk.database, low, high)
        await asyncio.to_thread(comparing.add, page)
        if rerouting is not None:
            await rerouting.add(low, high)
        desk.replayed = min(1.0, (low + PAGE - first) / (end - first))
    return Report(
        from_at=from_at,
        to_at=to_at,
        until=until,
        sla=comparing.comparison.result(),
        routing=rerouting.result() if rerouting is not None else None,
    )


class _Comparing:
    """Both laws, and what was found so far. How it was stands beside the tickets; what would have
    been has to be judged. Without a draft everything is judged, by the law as it is.
    """

    def __init__(
        self, law: Law, other: Law | None, from_at: datetime, to_at: datetime, until: datetime
    ) -> None:
        low = int((from_at - _MARGIN).timestamp())
        high = int((max(until, to_at) + _MARGIN).timestamp())
        self.comparison = Comparison()
        self._law = law
        self._known = set[Pin]()
        self._drafted = other is not None
        self._alike = other is None or _watch_alike(law, other)
        self._before = Court(law, low, high)
        self._after = Court(other or law, low, high, law if self._alike else None)
        self._from_at, self._to_at = from_at, to_at
        self._until = until

    def add(self, pages: Iterable[pasts.Page]) -> None:
        """Judge these tickets."""
        after, until = self._after, int(self._until.timestamp())
        for page in pages:
            if not self._from_at <= page.opened_at < self._to_at:
                continue
            past = pasts.decode_past(page)
            if not isinstance(past.bodies[0], FiledAs):
                continue  # erased, or before its time
            after.differs = not self._alike
            found = judge(after, past, until)
            changes = self._drafted and after.differs
            was = self._stood(page, past) if changes else found
            self.comparison.add(page.ticket, was, found)

    def _stood(self, page: pasts.Page, past: Past) -> Sequence[Judged]:
        """A ticket's clocks as they are."""
        kept = pasts.decode_kept(page)
        if page.state is None or not all(map(self._knows, kept.clocks)):
            # No state yet, or under a version that was saved since this replay began.
            return judge(self._before, past, int(self._until.timestamp()))
        if kept.lasts(self._until):
            return [judged_as_kept(clock) for clock in kept.clocks]
        return stood(pasts.decode_state(page), self._law, int(self._until.timestamp()))

    def _knows(self, clock: Kept) -> bool:
        if clock.pin not in self._known:
            if not self._law.knows(clock.pin):
                return False
            self._known.add(clock.pin)
        return True


def _watch_alike(law: Law, other: Law) -> bool:
    """Whether both laws read the same of every event: then a ticket that falls under the same
    promises has the same clocks.
    """
    return law.metrics == other.metrics and not any(
        epoch.watched.teams for one in (law, other) for epoch in one.epochs
    )


async def _first_since(desk: Desk, at: datetime) -> int:
    """The number of the first ticket that was filed at or after an instant. Numbers follow each
    other as tickets come; between two instances' clocks they may cross by a moment.
    """
    low, high = 1, await pasts.last_ticket(desk.database) + 1
    while low < high:
        middle = (low + high) // 2
        opened_at = await pasts.opened_at(desk.database, middle)
        if opened_at is not None and opened_at < at:
            low = middle + 1
        else:
            high = middle
    return low


def law_from(versions: Iterable[policies.Version]) -> Law:
    """The law that saved versions make, each current from its own event on."""
    found: dict[str, list[Any]] = {kind: [] for kind in _LAWS}
    since: dict[tuple[LawKind, str, int], int] = {}
    for one in versions:
        if one.kind in _LAWS:
            value = msgspec.json.decode(one.doc, type=_LAWS[one.kind])
            found[one.kind].append(msgspec.structs.replace(value, id=one.id, version=one.version))
            since[cast("LawKind", one.kind), one.id, one.version] = one.seq
    return law_of(found["policy"], found["calendar"], since, found["metric"])


def redrafted(
    versions: Sequence[policies.Version], drafts: Iterable[Draft]
) -> list[policies.Version]:
    """The versions with each draft in place of all versions of its thing, as if it had always held.
    Refuses `Invalid(doc)`.
    """
    result = list(versions)
    for draft in drafts:
        if draft.kind not in _LAWS:
            raise Invalid(kind="choice")
        fitting = read(draft.kind, draft.doc)
        same = [one for one in result if (one.kind, one.id) == (draft.kind, draft.id)]
        number = max((one.version for one in same), default=0) + 1
        text = msgspec.json.encode(msgspec.to_builtins(fitting, str_keys=True)).decode()
        result = [one for one in result if one not in same]
        result.append(policies.Version(draft.kind, draft.id, number, text, 0))
    return result
