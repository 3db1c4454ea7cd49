"""A WeCom (企业微信) to rehearse with: the AI bot's long connection on a loopback port.

    sim = WeComRehearsal(clock, activity)
    url = await sim.start()
    bot = sim.add_bot("aibTICKET", "secret")
    li = sim.person("lisi", "李工")
    group = sim.group("二线", members=[li])
    li.says("@派单 待接单", in_=group)      # group.messages, li.private_messages: what people see

It refuses what the platform refuses (facts/wecom 4.2 to 4.7): a wrong secret, frames before the
subscription, chats that never spoke to the bot, answers to unknown or old lines, more than 30
messages a minute and chat. It can lose, repeat and misanswer (`faults`), and throw a client out
when another one subscribes. It knows nothing of tickets and reads no clock of its own.

Error numbers that no page names (frames before the subscription, bad bodies) are guesses: a client
may rely on them being other than 0.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import WebSocketException
from websockets.http11 import Request, Response

from bots.rehearsal import wecom_cards as cards
from bots.rehearsal.dingtalk_world import Clock
from bots.rehearsal.wecom_cards import CardOnWall, Click
from bots.rehearsal.wecom_world import Bot, Faults, Line, Seen
from server.clients import Activity
from server.clients.wecom_crypto import encrypt, key_of

REPLY_LIFE: Final = timedelta(hours=24)
WELCOME_LIFE: Final = timedelta(seconds=5)
MOST_A_MINUTE: Final = 30
MOST_BYTES: Final = 20_480
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_MINUTE: Final = timedelta(minutes=1)
_UNSUBSCRIBED: Final = 846601
_UNKNOWN: Final = 846602
_MALFORMED: Final = 40058


class Group:
    """A group chat with the bot in it."""

    def __init__(self, rehearsal: "WeComRehearsal", chat_id: str, title: str) -> None:
        self._rehearsal = rehearsal
        self.id = chat_id
        self.title = title
        self.members: dict[str, Person] = {}

    @property
    def messages(self) -> list[Seen]:
        """Everything written in it."""
        return [one for one in self._rehearsal.messages if one.chat == self.id]


class Person:
    """Somebody of the organisation."""

    def __init__(self, rehearsal: "WeComRehearsal", user_id: str, name: str) -> None:
        self._rehearsal = rehearsal
        self.id = user_id
        self.name = name

    def says(self, text: str, in_: Group | None = None, quoting: "Seen | None" = None) -> Line:
        """Write to the bot, in private or in a group; there it hears only lines with its name."""
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
        if quoting is not None:
            # Nothing but the words leads back to what is quoted (4.3).
            body["quote"] = {"msgtype": "text", "text": {"content": quoting.text}}
        return self._rehearsal.hear(self, body, text, in_)

    def speaks(self, transcript: str) -> Line:
        """A voice message, which arrives as words."""
        body = {"msgtype": "voice", "voice": {"content": transcript}}
        return self._rehearsal.hear(self, body, transcript, None)

    def sends_picture(self, url: str) -> Line:
        """A picture, in private."""
        body = {"msgtype": "image", "image": {"url": url, "aeskey": "k" * 43}}
        return self._rehearsal.hear(self, body, "", None)

    def sends_file(self, content: bytes, text: str = "", in_: Group | None = None) -> Line:
        """A picture with words, or in private a file without any, encrypted as WeCom does (4.6)."""
        file = self._rehearsal.keep_file(content)
        if not text:
            return self._rehearsal.hear(self, {"msgtype": "file", "file": file}, "", None)
        items = [
            {"msgtype": "text", "text": {"content": text}},
            {"msgtype": "image", "image": file},
        ]
        body = {"msgtype": "mixed", "mixed": {"msg_item": items}}
        return self._rehearsal.hear(self, body, text, in_)

    def presses(self, seen: Seen, text: str) -> Click:
        """Press a button of a card, by its words as this person sees them."""
        return self._rehearsal.click(self, seen, text)

    def enters(self) -> None:
        """Open the chat with the bot, the first time today."""
        self._rehearsal.event(self, {"eventtype": "enter_chat"})

    @property
    def private_messages(self) -> list[Seen]:
        """What stands in this person's chat with the bot."""
        return [one for one in self._rehearsal.messages if one.chat == self.id]


class Connection:
    """The socket of a client that has subscribed."""

    def __init__(self, socket: ServerConnection, bot: Bot) -> None:
        self.socket = socket
        self.bot = bot

    def abort(self) -> None:
        """Cut the TCP connection without a word."""
        self.socket.transport.abort()

    async def close(self) -> None:
        """Close in order, as the platform also does."""
        await self.socket.close(1000)


class WeComRehearsal:
    """The server and its world. `activity` is held until a client has what was sent to it."""

    def __init__(self, clock: Clock, activity: Activity, *, seed: int = 1) -> None:
        self.clock = clock
        self.faults = Faults()
        self.bots: dict[str, Bot] = {}
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.messages: list[Seen] = []
        self.connections: list[Connection] = []
        self.frames: list[dict[str, Any]] = []
        """Everything that clients sent, secrets left out."""
        self._activity = activity
        self._random = random.Random(seed)  # noqa: S311 - a story, not a secret
        self._server: Server | None = None
        self._spoken: set[str] = set()
        self._lines: dict[str, tuple[str, datetime]] = {}
        self._entered: dict[str, tuple[str, datetime]] = {}
        self._sent: dict[str, deque[datetime]] = {}
        self._tasks_used: set[str] = set()
        self._clicks: dict[str, Click] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._files: dict[str, bytes] = {}
        self._place = ""
        self._waiting: set[asyncio.Future[None]] = set()
        self._watching: list[Callable[[], None]] = []

    async def start(self) -> str:
        """Listen on loopback; the address for clients."""
        self._server = await serve(
            self._serve, "127.0.0.1", 0, ping_interval=None, process_request=self._hand_out
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        self._place = f"127.0.0.1:{port}"
        return f"ws://{self._place}"

    def keep_file(self, content: bytes) -> dict[str, str]:
        """Where a file lies, encrypted, and the key that opens it."""
        key = "".join(self._random.choices(_LETTERS, k=42)) + "A"
        path = f"/media/{self._code()}"
        self._files[path] = encrypt(key_of(key), content)
        return {"url": f"http://{self._place}{path}", "aeskey": key}

    def _hand_out(self, _socket: ServerConnection, request: Request) -> Response | None:
        """Files lie beside the socket."""
        if not request.path.startswith("/media/"):
            return None
        body = self._files.get(request.path)
        if body is None:
            return Response(404, "Not Found", Headers({"Content-Length": "0"}), b"")
        return Response(200, "OK", Headers({"Content-Length": str(len(body))}), body)

    async def stop(self) -> None:
        """Drop every socket and end every task."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # The world

    def add_bot(self, bot_id: str, secret: str, name: str = "派单") -> Bot:
        """A bot in long-connection mode."""
        self.bots[bot_id] = Bot(bot_id, secret, name)
        return self.bots[bot_id]

    def person(self, user_id: str, name: str) -> Person:
        """Somebody new."""
        self.people[user_id] = Person(self, user_id, name)
        return self.people[user_id]

    def group(self, title: str, members: Iterable[Person] = ()) -> Group:
        """A group chat."""
        made = Group(self, f"wr{self._code()}", title)
        made.members = {one.id: one for one in members}
        self.groups[made.id] = made
        return made

    def hear(self, person: Person, body: dict[str, Any], text: str, where: Group | None) -> Line:
        """Somebody writes; the bot hears it where it listens."""
        chat = where.id if where is not None else person.id
        seen = self._write(chat, person.name, person.id, text, from_robot=False)
        line = Line(seen)
        bot = next(iter(self.bots.values()))
        if where is not None and f"@{bot.name}" not in text:
            line.handed.append(False)
            return line
        self._spoken.add(chat)
        req_id = self._code()
        self._lines[req_id] = (chat, self.clock.now())
        self._push(
            bot, "aibot_msg_callback", req_id, self._body(person, where, seen.id, body), line
        )
        return line

    def event(self, person: Person, event: dict[str, Any]) -> None:
        """Something that is no message happens in the person's chat with the bot."""
        bot = next(iter(self.bots.values()))
        req_id = self._code()
        self._entered[req_id] = (person.id, self.clock.now())
        body = self._body(person, None, self._code(), {"msgtype": "event", "event": event})
        self._push(bot, "aibot_event_callback", req_id, body, None)

    def click(self, person: Person, seen: Seen, text: str) -> Click:
        """Somebody presses a button; a ValueError when the card shows him no such button."""
        key = seen.card.seen_by(person.id).buttons.get(text) if seen.card is not None else None
        if seen.card is None or key is None:
            msg = f"{person.name} sees no button {text!r}"
            raise ValueError(msg)
        pressed = {"card_type": "button_interaction", "event_key": key, "task_id": seen.card.task}
        event = {"eventtype": "template_card_event", "template_card_event": pressed}
        click = Click(card=seen.card, user_id=person.id, at=self.clock.now())
        req_id, where = self._code(), self.groups.get(seen.chat)
        self._clicks[req_id] = click
        body = self._body(person, where, self._code(), {"msgtype": "event", "event": event})
        bot = next(iter(self.bots.values()))
        self._push(bot, "aibot_event_callback", req_id, body, click)
        return click

    def _body(
        self, person: Person, where: Group | None, message: str, part: dict[str, Any]
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            "msgid": message,
            "aibotid": next(iter(self.bots)),
            "chattype": "single" if where is None else "group",
            "from": {"userid": person.id},
            "create_time": int(self.clock.now().timestamp()),
        }
        if where is not None:
            told["chatid"] = where.id
        return told | part

    def knows(self, *chats: Person | Group) -> None:
        """They have spoken to the bot before this story begins: it may write to them."""
        self._spoken |= {one.id for one in chats}

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call back after every change."""
        self._watching.append(callback)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return as soon as `reached`; looked at after every change."""
        while not reached():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            await waiter

    def _changed(self) -> None:
        for callback in self._watching:
            callback()
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _code(self) -> str:
        return "".join(self._random.choices("0123456789abcdef", k=16))

    def _write(
        self, chat: str, name: str, sender: str, text: str, *, from_robot: bool, kind: str = "text"
    ) -> Seen:
        seen = Seen(
            id=self._code(),
            at=self.clock.now(),
            chat=chat,
            sender=name,
            sender_id=sender,
            from_robot=from_robot,
            kind=kind,
            text=text,
        )
        self.messages.append(seen)
        self._changed()
        return seen

    # The wire, out

    def _push(
        self, bot: Bot, cmd: str, req_id: str, body: dict[str, Any], line: Line | Click | None
    ) -> None:
        able = [one for one in self.connections if one.bot == bot]
        if self.faults.lose_next > 0:
            self.faults.lose_next -= 1
            able = []
        if not able:  # what nobody receives is lost: the platform repeats nothing
            if line is not None:
                line.handed.append(False)
            return
        times = 1
        if self.faults.duplicate_next > 0:
            self.faults.duplicate_next -= 1
            times = 2
        frame = {"cmd": cmd, "headers": {"req_id": req_id}, "body": body}
        for _ in range(times):
            self._start(self._hand_over(able[-1], frame, line))

    async def _hand_over(
        self, connection: Connection, frame: dict[str, Any], line: Line | Click | None
    ) -> None:
        """Send, and hold the desk's rest off until the client's socket has taken it."""
        arrived = False
        with contextlib.suppress(WebSocketException):
            await connection.socket.send(msgspec.json.encode(frame).decode())
            await (await connection.socket.ping())
            arrived = True
        if line is not None:
            line.handed.append(arrived)
        self._changed()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._activity.begin()
        # The simulator is its own world: its tasks belong to no transaction of the desk.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._activity.end()

    # The wire, in

    async def _serve(self, socket: ServerConnection) -> None:
        connection: Connection | None = None
        try:
            async for text in socket:
                frame = msgspec.json.decode(text)
                connection = await self._answer(socket, connection, frame)
        except WebSocketException:
            pass
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
                self._changed()

    async def _answer(
        self, socket: ServerConnection, connection: Connection | None, frame: dict[str, Any]
    ) -> Connection | None:
        cmd, req_id = str(frame["cmd"]), str(frame["headers"]["req_id"])
        body = frame.get("body") or {}
        told = {key: value for key, value in body.items() if key != "secret"}
        self.frames.append({"cmd": cmd, "req_id": req_id, "body": told})
        self._changed()
        injected = self.faults.answers.get(cmd)
        if injected:
            code = injected.pop(0)
        elif cmd == "aibot_subscribe":
            bot = self.bots.get(str(body.get("bot_id")))
            code = 0 if bot is not None and bot.secret == body.get("secret") else 853000
            if bot is not None and code == 0:
                connection = await self._let_in(socket, bot)
        else:
            code = self._obey(connection, cmd, req_id, body)
        if self.faults.cut.get(cmd, 0) > 0:
            self.faults.cut[cmd] -= 1
            socket.transport.abort()
            return connection
        words = "ok" if code == 0 else "refused"
        answer = {"headers": {"req_id": req_id}, "errcode": code, "errmsg": words}
        with contextlib.suppress(WebSocketException):
            await socket.send(msgspec.json.encode(answer).decode())
        return connection

    async def _let_in(self, socket: ServerConnection, bot: Bot) -> Connection:
        """The newest connection has the bot; the one before hears so and is dropped."""
        for old in [one for one in self.connections if one.bot == bot]:
            event = {
                "msgid": self._code(),
                "aibotid": bot.id,
                "create_time": int(self.clock.now().timestamp()),
                "msgtype": "event",
                "event": {"eventtype": "disconnected_event"},
            }
            told = {
                "cmd": "aibot_event_callback",
                "headers": {"req_id": self._code()},
                "body": event,
            }
            with contextlib.suppress(WebSocketException):
                await old.socket.send(msgspec.json.encode(told).decode())
            self.connections.remove(old)
        fresh = Connection(socket, bot)
        self.connections.append(fresh)
        self._changed()
        return fresh

    def _obey(
        self, connection: Connection | None, cmd: str, req_id: str, body: dict[str, Any]
    ) -> int:
        """Do what a frame asks; the error code, 0 for none."""
        if connection is None:
            return _UNSUBSCRIBED
        if cmd == "ping":
            return 0
        if cmd == "aibot_respond_msg":
            return self._say(self._lines.get(req_id), REPLY_LIFE, body)
        if cmd == "aibot_respond_welcome_msg":
            return self._say(self._entered.pop(req_id, None), WELCOME_LIFE, body)
        if cmd == "aibot_respond_update_msg":
            return self._update(req_id, body)
        return self._write_first(body) if cmd == "aibot_send_msg" else _UNKNOWN

    def _write_first(self, body: dict[str, Any]) -> int:
        chat = str(body.get("chatid"))
        kind = 2 if chat in self.groups else 1
        if chat not in self._spoken or body.get("chat_type") not in {0, None, kind}:
            return 93006
        return self._say((chat, self.clock.now()), REPLY_LIFE, body)

    def _update(self, req_id: str, body: dict[str, Any]) -> int:
        click = self._clicks.get(req_id)
        code = cards.check_update(body, click, self.clock.now())
        if click is not None:
            click.code = code
            if code == 0:
                cards.change(body, click)
        self._changed()
        return code

    def _say(self, to: tuple[str, datetime] | None, life: timedelta, body: dict[str, Any]) -> int:
        if to is None:
            return 846605
        chat, since = to
        if self.clock.now() > since + life:
            return 846608
        kind = str(body.get("msgtype"))
        part = body.get(kind)
        if kind == "template_card":
            return self._hang(chat, part)
        content = part.get("content") if isinstance(part, dict) else None
        known = kind in {"markdown", "text", "stream"} and isinstance(content, str)
        if not known or not content or len(content.encode()) > MOST_BYTES:
            return _MALFORMED
        if not self._has_room(chat):
            return 45009
        bot = next(iter(self.bots.values()))
        self._write(chat, bot.name, bot.id, content, from_robot=True, kind=kind)
        return 0

    def _has_room(self, chat: str) -> bool:
        """Count one more message of this minute, if it is not too many."""
        sent = self._sent.setdefault(chat, deque())
        while sent and sent[0] + _MINUTE <= self.clock.now():
            sent.popleft()
        if len(sent) >= MOST_A_MINUTE:
            return False
        sent.append(self.clock.now())
        return True

    def _hang(self, chat: str, part: object) -> int:
        """A card with buttons."""
        code = cards.check_card(part, self._tasks_used)
        if code != 0 or not isinstance(part, dict):
            return code
        if not self._has_room(chat):
            return 45009
        self._tasks_used.add(part["task_id"])
        bot = next(iter(self.bots.values()))
        shown = cards.drawn(part)
        seen = self._write(chat, bot.name, bot.id, shown.text, from_robot=True, kind="card")
        seen.card = CardOnWall(task=part["task_id"], shown=shown)
        self._changed()
        return 0
