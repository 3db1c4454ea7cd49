"""Chat: what the bot remembers of each person in each chat."""

from server.storage.database import Unit

_TYPES = {
    "sqlite": {"{text}": "TEXT", "{big}": "INTEGER", "{at}": "TEXT"},
    "postgres": {"{text}": 'TEXT COLLATE "C"', "{big}": "BIGINT", "{at}": "TIMESTAMPTZ"},
}

_SCHEMA = """
CREATE TABLE recall (
    platform {text} NOT NULL, conversation {text} NOT NULL, person {text} NOT NULL,
    doc {text} NOT NULL, spoke_at {at} NOT NULL, PRIMARY KEY (platform, conversation, person));
CREATE INDEX recall_spoke ON recall (platform, spoke_at);
"""


async def up(unit: Unit) -> None:
    """Add the tables of chat."""
    schema = _SCHEMA
    for marker, sql in _TYPES[unit.dialect].items():
        schema = schema.replace(marker, sql)
    for statement in schema.split(";\n"):
        if statement.strip():
            await unit.execute(statement)
