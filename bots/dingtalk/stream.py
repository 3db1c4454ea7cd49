"""DingTalk's Stream connection: lines come in, are made durable, and only then acknowledged.

The official package keeps the socket: gateway, WebSocket, pings, backoff. Everything it would do
over HTTP is done by our own client, for four reasons: its base address is a module constant read
from the environment at import, its calls block a thread without our address check, its event
acknowledgement echoes the event instead of saying SUCCESS, and it follows proxy variables even to
loopback (facts/dingtalk 8.1).

While no connection is open DingTalk drops what colleagues write (2.4); those gaps are recorded.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlsplit

import msgspec
from dingtalk_stream import (
    AckMessage,
    CallbackHandler,
    CallbackMessage,
    Credential,
    DingTalkStreamClient,
    EventHandler,
    EventMessage,
)

from bots.dingtalk.lines import Attachment, ChatLine, read_line, read_press
from bots.presses import Press
from server.clients import Activity, Trouble
from server.clients.dingtalk_hosts import API_URL
from server.clients.http import Http

ROBOT_TOPIC: Final = "/v1.0/im/bot/messages/get"
CARD_TOPIC: Final = "/v1.0/card/instances/callback"
_USER_AGENT: Final = "paidan"
_OPENING: Final = timedelta(seconds=10)
_KEPT_GAPS: Final = 50

log = logging.getLogger("paidan.dingtalk")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The instant it is, aware UTC."""
        ...


class Gap(msgspec.Struct, frozen=True):
    """A span without a connection: what was written in it is lost. `ended_at` None: it lasts."""

    started_at: datetime
    ended_at: datetime | None


class Event(msgspec.Struct, frozen=True):
    """Something happened in the organisation, say user_leave_org (6.6)."""

    key: str
    kind: str
    data: dict[str, Any]


Accept = Callable[[ChatLine], Awaitable[None]]
AcceptPress = Callable[[str, Press], Awaitable[dict[str, Any]]]
Metered = Callable[[Literal["api", "stream"], int], None]


def _no_meter(_kind: Literal["api", "stream"], _calls: int) -> None:
    """Nobody counts."""


def _ack(frame_id: str | None, data: dict[str, Any]) -> AckMessage:
    ack = AckMessage()
    ack.headers.message_id = frame_id
    ack.headers.content_type = "application/json"
    ack.message = "OK"
    ack.data = data
    return ack


class _Lines(CallbackHandler):
    def __init__(self, receiver: "Receiver") -> None:
        super().__init__()
        self._receiver = receiver

    async def raw_process(self, callback_message: CallbackMessage) -> AckMessage:
        frame_id = callback_message.headers.message_id or ""
        await self._receiver.take_in(read_line(callback_message.data, frame_id))
        return _ack(frame_id, {"response": None})


class _Presses(CallbackHandler):
    """Buttons of cards: the acknowledgement itself shows what became of the click (5.6)."""

    def __init__(self, receiver: "Receiver") -> None:
        super().__init__()
        self._receiver = receiver

    async def raw_process(self, callback_message: CallbackMessage) -> AckMessage:
        frame_id = callback_message.headers.message_id or ""
        key, press = read_press(callback_message.data, frame_id)
        answer = await self._receiver.take_in_press(key, press)
        return _ack(frame_id, {"response": answer})


class _Events(EventHandler):
    def __init__(self, receiver: "Receiver") -> None:
        super().__init__()
        self._receiver = receiver

    async def raw_process(self, event_message: EventMessage) -> AckMessage:
        headers = event_message.headers
        key = headers.event_id or headers.message_id or ""
        event = Event(key, headers.event_type or "", event_message.data)
        await self._receiver.take_in_event(event)
        return _ack(headers.message_id, {"status": "SUCCESS", "message": "ok"})


class _Socket(DingTalkStreamClient):
    """The package's client with its address, its HTTP and its notes on the connection replaced."""

    def __init__(self, receiver: "Receiver", credential: Credential) -> None:
        self._receiver = receiver
        self._told_to_move = False
        super().__init__(credential, logger=log, websocket_connect_options={"proxy": None})

    @property
    def websocket(self) -> object:
        """The open socket.

        The package sets this when a socket opens and clears it when it ends: the one place where
        both are seen.
        """
        return self._websocket

    @websocket.setter
    def websocket(self, value: object) -> None:
        self._websocket = value
        self._receiver.note_connection(is_open=value is not None)

    def open_connection(self) -> dict[str, str] | None:
        """Runs in a thread of the package's choosing; the call itself is made on our loop."""
        asked: Future[dict[str, str] | None] = asyncio.run_coroutine_threadsafe(
            self._receiver.open_gateway(), self._receiver.loop
        )
        try:
            return asked.result(timeout=_OPENING.total_seconds() + 5)
        except TimeoutError:
            asked.cancel()
            return None

    async def background_task(self, json_message: dict[str, Any], websocket: object = None) -> None:
        """Every frame passes here; what nobody could answer is passed over."""
        if not _has_form(json_message):
            log.info("a frame without the form of one was passed over")
            return
        topic = json_message["headers"].get("topic")
        self._told_to_move = json_message.get("type") == "SYSTEM" and topic == "disconnect"
        self._receiver.note_frame()
        await super().background_task(_readable(json_message), websocket)

    def _reconnect_delay(self, attempt: int) -> float:
        # Asked to move in order, we are back at once: what is written meanwhile is lost (2.5).
        if self._told_to_move:
            self._told_to_move = False
            return 0.0
        return super()._reconnect_delay(attempt)


def _has_form(frame: object) -> bool:
    """Whether it is a frame at all: a type, and headers in words. Its id is what answers it."""
    if not isinstance(frame, dict):
        return False
    headers = frame.get("headers")
    if not isinstance(headers, dict) or not isinstance(frame.get("type"), str):
        return False
    return "messageId" in headers and all(isinstance(one, str) for one in headers.values())


def _readable(frame: dict[str, Any]) -> dict[str, Any]:
    """The frame with `data` that the package can decode.

    It would drop the frame otherwise, and the platform would send it again and again.
    """
    data = frame.get("data")
    try:
        known = json.loads(data) if isinstance(data, str) and data else data
    except ValueError:
        known = None
    if isinstance(known, dict):
        return frame if isinstance(data, str) else {**frame, "data": json.dumps(known)}
    return {**frame, "data": json.dumps({"unreadable": data})}


def _place_of(endpoint: str) -> tuple[str, int] | None:
    """Host and port of a socket's address, or None when it is none."""
    try:
        found = urlsplit(endpoint)
        port = found.port or (443 if found.scheme == "wss" else 80)
    except ValueError:
        return None
    return (found.hostname, port) if found.hostname and found.scheme in {"ws", "wss"} else None


class Receiver:
    """Receives for one application.

    One process per application: a second one would silently take a random share (8.3).

    `accept` makes a line durable; when it raises, the line is not acknowledged and DingTalk
    sends it again about a minute later, under the same `key`. `hear` gets events; without it none
    are subscribed, since each costs quota. `accept_press` makes a click durable under its key and
    gives what the card shows to whoever pressed, within two seconds.
    """

    def __init__(
        self,
        http: Http,
        clock: Clock,
        activity: Activity,
        accept: Accept,
        *,
        client_id: str,
        client_secret: str,
        api_url: str = API_URL,
        hear: Callable[[Event], Awaitable[None]] | None = None,
        accept_press: AcceptPress | None = None,
        metered: Metered = _no_meter,
        backoff: timedelta = timedelta(seconds=1),
    ) -> None:
        self.connected_at: datetime | None = None
        self.last_frame_at: datetime | None = None
        self.last_trouble: Trouble | None = None
        """Why the gateway did not let us in the last time; None once it did."""
        self.connections = 0
        self.gaps: list[Gap] = []
        self._http = http
        self._clock = clock
        self._activity = activity
        self._accept = accept
        self._hear = hear
        self._accept_press = accept_press
        self._metered = metered
        self._credential = Credential(client_id, client_secret)
        self._gateway = f"{api_url.rstrip('/')}/v1.0/gateway/connections/open"
        self._backoff = backoff.total_seconds()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._socket: _Socket | None = None

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        return max(self.connections - 1, 0)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that `run` runs on."""
        if self._loop is None:
            msg = "not running"
            raise RuntimeError(msg)
        return self._loop

    async def run(self) -> None:
        """Receive until `stop` or cancellation; connection losses are mended inside."""
        self._loop = asyncio.get_running_loop()
        socket = _Socket(self, self._credential)
        socket.RECONNECT_BASE_DELAY_SECONDS = self._backoff
        socket.RECONNECT_JITTER_SECONDS = self._backoff
        socket.register_callback_handler(ROBOT_TOPIC, _Lines(self))
        socket.register_callback_handler(CARD_TOPIC, _Presses(self))
        socket.event_handler = _Events(self)
        if self._hear is not None:
            socket.register_all_event_handler(socket.event_handler)
        self._socket = socket
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                await socket.start()
        finally:
            self._tasks = self._socket = None

    async def stop(self) -> None:
        """Close the socket; `run` returns when lines already taken in are durable."""
        if self._socket is not None:
            await self._socket.stop()

    async def take_in(self, line: ChatLine) -> None:
        """Make a line durable, in a task of its own.

        The package cancels its handlers when a socket ends; half a unit of work must not depend
        on that, so only the waiting is cancelled.
        """
        self._metered("stream", 1)
        await self._in_own_task(self._accept(line))

    async def take_in_press(self, key: str, press: Press) -> dict[str, Any]:
        """Pass a click on; gives what the card shows to whoever pressed."""
        self._metered("stream", 1)
        accept, told = self._accept_press, dict[str, Any]()
        if accept is not None:

            async def pressed() -> None:
                told.update(await accept(key, press))

            await self._in_own_task(pressed())
        return told

    async def take_in_event(self, event: Event) -> None:
        """Pass an event on; it is acknowledged when that is done."""
        self._metered("stream", 1)
        if self._hear is not None:
            await self._in_own_task(self._hear(event))

    async def _in_own_task(self, work: Awaitable[None]) -> None:
        if self._tasks is None:
            msg = "not running"
            raise RuntimeError(msg)
        trouble = await asyncio.shield(self._tasks.create_task(self._outcome(work)))
        if trouble is not None:
            raise trouble

    async def _outcome(self, work: Awaitable[None]) -> Exception | None:
        """The error as a value: raised, it would end the whole group of tasks."""
        self._activity.begin()
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, the line is not acknowledged
            return error
        finally:
            self._activity.end()
        return None

    async def open_gateway(self) -> dict[str, str] | None:
        """Ask for a ticket; None lets the package wait and try again. Tickets are never logged."""
        subscriptions = [{"type": "CALLBACK", "topic": ROBOT_TOPIC}]
        if self._accept_press is not None:
            subscriptions.append({"type": "CALLBACK", "topic": CARD_TOPIC})
        if self._hear is not None:
            subscriptions.append({"type": "EVENT", "topic": "*"})
        body = {
            "clientId": self._credential.client_id,
            "clientSecret": self._credential.client_secret,
            "subscriptions": subscriptions,
            "ua": _USER_AGENT,
            "localIp": "",
        }
        try:
            response = await self._http.request("POST", self._gateway, json=body, within=_OPENING)
        except Trouble as trouble:
            self.last_trouble = trouble
            return None
        answer = response.json()
        if response.status != 200 or not isinstance(answer, dict):  # noqa: PLR2004
            known = answer if isinstance(answer, dict) else {}
            code = str(known.get("code") or f"http_{response.status}")
            self.last_trouble = Trouble(code, str(known.get("message") or ""))
            return None
        return await self._checked(answer)

    async def _checked(self, answer: dict[str, Any]) -> dict[str, str] | None:
        """Where the socket is to be opened, if it may be: the address comes from outside."""
        endpoint, ticket = str(answer.get("endpoint") or ""), str(answer.get("ticket") or "")
        place = _place_of(endpoint)
        if not ticket or place is None:
            self.last_trouble = Trouble("bad_address", "the gateway named no socket")
        elif not await self._http.may_reach(*place):
            self.last_trouble = Trouble("address_refused", "the gateway named a private socket")
        else:
            self.last_trouble = None
            return {"endpoint": endpoint, "ticket": ticket}
        return None

    def note_frame(self) -> None:
        """A frame came."""
        self.last_frame_at = self._clock.now()

    def note_connection(self, *, is_open: bool) -> None:
        """A socket opened or ended."""
        now = self._clock.now()
        if is_open:
            self.connections += 1
            self.connected_at = now
            if self.gaps and self.gaps[-1].ended_at is None:
                self.gaps[-1] = Gap(self.gaps[-1].started_at, now)
        elif self.connected_at is not None:
            self.connected_at = None
            self.gaps.append(Gap(now, None))
            del self.gaps[:-_KEPT_GAPS]


__all__ = ["Attachment", "ChatLine", "Event", "Gap", "Receiver"]
