"""Who and what exists in the rehearsed DingTalk: people, groups, robots, what was written.

A world knows no network. Everything in it is made from a seeded random source and the clock that
was given, so one story gives one log.
"""

import asyncio
import base64
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

API_CALLS: Final = 5_000
STREAM_CALLS: Final = 3_000
"""The free edition's budgets of a month, for all applications of an organisation (0.3)."""


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> datetime:
        """The instant it is, aware UTC."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return when `at` has come, or earlier."""
        ...


def millis(at: datetime) -> int:
    """An instant as DingTalk writes it."""
    return int(at.timestamp() * 1000)


PUBLIC_TEMPLATE: Final = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
"""The card of the official packages: title, markdown, tips and buttons (5.4)."""


class CardOnWall(msgspec.Struct, kw_only=True):
    """An interactive card in a chat: what all see, and what those see who pressed a button."""

    key: str
    shown: dict[str, str]
    clickable: bool
    space: str
    own: dict[str, dict[str, str]] = {}

    def seen_by(self, user_id: str) -> dict[str, str]:
        """The variables as this person sees them."""
        return self.own.get(user_id, self.shown)

    def words_for(self, user_id: str) -> str:
        """The card's words, as they are read."""
        seen = self.seen_by(user_id)
        words = (seen.get(name) for name in ("title", "markdown", "tips"))
        return "\n\n".join(part for part in words if part)

    def text_for(self, user_id: str) -> str:
        """The card's words and buttons."""
        buttons = " ".join(f"[{one.get('text')}]" for one in self.buttons(user_id))
        return "\n\n".join(part for part in (self.words_for(user_id), buttons) if part)

    def button(self, user_id: str, text: str) -> dict[str, Any] | None:
        """The button with these words."""
        return next((one for one in self.buttons(user_id) if one.get("text") == text), None)

    def buttons(self, user_id: str) -> list[dict[str, Any]]:
        """Those that this person sees."""
        try:
            told = msgspec.json.decode(self.seen_by(user_id).get("sys_full_json_obj") or "{}")
        except msgspec.DecodeError:
            return []  # the client draws none
        listed = told.get("msgButtons") if isinstance(told, dict) else None
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


class Seen(msgspec.Struct, kw_only=True):
    """One message as it stands in a chat window."""

    id: str
    at: datetime
    chat: str
    sender: str
    sender_id: str
    from_robot: bool = False
    kind: str = "text"
    title: str | None = None
    text: str = ""
    mentions: list[str] = []
    """The ids of those whom it woke: listed in `at` and named in the text (4.1)."""
    quotes: str | None = None
    ref: str | None = None
    """processQueryKey, by which a quoted reply finds it again (3.1)."""
    card: CardOnWall | None = None


class Budget(msgspec.Struct):
    """The two meters of the organisation."""

    api_calls: int = 0
    api_limit: int = API_CALLS
    stream_calls: int = 0
    stream_limit: int = STREAM_CALLS

    def api_is_spent(self) -> bool:
        """No further API call is served."""
        return self.api_calls >= self.api_limit

    def stream_is_spent(self) -> bool:
        """Messages come without content, webhooks are refused."""
        return self.stream_calls >= self.stream_limit


class Answer(msgspec.Struct):
    """An injected answer to one call. `acted`: the call took effect all the same."""

    status: int
    body: dict[str, Any] | str
    acted: bool = False
    headers: dict[str, str] = {}


class Faults(msgspec.Struct):
    """What goes wrong next, and with what."""

    lose_next: int = 0
    duplicate_next: int = 0
    hold_next: int = 0
    """So many pushes are kept back until a later one has gone out."""
    delay: timedelta | None = None
    gateway_refuses: int = 0
    """So many gateway openings are answered with 400 systemError."""
    flow_controlled: set[str] = msgspec.field(default_factory=set)
    answers: dict[str, list[Answer]] = msgspec.field(default_factory=dict)

    def answer_next(
        self,
        path: str,
        status: int,
        body: dict[str, Any] | str,
        *,
        acted: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer the next call to `path` so."""
        self.answers.setdefault(path, []).append(Answer(status, body, acted, headers or {}))

    def time_out_next(self, path: str, *, acted: bool = False) -> None:
        """The platform's gateway gives up after 3 s; whether the call took effect is open."""
        self.answer_next(path, 504, "<html>504 Gateway Time-out</html>", acted=acted)

    def hurry_next(self, path: str) -> None:
        """Too many calls a second."""
        code = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
        self.answer_next(path, 403, {"code": code, "requestid": "r", "message": "qps"})

    def ban_next(self, path: str) -> None:
        """The page of an address that called too often."""
        ban = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}
        self.answer_next(path, 200, dict(ban))


class App:
    """An internal application with its robot. `robot_code` is the client id unless given (0.1)."""

    def __init__(self, client_id: str, client_secret: str, robot_code: str, name: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.robot_code = robot_code
        self.name = name
        self.token: str | None = None
        self.token_until: datetime | None = None
        self.chatbot_id = f"$:LWCP_v1:${robot_code}"


class CustomRobot:
    """A group's own webhook robot (自定义机器人)."""

    def __init__(
        self, token: str, group: "Group", secret: str | None, keywords: tuple[str, ...], url: str
    ) -> None:
        self.token = token
        self.group = group
        self.secret = secret
        self.keywords = keywords
        self.url = url
        self.stopped = False
        self.sent_at: list[datetime] = []
        self.silent_until: datetime | None = None
        self.uuids: set[str] = set()


class Group:
    """A group chat. A robot sees only what names it."""

    def __init__(self, world: "World", conversation_id: str, title: str) -> None:
        self._world = world
        self.id = conversation_id
        self.title = title
        self.members: dict[str, Member] = {}
        self.robots: list[App] = []
        self.disbanded = False

    @property
    def messages(self) -> list[Seen]:
        """Everything written in it."""
        return [seen for seen in self._world.messages if seen.chat == self.id]


class Member:
    """A human account: what the world must know of a person."""

    def __init__(self, world: "World", user_id: str, name: str, *, outside: bool) -> None:
        self.world = world
        self.id = user_id
        self.name = name
        self.outside = outside
        """Not of the organisation: `senderStaffId` is missing then."""
        self.dingtalk_id = f"$:LWCP_v1:${user_id}"

    @property
    def messages(self) -> list[Seen]:
        """What this person sees: private chats and the groups joined, in order."""
        chats = {group.id for group in self.world.groups.values() if self.id in group.members}
        chats |= {chat for chat, (_, user) in self.world.private_chats.items() if user == self.id}
        return [seen for seen in self.world.messages if seen.chat in chats]

    @property
    def private_messages(self) -> list[Seen]:
        """What stands in this person's chats with robots."""
        chats = {chat for chat, (_, user) in self.world.private_chats.items() if user == self.id}
        return [seen for seen in self.world.messages if seen.chat in chats]


class World:
    """All of it, and those who look on."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.random = random.Random(seed)  # noqa: S311 - a story, not a secret
        self.apps: dict[str, App] = {}
        self.people: dict[str, Member] = {}
        self.groups: dict[str, Group] = {}
        self.custom_robots: dict[str, CustomRobot] = {}
        self.private_chats: dict[str, tuple[str, str]] = {}
        self.messages: list[Seen] = []
        self.templates: dict[str, bool] = {PUBLIC_TEMPLATE: True}
        """Card templates by id, and whether they are published."""
        self.budget = Budget()
        self.faults = Faults()
        self.corp_id = f"ding{self.code(16)}"
        self._watching: set[Callable[[], None]] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    def code(self, length: int) -> str:
        """A random lower-case code."""
        return "".join(self.random.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=length))

    def conversation_id(self) -> str:
        """A new `cid…==`."""
        return f"cid{base64.b64encode(self.random.randbytes(16)).decode()}"

    def private_chat(self, app: App, user_id: str) -> str:
        """The conversation of a person with an application's robot; made when first needed."""
        for chat, pair in self.private_chats.items():
            if pair == (app.robot_code, user_id):
                return chat
        chat = self.conversation_id()
        self.private_chats[chat] = (app.robot_code, user_id)
        return chat

    def write(self, seen: Seen) -> Seen:
        """Put a message into its chat."""
        self.messages.append(seen)
        self.changed()
        return seen

    def find(self, message_id: str) -> Seen | None:
        """The message with this id."""
        return next((seen for seen in self.messages if seen.id == message_id), None)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change; gives the way to stop that."""
        self._watching.add(callback)
        return lambda: self._watching.discard(callback)

    def changed(self) -> None:
        """Tell those who look on."""
        for callback in list(self._watching):
            callback()
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return as soon as `reached`; looked at after every change."""
        while not reached():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            await waiter

    def snapshot(self, shown: Iterable[Seen] | None = None) -> dict[str, Any]:
        """Everything a chat page needs, as JSON values."""
        return {
            "people": [{"id": who.id, "name": who.name} for who in self.people.values()],
            "apps": [
                {"robot_code": app.robot_code, "name": app.name} for app in self.apps.values()
            ],
            "groups": [
                {"id": group.id, "title": group.title, "members": sorted(group.members)}
                for group in self.groups.values()
            ],
            "private_chats": [
                {"id": chat, "robot_code": robot, "person": user}
                for chat, (robot, user) in self.private_chats.items()
            ],
            "messages": msgspec.to_builtins(list(self.messages if shown is None else shown)),
            "budget": msgspec.to_builtins(self.budget),
        }
