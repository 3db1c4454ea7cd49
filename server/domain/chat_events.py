"""Events that chat brought with it, kept apart from events.py for their length."""

from server.domain.event_body import Body


class Undone(Body, frozen=True, tag="undone"):
    """撤销: a colleague takes back what he did a moment ago; what that changes follows. `what` is
    the command's tag.
    """

    what: str
