"""Notices and answers out to DingTalk; what went wrong becomes one of the desk's outcomes.

An answer goes back through the session webhook while that lives: it is the cheapest way, and the
only one that can wake people with @ (facts/dingtalk 4.1). Everything else, and an answer that
comes too late, goes through the robot's own sends.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from bots.cards import Card, marked
from bots.dingtalk import DingTalkSettings
from bots.dingtalk.meters import Meters, is_urgent
from bots.dingtalk.render import markdown, parameters
from bots.drawing import shown_digest
from bots.parcels import (
    Address,
    Said,
    address_of,
    answer_card,
    asker_of,
    card_of,
    kind_of,
    language_of,
    making_of,
    plain_card_of,
    reading_of,
    show_again,
)
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.dingtalk import CardDelivery, DingTalk, Message, Text
from server.clients.dingtalk_errors import NO_TEMPLATE
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown, Withheld
from server.log import facts
from server.usecases import cards
from server.usecases.cards import Making

log = logging.getLogger("paidan.dingtalk")

SPENT: Final = "Forbidden.AccessDenied.ApiCountLimitForOrg"
"""The code that says that the month's budget is spent."""
FILTERED: Final = "contain."
"""Begins the codes with which the platform refuses what a message says (4.2)."""
_SLOWED: Final = timedelta(minutes=1)


class DingTalkAddress(Address, frozen=True, kw_only=True):
    """`session` answers a line where it was written, until `session_until`."""

    session: str | None = None
    session_until: datetime | None = None


class DingTalkSender:
    """Sends for one application. `told` hears the code of every refusal, and None of success."""

    def __init__(
        self,
        desk: Desk,
        client: DingTalk,
        settings: DingTalkSettings,
        meters: Meters,
        told: Callable[[str | None], None],
    ) -> None:
        self._desk = desk
        self._client = client
        self._robot_code = settings.robot_code
        self._template = settings.card_template
        self._meters = meters
        self._told = told
        self._amiss: str | None = None

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice or answer, if the month's budget has it."""
        if parcel.delivery.kind != "answer":
            left = (await self._meters.left())["api"]
            if left.is_spent:
                self._told(SPENT)
                return Withheld(why="quota")
            if left.is_low and not is_urgent(parcel):
                return Withheld(why="kept_back")
        try:
            return await self._tried(parcel)
        finally:
            await asyncio.shield(self._meters.keep())

    async def _tried(self, parcel: Parcel) -> Outcome:
        try:
            outcome = await self._send(parcel)
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            self._told(trouble.code)
            if await self._meters.hear(trouble.code):
                return Withheld(why="quota")
            return Never(why=trouble.code)
        if isinstance(outcome, Sent):
            self._told(self._amiss)
        return outcome

    async def _send(self, parcel: Parcel) -> Outcome:
        if parcel.delivery.kind == "card":
            return await self._update(parcel)
        to = address_of(parcel, DingTalkAddress)
        if parcel.delivery.kind == "answer":
            return await self._answer(parcel, to)
        return await self._notify(parcel, to)

    async def _answer(self, parcel: Parcel, to: DingTalkAddress) -> Outcome:
        said = msgspec.json.decode(parcel.delivery.body, type=Said)
        if self._template and said.card is not None:
            card = await answer_card(self._desk, parcel, to, said)
            making = making_of(parcel, to, asker_of(parcel, to), said.card)
            sent = await self._show(card, making, to) if card is not None else None
            if sent is not None:
                return sent
        text = Text(marked(language_of(parcel, to), said.text) if parcel.again else said.text)
        if to.session is not None and self._lives(to):
            asker = [to.person] if to.group is not None and to.person is not None else []
            try:
                await self._client.answer_session(to.session, text, asker)
            except Permanent as trouble:
                # Over, refused or out of budget: the other way has a budget of its own.
                await self._meters.hear(trouble.code)
                return await self._write(to, text)
            return Sent()
        return await self._write(to, text)

    def _lives(self, to: DingTalkAddress) -> bool:
        return to.session_until is None or self._desk.clock.now() < to.session_until

    async def _notify(self, parcel: Parcel, to: DingTalkAddress) -> Outcome:
        """As a card where there is something to press and a template for it; else as markdown,
        whose links say in private what a button would do.
        """
        reading = reading_of(self._desk, parcel, to)
        card = await card_of(self._desk, parcel, reading)
        if card is None:
            return Never(why="no_ticket")
        if self._template and card.pressable:
            making = making_of(parcel, to, reading.reader, kind_of(parcel))
            sent = await self._show(card, making, to)
            if sent is not None:
                return sent
        try:
            return await self._write(to, markdown(card, links=to.group is None))
        except Permanent as trouble:
            if not trouble.code.startswith(FILTERED):
                raise
        return await self._write(to, markdown(plain_card_of(parcel, card, reading)))

    async def _show(self, card: Card, making: Making, to: DingTalkAddress) -> Outcome | None:
        """Send an interactive card; None: DingTalk does not take it, so it is said in words."""
        key = await cards.keep(self._desk, making)
        told = parameters(card)
        try:
            ref = await self._client.deliver_card(
                self._robot_code,
                CardDelivery(
                    key=key,
                    template=self._template,
                    parameters=told,
                    words=card.title,
                    group=to.group,
                    person=to.person,
                ),
            )
        except Permanent as trouble:
            log.warning("a card was refused", extra=facts(code=trouble.code))
            if trouble.code in NO_TEMPLATE:  # until somebody mends the setting
                self._template, self._amiss = "", trouble.code
            return None
        await cards.note_shown(self._desk, key, ref, shown_digest(told))
        return Sent(reference=ref or None)

    async def _update(self, parcel: Parcel) -> Outcome:
        """A card as it is now, for all who see it; nothing is sent when it shows that already."""
        number = msgspec.json.decode(parcel.delivery.recipient, type=dict[str, int])["card"]
        card = await cards.read(self._desk, number)
        shown = await show_again(self._desk, parcel.firm, card) if card is not None else None
        if card is None or shown is None:
            return Never(why="no_card")
        told = parameters(shown)
        if shown_digest(told) != card.shown:
            await self._client.update_card(card.key, told)
            await cards.note_shown(self._desk, card.key, None, shown_digest(told))
        return Sent(reference=card.reference)

    async def _write(self, to: DingTalkAddress, message: Message) -> Outcome:
        if to.group is not None:
            ref = await self._client.send_to_group(self._robot_code, to.group, message)
            return Sent(reference=ref or None)
        if to.person is None:
            return Never(why="no_address")
        sent = await self._client.send_to_people(self._robot_code, [to.person], message)
        if to.person in sent.unreachable:
            return Never(why="unreachable")
        if to.person in sent.slowed:
            return Later(why="slowed", after=_SLOWED)
        return Sent(reference=sent.ref or None)
