"""Budgets: the meters of a chat platform by month, how many messages each colleague got by day,
and which of the firm's days have begun and ended.
"""

from server.storage.database import Unit

_TYPES = {
    "sqlite": {"{text}": "TEXT", "{big}": "INTEGER", "{int}": "INTEGER", "{at}": "TEXT"},
    "postgres": {
        "{text}": 'TEXT COLLATE "C"',
        "{big}": "BIGINT",
        "{int}": "INTEGER",
        "{at}": "TIMESTAMPTZ",
    },
}

_SCHEMA = """
CREATE TABLE meter (
    month {text} NOT NULL, name {text} NOT NULL, used {big} NOT NULL, day {text} NOT NULL,
    before {big} NOT NULL, full_at {at}, corrected_at {at}, corrected_by {big},
    PRIMARY KEY (month, name));
CREATE TABLE told (
    day {text} NOT NULL, staff {big} NOT NULL, messages {int} NOT NULL,
    PRIMARY KEY (day, staff));
CREATE TABLE day_edge (edge {text} PRIMARY KEY, day {text} NOT NULL);
CREATE INDEX outbox_withheld ON outbox (id) WHERE state = 'withheld';
"""


async def up(unit: Unit) -> None:
    """Add the tables of budgets."""
    schema = _SCHEMA
    for marker, sql in _TYPES[unit.dialect].items():
        schema = schema.replace(marker, sql)
    for statement in schema.split(";\n"):
        if statement.strip():
            await unit.execute(statement)
