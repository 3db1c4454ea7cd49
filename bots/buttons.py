"""The buttons of cards: which there are for whom, and what a pressed one asks for.

A button is a name: the verb, the ticket, and the version of the ticket that it was offered for
(`claim.12.7`). Which card it stands on is kept in the database, and a click is checked with the
rights that its presser has at that moment: a name made up by somebody can do no more than a typed
line. Close and cancel ask once more (`ask_close.12.7`), and what was asked about a ticket that has
changed since is not done.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from server.domain import commands as c
from server.domain.events import StatusCategory
from server.domain.firm import Firm
from server.domain.people import Staff, sight_of
from server.domain.permissions import FITS, allowed
from server.domain.ticket import OPEN_CATEGORIES, Ticket
from server.words import LANGUAGES, say

MOST: Final = 6
"""WeCom takes no more on a card (facts/wecom 2.3)."""
HOLD: Final = timedelta(days=1)
"""How long the button 挂起 waits for the customer."""
_OWN: Final = frozenset({"resolve", "hold", "release", "resume"})
"""Offered to the holder only, though leaders may do them by a line."""
_ORDER: Final = ("claim", "resume", "resolve", "hold", "release", "escalate", "reopen")
_DANGEROUS: Final = ("close", "cancel")
_ASK: Final = "ask_"

Style = Literal["main", "plain", "danger", "dead"]


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """One button. `id` is what the platform gives back; a dead one only says who acted."""

    id: str
    text: str
    style: Style = "plain"


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What a pressed button asks for. `asks`: the question comes first."""

    verb: str
    ticket: int
    version: int
    asks: bool = False


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What a command takes besides the ticket: when, in what words, in which firm."""

    firm: Firm
    language: str
    now: datetime


def read_button(name: str) -> Deed | None:
    """A button's name, read; None for what is no name of ours."""
    verb, _, rest = name.partition(".")
    ticket, _, version = rest.partition(".")
    if not (_is_number(ticket) and _is_number(version)):
        return None
    asks = verb.startswith(_ASK)
    verb = verb.removeprefix(_ASK)
    known = verb in COMMANDS or verb in _OTHERS
    if not known or (asks and verb not in _DANGEROUS):
        return None
    return Deed(verb=verb, ticket=int(ticket), version=int(version), asks=asks)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < _LONGEST_NUMBER


_LONGEST_NUMBER: Final = 16
_OTHERS: Final = frozenset({"take_over", "refresh", "show", "back", "none"})


def name_of(verb: str, ticket: Ticket) -> str:
    """The name of a button for a ticket as it is now."""
    return f"{verb}.{ticket.number}.{ticket.version}"


def ticket_buttons(ticket: Ticket, reader: Staff | None, firm: Firm) -> tuple[Button, ...]:
    """What the reader may do to the ticket now; a group (None) may claim it."""
    language = reader.language if reader is not None else LANGUAGES[0]
    if reader is None:
        return _of_group(ticket, firm, language)
    may = allowed(reader, sight_of(reader, firm.teams), ticket)
    shown = [verb for verb in _ORDER if verb in may and _suits(verb, ticket, reader)]
    dangers = [verb for verb in _DANGEROUS if verb in may and _suits(verb, ticket, reader)]
    buttons = [_button(verb, ticket, language) for verb in shown[: MOST - 1]]
    buttons += [_asking(verb, ticket, language) for verb in dangers[:1]]
    return tuple(buttons) or (_nothing(ticket, language),)


def _suits(verb: str, ticket: Ticket, reader: Staff) -> bool:
    if verb in _OWN:
        return ticket.assignee == reader.id
    if verb == "cancel":
        return ticket.assignee is None  # who works on it closes it
    return verb != "close" or ticket.assignee is not None


def _of_group(ticket: Ticket, firm: Firm, language: str) -> tuple[Button, ...]:
    if ticket.status_category not in OPEN_CATEGORIES:
        return (_nothing(ticket, language),)
    if ticket.assignee is None:
        return (_button("claim", ticket, language),)
    text = say(language, "button.claimed", name=firm.name_of(ticket.assignee))
    return (Button(id=name_of("none", ticket), text=text, style="dead"),)


def _nothing(ticket: Ticket, language: str) -> Button:
    return Button(id=name_of("none", ticket), text=say(language, "button.over"), style="dead")


def dead_button(language: str) -> Button:
    """Of a card that is dead: pressed, it says so again."""
    return Button(id="none.0.0", text=say(language, "button.dead"), style="dead")


def _button(verb: str, ticket: Ticket, language: str) -> Button:
    style: Style = "main" if verb in {"claim", "resolve", "resume"} else "plain"
    text = say(language, f"button.{verb}", ticket=ticket.number)
    return Button(id=name_of(verb, ticket), text=text, style=style)


def _asking(verb: str, ticket: Ticket, language: str) -> Button:
    text = say(language, f"button.{verb}", ticket=ticket.number)
    return Button(id=name_of(f"{_ASK}{verb}", ticket), text=text, style="danger")


def confirm_buttons(deed: Deed, ticket: Ticket, language: str) -> tuple[Button, ...]:
    """Under the question whether it is really to be done."""
    verb = say(language, f"chat.verb.{deed.verb}")
    sure = say(language, "button.sure", verb=verb)
    return (
        Button(id=name_of(deed.verb, ticket), text=sure, style="danger"),
        Button(id=name_of("back", ticket), text=say(language, "button.back")),
    )


def line_button(verb: str, ticket: int, language: str, version: int = 0) -> Button:
    """A button of a list, for one of its tickets."""
    text = say(language, f"button.{verb}", ticket=ticket)
    style: Style = "plain" if verb == "show" else "main"
    return Button(id=f"{verb}.{ticket}.{version}", text=text, style=style)


def refresh_button(language: str) -> Button:
    """Every list has one: it shows how things are now."""
    return Button(id="refresh.0.0", text=say(language, "button.refresh"))


def fits_now(deed: Deed, ticket: Ticket, by: Staff) -> bool:
    """Whether what is asked would still change the ticket."""
    command = _TYPES[deed.verb]
    return FITS[command](ticket, by)


Make = Callable[[int, Moment], c.AnyCommand | None]


def _hold(ticket: int, moment: Moment) -> c.AnyCommand | None:
    waiting = StatusCategory.WAITING_CUSTOMER
    statuses = moment.firm.statuses.values()
    status = next((one.id for one in statuses if one.category is waiting), None)
    if status is None:
        return None
    reason = say(moment.language, "button.hold_reason")
    return c.Hold(ticket=ticket, status=status, reason=reason, until=moment.now + HOLD)


def _reason(moment: Moment) -> str:
    return say(moment.language, "button.reason")


COMMANDS: Final[dict[str, Make]] = {
    "claim": lambda ticket, _moment: c.Claim(ticket=ticket),
    "release": lambda ticket, _moment: c.Release(ticket=ticket),
    "resume": lambda ticket, _moment: c.Resume(ticket=ticket),
    "resolve": lambda ticket, _moment: c.Resolve(ticket=ticket),
    "hold": _hold,
    "reopen": lambda ticket, _moment: c.Reopen(ticket=ticket),
    "escalate": lambda ticket, moment: c.Escalate(ticket=ticket, reason=_reason(moment)),
    "close": lambda ticket, _moment: c.Close(ticket=ticket),
    "cancel": lambda ticket, moment: c.Cancel(ticket=ticket, reason=_reason(moment)),
}
"""Verb → the command of the staff union that its button stands for."""

_TYPES: Final[dict[str, type[c.Command]]] = {"close": c.Close, "cancel": c.Cancel}
