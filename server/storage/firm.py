"""Reads the firm: all configured versions and all colleagues, as one value."""

from collections.abc import Iterable
from typing import Any, Final, Literal, cast

import msgspec

from server.domain.firm import Firm, Profile, Reach
from server.domain.habits import Habits, TeamHabits
from server.domain.ladders import Ladder, Webhook
from server.domain.old_rules import modernised
from server.domain.people import Team
from server.domain.priority import Matrix
from server.domain.queues import Queue
from server.domain.rosters import Roster
from server.domain.rules import Rules
from server.domain.sla import Calendar, Law, Metric, Policy, law_of
from server.domain.statuses import STATUSES, Status
from server.domain.stores import Store
from server.storage import ledger, people, policies
from server.storage import rosters as roster_rows
from server.storage.database import Reading

KINDS: dict[str, Any] = {
    "profile": Profile,
    "team": Team,
    "queue": Queue,
    "rules": Rules,
    "matrix": Matrix,
    "store": Store,
    "calendar": Calendar,
    "policy": Policy,
    "metric": Metric,
    "status": Status,
    "roster": Roster,
    "ladder": Ladder,
    "webhook": Webhook,
    "habits": Habits,
    "team_habits": TeamHabits,
}
"""What can be configured, and the struct that its document must fit."""

LAWS: Final = frozenset({"policy", "calendar", "metric"})
LawKey = tuple[Literal["policy", "calendar", "metric"], str, int]


def _law(versions: list[policies.Version]) -> Law:
    """The law from all versions, each current from its own event on: history folds under what
    was current then (R1).
    """

    def every(kind: str) -> list[Any]:
        return [
            msgspec.structs.replace(
                msgspec.json.decode(one.doc, type=KINDS[kind]), id=one.id, version=one.version
            )
            for one in versions
            if one.kind == kind
        ]

    since = {(one.kind, one.id, one.version): one.seq for one in versions if one.kind in LAWS}
    return law_of(
        every("policy"), every("calendar"), cast("dict[LawKey, int]", since), every("metric")
    )


async def read_firm(db: Reading) -> Firm:
    """Everything configured, as of the head's `firm_seq`."""
    head = await ledger.read_head(db)
    versions = await policies.list_versions(db)
    newest = {(one.kind, one.id): one for one in versions}

    def current(kind: str) -> dict[str, Any]:
        return {
            one.id: msgspec.json.decode(one.doc, type=KINDS[kind])
            for one in newest.values()
            if one.kind == kind
        }

    staff = await people.list_staff(db)
    return Firm(
        seq=head.firm_seq,
        profile=current("profile").get("firm", Profile()),
        teams=current("team"),
        staff={person.id: person for person in staff},
        queues=current("queue"),
        rules=_rules(newest.get(("rules", "default"))),
        matrix=_matrix(newest.get(("matrix", "default"))),
        stores=_stores(newest.values()),
        law=_law(versions),
        reach=await _reach(db),
        statuses=STATUSES
        | {item: msgspec.structs.replace(one, id=item) for item, one in current("status").items()},
        rosters={
            item: msgspec.structs.replace(one, id=item) for item, one in current("roster").items()
        },
        leaves=await roster_rows.list_approved_leaves(db),
        swaps=await roster_rows.list_approved_swaps(db),
        ladders=await _ladders(db, versions),
        webhooks={
            item: msgspec.structs.replace(one, id=item) for item, one in current("webhook").items()
        },
        habits={int(item): one for item, one in current("habits").items() if item.isdecimal()},
        team_habits=current("team_habits"),
    )


async def _ladders(db: Reading, versions: list[policies.Version]) -> dict[str, Ladder]:
    newest = {one.id: one for one in versions if one.kind == "ladder"}
    saved_at = await policies.list_saved_at(db, "ladder") if newest else {}
    return {
        one.id: msgspec.structs.replace(
            msgspec.json.decode(one.doc, type=Ladder),
            id=one.id,
            version=one.version,
            since_at=saved_at[one.id],
        )
        for one in newest.values()
    }


def _matrix(saved: policies.Version | None) -> Matrix:
    if saved is None:
        return Matrix()
    found = msgspec.json.decode(saved.doc, type=Matrix)
    return msgspec.structs.replace(found, version=saved.version)


def _stores(newest: Iterable[policies.Version]) -> dict[str, Store]:
    return {
        one.id: msgspec.structs.replace(
            msgspec.json.decode(one.doc, type=Store), id=one.id, version=one.version
        )
        for one in newest
        if one.kind == "store"
    }


def _rules(saved: policies.Version | None) -> Rules:
    if saved is None:
        return Rules()
    found = msgspec.convert(modernised(msgspec.json.decode(saved.doc)), type=Rules)
    return msgspec.structs.replace(found, version=saved.version)


async def _reach(db: Reading) -> Reach:
    enabled = {one.kind for one in await policies.list_channels(db) if one.enabled}
    accounts: dict[str, dict[int, str]] = {kind: {} for kind in enabled}
    for one in await people.list_identities(db):
        if one.platform in enabled:
            accounts[one.platform][one.staff] = one.user_id
    groups: dict[str, dict[str, str]] = {kind: {} for kind in enabled}
    for group in await policies.list_groups(db):
        if group.platform in enabled and group.team is not None:
            groups[group.platform][group.team] = group.conversation_id
    return Reach(people=accounts, groups=groups)
