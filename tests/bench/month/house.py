"""The firm of the simulated month: 12 colleagues in three teams, its promises, its rules. Both
months have the same people, calendar and promises; they differ in who hands out.
"""

from dataclasses import dataclass
from typing import Any, Final

from server import vault
from server.domain.calendars import china_calendar
from server.domain.conditions import Says
from server.domain.law import Policy
from server.domain.people import Role, Staff, Team
from server.domain.queues import Queue
from server.domain.rules import Rule, Rules, Then
from server.usecases import people
from tests.bench.month.assumptions import AFTER_SALES, FRONT, PEOPLE, SORTS, TECHNICAL
from tests.support.world import ADMINISTRATOR, PASSWORD, WEEK, World

VAGUE: Final = "有点情况"
"""What a customer writes who does not say what it is about: no rule fits."""

NAMES: Final = {FRONT: "前台", TECHNICAL: "技术", AFTER_SALES: "售后"}
LEVELS: Final = {TECHNICAL: (2, 3, 3, 4, 5)}
"""Skill levels of the technical colleagues; the hard sort asks for 4. Guess."""
HOUR: Final = 3600


@dataclass
class Placed:
    """Who is who: the dispatcher, and the team of each worker."""

    dispatcher: int
    workers: dict[int, str]


async def furnish(world: World, *, automatic: bool) -> Placed:
    """Set the firm up."""
    desk = world.desk
    hashed = await desk.passwords.hash(PASSWORD)
    await people.offer_set_up(desk, vault.digest("code"))
    administrator = await people.set_up(
        desk, vault.digest("code"), "模拟公司", ADMINISTRATOR, "admin@example.com", hashed
    )
    world.staff_ids[ADMINISTRATOR] = administrator.id
    leader = await people.add_staff(
        desk,
        administrator,
        Staff(id=0, name="派单员", email="lead@example.com", role=Role.SUPERVISOR),
        hashed,
    )
    workers: dict[int, str] = {}
    for team, many in PEOPLE.items():
        levels = LEVELS.get(team, (3,) * many)
        for place in range(many):
            fresh = Staff(
                id=0,
                name=f"{NAMES[team]}{place + 1}",
                email=f"{team}{place + 1}@example.com",
                skills={NAMES[team]: levels[place]},
            )
            workers[(await people.add_staff(desk, administrator, fresh, hashed)).id] = team
    for team in PEOPLE:
        members = tuple(one for one, of in workers.items() if of == team)
        doc = Team(id=team, name=NAMES[team], members=members, leaders=(leader.id,))
        await world.save("team", team, doc)
    await world.save("calendar", "default", china_calendar(WEEK, name="工作日"))
    for policy in _policies():
        await world.save("policy", policy.id, policy)
    await world.save("queue", "default", _queue(automatic=automatic))
    await world.save("rules", "default", _rules(automatic=automatic))
    return Placed(leader.id, workers)


def _policies() -> tuple[Policy, ...]:
    """The promises that the field's articles name (features.md, "SLA anchors"), without the
    proposal of a complaint: nobody in the story gives one.
    """
    return (
        Policy(
            id="vip",
            name="VIP",
            position=1,
            match={"customer_level": ("vip",)},
            targets={"first": {"*": HOUR // 4}, "resolve": {"*": 24 * HOUR}},
        ),
        Policy(
            id="urgent",
            name="紧急",
            position=2,
            match={"priority": ("urgent",)},
            targets={"first": {"*": HOUR // 2}, "resolve": {"*": 2 * HOUR}},
        ),
        Policy(
            id="normal",
            name="一般",
            position=3,
            targets={"first": {"*": HOUR}, "next": {"*": 4 * HOUR}, "resolve": {"*": 48 * HOUR}},
        ),
    )


def _queue(*, automatic: bool) -> Queue:
    """The queue as a new one is, but for who hands out."""
    return Queue(id="default", name="默认", mode="automatic" if automatic else "manual")


def _rules(*, automatic: bool) -> Any:
    """A rule a sort, by the word that customers use; what says nothing goes to the front, where
    somebody reads it. The manual month has none: the dispatcher reads everything.
    """
    if not automatic:
        return Rules()
    rules = tuple(
        Rule(
            id=f"sort{place}",
            name=sort.name,
            when=Says((sort.word,)),
            then=Then(team=sort.team, skills={NAMES[sort.team]: sort.level}),
        )
        for place, sort in enumerate(SORTS)
    )
    return Rules(rules=rules, fallback_team=FRONT)
