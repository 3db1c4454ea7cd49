"""A DingTalk (钉钉) to rehearse with: one loopback server that speaks its HTTP and its Stream.

    sim = DingTalkRehearsal(clock, activity)
    urls = await sim.start()
    app = sim.add_app("dingabc", "secret")
    li = sim.person("u001", "李工")
    group = sim.group("二线", members=[li], robots=[app])
    li.says("@派单 待接单", in_=group)      # group.messages, li.messages: what people see

It refuses what the platform refuses (facts/dingtalk 2-4, 10) and can be told to misbehave
(`faults`). It knows nothing of tickets and reads no clock of its own.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from aiohttp import web

from bots.rehearsal.dingtalk_api import Call, OpenApi
from bots.rehearsal.dingtalk_cards import Click
from bots.rehearsal.dingtalk_gateway import ROBOT_TOPIC, Ack, Connection, Gateway, Push
from bots.rehearsal.dingtalk_world import (
    App,
    Budget,
    Clock,
    CustomRobot,
    Faults,
    Group,
    Member,
    Seen,
    World,
    millis,
)
from server.clients import Activity

SILENCE: Final = timedelta(seconds=2)


class Urls(msgspec.Struct, frozen=True):
    """Where to point a client. Both hosts of the platform are one address here."""

    api_url: str
    oapi_url: str
    host: str
    port: int


class Line(msgspec.Struct, frozen=True, eq=False):
    """What somebody wrote: as people see it, and as it went to each robot that was named."""

    seen: Seen
    pushes: list[Push]

    @property
    def acked(self) -> bool:
        """Every robot has it."""
        return all(push.acked for push in self.pushes)


class Person(Member):
    """Somebody with a DingTalk account."""

    def __init__(
        self, rehearsal: "DingTalkRehearsal", user_id: str, name: str, *, outside: bool
    ) -> None:
        super().__init__(rehearsal.world, user_id, name, outside=outside)
        self._rehearsal = rehearsal

    def says(self, text: str, in_: Group | App | None = None, quoting: Seen | None = None) -> Line:
        """Write in a group, or in private to a robot (None: to the only application).

        In a group a robot hears only lines with its `@name` (facts/dingtalk 3).
        """
        return self._rehearsal.hear(self, "text", text, where=in_, quoting=quoting)

    def sends_picture(self, content: bytes, text: str = "", in_: Group | App | None = None) -> Line:
        """A picture; with text, or in a group, it comes as richText."""
        return self._rehearsal.hear(self, "picture", text, where=in_, file=("picture.png", content))

    def presses(self, seen: Seen, text: str) -> Click:
        """Press a button of a card, by its words as this person sees them."""
        return self._rehearsal.api.cards.click(self, seen, text)

    def taps(self, seen: Seen, text: str) -> Line:
        """Tap a link of a robot's markdown that says a line for whoever taps it (4.6)."""
        found = re.search(rf"\[{re.escape(text)}\]\(dtmd://\S+?\?content=([^)]+)\)", seen.text)
        if found is None or not seen.from_robot:
            msg = f"{self.name} sees no link {text!r}"
            raise ValueError(msg)
        return self.says(unquote(found[1]), in_=self._rehearsal.place_of(seen))

    def sends_file(self, name: str, content: bytes, to: App | None = None) -> Line:
        """A file, in private only: robots get none from groups."""
        return self._rehearsal.hear(self, "file", "", where=to, file=(name, content))


class DingTalkRehearsal:
    """The server and its world. `activity` is held from a line until its frame was answered."""

    def __init__(
        self, clock: Clock, activity: Activity, *, seed: int = 1, silence: timedelta = SILENCE
    ) -> None:
        self.world = World(clock, seed)
        self.gateway = Gateway(self.world, activity, silence)
        self.api = OpenApi(self.world, self.gateway)
        self._runner: web.AppRunner | None = None

    @property
    def faults(self) -> Faults:
        """What shall go wrong."""
        return self.world.faults

    @property
    def budget(self) -> Budget:
        """The month's meters; set the limits or the counts to rehearse an empty quota."""
        return self.world.budget

    @property
    def connections(self) -> list[Connection]:
        """The open sockets."""
        return self.gateway.connections

    @property
    def acks(self) -> dict[str, Ack]:
        """What was acknowledged, by frame id."""
        return self.gateway.acks

    @property
    def calls(self) -> list[Call]:
        """Every HTTP call so far."""
        return self.api.calls

    async def start(self, port: int = 0) -> Urls:
        """Listen on loopback and give the addresses."""
        application = web.Application(client_max_size=32 * 1024 * 1024)
        application.add_routes(self.api.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self._runner = runner
        bound = runner.addresses[0][1]
        self.api.url = f"http://127.0.0.1:{bound}"
        self.gateway.url = f"ws://127.0.0.1:{bound}"
        self.gateway.start(self.gateway.redeliver())
        return Urls(self.api.url, self.api.url, "127.0.0.1", bound)

    async def stop(self) -> None:
        """Close every socket, end every task, free the port."""
        await self.gateway.stop()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def add_app(
        self, client_id: str, client_secret: str, robot_code: str | None = None, name: str = "派单"
    ) -> App:
        """An internal application with a robot called `name`."""
        app = App(client_id, client_secret, robot_code or client_id, name)
        self.world.apps[client_id] = app
        self.world.changed()
        return app

    def person(self, user_id: str, name: str, *, outside: bool = False) -> Person:
        """Somebody; `outside`: a guest of another organisation."""
        person = Person(self, user_id, name, outside=outside)
        self.world.people[user_id] = person
        self.world.changed()
        return person

    def group(
        self, title: str, members: Iterable[Member] = (), robots: Sequence[App] | None = None
    ) -> Group:
        """A group chat; `robots` None puts every application in."""
        group = Group(self.world, self.world.conversation_id(), title)
        group.members = {member.id: member for member in members}
        group.robots = list(self.world.apps.values() if robots is None else robots)
        self.world.groups[group.id] = group
        self.world.changed()
        return group

    def custom_robot(
        self, group: Group, secret: str | None = None, keywords: tuple[str, ...] = ()
    ) -> CustomRobot:
        """A webhook robot in a group."""
        token = self.world.code(32)
        url = f"{self.api.url}/robot/send?access_token={token}"
        robot = CustomRobot(token, group, secret, keywords, url)
        self.world.custom_robots[token] = robot
        return robot

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change; gives the way to stop that."""
        return self.world.subscribe(callback)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return as soon as `reached`."""
        await self.world.until(reached)

    def snapshot(self) -> dict[str, Any]:
        """Everything a chat page needs, as JSON values."""
        return self.world.snapshot() | {"connections": len(self.connections)}

    def send_event(self, app: App, event: str, data: dict[str, Any]) -> Push:
        """Push an EVENT frame (6.6)."""
        now = self.world.clock.now()
        headers = {
            "eventType": event,
            "eventId": self.world.code(24),
            "eventCorpId": self.world.corp_id,
            "eventBornTime": str(millis(now)),
            "eventUnifiedAppId": self.world.code(16),
        }
        return self.gateway.push(Push(app=app, type="EVENT", topic="*", data=data, headers=headers))

    def hear(
        self,
        person: Person,
        kind: str,
        text: str,
        *,
        where: Group | App | None,
        quoting: Seen | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> Line:
        """Put a line into its chat and push it to the robots that may see it."""
        group = where if isinstance(where, Group) else None
        app = where if isinstance(where, App) else None
        if group is not None and person.id not in group.members:
            msg = f"{person.name} is not in {group.title}"
            raise ValueError(msg)
        if group is None:
            hearing = [app or next(iter(self.world.apps.values()))]
            chat = self.world.private_chat(hearing[0], person.id)
        else:
            hearing = [robot for robot in group.robots if f"@{robot.name}" in text]
            chat = group.id
        seen = self.world.write(
            Seen(
                id=f"msg{self.world.code(20)}==",
                at=self.world.clock.now(),
                chat=chat,
                sender=person.name,
                sender_id=person.id,
                kind=kind,
                title=file[0] if file else None,
                text=text,
                quotes=quoting.id if quoting else None,
            )
        )
        return Line(
            seen,
            [
                self._push(one, person, seen, group=group, quoting=quoting, file=file)
                for one in hearing
            ],
        )

    def place_of(self, seen: Seen) -> Group | App:
        """The group, or the application, in whose chat a message stands."""
        group = self.world.groups.get(seen.chat)
        if group is not None:
            return group
        robot = self.world.private_chats[seen.chat][0]
        return next(app for app in self.world.apps.values() if app.robot_code == robot)

    def _push(
        self,
        app: App,
        person: Person,
        seen: Seen,
        *,
        group: Group | None,
        quoting: Seen | None,
        file: tuple[str, bytes] | None,
    ) -> Push:
        data = self._envelope(app, person, seen, group)
        if self.budget.stream_is_spent():
            data |= {"errorCode": 20001, "errorMessage": "本月调用次数已用完"}
        else:
            data |= self._content(app, seen, group, file)
            if quoting is not None:
                _quote(data, quoting)
        return self.gateway.push(Push(app=app, type="CALLBACK", topic=ROBOT_TOPIC, data=data))

    def _envelope(
        self, app: App, person: Person, seen: Seen, group: Group | None
    ) -> dict[str, Any]:
        webhook, until = self.api.new_session(app, seen.chat)
        named: list[Member] = [] if group is None else list(group.members.values())
        mentioned = [one for one in named if f"@{one.name}" in seen.text]
        data: dict[str, Any] = {
            "conversationId": seen.chat,
            "conversationType": "1" if group is None else "2",
            "chatbotCorpId": self.world.corp_id,
            "chatbotUserId": app.chatbot_id,
            "msgId": seen.id,
            "senderNick": person.name,
            "isAdmin": False,
            "senderId": person.dingtalk_id,
            "senderCorpId": self.world.corp_id,
            "senderPlatform": "Mac",
            "createAt": millis(seen.at),
            "sessionWebhook": webhook,
            "sessionWebhookExpiredTime": millis(until),
            "robotCode": app.robot_code,
        }
        if not person.outside:
            data["senderStaffId"] = person.id
        if group is not None:
            data["conversationTitle"] = group.title
            data["isInAtList"] = True
            data["atUsers"] = [{"dingtalkId": app.chatbot_id}] + [
                {"dingtalkId": one.dingtalk_id, "staffId": one.id} for one in mentioned
            ]
        return data

    def _content(
        self, app: App, seen: Seen, group: Group | None, file: tuple[str, bytes] | None
    ) -> dict[str, Any]:
        text = seen.text
        if group is not None:
            # The platform takes the robot's name out and leaves the blank that followed (3).
            text = text.replace(f"@{app.name}", "", 1)
        if file is None:
            return {"msgtype": "text", "text": {"content": text}}
        code = self.api.keep_file(app, *file)
        if seen.kind == "file":
            return {"msgtype": "file", "content": {"downloadCode": code, "fileName": file[0]}}
        if not text and group is None:
            return {"msgtype": "picture", "content": {"downloadCode": code}}
        rich = [{"text": text}, {"type": "picture", "downloadCode": code}]
        return {"msgtype": "richText", "content": {"richText": rich}}


def _quote(data: dict[str, Any], quoting: Seen) -> None:
    """What a quoted reply carries, as bots report it; it is not documented (3.1)."""
    replied = {
        "msgType": "text" if quoting.kind in {"text", "sampleText"} else "unknownMsgType",
        "msgId": quoting.id,
        "senderId": f"$:LWCP_v1:${quoting.sender_id}",
        "createdAt": millis(quoting.at),
        "content": {"text": quoting.text},
    }
    data.setdefault("text", {"content": ""})
    data["text"] |= {"isReplyMsg": True, "repliedMsg": replied}
    data["originalMsgId"] = quoting.id
    if quoting.ref is not None:
        data["originalProcessQueryKey"] = quoting.ref
