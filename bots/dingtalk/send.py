"""Notices and answers out to DingTalk; what went wrong becomes one of the desk's outcomes.

An answer goes back through the session webhook while that lives: it is the cheapest way, and the
only one that can wake people with @ (facts/dingtalk 4.1). Everything else, and an answer that
comes too late, goes through the robot's own sends.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from bots.cards import marked
from bots.dingtalk.render import markdown
from bots.parcels import (
    Address,
    address_of,
    card_of,
    language_of,
    plain_card_of,
    reading_of,
)
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.dingtalk import DingTalk, Message, Text
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown

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
        robot_code: str,
        told: Callable[[str | None], None],
    ) -> None:
        self._desk = desk
        self._client = client
        self._robot_code = robot_code
        self._told = told

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice or answer."""
        try:
            outcome = await self._send(parcel)
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            self._told(trouble.code)
            return Never(why=trouble.code)
        if isinstance(outcome, Sent):
            self._told(None)
        return outcome

    async def _send(self, parcel: Parcel) -> Outcome:
        to = address_of(parcel, DingTalkAddress)
        if parcel.delivery.kind == "answer":
            return await self._answer(parcel, to)
        return await self._notify(parcel, to)

    async def _answer(self, parcel: Parcel, to: DingTalkAddress) -> Outcome:
        said = msgspec.json.decode(parcel.delivery.body, type=dict[str, str])["text"]
        text = Text(marked(language_of(parcel, to), said) if parcel.again else said)
        if to.session is not None and self._lives(to):
            asker = [to.person] if to.group is not None and to.person is not None else []
            try:
                await self._client.answer_session(to.session, text, asker)
            except Permanent:
                # Over, refused or out of budget: the other way has a budget of its own.
                return await self._write(to, text)
            return Sent()
        return await self._write(to, text)

    def _lives(self, to: DingTalkAddress) -> bool:
        return to.session_until is None or self._desk.clock.now() < to.session_until

    async def _notify(self, parcel: Parcel, to: DingTalkAddress) -> Outcome:
        reading = reading_of(self._desk, parcel, to)
        card = await card_of(self._desk, parcel, reading)
        if card is None:
            return Never(why="no_ticket")
        try:
            return await self._write(to, markdown(card))
        except Permanent as trouble:
            if not trouble.code.startswith(FILTERED):
                raise
        return await self._write(to, markdown(plain_card_of(parcel, card, reading)))

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
