"""The demo's other stage: the rehearsed WeCom with the same people and groups. Everybody has spoken
to the bot already, as in a firm that has used it for a while.
"""

from collections.abc import Iterable
from typing import Final

from bots.rehearsal.firm import COLLEAGUES, bind_everybody
from bots.rehearsal.firm.house import TEAMS
from bots.rehearsal.wecom import Group, Person, WeComRehearsal
from bots.rehearsal.wecom_world import Seen
from server import vault
from server.activity import Activity
from server.clock import Clock
from server.demo.stage import ROBOT
from server.desk import Desk
from server.domain.events import DESK
from server.usecases import administration

BOT_ID: Final = "aibdemo"
PLATFORM: Final = "wecom"
_SECRET: Final = "rehearsal"  # noqa: S105 - opens nothing but the rehearsal


class WeComStage:
    """Who can speak where in WeCom."""

    def __init__(self, clock: Clock, activity: Activity) -> None:
        self.rehearsal = WeComRehearsal(clock, activity)
        self.rehearsal.add_bot(BOT_ID, _SECRET, ROBOT)
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
        self.rehearsal.knows(*self.people.values(), *self.groups.values())

    async def connect(self, desk: Desk, url: str) -> None:
        """Point the desk's channel here, and bind everybody the first time."""
        secret = vault.encrypt(desk.secret, _SECRET)
        doc = {"bot_id": BOT_ID, "url": url}
        await administration.save_channel(desk, DESK, PLATFORM, doc, secret, enabled=True)
        firm = await desk.firm()
        if firm.reach.people.get(PLATFORM):
            return
        staff = {one.email: one.id for one in firm.staff.values()}
        await bind_everybody(desk, PLATFORM, {one.account: staff[one.email] for one in COLLEAGUES})
        for team, group in self.groups.items():
            await administration.meet_group(desk, PLATFORM, group.id, group.title, team, DESK)

    def say(self, account: str, chat: str, text: str) -> Seen | None:
        """One of the people writes. None: he is not in that chat."""
        person, group = self.people.get(account), self.rehearsal.groups.get(chat)
        if person is None or (group is None and chat != account):
            return None
        if group is not None and account not in group.members:
            return None
        return person.says(text, in_=group).seen

    def press(self, account: str, message: str, button: str) -> bool:
        """One of the people presses a button. False: he sees no such button."""
        person = self.people.get(account)
        heard = self.heard_by([account])
        seen = next((one for one in heard if one.id == message), None)
        if person is None or seen is None:
            return False
        try:
            person.presses(seen, button)
        except ValueError:
            return False
        return True

    def heard_by(self, accounts: Iterable[str]) -> list[Seen]:
        """What these people see, in order."""
        wanted = set(accounts)
        chats = {one.id for one in self.groups.values() if wanted & set(one.members)} | wanted
        return [seen for seen in self.rehearsal.messages if seen.chat in chats]
