"""Indexes for the late tickets by due time and by number: where much is late, sorting cost a page
of 25 a walk over all of it.
"""

from server.storage.database import Unit

_LATE = "breached AND status_category NOT IN ('resolved', 'closed', 'cancelled', 'merged')"
_FAR = {
    "sqlite": "'9999-12-31 00:00:00.000000+00:00'",
    "postgres": "'9999-12-31+00'",
}


async def up(unit: Unit) -> None:
    """Create them."""
    due = f"COALESCE(next_due_at, {_FAR[unit.dialect]})"
    for name, key in (("due", f"{due}, number"), ("created", "number")):
        await unit.execute(
            f"CREATE INDEX ticket_breached_{name} ON ticket ({key}, team, assignee) WHERE {_LATE}"
        )
