"""The demo's stage: the rehearsed DingTalk with the firm's people and groups, and the desk's side
of it. A stage built twice has the same accounts and conversations, so that kept data fit.
"""

from collections.abc import Iterable
from typing import Final

from bots.rehearsal.dingtalk import DingTalkRehearsal, Person, Urls
from bots.rehearsal.dingtalk_world import PUBLIC_TEMPLATE, App, Group, Seen
from bots.rehearsal.firm import COLLEAGUES, bind_everybody
from bots.rehearsal.firm.house import TEAMS
from server import vault
from server.activity import Activity
from server.clock import Clock
from server.desk import Desk
from server.domain.events import DESK
from server.usecases import administration

CLIENT_ID: Final = "dingdemo"
_CLIENT_SECRET: Final = "rehearsal"  # noqa: S105 - opens nothing but the rehearsal
ROBOT: Final = "派单"
PLATFORM: Final = "dingtalk"


class Stage:
    """Who can speak where."""

    def __init__(self, clock: Clock, activity: Activity) -> None:
        self.rehearsal = DingTalkRehearsal(clock, activity)
        self.app: App = self.rehearsal.add_app(CLIENT_ID, _CLIENT_SECRET, name=ROBOT)
        self.people: dict[str, Person] = {
            one.account: self.rehearsal.person(one.account, one.name) for one in COLLEAGUES
        }
        self.groups: dict[str, Group] = {}
        for team, name in TEAMS.items():
            members = [
                self.people[one.account]
                for one in COLLEAGUES
                if team in one.teams or team in one.leads
            ]
            self.groups[team] = self.rehearsal.group(f"{name}群", members=members)
        for one in COLLEAGUES:
            self.rehearsal.world.private_chat(self.app, one.account)

    async def connect(self, desk: Desk, urls: Urls) -> None:
        """Point the desk's channel here: the row that an administrator would fill in, with its
        secret encrypted.
        """
        doc = {
            "client_id": CLIENT_ID,
            "robot_code": self.app.robot_code,
            "api_url": urls.api_url,
            "oapi_url": urls.oapi_url,
            "card_template": PUBLIC_TEMPLATE,
        }
        secret = vault.encrypt(desk.secret, _CLIENT_SECRET)
        await administration.save_channel(desk, DESK, PLATFORM, doc, secret, enabled=True)

    async def bind(self, desk: Desk) -> None:
        """Everybody's account speaks for him; every group belongs to its team."""
        staff = {one.email: one.id for one in (await desk.firm()).staff.values()}
        await bind_everybody(desk, PLATFORM, {one.account: staff[one.email] for one in COLLEAGUES})
        for team, group in self.groups.items():
            await administration.meet_group(desk, PLATFORM, group.id, group.title, team, DESK)

    def say(self, account: str, chat: str, text: str, quoting: str | None = None) -> Seen | None:
        """One of the people writes. None: he is not in that chat."""
        person = self.people.get(account)
        if person is None:
            return None
        quoted = self.rehearsal.world.find(quoting) if quoting else None
        group = self.rehearsal.world.groups.get(chat)
        if group is not None:
            if account not in group.members:
                return None
            return person.says(text, in_=group, quoting=quoted).seen
        if self.rehearsal.world.private_chats.get(chat) != (self.app.robot_code, account):
            return None
        return person.says(text, in_=self.app, quoting=quoted).seen

    def press(self, account: str, message: str, button: str) -> bool:
        """One of the people presses a button. False: he sees no such button."""
        person, seen = self.people.get(account), self.rehearsal.world.find(message)
        if person is None or seen is None or seen not in self.heard_by([account]):
            return False
        try:
            person.presses(seen, button)
        except ValueError:
            return False
        return True

    def heard_by(self, accounts: Iterable[str]) -> list[Seen]:
        """What these people see, in order."""
        world, wanted = self.rehearsal.world, set(accounts)
        chats = {one.id for one in world.groups.values() if wanted & set(one.members)}
        chats |= {chat for chat, (_, user) in world.private_chats.items() if user in wanted}
        return [seen for seen in world.messages if seen.chat in chats]
