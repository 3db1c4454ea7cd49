"""Notices and answers out to WeCom's bot; what went wrong becomes one of the desk's outcomes.

An answer goes back as a reply to the line, which WeCom takes for 24 hours; later, and for notices,
the bot writes first, which it may only do to people and groups that have spoken to it (facts/wecom
4.4). A chat takes 30 messages a minute and 1000 an hour: what is more waits its turn.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import msgspec

from bots.cards import Card, Reading, marked, notice_card
from bots.desk_cards import desk_card
from bots.wecom.render import fitting, markdown
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.pace import Pace, Tempo
from server.clients.wecom import INVALID_CHAT, TOO_LATE, Refused, WeComBot
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown
from server.usecases import chat
from server.words import LANGUAGES

_TEMPOS: Final = (Tempo(30, timedelta(minutes=1)), Tempo(1000, timedelta(hours=1)))
_TOO_LATE: Final = frozenset(str(code) for code in TOO_LATE)


class Address(msgspec.Struct, frozen=True):
    """A recipient as it lies in the outbox. `reply` answers a line where it was written; `person`
    beside a `group` is who asked. `staff` or `team`: nobody could be reached when the notice was
    queued; perhaps now.
    """

    person: str | None = None
    group: str | None = None
    reply: str | None = None
    staff: int | None = None
    team: str | None = None


class WeComSender:
    """Sends for one bot. `told` hears the code of every refusal, and None of success."""

    def __init__(self, desk: Desk, bot: WeComBot, told: Callable[[str | None], None]) -> None:
        self._desk = desk
        self._bot = bot
        self._told = told
        self._pace = Pace(desk.clock)

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice or answer."""
        to = _found(msgspec.json.decode(parcel.delivery.recipient, type=Address), parcel)
        chat_id = to.group or to.person
        if chat_id is None:
            return Never(why="no_address")
        for tempo in _TEMPOS:
            wait = self._pace.ask(f"{tempo.span} {chat_id}", tempo)
            if wait is not None:
                return Later(why="paced", after=wait)
        try:
            await self._say(to, await self._drawn(parcel, to))
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            self._told(trouble.code)
            return Never(why=_reason(trouble.code))
        self._told(None)
        return Sent()

    async def _say(self, to: Address, text: str) -> None:
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

    async def _drawn(self, parcel: Parcel, to: Address) -> str:
        reading = self._reading(parcel, to)
        if parcel.delivery.kind == "answer":
            said = msgspec.json.decode(parcel.delivery.body, type=dict[str, str])["text"]
            return fitting(marked(self._language(parcel, to), said) if parcel.again else said)
        if parcel.ticket is None:
            about = await desk_card(self._desk, parcel, reading)
            if about is None:
                raise Permanent("no_ticket")
            return markdown(about)
        brief = await chat.read_brief(self._desk, parcel.ticket, parcel.delivery.event_seq)
        card: Card = notice_card(parcel, parcel.ticket, brief, reading)
        return markdown(card)

    def _reading(self, parcel: Parcel, to: Address) -> Reading:
        number = (
            parcel.firm.reach.staff_of(parcel.delivery.channel, to.person or "")
            if to.group is None
            else None
        )
        return Reading(
            reader=parcel.firm.staff.get(number) if number is not None else None,
            now=self._desk.clock.now(),
            public_url=self._desk.settings.public_url,
        )

    def _language(self, parcel: Parcel, to: Address) -> str:
        number = parcel.firm.reach.staff_of(parcel.delivery.channel, to.person or "")
        person = parcel.firm.staff.get(number) if number is not None else None
        return person.language if person is not None else LANGUAGES[0]


def _found(to: Address, parcel: Parcel) -> Address:
    """The address of a colleague or team that had none before."""
    reach, channel = parcel.firm.reach, parcel.delivery.channel
    if to.staff is not None:
        return Address(person=reach.people.get(channel, {}).get(to.staff))
    if to.team is not None:
        return Address(group=reach.groups.get(channel, {}).get(to.team))
    return to


def _reason(code: str) -> str:
    """The bot cannot write first to whom it has never heard."""
    return "never_spoke" if code == str(INVALID_CHAT) else code
