"""What routing keeps: how each ticket is held, the standing of each colleague, the tickets that
wait for somebody, and how grabbing goes.
"""

import msgspec

from server.storage.prepared import Statement
from server.storage.units import Unit

_TYPES = {
    "sqlite": {"{text}": "TEXT", "{int}": "INTEGER", "{big}": "INTEGER", "{bool}": "INTEGER"},
    "postgres": {
        "{text}": 'TEXT COLLATE "C"',
        "{int}": "INTEGER",
        "{big}": "BIGINT",
        "{bool}": "BOOLEAN",
    },
}
_AT = {"sqlite": "TEXT", "postgres": "TIMESTAMPTZ"}
_TRUE = {"sqlite": "1", "postgres": "TRUE"}

_SCHEMA = """
ALTER TABLE ticket ADD COLUMN queued_at {at};
ALTER TABLE ticket ADD COLUMN held_at {at};
ALTER TABLE ticket ADD COLUMN touched_at {at};
ALTER TABLE ticket ADD COLUMN accept_by {at};
ALTER TABLE ticket ADD COLUMN touch_by {at};
ALTER TABLE ticket ADD COLUMN passed_on {int} NOT NULL DEFAULT 0;
ALTER TABLE staff ADD COLUMN store {text};
ALTER TABLE staff ADD COLUMN region {text} NOT NULL DEFAULT '';
CREATE TABLE standing (staff {big} PRIMARY KEY, doc {text} NOT NULL);
CREATE TABLE waiting (
    ticket {big} PRIMARY KEY REFERENCES ticket (number), automatic {bool} NOT NULL,
    rank {int} NOT NULL, queued_at {at} NOT NULL, need {text} NOT NULL);
CREATE INDEX waiting_order ON waiting (rank, queued_at, ticket);
CREATE INDEX waiting_automatic ON waiting (rank, queued_at, ticket) WHERE automatic;
CREATE TABLE grab (
    day {text} NOT NULL, queue {text} NOT NULL, staff {big} NOT NULL, tries {int} NOT NULL,
    grabs {int} NOT NULL, spans {text} NOT NULL, PRIMARY KEY (day, queue, staff));
UPDATE ticket SET queued_at = created_at
    WHERE status_category NOT IN ('resolved', 'closed', 'cancelled', 'merged');
INSERT INTO waiting (ticket, automatic, rank, queued_at, need)
    SELECT number, {true}, CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1
    WHEN 'normal' THEN 2 ELSE 3 END, created_at, '' FROM ticket
    WHERE assignee IS NULL AND status_category IN ('new', 'open');
"""


_WORTH = {"urgent": 6, "high": 3, "normal": 2, "low": 1}
"""What a ticket in work weighed when this step was written, in halves of a normal one."""


class _Held(msgspec.Struct, frozen=True):
    assignee: int
    priority: str
    category: str
    works: bool
    tickets: int


_HELD = Statement(
    "SELECT assignee, priority, COALESCE(category, '') AS category,"
    " status_category IN ('new', 'open') AS works, COUNT(*) AS tickets FROM ticket"
    " WHERE assignee IS NOT NULL AND status_category NOT IN"
    " ('resolved', 'closed', 'cancelled', 'merged') GROUP BY 1, 2, 3, 4",
    _Held,
)
_ADD = Statement[None]("INSERT INTO standing (staff, doc) VALUES (:staff, :doc)")


async def up(unit: Unit) -> None:
    """Make it, and fill it from the tickets that there are."""
    schema = _SCHEMA.replace("{at}", _AT[unit.dialect]).replace("{true}", _TRUE[unit.dialect])
    for marker, sql in _TYPES[unit.dialect].items():
        schema = schema.replace(marker, sql)
    for statement in schema.split(";\n"):
        if statement.strip():
            await unit.execute(statement)
    standings: dict[int, tuple[dict[str, int], dict[str, int], int]] = {}
    for row in await unit.all(_HELD):
        work, categories, held = standings.get(row.assignee, ({}, {}, 0))
        if row.works:
            work[row.priority] = work.get(row.priority, 0) + row.tickets
            categories[row.category] = categories.get(row.category, 0) + row.tickets
        standings[row.assignee] = (work, categories, held + row.tickets)
    for staff, (work, categories, held) in sorted(standings.items()):
        doc = {
            "load": sum(work.values()),
            "weight": sum(_WORTH[priority] * tickets for priority, tickets in work.items()),
            "categories": categories,
            "held": held,
        }
        await unit.run(_ADD, staff=staff, doc=msgspec.json.encode(doc, order="sorted").decode())
