"""A desk's group robots: notices out, nothing in.

A robot writes 20 messages a minute and 4096 bytes at once (facts/wecom 3); what is more waits its
turn, what is longer is cut, because WeCom would drop it whole. It is the one way of WeCom's to
wake somebody in a group: the colleague who has the ticket is named with his account.
"""

import asyncio
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from bots.drawing import drawn
from bots.parcels import Address, address_of, card_of, reading_of
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.http import Http
from server.clients.pace import Tempo, Turns
from server.clients.wecom_app import MOST_ROBOT_BYTES, URL, WeComRobot, fitting
from server.desk import Desk, Later, Never, Outcome, Parcel, Reader, Sender, Sent, Unknown
from server.usecases.chat import Arrival

_TEMPO: Final = Tempo(20, timedelta(minutes=1))
_REMOVED: Final = frozenset({"93000", "93004"})
_WAKING: Final = frozenset({"customer_wrote", "disputed", "nudged", "warned", "breached", "urgent"})
"""Notices about which the holder is woken."""
_ACCOUNTS: Final = ("wecom_app", "wecom")
"""The platforms whose accounts a robot can name."""


class WeComRobotConnection:
    """Every robot of the desk. It frees its connections when `run` ends."""

    def __init__(self, desk: Desk, url: str, keys: dict[str, str]) -> None:
        found = urlsplit(url)
        port = found.port or (443 if found.scheme == "https" else 80)
        own = url.rstrip("/") != URL
        self._http = Http(desk.activity, allowed=[(found.hostname or "", port)] if own else ())
        self._sender = WeComRobotSender(desk, WeComRobot(self._http, url=url), keys)

    @property
    def sender(self) -> Sender:
        """The way out."""
        return self._sender

    @property
    def reader(self) -> Reader:
        """Nothing comes in."""
        return _hear_nothing

    @property
    def state(self) -> Literal["connecting", "connected", "trouble"]:
        """There is nothing to connect to before something is said."""
        return "trouble" if self.trouble else "connected"

    @property
    def trouble(self) -> str:
        """A code of `[bot.trouble]`, or empty."""
        return self._sender.trouble

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._http.close()


async def _hear_nothing(_desk: Desk, arrival: Arrival) -> None:
    msg = f"arrival {arrival.id} for robots, which hear nothing"
    raise LookupError(msg)


class WeComRobotSender:
    """Sends by every robot; `trouble` is the last refusal's, until something was said again."""

    def __init__(self, desk: Desk, client: WeComRobot, keys: dict[str, str]) -> None:
        self.trouble = ""
        self._desk = desk
        self._client = client
        self._keys = keys
        self._turns = Turns(desk.clock, (_TEMPO,))

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice."""
        group = address_of(parcel, Address).group
        key = self._keys.get(group or "")
        if group is None or key is None:
            return Never(why="no_address")
        wait = self._turns.wait(group, parcel.delivery.id)
        if wait is not None:
            return Later(why="paced", after=wait)
        card = await card_of(
            self._desk, parcel, reading_of(self._desk, parcel, Address(group=group))
        )
        if card is None:
            return Never(why="no_ticket")
        return await self._send(key, _with_name(drawn(card), _named(parcel)))

    async def _send(self, key: str, text: str) -> Outcome:
        try:
            await self._client.send(key, {"msgtype": "markdown", "markdown": {"content": text}})
        except TryLater as trouble:
            return Later(why=trouble.code, after=trouble.after)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            if trouble.code in _REMOVED:
                self.trouble = "wecom_robot_removed"
            return Never(why=trouble.code)
        self.trouble = ""
        return Sent()


def _named(parcel: Parcel) -> str:
    """The holder's account, where he is to be woken."""
    ticket, reach = parcel.ticket, parcel.firm.reach
    if ticket is None or ticket.assignee is None or parcel.delivery.kind not in _WAKING:
        return ""
    accounts = (reach.people.get(platform, {}).get(ticket.assignee) for platform in _ACCOUNTS)
    return next((one for one in accounts if one), "")


def _with_name(text: str, name: str) -> str:
    """The text within what a message holds, and the name that wakes somebody behind it."""
    woken = f"\n<@{name}>" if name else ""
    return fitting(text, MOST_ROBOT_BYTES - len(woken.encode())) + woken
