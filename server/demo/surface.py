"""What the demo page asks: the chats, one line more, the lever, a seat at the console.

These operations exist on a demo desk only. They go through the same gate as all others; what may
be played is refused as soon as the desk is connected to a real chat platform.
"""

import base64
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from bots.rehearsal.firm import COLLEAGUES, PLAYED
from server import vault
from server.api.auth import SESSION_LIFE
from server.api.calls import Answer, Call, Handler, cookie_of
from server.api.schemas import Asked
from server.api.surface import Operation
from server.demo.lever import LeverClock
from server.demo.stage import CLIENT_ID, ROBOT, Stage
from server.demo.stage import PLATFORM as DINGTALK
from server.demo.story import Story, find_story
from server.demo.wecom_stage import BOT_ID, WeComStage
from server.demo.wecom_stage import PLATFORM as WECOM
from server.demo.windows import MessageShown, of_dingtalk, of_wecom
from server.desk import Desk
from server.domain import errors
from server.domain.people import Staff
from server.domain.worktime import is_working
from server.usecases import administration, people

BEAT: Final = timedelta(seconds=15)
MOST_HOURS: Final = 24

_encode = msgspec.json.Encoder().encode


class PersonShown(msgspec.Struct, frozen=True, kw_only=True):
    """One of the twelve. `played`: a visitor writes for him in chat."""

    account: str
    staff: int
    name: str
    nick: str
    title: str
    role: str
    email: str
    played: bool


class ChatShown(msgspec.Struct, frozen=True, kw_only=True):
    """A chat window: a group, or (`person` given) a private chat with the bot. `platform`:
    "dingtalk" or "wecom".
    """

    platform: str
    id: str
    title: str
    members: tuple[str, ...]
    person: str | None = None


class DemoState(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/demo. `ahead`: seconds by which the demo's clock is apart from the machine's;
    `pulled`: how often the lever was pulled; `real`: a real platform is connected, so nothing
    may be played any more.
    """

    now: datetime
    ahead: int
    pulled: int
    working: bool
    zone: str
    firm: str
    robot: str
    password: str
    real: bool
    people: tuple[PersonShown, ...]
    chats: tuple[ChatShown, ...]
    messages: tuple[MessageShown, ...]
    story: Story | None


class LineWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/demo/lines: `person` writes in `chat`, perhaps quoting a message."""

    person: Annotated[str, msgspec.Meta(max_length=40)]
    chat: Annotated[str, msgspec.Meta(max_length=80)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    quoting: Annotated[str, msgspec.Meta(max_length=80)] | None = None


class PressWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/demo/presses: `person` presses a card's button, by the words on it."""

    person: Annotated[str, msgspec.Meta(max_length=40)]
    message: Annotated[str, msgspec.Meta(max_length=80)]
    button: Annotated[str, msgspec.Meta(max_length=40)]


class PullWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/demo/lever: move the clock on."""

    hours: Annotated[float, msgspec.Meta(gt=0, le=MOST_HOURS)]


class SeatWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/demo/seat: sign this browser in as a colleague of the demo firm."""

    account: Annotated[str, msgspec.Meta(max_length=40)]


READ: Final = Operation(
    method="GET",
    path="/api/v1/demo",
    id="readDemo",
    summary="The demo's chats, clock and story",
    roles=None,
    answer=DemoState,
)
LIVE: Final = Operation(
    method="GET",
    path="/api/v1/demo/live",
    id="followDemo",
    summary="Says when the demo has something new, as server-sent events",
    roles=None,
    answer=DemoState,
    stream=True,
)
LINE: Final = Operation(
    method="POST",
    path="/api/v1/demo/lines",
    id="sayInDemo",
    summary="Write in a chat as one of the colleagues played",
    roles=None,
    same_origin=True,
    body=LineWanted,
)
PRESS: Final = Operation(
    method="POST",
    path="/api/v1/demo/presses",
    id="pressInDemo",
    summary="Press a button of a card as one of the colleagues played",
    roles=None,
    same_origin=True,
    body=PressWanted,
)
LEVER: Final = Operation(
    method="POST",
    path="/api/v1/demo/lever",
    id="pullLever",
    summary="Move the demo's clock on",
    roles=None,
    same_origin=True,
    body=PullWanted,
    answer=DemoState,
)
SEAT: Final = Operation(
    method="POST",
    path="/api/v1/demo/seat",
    id="takeSeat",
    summary="Sign this browser in as a colleague of the demo firm",
    roles=None,
    same_origin=True,
    body=SeatWanted,
)


class Theatre:
    """The demo's side of these operations. `password` is everybody's, shown on the page."""

    def __init__(
        self, desk: Desk, clock: LeverClock, stage: Stage, wecom: WeComStage, password: str
    ) -> None:
        self.desk = desk
        self.clock = clock
        self.stage = stage
        self.wecom = wecom
        self.password = password
        self.opened_at = clock.now()
        self.pulled = 0
        stage.rehearsal.subscribe(desk.bell.ring)
        wecom.rehearsal.subscribe(desk.bell.ring)

    @property
    def operations(self) -> tuple[tuple[Operation, Handler], ...]:
        """What `make_api` mounts."""
        return (
            (READ, self.read),
            (LIVE, self.follow),
            (LINE, self.say),
            (PRESS, self.press),
            (LEVER, self.pull),
            (SEAT, self.take_seat),
        )

    async def read(self, _call: Call) -> DemoState:
        """Everything that the page shows."""
        firm = await self.desk.firm()
        now = self.clock.now()
        calendar = firm.law.epoch().calendars.get("default")
        return DemoState(
            now=now,
            ahead=round(self.clock.offset.total_seconds()),
            pulled=self.pulled,
            working=calendar is None or is_working(calendar, now),
            zone=firm.profile.zone,
            firm=firm.profile.name,
            robot=ROBOT,
            password=self.password,
            real=await self.is_real(),
            people=self._people(firm.staff.values()),
            chats=self._chats(),
            messages=self._messages(),
            story=await find_story(self.desk, self.opened_at),
        )

    async def follow(self, call: Call) -> AsyncIterator[bytes]:
        """A tick whenever the page should read again."""
        return self._ticks(call)

    async def _ticks(self, call: Call) -> AsyncIterator[bytes]:
        desk = call.desk
        yield b"retry: 2000\n\n"
        while not desk.stopping:
            rung = desk.bell.rung
            tick = {"seq": rung, "now": self.clock.now()}
            yield b"event: change\ndata: " + _encode(tick) + b"\n\n"
            await desk.clock.wait(desk.bell, rung, self.clock.now() + BEAT)

    async def say(self, _call: Call, asked: LineWanted) -> None:
        """Refuses chats that the person is not in, and people nobody plays."""
        await self._rehearsing()
        if asked.person not in PLAYED:
            raise errors.NotAllowed
        person, chat, text = asked.person, asked.chat, asked.text.strip()
        said = self.stage.say(person, chat, text, asked.quoting)
        if said is None and self.wecom.say(person, chat, text) is None:
            raise errors.Invalid(chat="wrong")

    async def press(self, _call: Call, asked: PressWanted) -> None:
        """Refuses buttons that the person does not see, and people nobody plays."""
        await self._rehearsing()
        if asked.person not in PLAYED:
            raise errors.NotAllowed
        pressed = (asked.person, asked.message, asked.button)
        if not (self.stage.press(*pressed) or self.wecom.press(*pressed)):
            raise errors.Invalid(button="wrong")

    async def pull(self, call: Call, asked: PullWanted) -> DemoState:
        """The lever."""
        await self._rehearsing()
        await self.clock.pull(timedelta(hours=asked.hours))
        self.pulled += 1
        self.desk.bell.ring()
        return await self.read(call)

    async def take_seat(self, call: Call, asked: SeatWanted) -> Answer:
        """One click into the console."""
        await self._rehearsing()
        email = next((one.email for one in COLLEAGUES if one.account == asked.account), None)
        staff = next(
            (one for one in (await self.desk.firm()).staff.values() if one.email == email), None
        )
        if staff is None or not staff.active:
            raise errors.Invalid(account="wrong")
        secret = base64.urlsafe_b64encode(self.desk.entropy.token_bytes(32)).decode().rstrip("=")
        expires_at = self.clock.now() + SESSION_LIFE
        await people.open_session(self.desk, staff.id, vault.digest(secret), expires_at)
        return Answer(cookie=cookie_of(call.edge, secret, int(SESSION_LIFE.total_seconds())))

    async def is_real(self) -> bool:
        """Whether a platform is switched on that is not this stage."""
        channels = await administration.list_channels(self.desk)
        ours = {DINGTALK: ("client_id", CLIENT_ID), WECOM: ("bot_id", BOT_ID)}
        for kind, one in channels.items():
            key, value = ours.get(kind, ("", ""))
            told = msgspec.json.decode(one.doc, type=dict[str, str])
            if one.enabled and (not key or told.get(key) != value):
                return True
        return False

    def _messages(self) -> tuple[MessageShown, ...]:
        """What the people played see in both, in order."""
        accounts = frozenset(PLAYED)
        found = [of_dingtalk(one, accounts) for one in self.stage.heard_by(PLAYED)]
        found += [of_wecom(one, accounts) for one in self.wecom.heard_by(PLAYED)]
        return tuple(sorted(found, key=lambda one: one.at))

    async def _rehearsing(self) -> None:
        if await self.is_real():
            raise errors.NotAllowed

    @staticmethod
    def _people(staff: Iterable[Staff]) -> tuple[PersonShown, ...]:
        known = {one.email: one for one in staff}
        return tuple(
            PersonShown(
                account=one.account,
                staff=known[one.email].id,
                name=known[one.email].name,
                nick=one.nick,
                title=one.title,
                role=known[one.email].role.value,
                email=one.email,
                played=one.account in PLAYED,
            )
            for one in COLLEAGUES
            if one.email in known
        )

    def _chats(self) -> tuple[ChatShown, ...]:
        world = self.stage.rehearsal.world
        groups = [
            ChatShown(platform=kind, id=one.id, title=one.title, members=tuple(one.members))
            for kind, stage in ((DINGTALK, self.stage), (WECOM, self.wecom))
            for one in stage.groups.values()
            if set(PLAYED) & set(one.members)
        ]
        private = [
            ChatShown(platform=DINGTALK, id=chat, title=ROBOT, members=(user,), person=user)
            for chat, (_, user) in world.private_chats.items()
            if user in PLAYED
        ]
        private += [
            ChatShown(platform=WECOM, id=user, title=ROBOT, members=(user,), person=user)
            for user in PLAYED
        ]
        return (*groups, *private)
