"""What a story needs of a chat platform: people who write, and what the robot wrote to whom."""

import asyncio
from collections.abc import Callable

from bots.rehearsal.dingtalk import DingTalkRehearsal, Line
from bots.rehearsal.dingtalk_world import Seen
from tests.support.world import SOON, Chat, World


class DingTalkStage:
    """DingTalk, by its rehearsal."""

    kind = "dingtalk"

    def __init__(self, world: World) -> None:
        self.world = world

    async def connect(self) -> None:
        """Switch it on with everybody bound."""
        await self.world.connect_dingtalk()

    @property
    def chat(self) -> Chat:
        assert self.world.chat is not None
        return self.world.chat

    @property
    def sim(self) -> DingTalkRehearsal:
        return self.chat.sim

    def begin(self, name: str, text: str, team: str = "") -> Line:
        """Somebody writes; nobody has heard it yet."""
        if not team:
            return self.chat.person(name).says(text)
        return self.chat.person(name).says(f"@派单 {text}", in_=self.chat.group(team))

    async def say(self, name: str, text: str, team: str = "") -> str:
        """Somebody writes, and gets an answer in the same chat."""
        line = self.begin(name, text, team)
        await self.settled(line)
        return self.answers(line)[-1].text

    async def settled(self, *lines: Line) -> None:
        """Every line was acknowledged, and the desk has nothing to do any more."""
        async with asyncio.timeout(SOON):
            await self.sim.until(lambda: all(line.acked for line in lines))
        await self.world.at_rest()

    def answers(self, line: Line) -> list[Seen]:
        """What the robot wrote in the line's chat after it."""
        place = self.sim.world.messages.index(line.seen)
        later = self.sim.world.messages[place + 1 :]
        return [one for one in later if one.from_robot and one.chat == line.seen.chat]

    def told(self, name: str) -> list[str]:
        """What the robot wrote to somebody in private."""
        return [one.text for one in self.chat.person(name).private_messages if one.from_robot]

    def told_group(self, team: str) -> list[str]:
        """What the robot wrote in a team's group."""
        return [one.text for one in self.chat.group(team).messages if one.from_robot]


STAGES: dict[str, Callable[[World], DingTalkStage]] = {"dingtalk": DingTalkStage}
"""One for every entry of bots.BOTS."""
