"""`Desk`: what every use case is given, and the protocols that the outside has to satisfy."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

import msgspec

from server.activity import Activity, Bell
from server.clock import Clock
from server.domain.firm import Firm
from server.domain.ticket import Ticket
from server.limits import Limits
from server.presence import Presence
from server.settings import Settings
from server.storage.database import Database, Reading
from server.storage.firm import read_firm
from server.storage.inbound import Inbound
from server.storage.outbox import Delivery
from server.storage.standings import Remembered
from server.vault import Passwords


class Entropy(Protocol):
    """Where random values come from; use cases get them from outside."""

    def token_bytes(self, count: int) -> bytes:
        """Random bytes."""
        ...


class SystemEntropy:
    """The machine's own."""

    def token_bytes(self, count: int) -> bytes:
        """Random bytes fit for secrets."""
        return secrets.token_bytes(count)


class Sent(msgspec.Struct, frozen=True):
    """It arrived; `reference` is the platform's own key for it."""

    reference: str | None = None


class Later(msgspec.Struct, frozen=True):
    """Not now: try again after a span (`None`: the desk's own backoff)."""

    why: str
    after: timedelta | None = None


class Never(msgspec.Struct, frozen=True):
    """No further try will help; a person has to know."""

    why: str


class Unknown(msgspec.Struct, frozen=True):
    """The answer was lost: it may have arrived."""

    why: str


class Withheld(msgspec.Struct, frozen=True):
    """Kept back for want of budget: `quota` nothing is left, `kept_back` the rest is for the
    urgent. It goes by another way that its reader has, and stands in the console.
    """

    why: str


Outcome = Sent | Later | Never | Unknown | Withheld


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender gets: the delivery, and the ticket as it is now. `again` asks for the mark
    重发: the same notice may have arrived before.
    """

    delivery: Delivery
    ticket: Ticket | None
    firm: Firm
    again: bool = False


class Sender(Protocol):
    """A way out of the desk."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one notice; a value says how it went, exceptions are bugs."""
        ...


class Receiver(Protocol):
    """A way into the desk that runs by itself."""

    async def run(self) -> None:
        """Receive until cancelled."""
        ...


Reader = Callable[["Desk", Inbound], Awaitable[None]]
"""Works on one arrival of its channel and settles it in one unit."""


class Connection(Protocol):
    """A chat platform that is switched on: its way in, its way out, and how it goes."""

    @property
    def sender(self) -> Sender:
        """The way out."""
        ...

    @property
    def reader(self) -> Reader:
        """Works on what came in."""
        ...

    @property
    def state(self) -> Literal["connecting", "connected", "trouble"]:
        """How it goes now."""
        ...

    @property
    def trouble(self) -> str:
        """A code of what is wrong, or empty."""
        ...

    async def run(self) -> None:
        """Receive until cancelled; frees everything it opened."""
        ...


class NotGenuine(Exception):
    """A call from the outside that does not prove whom it comes from; `code` says what is wrong."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@runtime_checkable
class CalledBack(Protocol):
    """A connection whose platform calls the desk. Its calls prove themselves."""

    def confirm(self, query: Mapping[str, str]) -> str:
        """What the platform wants to read before it calls. Refuses `NotGenuine`."""
        ...

    async def take(self, query: Mapping[str, str], body: bytes) -> str:
        """Make durable what is told, and give what is answered. Refuses `NotGenuine`."""
        ...

    def proof(self, name: str) -> str | None:
        """The content of a file by which the platform has the desk's address proved."""
        ...


@runtime_checkable
class Vouching(Protocol):
    """A connection whose platform vouches for people: a colleague who opens one of our pages inside
    it need not say a password.
    """

    def way_in(self, back: str, state: str) -> str:
        """Where a browser is sent to be told who it is; it comes back to `back` with `state`."""
        ...

    async def who_is(self, code: str) -> str | None:
        """The account that a code stands for, or None: nobody of the firm. Refuses `NotGenuine`
        for a code that is over or none.
        """
        ...


class BadChannel(ValueError):
    """A channel's settings cannot be used; `key` is the setting's name."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


Connect = Callable[["Desk", dict[str, str], str], Connection]
"""Makes a connection of (desk, the channel's settings, its secret). Refuses `BadChannel`."""


class LoopHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one of the desk's loops goes: `pausing` after a crash, whose incident number is told."""

    state: Literal["running", "pausing", "ended"]
    since_at: datetime
    crashes: int = 0
    incident: str | None = None


class Desk:
    """服务台: the parts that use cases need. Made once, by the composition root.

    `platforms` is how chat platforms are connected and `connections` the ones that are;
    `senders` and `readers` are those of other channels; `troubles` tells of each channel that is
    switched on and could not be connected the code of what is wrong; `loops` is how the loops go;
    `limits` slow guessing in chat down; `presence` is who has which ticket open;
    `standings` are what units read of colleagues;
    `replayed` is how far a replay is, 0 to 1, while there is one;
    `stopping` is set when the desk ends: whoever holds a stream open lets go of it.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        settings: Settings,
        entropy: Entropy,
        activity: Activity,
        secret: bytes,
        passwords: Passwords | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.settings = settings
        self.entropy = entropy
        self.activity = activity
        self.secret = secret
        self.passwords = passwords or Passwords()
        self.bell = Bell()
        self.limits = Limits()
        self.presence = Presence()
        self.standings = Remembered()
        self.senders: dict[str, Sender] = {}
        self.readers: dict[str, Reader] = {}
        self.platforms: dict[str, Connect] = {}
        self.connections: dict[str, Connection] = {}
        self.troubles: dict[str, str] = {}
        self.loops: dict[str, LoopHealth] = {}
        self.stopping = False
        self.replayed: float | None = None
        self._firm: Firm | None = None
        self._firms_forgotten = 0

    async def firm(self) -> Firm:
        """The firm as of the last change that this process knows of."""
        known = self._firm
        if known is not None:
            return known
        asked = self._firms_forgotten
        with self.activity.busy():
            found = await read_firm(self.database)
        if asked == self._firms_forgotten:  # else what was read may be stale already
            self._firm = found
        return found

    async def firm_at(self, db: Reading, seq: int) -> Firm:
        """The firm as of `seq`, read again inside a unit if the cached one is older."""
        known = self._firm  # once: the loop may forget it while a writer thread looks
        return known if known is not None and known.seq == seq else await read_firm(db)

    def knows_firm(self, seq: int) -> bool:
        """Whether the cached firm is the one as of `seq`."""
        known = self._firm
        return known is not None and known.seq == seq

    def sender_of(self, channel: str) -> Sender | None:
        """The way out of this channel, or None while it has none."""
        connection = self.connections.get(channel)
        return connection.sender if connection is not None else self.senders.get(channel)

    def reader_of(self, channel: str) -> Reader | None:
        """Who works on what arrives by this channel, or None while nobody does."""
        connection = self.connections.get(channel)
        return connection.reader if connection is not None else self.readers.get(channel)

    def forget_firm(self) -> None:
        """The cached firm is stale. Loop thread only."""
        self._firm = None
        self._firms_forgotten += 1
