"""Customers by the beginning of their name, and what was solved lately."""

from server.storage.database import Unit


async def up(unit: Unit) -> None:
    """Add the indexes."""
    await unit.execute("CREATE INDEX customer_name ON customer (name)")
    await unit.execute(
        "CREATE INDEX ticket_resolved ON ticket (resolved_at, team, assignee, rating)"
        " WHERE resolved_at IS NOT NULL"
    )
