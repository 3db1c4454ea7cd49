"""Notices and answers out to WeCom's bot; what went wrong becomes one of the desk's outcomes.

An answer goes back as a reply to the line, which WeCom takes for 24 hours; later, and for notices,
the bot writes first, which it may only do to people and groups that have spoken to it (facts/wecom
4.4). A chat takes 30 messages a minute and 1000 an hour: what is more waits its turn.
"""

from datetime import timedelta
from typing import Any, Final

import msgspec

from bots.cards import marked
from bots.drawing import drawn
from bots.parcels import Address, address_of, card_of, language_of, reading_of
from bots.wecom.render import fitting
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.pace import Tempo, Turns
from server.clients.wecom import INVALID_CHAT, TOO_LATE, Refused, WeComBot
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown

_TEMPOS: Final = (Tempo(30, timedelta(minutes=1)), Tempo(1000, timedelta(hours=1)))
_TOO_LATE: Final = frozenset(str(code) for code in TOO_LATE)


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
            await self._say(to, await self._drawn(parcel, to))
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            return Never(why=_reason(trouble.code))
        return Sent()

    async def _say(self, to: WeComAddress, text: str) -> None:
        body: dict[str, Any] = {"msgtype": "markdown", "markdown": {"content": text}}
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

    async def _drawn(self, parcel: Parcel, to: WeComAddress) -> str:
        reading = reading_of(self._desk, parcel, to)
        if parcel.delivery.kind == "answer":
            said = msgspec.json.decode(parcel.delivery.body, type=dict[str, str])["text"]
            return fitting(marked(language_of(parcel, to), said) if parcel.again else said)
        card = await card_of(self._desk, parcel, reading)
        if card is None:
            raise Permanent("no_ticket")
        return fitting(drawn(card))


def _reason(code: str) -> str:
    """The bot cannot write first to whom it has never heard."""
    return "never_spoke" if code == str(INVALID_CHAT) else code
