"""A button is pressed: who is it, may he, do it, and show him how things are now.

Whoever presses gets one answer, on the card while the platform takes it, else as a message. A
second press does nothing and says who acted and when; so does a press that comes too late. A card
that the desk does not know, or whose ticket is out of sight, is dead and says so.
"""

import asyncio
from typing import Final, cast

import msgspec

from bots import shows
from bots.buttons import (
    COMMANDS,
    Deed,
    Moment,
    confirm_buttons,
    dead_button,
    fits_now,
    read_button,
)
from bots.cards import Card, masked
from bots.shows import View, told_last, view_of, with_back
from bots.telling import subject_of
from bots.turn import refusal_text
from server.desk import Desk
from server.domain.errors import Conflict, Refusal
from server.domain.events import Via
from server.domain.firm import Firm
from server.domain.people import Staff
from server.domain.privacy import mask_phones
from server.domain.recall import NOTHING
from server.domain.ticket import Ticket
from server.storage.cards import Card as Kept
from server.storage.recalls import Spot
from server.usecases import cards, chat, reading
from server.usecases.cards import Push
from server.usecases.chat import Arrival, Talk
from server.words import LANGUAGES, say

_LOOKS: Final = frozenset({"refresh", "back", "show"})


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """A click, whatever the platform. `card` is our name for the card, `button` the button's;
    `user_id` is the platform's verified account, `group` the chat where it was pressed, as far as
    the platform says so; `conversation` is where a line of his would come from. `updates`: this
    platform can change a card for all afterwards.
    """

    card: str
    button: str
    user_id: str | None
    group: str | None = None
    conversation: str | None = None
    updates: bool = False


class _Kept(msgspec.Struct, frozen=True):
    """An arrival as it is kept: a click lies under a name that no line has."""

    press: Press | None = None


_decode = msgspec.json.Decoder(_Kept).decode


def kept_press(press_: Press) -> str:
    """A click as an arrival's body."""
    return msgspec.json.encode(_Kept(press_)).decode()


def pressed_of(body: str) -> Press | None:
    """The click that was kept, or None: it is a line."""
    return _decode(body).press


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the card shows now; `everyone`: it is true for all who see it, not only for him who
    pressed.
    """

    card: Card
    talk: Talk
    everyone: bool = False


async def press(desk: Desk, arrival: Arrival, press_: Press) -> Shown:
    """Work on one click: settles its arrival."""
    firm = await desk.firm()
    number = firm.reach.staff_of(arrival.channel, press_.user_id) if press_.user_id else None
    person = firm.staff.get(number) if number is not None else None
    card = await cards.find(desk, press_.card, arrival.channel)
    group = press_.group if card is None else None if card.private else card.chat
    place = msgspec.structs.replace(press_, group=group)
    spot = _spot(arrival.channel, place)
    recall = await chat.read_recall(desk, spot) if spot is not None else NOTHING
    turn = _Turn(desk, arrival, place, firm, person if person and person.active else None)
    turn.talk = msgspec.structs.replace(turn.talk, spot=spot, recall=recall)
    return await turn.take(card)


def _spot(platform: str, press_: Press) -> Spot | None:
    """Where 「撤销」 would be said to take a press back."""
    conversation = press_.group or press_.conversation
    if press_.user_id is None or conversation is None:
        return None
    return Spot(platform, conversation, press_.user_id)


def _recipient(press_: Press) -> dict[str, str]:
    """Where an answer goes that the card cannot show any more."""
    told = {"person": press_.user_id, "group": press_.group}
    return {name: value for name, value in told.items() if value is not None}


class _Turn:
    """One click under way. `person` is None while the account belongs to nobody."""

    def __init__(
        self, desk: Desk, arrival: Arrival, press_: Press, firm: Firm, person: Staff | None
    ) -> None:
        self.desk = desk
        self.press = press_
        self.firm = firm
        self.person = person
        self.language = person.language if person is not None else LANGUAGES[0]
        self.deed = read_button(press_.button)
        self.talk = Talk(
            arrival=arrival,
            # Every platform's name is one of the ways that an event can come.
            via=cast("Via", arrival.channel),
            recipient=_recipient(press_),
            refused=lambda refusal: refusal_text(self.language, refusal, self._number),
        )

    @property
    def _number(self) -> int | None:
        return self.deed.ticket or None if self.deed is not None else None

    async def take(self, card: Kept | None) -> Shown:
        """Find out what is to be done."""
        if card is None or self.deed is None:
            return await self._dead()
        if self.person is None:
            code = "unbound" if self.press.user_id else "no_identity"
            return await self._say(card, say(self.language, f"chat.{code}"))
        return await self._carry_out(card, self.deed, self.person)

    async def _carry_out(self, card: Kept, deed: Deed, person: Staff) -> Shown:
        if deed.verb in _LOOKS:
            return await self._look(card, deed, person)
        done = next((one for one in card.presses if one.button == self.press.button), None)
        if done is not None:
            name = self.firm.name_of(done.staff)
            at = self._view(card).at(done.at)
            verb = say(self.language, f"chat.verb.{deed.verb}")
            told = say(self.language, "card.done_before", name=name, at=at, verb=verb)
            return await self._say(card, f"#{deed.ticket} {told}")
        if deed.verb == "none":
            last = await told_last(self._view(card), deed.ticket)
            told = last or say(self.language, "card.nothing")
            return await self._say(card, f"#{deed.ticket} {told}")
        try:
            return await self._do(card, deed, person)
        except Refusal as refusal:
            return await self._say(card, await self._refused(card, deed, refusal))

    async def _do(self, card: Kept, deed: Deed, person: Staff) -> Shown:
        push = Push(
            talk=self.talk,
            card=card,
            button=self.press.button,
            by=person,
            updates=self.press.updates and not card.private,
        )
        if deed.verb == "take_over":
            await cards.press_take(
                self.desk, push, deed.ticket, lambda after: self._done(deed, after)
            )
            return await self._shown(card, everyone=True)
        ticket = await reading.read_ticket(self.desk, person, deed.ticket)
        if deed.asks:
            return await self._ask(card, deed, ticket, person)
        if confirms(deed) and ticket.version != deed.version:
            return await self._say(card, self._changed(ticket))
        moment = Moment(firm=self.firm, language=self.language, now=self.desk.clock.now())
        command = COMMANDS[deed.verb](deed.ticket, moment)
        if command is None:
            return await self._say(card, say(self.language, "card.nothing"))
        await cards.press(self.desk, push, command, lambda after: self._done(deed, after))
        return await self._shown(card, everyone=True)

    def _done(self, deed: Deed, after: Ticket) -> str:
        """What was done, for an answer that the card could not show."""
        return self._fit(
            say(
                self.language,
                f"chat.done.{deed.verb}",
                ticket=after.number,
                subject=subject_of(after),
                where=shows.where_of(self._view(None), after),
                status=shows.status_of(self._view(None), after),
            )
        )

    def _changed(self, ticket: Ticket) -> str:
        return f"#{ticket.number} {say(self.language, 'card.changed')}"

    async def _ask(self, card: Kept, deed: Deed, ticket: Ticket, person: Staff) -> Shown:
        """Close or cancel: shown again with the question, only to him who pressed."""
        if not (shows.may(self.firm, person, ticket, deed.verb) and fits_now(deed, ticket, person)):
            last = await told_last(self._view(card), ticket.number)
            told = " ".join((say(self.language, "card.not_now"), last)).strip()
            return await self._say(card, f"#{ticket.number} {told}")
        shown = await self._shown(card)
        verb = say(self.language, f"chat.verb.{deed.verb}")
        note = say(self.language, "card.sure", ticket=ticket.number, verb=verb)
        await self._settle(note)
        asked = msgspec.structs.replace(
            shown.card, note=note, buttons=confirm_buttons(deed, ticket, self.language)
        )
        return msgspec.structs.replace(shown, card=asked)

    async def _look(self, card: Kept, deed: Deed, person: Staff) -> Shown:
        """Nothing changes: the card as it is now, or a ticket of a list."""
        if deed.verb == "show":
            view = view_of(self.desk, self.firm, person)
            found = await shows.show_ticket(view, deed.ticket)
            shown = with_back(found, view) if found is not None else await self._seen(card)
        else:
            shown = await self._seen(card)
        if shown is None:
            return await self._dead()
        await self._settle("\n".join(part for part in (shown.title, *shown.lines) if part))
        return Shown(card=self._masked(shown), talk=self.talk)

    async def _refused(self, card: Kept, deed: Deed, refusal: Refusal) -> str:
        """The refusal; where somebody was faster, also who acted and when."""
        text = self.talk.refused(refusal)
        if not isinstance(refusal, Conflict):
            return text
        last = await told_last(self._view(card), deed.ticket)
        return say(self.language, "card.too_late", text=text, last=last) if last else text

    async def _say(self, card: Kept, text: str) -> Shown:
        """Nothing was done; the card as it is now, with a word to him who pressed."""
        text = self._fit(text)
        await self._settle(text)
        shown = await self._shown(card)
        return msgspec.structs.replace(shown, card=msgspec.structs.replace(shown.card, note=text))

    async def _shown(self, card: Kept, *, everyone: bool = False) -> Shown:
        """The card as it is now. What is drawn for a group is true for everybody in it."""
        again = await cards.read(self.desk, card.id) or card
        found = await self._seen(again) or self._gone()
        fits_all = card.private or card.kind == "ticket"
        return Shown(card=self._masked(found), talk=self.talk, everyone=everyone and fits_all)

    async def _seen(self, card: Kept) -> Card | None:
        return await shows.show(self._view(card), card)

    def _view(self, card: Kept | None) -> View:
        """How he who pressed sees it: a ticket's card in a group as the group does."""
        for_group = card is not None and not card.private and card.kind == "ticket"
        return view_of(self.desk, self.firm, None if for_group else self.person)

    async def _dead(self) -> Shown:
        gone = self._gone()
        await self._settle(gone.title)
        return Shown(card=gone, talk=self.talk)

    def _gone(self) -> Card:
        number = self._number
        title = f"#{number} " if number is not None else ""
        return Card(
            title=title + say(self.language, "card.dead"),
            lines=(say(self.language, "card.dead_hint"),),
            buttons=(dead_button(self.language),),
        )

    async def _settle(self, text: str) -> None:
        await cards.answer(self.desk, self.talk, self._fit(text), self._number)

    def _masked(self, card: Card) -> Card:
        return card if self.press.group is None else masked(card)

    def _fit(self, text: str) -> str:
        return text if self.press.group is None else mask_phones(text)


def confirms(deed: Deed) -> bool:
    """Whether the deed was asked for before: it holds for the ticket as it was then."""
    return deed.verb in {"close", "cancel"}


class Windows:
    """The clicks whose answer the platform still takes on the card."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Future[Shown]] = {}

    async def shown(
        self, desk: Desk, channel: str, key: str, body: str, within: float
    ) -> Shown | None:
        """Make a click durable, and wait so many seconds for what it shows; None: it comes too
        late, or it was here before.
        """
        waiter: asyncio.Future[Shown] = asyncio.get_running_loop().create_future()
        self._open[key] = waiter
        try:
            # Durable whatever time it takes: only the waiting is cut short.
            if not await chat.accept(desk, channel, key, body):
                return None
            async with asyncio.timeout(within):
                return await waiter
        except TimeoutError:
            return None
        finally:
            self._open.pop(key, None)

    def tell(self, key: str, shown: Shown) -> None:
        """A click was worked on."""
        waiter = self._open.get(key)
        if waiter is not None and not waiter.done():
            waiter.set_result(shown)
