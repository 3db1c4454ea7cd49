"""Reports: how clocks ended, and which tickets have no SLA."""

from datetime import datetime
from typing import Any, Final

import msgspec

from server.storage.database import Statement, Unit

_TYPES = {
    "sqlite": {
        "{text}": "TEXT",
        "{int}": "INTEGER",
        "{big}": "INTEGER",
        "{bool}": "INTEGER",
        "{at}": "TEXT",
        "{true}": "1",
    },
    "postgres": {
        "{text}": 'TEXT COLLATE "C"',
        "{int}": "INTEGER",
        "{big}": "BIGINT",
        "{bool}": "BOOLEAN",
        "{at}": "TIMESTAMPTZ",
        "{true}": "true",
    },
}
_SCHEMA = """
ALTER TABLE ticket ADD COLUMN promised {bool} NOT NULL DEFAULT {true};
ALTER TABLE tally ADD COLUMN promised {bool} NOT NULL DEFAULT {true};
CREATE INDEX ticket_unpromised ON ticket (updated_at, number, team, assignee)
    WHERE NOT promised AND status_category NOT IN ('resolved', 'closed', 'cancelled', 'merged');
CREATE INDEX ticket_unpromised_created ON ticket (number, team, assignee)
    WHERE NOT promised AND status_category NOT IN ('resolved', 'closed', 'cancelled', 'merged');
CREATE TABLE outcome (
    ticket {big} NOT NULL, metric {text} NOT NULL, instance {int} NOT NULL, policy {text} NOT NULL,
    team {text}, assignee {big}, started_at {at} NOT NULL, ended_at {at} NOT NULL,
    verdict {text} NOT NULL, promised {text} NOT NULL, target {big} NOT NULL, used {big} NOT NULL,
    wall {big} NOT NULL, paused {big} NOT NULL, excused {big} NOT NULL, by_retarget {bool} NOT NULL,
    imported {bool} NOT NULL, pauses {text} NOT NULL, PRIMARY KEY (ticket, metric, instance));
CREATE INDEX outcome_ended ON outcome (ended_at, ticket);
"""


class _Kept(msgspec.Struct, frozen=True):
    ticket: int
    team: str | None
    assignee: int | None
    state: str


class _Cell(msgspec.Struct, frozen=True):
    team: str | None
    assignee: int | None
    status_category: str
    breached: bool
    tickets: int


_PAGE: Final = 500
_NEXT = Statement(
    "SELECT s.ticket, t.team, t.assignee, s.state FROM sla s JOIN ticket t ON t.number = s.ticket"
    " WHERE s.ticket > :after ORDER BY s.ticket LIMIT :limit",
    _Kept,
)
_UNPROMISED = Statement[None]("UPDATE ticket SET promised = :no WHERE number = :number")
_CELLS = Statement(
    "SELECT team, assignee, status_category, breached, COUNT(*) AS tickets FROM ticket"
    " WHERE NOT promised GROUP BY 1, 2, 3, 4",
    _Cell,
)
_LESS = Statement[None]("UPDATE tally SET tickets = tickets - :tickets WHERE cell = :cell")
_MORE = Statement[None](
    "INSERT INTO tally (cell, team, assignee, status_category, breached, promised, tickets)"
    " VALUES (:cell, :team, :assignee, :status_category, :breached, :no, :tickets)"
)


_ENDED = Statement[None](
    "INSERT INTO outcome (ticket, metric, instance, policy, team, assignee, started_at, ended_at,"
    " verdict, promised, target, used, wall, paused, excused, by_retarget, imported, pauses)"
    " VALUES (:ticket, :metric, :instance, :policy, :team, :assignee, :started_at, :ended_at,"
    " :verdict, :promised, :target, :used, :wall, :paused, :excused, :by_retarget, :imported,"
    " :pauses)"
)


def _at(text: str) -> datetime:
    return msgspec.convert(text, type=datetime)


def _spans(clock: dict[str, Any]) -> tuple[dict[str, int], dict[str, int], int]:
    """Seconds by kind, seconds paused by reason, and working seconds that it ran."""
    spans = {"ran": 0, "paused": 0, "excused": 0, "closed": 0}
    pauses: dict[str, int] = {}
    ran = 0
    for part in clock.get("parts", ()):
        span = int((_at(part["to_at"]) - _at(part["from_at"])).total_seconds())
        spans[part["kind"]] += span
        if part["kind"] == "paused":
            reason = part.get("reason", "")
            pauses[reason] = pauses.get(reason, 0) + span
        ran += part.get("used", 0)
    return spans, pauses, ran


def _outcome(kept: _Kept, clock: dict[str, Any]) -> dict[str, Any]:
    """As the domain counted it when this step was written; the verdict by the first promise is
    by the first target alone.
    """
    spans, pauses, ran = _spans(clock)
    verdict = clock.get("verdict", "none")
    first = clock["retargets"][0]["target"] if clock.get("retargets") else clock["target"]
    met = "met" if clock["state"] == "stopped" else "cancelled"
    started_at = _at(clock["started_at"])
    ended_at = _at(clock.get("stopped_at") or clock["since_at"])
    wall = int((ended_at - started_at).total_seconds()) - spans["closed"]
    return {
        "ticket": kept.ticket,
        "metric": clock["metric"],
        "instance": clock.get("instance", 1),
        "policy": clock["pin"]["policy"],
        "team": kept.team,
        "assignee": kept.assignee,
        "started_at": started_at,
        "ended_at": ended_at,
        "verdict": "cancelled" if verdict == "none" else verdict,
        "promised": "breached" if ran > first else met,
        "target": clock["target"],
        "used": clock.get("used", 0),
        "wall": max(wall, 0),
        "paused": spans["paused"],
        "excused": spans["excused"],
        "by_retarget": clock.get("by_retarget", False),
        "imported": clock.get("imported", False),
        "pauses": msgspec.json.encode(pauses, order="sorted").decode(),
    }


async def up(unit: Unit) -> None:
    """Make it, and fill it from the clocks that are kept."""
    schema = _SCHEMA
    for marker, sql in _TYPES[unit.dialect].items():
        schema = schema.replace(marker, sql)
    for statement in schema.split(";\n"):
        if statement.strip():
            await unit.execute(statement)
    await _read_clocks(unit)
    await _count_anew(unit)


async def _read_clocks(unit: Unit) -> None:
    after = 0
    while page := await unit.all(_NEXT, after=after, limit=_PAGE):
        for kept in page:
            after = kept.ticket
            state: dict[str, Any] = msgspec.json.decode(kept.state)
            if state.get("pin") is None:
                await unit.run(_UNPROMISED, number=kept.ticket, no=False)
            for clock in state.get("clocks", ()):
                if clock.get("state", "running") in {"stopped", "cancelled"}:
                    await unit.run(_ENDED, **_outcome(kept, clock))


async def _count_anew(unit: Unit) -> None:
    for cell in await unit.all(_CELLS):
        key = (cell.team, cell.assignee, cell.status_category, cell.breached)
        tickets = cell.tickets
        await unit.run(_LESS, cell=msgspec.json.encode(key).decode(), tickets=tickets)
        await unit.run(
            _MORE,
            cell=msgspec.json.encode((*key, False)).decode(),
            team=cell.team,
            assignee=cell.assignee,
            status_category=cell.status_category,
            breached=cell.breached,
            no=False,
            tickets=tickets,
        )
