"""What all event bodies have in common."""

import msgspec


class Body(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Common to all event bodies; the tag is the event's kind."""
