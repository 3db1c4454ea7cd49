"""A chat platform of which nothing is known but that it can be written to: the far end of the
desk's `Connection`, held in the test's hand.
"""

import asyncio
from collections.abc import Callable

from server.desk import Connection, Desk, Outcome, Parcel, Sent
from server.domain.events import Actor
from server.domain.habits import TeamHabits, Wish
from server.storage.inbound import Inbound
from server.usecases import administration, chat
from tests.support.world import World

DESK = Actor("desk")


class Postbox:
    """Keeps what is sent to it. `answers` says what becomes of a parcel, an exception is raised;
    a `shut` postbox keeps the sender waiting until it is opened.
    """

    state = "connected"
    trouble = ""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.answers: Callable[[Parcel], Outcome | Exception] = lambda _: Sent()
        self.read: list[str] = []
        self.reads: Callable[[Desk, Inbound], Exception | None] = lambda _desk, _arrival: None
        self.settles = True
        self.arrived = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    @property
    def sender(self) -> "Postbox":
        return self

    @property
    def reader(self):
        return self._work_on

    async def send(self, parcel: Parcel) -> Outcome:
        self.parcels.append(parcel)
        self.arrived.set()
        await self.open.wait()
        answer = self.answers(parcel)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def _work_on(self, desk: Desk, arrival: Inbound) -> None:
        self.read.append(arrival.key)
        wrong = self.reads(desk, arrival)
        if wrong is not None:
            raise wrong
        if self.settles:
            talk = chat.Talk(
                arrival=arrival, via="desk", recipient={"person": "p"}, refused=lambda r: r.code
            )
            await chat.answer(desk, talk, chat.Said(text="好的"))

    @property
    def kinds(self) -> list[str]:
        """The kinds of what came, in order."""
        return [parcel.delivery.kind for parcel in self.parcels]


async def connect(world: World, kind: str, box: Postbox, team: str = "second") -> None:
    """Switch a platform on that ends in this box, and give a team a group there that hears of every
    ticket by itself.
    """
    await world.save("team_habits", team, TeamHabits(topics={"queue": Wish(minutes=0)}))
    world.platforms[kind] = lambda _desk, _doc, _secret: _as_connection(box)
    world.desk.platforms[kind] = world.platforms[kind]
    await administration.save_channel(world.desk, DESK, kind, {}, None, enabled=True)
    await administration.meet_group(world.desk, kind, f"group-{kind}", team, team, DESK)
    await world.at_rest()


def _as_connection(box: Postbox) -> Connection:
    return box  # type: ignore[return-value]  # a literal in the protocol
