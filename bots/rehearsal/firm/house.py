"""What the demo firm has set up: its hours, promises, rules, statuses and face.

The promises are the field's own anchors: VIP 15 min / 24 h, complaints 2 h / 48 h, everybody else
1 h / 48 h, urgent work solved in 2 h.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from server.domain.calendars import Calendar, Hours, china_calendar
from server.domain.conditions import All, AnyOf, Is, Says
from server.domain.events import Priority, StatusCategory
from server.domain.firm import Profile
from server.domain.habits import TeamHabits, Wish
from server.domain.law import Policy
from server.domain.people import Team
from server.domain.priority import OnWords
from server.domain.queues import Queue
from server.domain.rules import Rule, Rules, Then
from server.domain.starting import STARTING_MATRIX
from server.domain.statuses import Status
from server.domain.stores import Store

NAME: Final = "宏达电器售后"

AIR: Final = "空调维修"
FRIDGE: Final = "冰箱维修"
WASHER: Final = "洗衣机维修"
HEATER: Final = "热水器维修"
TELEVISION: Final = "电视维修"
FITTING: Final = "安装移机"
COMPLAINT: Final = "投诉建议"
QUESTION: Final = "咨询"
CATEGORIES: Final = (AIR, FRIDGE, WASHER, HEATER, TELEVISION, FITTING, COMPLAINT, QUESTION)

PROFILE: Final = Profile(
    name=NAME,
    categories=CATEGORIES,
    greeting="您好，这里是宏达电器售后。请写下遇到的问题、家电型号和地址，我们马上为您安排师傅。",
    quiet_close_hours=72,
)

_DAY: Final[tuple[Hours, ...]] = (("09:00", "12:00"), ("13:00", "18:00"))
CALENDAR: Final[Calendar] = china_calendar(dict.fromkeys(range(1, 6), _DAY), name="工作日历")

_MINUTE: Final = 60
_HOUR: Final = 3600
POLICIES: Final = (
    Policy(
        id="complaint",
        name="投诉",
        position=1,
        match={"category": (COMPLAINT,)},
        targets={
            "first": {"*": 2 * _HOUR},
            "next": {"*": 2 * _HOUR},
            "resolve": {"*": 48 * _HOUR},
        },
    ),
    Policy(
        id="vip",
        name="VIP 客户",
        position=2,
        match={"customer_level": ("vip",)},
        targets={
            "first": {"*": 15 * _MINUTE},
            "next": {"*": 30 * _MINUTE},
            "resolve": {"urgent": 2 * _HOUR, "*": 24 * _HOUR},
        },
    ),
    Policy(
        id="normal",
        name="普通客户",
        position=3,
        targets={
            "first": {"urgent": 30 * _MINUTE, "*": _HOUR},
            "next": {"urgent": _HOUR, "*": 2 * _HOUR},
            "resolve": {"urgent": 2 * _HOUR, "*": 48 * _HOUR},
        },
    ),
)

STATUSES: Final = (
    Status(
        id="waiting_parts",
        category=StatusCategory.WAITING_THIRD,
        public_step=2,
        label={"zh": "待配件", "en": "Waiting for parts"},
    ),
    Status(
        id="visit_booked",
        category=StatusCategory.WAITING_INTERNAL,
        public_step=2,
        label={"zh": "已约上门", "en": "Visit booked"},
    ),
)

QUEUES: Final = (Queue(id="default", name="综合队列"), Queue(id="vip", name="VIP 专线"))

TEAMS: Final[dict[str, str]] = {
    "frontline": "一线客服",
    "cooling_east": "制冷维修（浦东）",
    "cooling_west": "制冷维修（浦西）",
    "appliance": "家电维修",
    "fitting": "安装",
    "complaint": "投诉",
}

WEST: Final = ("浦西", "徐汇", "静安", "长宁", "普陀", "闵行", "黄浦")
"""Districts on the west bank, as customers write them."""

_COOLING: Final = ("空调", "冰箱", "冷库", "展示柜", "不制冷", "不制热", "滴水", "外机")


MATRIX: Final = replace(
    STARTING_MATRIX,
    words=(OnWords(words=("漏电", "冒烟", "着火", "燃气味"), steps=0, to=Priority.URGENT),),
)

STORES: Final = (
    Store(
        id="pudong",
        name="浦东网点",
        team="cooling_east",
        region="上海市/浦东新区",
        latitude=31.2215,
        longitude=121.5444,
        hours="default",
        radius=25,
    ),
    Store(
        id="puxi",
        name="徐汇网点",
        team="cooling_west",
        region="上海市/徐汇区",
        latitude=31.1883,
        longitude=121.4365,
        hours="default",
        radius=25,
    ),
)


def _sorted_as(*categories: str) -> Is:
    return Is("category", categories)


RULES: Final = Rules(
    rules=(
        Rule(
            id="vip_complaint",
            name="大客户投诉置顶",
            when=All((Is("customer_level", ("vip",)), _sorted_as(COMPLAINT))),
            then=Then(team="complaint", priority=Priority.URGENT, tags=("大客户投诉",), pin=True),
        ),
        Rule(
            id="complaint",
            name="投诉归投诉组",
            when=AnyOf((_sorted_as(COMPLAINT), Says(("投诉", "12315", "乱收费", "退款")))),
            then=Then(team="complaint"),
        ),
        Rule(
            id="fitting",
            name="安装移机",
            when=_sorted_as(FITTING),
            then=Then(team="fitting", skills={"安装": 1}),
        ),
        Rule(
            id="cooling_west",
            name="浦西制冷",
            when=All((_sorted_as(AIR, FRIDGE), Says(WEST))),
            then=Then(team="cooling_west", skills={"制冷": 1}),
        ),
        Rule(
            id="cooling_east",
            name="浦东制冷（抢单）",
            when=_sorted_as(AIR, FRIDGE),
            then=Then(team="cooling_east", skills={"制冷": 1}, mode="grab"),
        ),
        Rule(
            id="washer",
            name="洗衣机",
            when=_sorted_as(WASHER),
            then=Then(team="appliance", skills={"洗衣机": 1}),
        ),
        Rule(
            id="heater",
            name="热水器",
            when=_sorted_as(HEATER),
            then=Then(team="appliance", skills={"燃气": 1}),
        ),
        Rule(
            id="television",
            name="电视",
            when=_sorted_as(TELEVISION),
            then=Then(team="appliance", skills={"电视": 1}),
        ),
        Rule(
            id="question",
            name="咨询归客服",
            when=_sorted_as(QUESTION),
            then=Then(team="frontline"),
        ),
        Rule(
            id="cooling_words",
            name="没选分类，但说的是制冷（抢单）",
            when=Says(_COOLING),
            then=Then(team="cooling_east", skills={"制冷": 1}, mode="grab"),
        ),
        Rule(
            id="fitting_words",
            name="没选分类，但说的是安装",
            when=Says(("安装", "移机", "挂墙")),
            then=Then(team="fitting", skills={"安装": 1}),
        ),
        Rule(
            id="appliance_words",
            name="没选分类，但说的是家电",
            when=Says(("洗衣机", "热水器", "电视")),
            then=Then(team="appliance"),
        ),
    ),
    fallback_team="frontline",
)


EACH_BY_ITSELF: Final = TeamHabits(topics={"queue": Wish(minutes=0)})
"""Whoever plays a story wants to see each card at once, not three minutes' worth of them."""


def documents(members: Mapping[str, Team]) -> Iterator[tuple[str, str, Any]]:
    """Everything to be saved, as kind, id and document, in an order that always fits."""
    yield "calendar", "default", CALENDAR
    for policy in POLICIES:
        yield "policy", policy.id, policy
    for status in STATUSES:
        yield "status", status.id, status
    for queue in QUEUES:
        yield "queue", queue.id, queue
    for team in members.values():
        yield "team", team.id, team
        yield "team_habits", team.id, EACH_BY_ITSELF
    for store in STORES:
        yield "store", store.id, store
    yield "matrix", "default", MATRIX
    yield "rules", "default", RULES
    yield "profile", "firm", PROFILE
