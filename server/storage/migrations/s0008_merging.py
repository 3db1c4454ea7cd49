"""Merging and splitting: in which ticket one goes on, and of which it was a part."""

from server.storage.database import Unit

_BIG = {"sqlite": "INTEGER", "postgres": "BIGINT"}


async def up(unit: Unit) -> None:
    """Add what tickets know of one another."""
    for column in ("merged_into", "split_from"):
        await unit.execute(f"ALTER TABLE ticket ADD COLUMN {column} {_BIG[unit.dialect]}")
