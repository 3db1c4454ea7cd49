"""Notices and answers out to WeCom's bot; what went wrong becomes one of the desk's outcomes.

An answer goes back as a reply to the line, which WeCom takes for 24 hours; later, and for notices,
the bot writes first, which it may only do to people and groups that have spoken to it (facts/wecom
4.4). A chat takes 30 messages a minute and 1000 an hour: what is more waits its turn.
"""

import logging
from datetime import timedelta
from typing import Any, Final

import msgspec

from bots.cards import Card, marked
from bots.drawing import drawn, shown_digest
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
    reading_of,
)
from bots.wecom.render import fitting, template_card
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.pace import Tempo, Turns
from server.clients.wecom import INVALID_CHAT, TOO_LATE, Refused, WeComBot
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown
from server.log import facts
from server.usecases import cards
from server.usecases.cards import Making

_TEMPOS: Final = (Tempo(30, timedelta(minutes=1)), Tempo(1000, timedelta(hours=1)))
_TOO_LATE: Final = frozenset(str(code) for code in TOO_LATE)


log = logging.getLogger("paidan.wecom")


class WeComAddress(Address, frozen=True, kw_only=True):
    """`reply` answers a line where it was written."""

    reply: str | None = None


class WeComSender:
    """Sends for one bot."""

    def __init__(self, desk: Desk, bot: WeComBot) -> None:
        self._desk = desk
        self._bot = bot
        self._turns = Turns(desk.clock, _TEMPOS)

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice or answer."""
        to = address_of(parcel, WeComAddress)
        chat_id = to.group or to.person
        if chat_id is None:
            return Never(why="no_address")
        wait = self._turns.wait(chat_id, parcel.delivery.id)
        if wait is not None:
            return Later(why="paced", after=wait)
        try:
            await self._send(parcel, to)
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            return Never(why=_reason(trouble.code))
        return Sent()

    async def _send(self, parcel: Parcel, to: WeComAddress) -> None:
        """As a card where there is something to press and WeCom takes it, else as markdown."""
        if parcel.delivery.kind == "answer":
            said = msgspec.json.decode(parcel.delivery.body, type=Said)
            card = await answer_card(self._desk, parcel, to, said)
            kind, reader = said.card, asker_of(parcel, to)
            language = language_of(parcel, to)
            text = marked(language, said.text) if parcel.again else said.text
        else:
            reading = reading_of(self._desk, parcel, to)
            card = await card_of(self._desk, parcel, reading)
            if card is None:
                raise Permanent("no_ticket")
            kind, reader, text = kind_of(parcel), reading.reader, drawn(card)
        if card is not None and card.pressable and kind is not None:
            making = making_of(parcel, to, reader, kind)
            if await self._show(card, making, to):
                return
        await self._say(to, {"msgtype": "markdown", "markdown": {"content": fitting(text)}})

    async def _show(self, card: Card, making: Making, to: WeComAddress) -> bool:
        """Send the card; False: WeCom does not take it, so it has to be said in words."""
        key = await cards.keep(self._desk, making)
        told = template_card(card, key)
        try:
            await self._say(to, {"msgtype": "template_card", "template_card": told})
        except Refused as refused:
            if refused.code == str(INVALID_CHAT):
                raise
            log.warning("a card was refused", extra=facts(code=refused.code))
            return False
        await cards.note_shown(self._desk, key, None, shown_digest(told))
        return True

    async def _say(self, to: WeComAddress, body: dict[str, Any]) -> None:
        if to.reply is not None:
            try:
                await self._bot.ask("aibot_respond_msg", body, to.reply)
            except Refused as refused:
                if refused.code not in _TOO_LATE:
                    raise
            else:
                return
        where = {"chatid": to.group or to.person, "chat_type": 2 if to.group is not None else 1}
        await self._bot.ask("aibot_send_msg", where | body)


def _reason(code: str) -> str:
    """The bot cannot write first to whom it has never heard."""
    return "never_spoke" if code == str(INVALID_CHAT) else code
