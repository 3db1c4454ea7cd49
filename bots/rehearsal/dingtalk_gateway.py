"""The rehearsed Stream gateway: tickets, sockets, pushes, acknowledgements, redelivery (2.1-2.4).

A push that nobody acknowledges comes again after 60 seconds under a new frame id with the same
message id, as bots report of the real platform. While no socket is open messages are lost.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from bots.rehearsal.dingtalk_messages import new_error
from bots.rehearsal.dingtalk_world import App, World, millis
from server.clients import Activity

ROBOT_TOPIC: Final = "/v1.0/im/bot/messages/get"
CARD_TOPIC: Final = "/v1.0/card/instances/callback"
REDELIVERY: Final = timedelta(seconds=60)
MOST_TRIES: Final = 3
_TICKET_LIFE: Final = timedelta(seconds=90)
_DROP_AFTER: Final = timedelta(seconds=10)


class Ack(msgspec.Struct, frozen=True):
    """What the client answered to a frame. `latency` is real seconds."""

    code: int
    message_id: str
    data: Any
    latency: float
    connection: str


class Push(msgspec.Struct, kw_only=True, eq=False):
    """One thing to be delivered, over all its deliveries; `once`: it does not come again."""

    app: App
    type: str
    topic: str
    data: dict[str, Any] | str
    headers: dict[str, str] = {}
    frames: list[str] = []
    tries: int = 0
    due_at: datetime | None = None
    lost: bool = False
    ack: Ack | None = None
    once: bool = False
    on_ack: Callable[[Ack], None] | None = None

    @property
    def acked(self) -> bool:
        """A 200 came back."""
        return self.ack is not None and self.ack.code == 200


class Connection:
    """One socket of a client."""

    def __init__(
        self, gateway: "Gateway", app: App, key: str, topics: set[str], socket: "_Socket"
    ) -> None:
        self._gateway = gateway
        self._socket = socket
        self.app = app
        self.id = key
        self.topics = topics
        self.leaving = False
        self.open = True

    def ping(self, opaque: str = "p") -> str:
        """Send a SYSTEM ping; gives the frame id, under which `Gateway.acks` has the echo."""
        return self._gateway.send_system(self, "ping", {"opaque": opaque})

    def disconnect(self, reason: str = "rehearsed") -> None:
        """Tell the client to move; the socket is dropped ten seconds later (2.3)."""
        self.leaving = True
        self._gateway.send_system(self, "disconnect", {"reason": reason})
        self._gateway.start(self._drop_later())

    async def _drop_later(self) -> None:
        at = self._gateway.world.clock.now() + _DROP_AFTER
        while self.open and self._gateway.world.clock.now() < at:
            await self._gateway.world.clock.sleep_until(at)
        self.abort()

    def abort(self) -> None:
        """Cut the TCP connection without a word."""
        if self.open and self._socket.request.transport is not None:
            self._socket.request.transport.abort()

    async def close(self, code: int = 1001) -> None:
        """Close in order, with a WebSocket code."""
        await self._socket.ws.close(code=code)

    def send_raw(self, text: str) -> None:
        """Send whatever, bad JSON too."""
        self._gateway.start(self.write(text))

    async def write(self, text: str) -> None:
        """Put a text frame on the socket; a socket that just went away is no error here."""
        with contextlib.suppress(ConnectionError):
            await self._socket.ws.send_str(text)


class _Socket:
    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.ws = web.WebSocketResponse(compress=True)


class Gateway:
    """Keeps sockets and pushes.

    `silence`: real time after which a mute client counts as at rest; its push stays
    unacknowledged and comes again.
    """

    def __init__(self, world: World, activity: Activity, silence: timedelta) -> None:
        self.world = world
        self.connections: list[Connection] = []
        self.pushes: list[Push] = []
        self.acks: dict[str, Ack] = {}
        self.url = ""
        self._activity = activity
        self._silence = silence
        self._tickets: dict[str, tuple[App, datetime, set[str]]] = {}
        self._frames: dict[str, tuple[Push | None, Connection, float]] = {}
        self._tokens: dict[str, asyncio.TimerHandle] = {}
        self._held: list[Push] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._unacked = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside everything else until it ends or the gateway stops."""
        # The simulator is its own world: its tasks belong to no transaction of the desk.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Drop every socket and end every task."""
        for connection in list(self.connections):
            await connection.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for frame in list(self._tokens):
            self._give_back(frame)

    def open_connection(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /v1.0/gateway/connections/open`: a ticket for 90 seconds and one socket."""
        if self.world.faults.gateway_refuses > 0:
            self.world.faults.gateway_refuses -= 1
            raise new_error(400, "systemError", "rehearsed")
        app = self.world.apps.get(str(body.get("clientId")))
        if app is None or app.client_secret != body.get("clientSecret"):
            raise new_error(401, "authFailed", "鉴权失败")
        subscribed = body.get("subscriptions")
        if not isinstance(subscribed, list) or not subscribed:
            raise new_error(400, "systemError", "subscriptions is empty")
        topics = {f"{one.get('type')} {one.get('topic')}" for one in subscribed}
        ticket = f"{self.world.code(8)}-{self.world.code(12)}"
        self._tickets[ticket] = (app, self.world.clock.now() + _TICKET_LIFE, topics)
        return {"endpoint": f"{self.url}/connect", "ticket": ticket}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """`GET /connect?ticket=…`: the socket itself."""
        known = self._tickets.pop(request.query.get("ticket", ""), None)
        if known is None or self.world.clock.now() > known[1]:
            return web.Response(status=401)
        socket = _Socket(request)
        await socket.ws.prepare(request)
        connection = Connection(self, known[0], self.world.code(12), known[2], socket)
        self.connections.append(connection)
        self.world.changed()
        try:
            async for message in socket.ws:
                if message.type is WSMsgType.TEXT:
                    self._hear(connection, message.data)
        finally:
            connection.open = False
            self.connections.remove(connection)
            for frame, (_, used, _) in list(self._frames.items()):
                if used is connection:
                    self._give_back(frame)
            self.world.changed()
        return socket.ws

    def _hear(self, connection: Connection, text: str) -> None:
        try:
            answer = msgspec.json.decode(text)
            frame = str(answer["headers"]["messageId"])
            data = answer.get("data")
            data = msgspec.json.decode(data) if isinstance(data, str) and data else data
            code = int(answer["code"])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            return
        push, _, sent = self._frames.get(frame, (None, connection, time.perf_counter()))
        ack = Ack(code, frame, data, time.perf_counter() - sent, connection.id)
        self.acks[frame] = ack
        if push is not None and not push.acked:
            push.ack = ack
            if push.on_ack is not None:
                push.on_ack(ack)
            later = isinstance(data, dict) and data.get("status") == "LATER"
            push.due_at = None if push.acked and not later else push.due_at
        self._give_back(frame)
        self.world.changed()

    def send_system(self, connection: Connection, topic: str, data: dict[str, Any]) -> str:
        """A SYSTEM frame on one socket."""
        frame = self._frame_id()
        self._frames[frame] = (None, connection, time.perf_counter())
        self._transmit(connection, frame, "SYSTEM", topic=topic, data=data)
        return frame

    def push(self, push: Push) -> Push:
        """Deliver, or do what the faults say."""
        faults = self.world.faults
        self.pushes.append(push)
        self.world.budget.stream_calls += 1
        if faults.lose_next > 0:
            faults.lose_next -= 1
            push.lost = True
        elif faults.hold_next > 0:
            faults.hold_next -= 1
            self._held.append(push)
        elif faults.delay is not None:
            self.start(self._deliver_later(push, self.world.clock.now() + faults.delay))
        else:
            self._deliver(push)
            if faults.duplicate_next > 0:
                faults.duplicate_next -= 1
                self._deliver(push)
            while self._held:
                self._deliver(self._held.pop(0))
        self.world.changed()
        return push

    async def _deliver_later(self, push: Push, at: datetime) -> None:
        while self.world.clock.now() < at:
            await self.world.clock.sleep_until(at)
        self._deliver(push)

    def _deliver(self, push: Push) -> None:
        able = [
            connection
            for connection in self.connections
            if connection.app is push.app
            and connection.open
            and not connection.leaving
            and (f"{push.type} {push.topic}" in connection.topics)
        ]
        push.tries += 1
        if able:
            connection = self.world.random.choice(able)
            frame = self._frame_id()
            push.frames.append(frame)
            self._frames[frame] = (push, connection, time.perf_counter())
            self._hold(frame)
            self._transmit(
                connection,
                frame,
                push.type,
                topic=push.topic,
                data=push.data,
                headers=push.headers,
            )
        elif push.type != "EVENT":
            push.lost = not push.frames
            return
        if push.tries < MOST_TRIES and not push.once:
            push.due_at = self.world.clock.now() + REDELIVERY
            self._unacked.set()
        self.world.changed()

    async def redeliver(self) -> None:
        """For ever: send again what nobody acknowledged."""
        while True:
            due = [push.due_at for push in self.pushes if push.due_at is not None]
            if not due:
                self._unacked.clear()
                await self._unacked.wait()
                continue
            await self.world.clock.sleep_until(min(due))
            for push in self.pushes:
                if push.due_at is not None and push.due_at <= self.world.clock.now():
                    push.due_at = None
                    self._deliver(push)

    def _frame_id(self) -> str:
        return f"{self.world.code(8)}_{len(self._frames) + 1}_{self.world.code(11)}"

    def _transmit(
        self,
        connection: Connection,
        frame: str,
        kind: str,
        *,
        topic: str,
        data: dict[str, Any] | str,
        headers: dict[str, str] | None = None,
    ) -> None:
        content = data if isinstance(data, str) else msgspec.json.encode(data).decode()
        told = {
            "appId": connection.app.client_id,
            "connectionId": connection.id,
            "contentType": "application/json",
            "messageId": frame,
            "time": str(millis(self.world.clock.now())),
            "topic": topic,
            **(headers or {}),
        }
        body = {"specVersion": "1.0", "type": kind, "headers": told, "data": content}
        self.start(connection.write(msgspec.json.encode(body).decode()))

    def _hold(self, frame: str) -> None:
        self._activity.begin()
        loop = asyncio.get_running_loop()
        self._tokens[frame] = loop.call_later(self._silence.total_seconds(), self._give_back, frame)

    def _give_back(self, frame: str) -> None:
        timer = self._tokens.pop(frame, None)
        if timer is not None:
            timer.cancel()
            self._activity.end()
