"""What rules and the priority matrix read of a ticket, and what they say of it."""

from server.storage.units import Unit

_TYPES = {
    "sqlite": {"{text}": "TEXT", "{real}": "REAL", "{bool}": "INTEGER", "{false}": "0"},
    "postgres": {
        "{text}": 'TEXT COLLATE "C"',
        "{real}": "DOUBLE PRECISION",
        "{bool}": "BOOLEAN",
        "{false}": "FALSE",
    },
}

_SCHEMA = """
ALTER TABLE ticket ADD COLUMN urgency {text} NOT NULL DEFAULT 'normal';
ALTER TABLE ticket ADD COLUMN region {text} NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN product {text} NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN language {text} NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN store {text} NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN latitude {real};
ALTER TABLE ticket ADD COLUMN longitude {real};
ALTER TABLE ticket ADD COLUMN tags {text} NOT NULL DEFAULT '[]';
ALTER TABLE ticket ADD COLUMN skills {text} NOT NULL DEFAULT '{}';
ALTER TABLE ticket ADD COLUMN policy {text} NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN priority_by {text} NOT NULL DEFAULT 'matrix';
ALTER TABLE ticket ADD COLUMN pinned {bool} NOT NULL DEFAULT {false};
CREATE INDEX ticket_pinned ON ticket (number) WHERE pinned;
UPDATE ticket SET priority_by = 'hand' WHERE priority <> 'normal';
"""


async def up(unit: Unit) -> None:
    """Add it. A priority that is not the usual one was set by somebody, and stays."""
    schema = _SCHEMA
    for marker, sql in _TYPES[unit.dialect].items():
        schema = schema.replace(marker, sql)
    for statement in schema.split(";\n"):
        if statement.strip():
            await unit.execute(statement)
