"""Refusals: a rule said no.

A refusal carries a stable code (the class name in snake case), an HTTP status for the edges that
speak HTTP, and facts. It carries no words: those stand in the locale files under `[refusal]`.

    Refusal
    ├── NotFound (404)      the thing does not exist, or the asker may not know that it does
    ├── Forbidden (403)     the asker may not do this
    ├── Conflict (409)      somebody was faster, or the ticket's state does not allow it
    └── Invalid (422)       a value breaks a rule; the facts name the field
"""

import re
from typing import ClassVar

Fact = str | int | float | bool | list[str] | dict[str, str] | None


class Refusal(Exception):
    """A rule said no. `facts` fill the placeholders of the sentence in the reader's language."""

    code: ClassVar[str] = "refusal"
    status: ClassVar[int] = 409

    def __init__(self, **facts: Fact) -> None:
        super().__init__(self.code, facts)
        self.facts = facts

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NotFound(Refusal):
    """Unknown, or not visible to the asker: the two are not told apart."""

    status = 404


class Forbidden(Refusal):
    """The asker's role, team or token does not allow it."""

    status = 403


class Conflict(Refusal):
    """The state of the desk does not allow it now."""

    status = 409


class Invalid(Refusal):
    """A value from outside breaks a rule. `fields` maps a field's name to a code of `[field]`."""

    status = 422

    def __init__(self, **fields: str) -> None:
        super().__init__(fields=dict(fields))


class UnknownTicket(NotFound):
    """No such ticket, or it is out of the asker's sight."""


class UnknownStaff(NotFound):
    """No such colleague, or no longer active."""


class UnknownTeam(NotFound):
    """No such team (处理组)."""


class UnknownStatus(NotFound):
    """No such status, or not one that this command may set."""


class UnknownLink(NotFound):
    """A progress link that was mistyped, cut off or made up."""


class UnknownAttachment(NotFound):
    """No such file, or its message is not for the asker."""


class UnknownDelivery(NotFound):
    """No such outbox row."""


class UnknownInbound(NotFound):
    """No such inbound row."""


class UnknownRoster(NotFound):
    """No such roster (排班表)."""


class UnknownLeave(NotFound):
    """No such leave, or not one that the asker may know of."""


class UnknownSwap(NotFound):
    """No such swap."""


class UnknownHandover(NotFound):
    """No such hand-over, or none that asks for a taker of this ticket."""


class NotAllowed(Forbidden):
    """The role may not do this command to this ticket (permissions table)."""


class WrongCode(Forbidden):
    """The one-time code is wrong, used or too old."""


class WrongPassword(Refusal):
    """E-mail and password do not match; which of the two is not said."""

    status = 401


class SignInNeeded(Refusal):
    """Nobody is signed in."""

    status = 401


class TooManyTries(Refusal):
    """Rate limit. `seconds` until the next try."""

    status = 429


class AlreadyClaimed(Conflict):
    """Somebody holds the ticket. `assignee` is the winner's name, always."""


class HoldsTooMany(Conflict):
    """Who holds `held` open tickets may claim no more from this queue, which allows `most`."""


class TicketClosed(Conflict):
    """Closed, cancelled and merged tickets take no more commands but Reopen."""


class NotOpen(Conflict):
    """The command needs an open ticket (new, open or waiting)."""


class NotResolved(Conflict):
    """Confirming, disputing or rating needs a resolved or closed ticket."""


class NotClosed(Conflict):
    """Reopening needs a resolved or closed ticket."""


class AlreadyResolved(Conflict):
    """The ticket is resolved already."""


class AlreadyTaken(Conflict):
    """Somebody took over the ticket. `assignee` is his name."""


class AlreadyDecided(Conflict):
    """The leave or swap was decided on, withdrawn, or is over."""


class NotAgreed(Conflict):
    """The other colleague has not agreed to the swap yet."""


class AlreadyMerged(Conflict):
    """The ticket goes on in another one: `into` is its number."""


class NotMerged(Conflict):
    """Undoing a merge needs a merged ticket."""


class MergedTooLongAgo(Conflict):
    """A merge may be undone within the reopen window, `days` long."""


class OtherCustomer(Conflict):
    """The two tickets have two customers: each may see his own alone. `into` is the other's."""


class NotOnDuty(Conflict):
    """A break needs somebody who is on duty."""


class ClockNotRunning(Conflict):
    """The ticket has no open clock of this metric."""


class AlreadySetUp(Conflict):
    """The desk has an administrator already."""


class ChangedMeanwhile(Conflict):
    """An overwriting edit was made on an old version. `version` is the current one."""


class NobodyEligible(Conflict):
    """The chosen colleague is not in the team that holds the ticket."""


class LastAdministrator(Conflict):
    """The desk must keep one active administrator."""
