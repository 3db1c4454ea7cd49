"""Notices and answers out as messages of the app; what went wrong becomes one of the desk's
outcomes.

They are plain text: who reads WeCom's messages in WeChat sees no markdown (facts/wecom 3). A
member takes 30 messages a minute and 1000 an hour of an app, and WeCom drops the rest without a
word (2.9): what is more waits its turn.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import msgspec

from bots.cards import marked
from bots.drawing import spoken
from bots.parcels import Address, address_of, card_of, language_of, reading_of
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.pace import Tempo, Turns
from server.clients.wecom_app import MOST_TEXT_BYTES, WeComApp, fitting
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown

_TEMPOS: Final = (Tempo(30, timedelta(minutes=1)), Tempo(1000, timedelta(hours=1)))
_UNREACHABLE: Final = frozenset({"81013", "60111", "40003", "46004", "60021"})


class WeComAppSender:
    """Sends for one app. `told` hears of every refusal, and None of success."""

    def __init__(
        self, desk: Desk, client: WeComApp, told: Callable[[Permanent | None], None]
    ) -> None:
        self._desk = desk
        self._client = client
        self._told = told
        self._turns = Turns(desk.clock, _TEMPOS)

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice or answer."""
        to = address_of(parcel, Address)
        if to.person is None:
            return Never(why="no_address")
        wait = self._turns.wait(to.person, parcel.delivery.id)
        if wait is not None:
            return Later(why="paced", after=wait)
        text = await self._worded(parcel, to)
        if text is None:
            return Never(why="no_ticket")
        return await self._send(to.person, fitting(text, MOST_TEXT_BYTES))

    async def _send(self, person: str, text: str) -> Outcome:
        try:
            sent = await self._client.send([person], {"msgtype": "text", "text": {"content": text}})
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            self._told(trouble)
            return Never(why="unreachable" if trouble.code in _UNREACHABLE else trouble.code)
        self._told(None)
        return Never(why="unreachable") if sent.unreachable else Sent(reference=sent.ref or None)

    async def _worded(self, parcel: Parcel, to: Address) -> str | None:
        if parcel.delivery.kind == "answer":
            said = msgspec.json.decode(parcel.delivery.body, type=dict[str, str])["text"]
            return marked(language_of(parcel, to), said) if parcel.again else said
        card = await card_of(self._desk, parcel, reading_of(self._desk, parcel, to))
        if card is None:
            return None
        own = self._desk.settings.public_url
        page = card.link.removeprefix(own)
        # Inside WeCom's browser nobody is asked for a password (facts/wecom 5.1).
        link = f"{own}/chat-sign-in/wecom_app?to={quote(page)}" if card.link else ""
        return spoken(msgspec.structs.replace(card, link=link))
