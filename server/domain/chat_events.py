"""Events that chat brought with it, kept apart from events.py for their length."""

from server.domain.event_body import Body


class Undone(Body, frozen=True, tag="undone"):
    """撤销: a colleague takes back what he did a moment ago; what that changes follows. `what` is
    the command's tag.
    """

    what: str


class Urged(Body, frozen=True, tag="urged"):
    """催办: a colleague asks whoever holds it to get on with it."""

    assignee: int | None


class HelpAsked(Body, frozen=True, tag="help_asked"):
    """求助: a team, or one colleague, is asked for help; the ticket stays where it is."""

    team: str | None
    staff: int | None
    question: str


class Helped(Body, frozen=True, tag="helped"):
    """协助: whoever was asked answered; only colleagues read the message."""

    message: int
