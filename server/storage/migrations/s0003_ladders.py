"""Escalation: how far each ticket has come on its ladder, notices that are gathered into one, the
secrets of the systems that rungs tell. The ladder's timers of old tickets are made when the desk
starts: that they have to be is a timer too.
"""

from server.storage.database import Unit

_TYPES = {
    "sqlite": {"{text}": "TEXT", "{at}": "TEXT"},
    "postgres": {"{text}": 'TEXT COLLATE "C"', "{at}": "TIMESTAMPTZ"},
}

_SCHEMA = """
ALTER TABLE sla ADD COLUMN climbs {text} NOT NULL DEFAULT '{}';
ALTER TABLE outbox ADD COLUMN gather {text};
CREATE INDEX outbox_gather ON outbox (channel, gather, id) WHERE gather IS NOT NULL;
CREATE TABLE webhook (
    id {text} PRIMARY KEY, secret {text} NOT NULL, saved_at {at} NOT NULL);
INSERT INTO timer (due_at, kind, key, ticket)
    SELECT MIN(created_at), 'climbs', '0', NULL FROM ticket HAVING COUNT(*) > 0;
"""


async def up(unit: Unit) -> None:
    """Add them."""
    schema = _SCHEMA
    for marker, sql in _TYPES[unit.dialect].items():
        schema = schema.replace(marker, sql)
    for statement in schema.split(";\n"):
        if statement.strip():
            await unit.execute(statement)
