"""What a story needs of a chat platform: people who write, and what the robot wrote to whom."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from bots.dingtalk.render import PUBLIC_TEMPLATE
from bots.rehearsal import wecom, wecom_app, wecom_app_world
from bots.rehearsal.dingtalk import DingTalkRehearsal
from bots.rehearsal.dingtalk_world import Seen
from server import vault
from server.domain.events import Actor
from server.usecases import administration
from tests.support.world import (
    ADMINISTRATOR,
    SOON,
    SUPERVISOR,
    TEAM_NAMES,
    Chat,
    World,
    bind_account,
)


class Stage:
    """A platform by its rehearsal: people and groups by name, what they write, what the robot
    wrote to them.
    """

    kind: str
    sim: Any
    chat: Any

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def shown(self) -> list[Any]:
        """All that was ever written, the oldest first."""
        return cast("list[Any]", self.sim.messages)

    def opens_group(self, title: str) -> str:
        """A new group of everybody; its id."""
        members = list(self.chat.people.values())
        self.chat.groups[title] = self.sim.group(title, members=members)
        return cast("str", self.chat.groups[title].id)

    def begin(self, name: str, text: str, team: str = "", quoting: Any = None) -> Any:
        """Somebody writes, perhaps to a message that he quotes; nobody has heard it yet."""
        person = self.chat.people[name]
        more = {"quoting": quoting} if quoting is not None else {}
        if not team:
            return person.says(text, **more)
        return person.says(f"@派单 {text}", in_=self.chat.groups[team], **more)

    def last(self, name: str = "", team: str = "") -> Any:
        """What the robot wrote last, in private or in a team's group."""
        chat = self.chat.groups[team].messages if team else self.chat.people[name].private_messages
        return [one for one in chat if one.from_robot][-1]

    async def say(self, name: str, text: str, team: str = "", quoting: Any = None) -> str:
        """Somebody writes, and gets an answer in the same chat."""
        line = self.begin(name, text, team, quoting)
        await self.settled(line)
        return cast("str", self.answers(line)[-1].text)

    def card(self, name: str = "", team: str = "") -> Any:
        """The last card with buttons in somebody's private chat, or in a team's group."""
        chat = self.chat.groups[team] if team else self.chat.people[name]
        seen = chat.messages if team else chat.private_messages
        return next(one for one in reversed(seen) if one.card is not None)

    def press(self, name: str, seen: Any, text: str) -> Any:
        """Somebody presses a button by its words; nobody has heard it yet."""
        return self.chat.people[name].presses(seen, text)

    async def presses(self, name: str, seen: Any, text: str) -> str:
        """Somebody presses a button, and reads the card as he sees it then."""
        await self.settled(self.press(name, seen, text))
        return self.sees(name, seen)

    def sees(self, name: str, seen: Any) -> str:  # noqa: ARG002  # others see cards of their own
        """A card as somebody sees it now: words are as they were written."""
        return cast("str", seen.text)

    async def settled(self, *lines: Any) -> None:
        """The desk has every line, and has nothing to do any more."""
        async with asyncio.timeout(SOON):
            await self.sim.until(lambda: all(line.acked for line in lines))
        await self.world.at_rest()

    def answers(self, line: Any) -> list[Any]:
        """What the robot wrote in the line's chat after it."""
        later = self.shown[self.shown.index(line.seen) + 1 :]
        return [one for one in later if one.from_robot and one.chat == line.seen.chat]

    def told(self, name: str) -> list[str]:
        """What the robot wrote to somebody in private."""
        return [one.text for one in self.chat.people[name].private_messages if one.from_robot]

    def told_group(self, team: str) -> list[str]:
        """What the robot wrote in a team's group."""
        return [one.text for one in self.chat.groups[team].messages if one.from_robot]


class DingTalkStage(Stage):
    """DingTalk, by its rehearsal."""

    kind = "dingtalk"
    doc = {"client_id": "dingapp"}  # noqa: RUF012

    async def connect(self, *, cards: bool = False) -> None:
        """Switch it on with everybody bound; with `cards` it has a template for them."""
        more = {"card_template": PUBLIC_TEMPLATE} if cards else {}
        await self.world.connect_dingtalk(**more)

    def sees(self, name: str, seen: Any) -> str:
        """A card as somebody sees it now."""
        return cast("str", seen.card.text_for(self.chat.people[name].id))

    @property
    def chat(self) -> Chat:
        assert self.world.chat is not None
        return self.world.chat

    @property
    def sim(self) -> DingTalkRehearsal:
        return self.chat.sim

    @property
    def shown(self) -> list[Seen]:
        """All that was ever written, the oldest first."""
        return self.sim.world.messages

    def sends(self, name: str, content: bytes, text: str = "") -> Any:
        """A picture, perhaps with words, in private."""
        return self.chat.people[name].sends_picture(content, text)

    async def arrives(self, name: str, user_id: str) -> None:
        """Somebody new, whom the bot can write to."""
        self.chat.people[name] = self.sim.person(user_id, name)

    def refuses_next_card(self) -> None:
        """The month's quota is spent for a moment."""
        body = {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "used up"}
        self.sim.faults.answer_next("/v1.0/card/instances/createAndDeliver", 403, body)

    def loses_next_answer(self) -> None:
        """The next answer arrives, and the platform's word for it does not."""
        self.sim.faults.time_out_next("/robot/sendBySession", acted=True)

    def loses_next_group_notice(self) -> None:
        """The same of the next notice to a group."""
        self.sim.faults.time_out_next("/v1.0/robot/groupMessages/send", acted=True)

    async def recovers(self) -> None:
        """A lost answer costs it nothing."""

    async def stop(self) -> None:
        """Its rehearsal ends with the world."""


class WeComChat:
    """The rehearsed WeCom's people and groups by name."""

    def __init__(self) -> None:
        self.people: dict[str, wecom.Person] = {}
        self.groups: dict[str, wecom.Group] = {}


class WeComStage(Stage):
    """WeCom, by its rehearsal."""

    kind = "wecom"
    doc = {"bot_id": "aibot"}  # noqa: RUF012

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sim = wecom.WeComRehearsal(world.clock, world.activity)
        self.chat = WeComChat()
        self.url = ""

    def sees(self, name: str, seen: Any) -> str:
        """A card as somebody sees it now."""
        return cast("str", seen.card.seen_by(self.chat.people[name].id).text)

    async def connect(self, *, cards: bool = True) -> None:
        """Switch it on with everybody bound; everybody and every group has spoken to the bot. It
        always has cards.
        """
        assert cards
        self.url = await self.sim.start()
        self.sim.add_bot("aibot", "secret")
        by = Actor("staff", self.world.staff_ids[ADMINISTRATOR])
        for number, name in enumerate((SUPERVISOR, "李工", "小赵"), start=1):
            person = self.sim.person(f"u00{number}", name)
            self.chat.people[name] = person
            await bind_account(self.world.desk, self.world.staff_ids[name], self.kind, person.id)
        for team, name in TEAM_NAMES.items():
            group = self.sim.group(name, members=self.chat.people.values())
            self.chat.groups[name] = group
            await administration.meet_group(self.world.desk, self.kind, group.id, name, team, by)
        await self.save(enabled=True)
        async with asyncio.timeout(SOON):
            await self.sim.until(lambda: len(self.sim.connections) > 0)
        greetings = [person.says("帮助") for person in self.chat.people.values()]
        greetings += [
            self.chat.people["李工"].says("@派单 帮助", in_=group)
            for group in self.chat.groups.values()
        ]
        await self.settled(*greetings)
        self.sim.messages.clear()

    async def save(self, *, enabled: bool, secret: str = "secret", **doc: str) -> None:  # noqa: S107
        """The administrator saves the channel."""
        await administration.save_channel(
            self.world.desk,
            Actor("staff", self.world.staff_ids[ADMINISTRATOR]),
            self.kind,
            self.doc | {"url": self.url} | doc,
            vault.encrypt(self.world.desk.secret, secret),
            enabled=enabled,
        )

    def sends(self, name: str, content: bytes, text: str = "") -> Any:
        """A picture, perhaps with words, in private."""
        return self.chat.people[name].sends_file(content, text)

    async def arrives(self, name: str, user_id: str) -> None:
        """Somebody new, whom the bot can write to: he has spoken to it."""
        self.chat.people[name] = self.sim.person(user_id, name)
        await self.say(name, "帮助")

    def refuses_next_card(self) -> None:
        """The platform does not take this kind of card."""
        self.sim.faults.answer_next("aibot_send_msg", 42031)

    def loses_next_answer(self) -> None:
        """The next answer arrives, and the platform's word for it does not."""
        self.sim.faults.lose_answer_of_next("aibot_respond_msg")

    def loses_next_group_notice(self) -> None:
        """The same of the next notice to a group."""
        self.sim.faults.lose_answer_of_next("aibot_send_msg")

    async def recovers(self) -> None:
        """The socket that lost an answer is replaced by another one."""
        async with asyncio.timeout(SOON):
            await self.sim.until(lambda: not self.sim.connections)
            await self.sim.until(lambda: len(self.sim.connections) == 1)
        await self.world.at_rest()

    async def stop(self) -> None:
        """After the world has ended."""
        await self.sim.stop()


class WeComAppStage(Stage):
    """WeCom by a self-built app, by its rehearsal: it calls back to the desk's real address."""

    kind = "wecom_app"
    doc = {"corp_id": "ww1234567890abcdef", "app_id": "1000002"}  # noqa: RUF012
    secrets = {  # noqa: RUF012
        "secret": "appsecret",
        "token": "spamtest",
        "aes_key": "MG8VZ97Lg4ZZwv/uTO3YmRn/ntnKTTh1F0xUUIMcP+Y",
    }

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sim = wecom_app.WeComAppRehearsal(world.clock, world.activity)
        self.chat = AppChat()
        self.url = ""

    async def connect(self) -> None:
        """Switch it on with everybody bound, and have WeCom call back."""
        self.url = await self.sim.start()
        self.sim.add_app(self.doc["corp_id"], int(self.doc["app_id"]), self.secrets["secret"])
        for number, name in enumerate((SUPERVISOR, "李工", "小赵"), start=1):
            person = self.sim.person(f"w00{number}", name)
            self.chat.people[name] = person
            await bind_account(self.world.desk, self.world.staff_ids[name], self.kind, person.id)
        await self.save()
        await self.world.at_rest()
        assert await self.calls_back()

    async def calls_back(self, **wrong: str) -> bool:
        """The administrator saves the address in WeCom's console."""
        secrets = self.secrets | wrong
        return await self.sim.set_callback(
            f"{await self.world.url()}/callbacks/{self.kind}", secrets["token"], secrets["aes_key"]
        )

    async def save(self, *, enabled: bool = True, doc: dict[str, str] | None = None) -> None:
        """The administrator saves the channel."""
        await administration.save_channel(
            self.world.desk,
            Actor("staff", self.world.staff_ids[ADMINISTRATOR]),
            self.kind,
            self.doc | {"url": self.url} | (doc or {}),
            vault.encrypt(self.world.desk.secret, json.dumps(self.secrets)),
            enabled=enabled,
        )

    async def stop(self) -> None:
        """After the world has ended."""
        await self.sim.stop()


class AppChat:
    """The rehearsed app's people by name; it is in no groups."""

    def __init__(self) -> None:
        self.people: dict[str, wecom_app_world.Person] = {}


STAGES: dict[str, Callable[[World], Stage]] = {"dingtalk": DingTalkStage, "wecom": WeComStage}
"""One for every platform that is spoken to in groups."""
ALONE = frozenset({"wecom_app", "wecom_robot"})
"""Platforms in private only, and those that hear nothing; their stories stand apart."""
