"""WeCom's AI bot (智能机器人) over its long connection: frames in, questions and answers out.

One outbound WebSocket carries everything; the firm needs no public address. The rules of the wire
are those of page 101463 and of what others measured (facts/wecom 4.2 and 4.10): subscribe first
and count as connected only after errcode 0; ping every 30 s and leave after two that nobody
answered; after any end of the socket come back with backoff; but after `disconnected_event` stay
away, because another program has taken the bot over and two that come back kick each other out
for ever.

The platform acknowledges our frames by `req_id`; frames that share one are sent one after the
other. It wants no acknowledgement of its own frames: what it has sent is not sent again.
"""

import asyncio
import contextlib
import itertools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidURI, WebSocketException

from server.clients import Activity, Ambiguous, Permanent, Trouble, TryLater

URL: Final = "wss://openws.work.weixin.qq.com"
_PING: Final = timedelta(seconds=30)
_ANSWER: Final = timedelta(seconds=10)
_LONGEST_BACKOFF: Final = timedelta(seconds=60)
_SOON: Final = timedelta(seconds=5)
_LARGEST: Final = 1 << 20
_OFTEN: Final = timedelta(seconds=60)

BAD_SECRET: Final = 853000
TOO_OFTEN: Final = 45009
INVALID_CHAT: Final = 93006
TOO_LATE: Final = frozenset({846605, 846608})
"""The message that is answered is too old, or unknown (facts/wecom 4.7)."""

log = logging.getLogger("paidan.wecom")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The instant it is, aware UTC."""
        ...


class Frame(msgspec.Struct, frozen=True):
    """What the platform sent by itself. `received_at` counts for answers that are due in 5 s."""

    cmd: str
    req_id: str
    body: dict[str, Any]
    received_at: datetime


Hear = Callable[[Frame], Awaitable[None]]


class Refused(Permanent):
    """The platform answered with an error code, which is `code`."""


class WeComBot:
    """One bot's connection. `hear` gets every frame, one after the other per chat; whatever it
    raises is logged and ends nothing.
    """

    def __init__(
        self,
        clock: Clock,
        activity: Activity,
        hear: Hear,
        *,
        bot_id: str,
        secret: str,
        url: str = URL,
        backoff: timedelta = timedelta(seconds=1),
    ) -> None:
        self.connected_at: datetime | None = None
        self.last_trouble: Trouble | None = None
        """Why we are not connected; None while we are."""
        self._clock = clock
        self._activity = activity
        self._hear = hear
        self._bot_id = bot_id
        self._secret = secret
        self._url = url
        self._first_backoff = backoff
        self._socket: ClientConnection | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._chats: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Stay connected until cancelled. Returns by itself never; a bot that was taken over, or
        whose secret is wrong, waits to be cancelled: only a person can mend that.
        """
        tries = 0
        while True:
            # Frames that were heard are worked on to their end, also when their socket has ended.
            async with asyncio.TaskGroup() as tasks:
                was_up = await self._live_once(tasks)
            tries = 0 if was_up else tries + 1
            await self._rest(tries)

    async def _live_once(self, tasks: asyncio.TaskGroup) -> bool:
        """One socket's life and end; whether it was ever of use."""
        try:
            await self._live(tasks)
        except (OSError, WebSocketException, TimeoutError) as error:
            log.info("socket ended: %s", type(error).__name__)
        if self.last_trouble is None:
            self.last_trouble = TryLater("unreachable", after=_SOON)
        was_up = self.connected_at is not None
        self._let_go()
        return was_up

    async def _rest(self, tries: int) -> None:
        """The pause before the next try. It is the network's time, so no hand moves it."""
        trouble = self.last_trouble
        if isinstance(trouble, Permanent):
            await asyncio.Event().wait()
        often = isinstance(trouble, TryLater) and trouble.code == str(TOO_OFTEN)
        span = _OFTEN if often else min(self._first_backoff * 2**tries, _LONGEST_BACKOFF)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(span.total_seconds()):
                await asyncio.Event().wait()

    async def _live(self, tasks: asyncio.TaskGroup) -> None:
        """One socket's life."""
        try:
            socket = await connect(
                self._url,
                proxy=None,
                ping_interval=None,
                max_size=_LARGEST,
                open_timeout=_ANSWER.total_seconds(),
                close_timeout=1,
                compression=None,
            )
        except InvalidURI as error:
            self.last_trouble = Permanent("bad_address", str(error))
            return
        async with socket:
            self._socket = socket
            reading = tasks.create_task(self._read(socket, tasks))
            try:
                if await self._subscribe():
                    await self._ping(socket, reading)
            finally:
                reading.cancel()

    async def _subscribe(self) -> bool:
        body = {"bot_id": self._bot_id, "secret": self._secret}
        try:
            await self.ask("aibot_subscribe", body)
        except Trouble as trouble:
            self.last_trouble = trouble
            return False
        self.connected_at = self._clock.now()
        self.last_trouble = None
        return True

    async def _ping(self, socket: ClientConnection, reading: asyncio.Task[None]) -> None:
        """Ping until the socket ends; two pings without an answer end it."""
        unanswered = 0
        while not reading.done():
            await asyncio.wait({reading}, timeout=_PING.total_seconds())
            if reading.done():
                return
            try:
                await self.ask("ping", None)
                unanswered = 0
            except Trouble:
                unanswered += 1
                if unanswered > 1:
                    socket.transport.abort()
                    return

    async def _read(self, socket: ClientConnection, tasks: asyncio.TaskGroup) -> None:
        """Every frame of one socket; ends with it, whether it closed in order or not."""
        with contextlib.suppress(WebSocketException):
            async for text in socket:
                frame = _decoded(text)
                if frame is None:
                    continue
                if "cmd" in frame:
                    self._take_in(frame, socket, tasks)
                else:
                    self._answered(frame)

    def _answered(self, frame: dict[str, Any]) -> None:
        waiter = self._waiting.get(_req_id(frame))
        if waiter is not None and not waiter.done():
            waiter.set_result(frame)

    def _take_in(
        self, frame: dict[str, Any], socket: ClientConnection, tasks: asyncio.TaskGroup
    ) -> None:
        body = frame.get("body")
        body = body if isinstance(body, dict) else {}
        heard = Frame(str(frame["cmd"]), _req_id(frame), body, self._clock.now())
        if event_of(heard) == "disconnected_event":
            self.last_trouble = Permanent("taken", "another program uses this bot")
            socket.transport.abort()
            return
        self._activity.begin()
        chat = str(body.get("chatid") or _sender(body))
        before = self._chats.get(chat)
        self._chats[chat] = tasks.create_task(self._in_turn(heard, chat, before))

    async def _in_turn(self, frame: Frame, chat: str, before: asyncio.Task[None] | None) -> None:
        """Frames of one chat are heard in the order in which they came."""
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._hear(frame)
        except Exception:  # whatever it is, the next frame is heard
            log.exception("a frame was not heard")
        finally:
            if self._chats.get(chat) is asyncio.current_task():
                del self._chats[chat]
            self._activity.end()

    async def ask(
        self, cmd: str, body: dict[str, Any] | None, req_id: str | None = None
    ) -> dict[str, Any]:
        """Send a frame and return the platform's answer. Refuses `TryLater` while there is no
        connection and when we were too fast, `Refused` with the platform's code, `Ambiguous`
        when no answer came.
        """
        key = req_id or f"{cmd}_{next(self._numbers)}_{id(self):x}"
        turn = self._turns[key]
        self._activity.begin()
        try:
            async with turn:
                return await self._ask(cmd, body, key)
        finally:
            self._activity.end()
            if not turn.locked():
                self._turns.pop(key, None)

    async def _ask(self, cmd: str, body: dict[str, Any] | None, key: str) -> dict[str, Any]:
        socket = self._socket
        if socket is None:
            raise TryLater("not_connected", after=_SOON)
        waiter: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[key] = waiter
        frame: dict[str, Any] = {"cmd": cmd, "headers": {"req_id": key}}
        if body is not None:
            frame["body"] = body
        try:
            async with asyncio.timeout(_ANSWER.total_seconds()):
                await socket.send(msgspec.json.encode(frame).decode())
                answer = await waiter
        except WebSocketException as error:
            raise Ambiguous("socket_ended") from error
        except TimeoutError as error:
            raise Ambiguous("no_answer") from error
        finally:
            self._waiting.pop(key, None)
        return _checked(answer)

    def _let_go(self) -> None:
        """Whoever still waits for an answer of the socket that ended does not get one."""
        self._socket = self.connected_at = None
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(Ambiguous("socket_ended"))


def event_of(frame: Frame) -> str:
    """Which event a frame tells of; empty for messages."""
    event = frame.body.get("event")
    return str(event.get("eventtype") or "") if isinstance(event, dict) else ""


def _sender(body: dict[str, Any]) -> str:
    sender = body.get("from")
    return str(sender.get("userid") or "") if isinstance(sender, dict) else ""


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    code = answer.get("errcode")
    if code in (0, None):
        return answer
    words = str(answer.get("errmsg") or "")
    if code == TOO_OFTEN:
        raise TryLater(str(code), words, after=_OFTEN)
    raise Refused(str(code), words)


def _req_id(frame: dict[str, Any]) -> str:
    headers = frame.get("headers")
    return str(headers.get("req_id") or "") if isinstance(headers, dict) else ""


def _decoded(text: str | bytes) -> dict[str, Any] | None:
    try:
        frame = msgspec.json.decode(text)
    except msgspec.DecodeError:
        log.info("a frame that is no JSON was passed over")
        return None
    return frame if isinstance(frame, dict) else None
