"""Who works at the demo firm, and for whom. Names are made up; no phone number of this kind
(12x…) has ever been given out in China.
"""

import random
from typing import Final

import msgspec

from bots.rehearsal.firm.house import TEAMS
from server.domain.people import Role, Team


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """One of the twelve. `account` is the id in the rehearsed DingTalk."""

    account: str
    name: str
    nick: str
    title: str
    role: Role = Role.STAFF
    teams: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    skills: dict[str, int] = {}
    away_today: bool = False

    @property
    def email(self) -> str:
        """For signing in."""
        return f"{self.account}@hongda.example"


COLLEAGUES: Final = (
    Colleague(
        account="wangjg",
        name="王建国",
        nick="王总",
        title="总经理",
        role=Role.ADMINISTRATOR,
    ),
    Colleague(
        account="chenxm",
        name="陈晓梅",
        nick="陈主管",
        title="客服主管",
        role=Role.SUPERVISOR,
        leads=("frontline", "complaint"),
    ),
    Colleague(
        account="liuzq",
        name="刘志强",
        nick="主管",
        title="维修主管",
        role=Role.SUPERVISOR,
        leads=("cooling_east", "cooling_west", "appliance", "fitting"),
    ),
    Colleague(
        account="liwei",
        name="李伟",
        nick="小李",
        title="制冷工程师",
        teams=("cooling_east",),
        skills={"制冷": 5, "电工": 4},
    ),
    Colleague(
        account="zhaolei",
        name="赵磊",
        nick="小赵",
        title="制冷工程师",
        teams=("cooling_east",),
        skills={"制冷": 3},
    ),
    Colleague(
        account="sunhao",
        name="孙浩",
        nick="小孙",
        title="制冷工程师",
        teams=("cooling_west",),
        skills={"制冷": 4, "冷库": 4},
    ),
    Colleague(
        account="zhoumin",
        name="周敏",
        nick="周姐",
        title="制冷工程师",
        teams=("cooling_west",),
        skills={"制冷": 4, "中央空调": 5},
        away_today=True,
    ),
    Colleague(
        account="wugang",
        name="吴刚",
        nick="吴师傅",
        title="家电工程师",
        teams=("appliance",),
        skills={"洗衣机": 5, "燃气": 4},
    ),
    Colleague(
        account="qianliang",
        name="钱亮",
        nick="小钱",
        title="家电工程师",
        teams=("appliance", "fitting"),
        skills={"电视": 5, "洗衣机": 3, "安装": 3},
    ),
    Colleague(
        account="hejun",
        name="何军",
        nick="何师傅",
        title="安装工",
        teams=("fitting",),
        skills={"安装": 5, "电工": 3},
    ),
    Colleague(
        account="zhengli",
        name="郑丽",
        nick="小郑",
        title="客服",
        teams=("frontline",),
        skills={"英语": 3},
    ),
    Colleague(
        account="fengqian",
        name="冯倩",
        nick="小冯",
        title="客服 / 投诉专员",
        teams=("frontline", "complaint"),
        skills={"安抚": 5},
    ),
)

PLAYED: Final = ("liwei", "zhaolei", "liuzq")
"""The three whom a visitor plays in chat: 小李, 小赵 and their 主管."""


def teams_of(numbers: dict[str, int]) -> dict[str, Team]:
    """The teams, with the numbers that the desk gave to its people (by account)."""
    return {
        team: Team(
            id=team,
            name=name,
            members=tuple(numbers[one.account] for one in COLLEAGUES if team in one.teams),
            leaders=tuple(numbers[one.account] for one in COLLEAGUES if team in one.leads),
        )
        for team, name in TEAMS.items()
    }


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as he files: who, and where he lives."""

    name: str
    phone: str
    company: str = ""
    level: str = "normal"
    area: str
    road: str


_FIRMS: Final = (
    ("申江大酒店", "vip"),
    ("浦东晨星幼儿园", "vip"),
    ("恒泰数据中心", "vip"),
    ("海湾国际学校", "vip"),
    ("鲜汇海鲜行", "vip"),
    ("好邻居便利店", "normal"),
    ("老陈面馆", "normal"),
    ("蓝湾物业", "normal"),
    ("启明会计师事务所", "normal"),
    ("绿叶健身", "normal"),
)
_FAMILY: Final = "张李王刘陈杨黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏"
_GIVEN: Final = (
    "晓东丽娟建华志明秀英桂芳海燕国庆文博雨欣子涵梓萱美玲德胜春梅思远佳怡宏伟玉兰俊杰淑芬嘉豪"
    "静怡立新小芳天宇慧敏永强雪梅明月"
)
"""Given names of two characters each."""
_EAST_ROADS: Final = (
    ("浦东", "张杨路 500 弄 12 号"),
    ("浦东", "花木路 88 弄 6 号 702"),
    ("陆家嘴", "东园三村 31 号 502"),
    ("金桥", "碧云路 199 号"),
    ("张江", "紫薇路 372 弄 9 号"),
    ("三林", "永泰路 1000 弄 45 号"),
    ("川沙", "新川路 540 号"),
    ("世博", "雪野路 928 号"),
)
_WEST_ROADS: Final = (
    ("徐汇", "漕溪北路 333 弄 4 号"),
    ("静安", "万航渡路 888 号 15 楼"),
    ("长宁", "仙霞路 700 弄 21 号"),
    ("普陀", "曹杨五村 66 号"),
    ("闵行", "莘松路 958 弄 102 号"),
    ("黄浦", "复兴中路 1199 号"),
)


def callers(dice: random.Random, count: int = 96) -> tuple[Caller, ...]:
    """The customers, drawn with these dice; firms come first."""
    found: list[Caller] = []
    for place in range(count):
        area, road = dice.choice(_EAST_ROADS + _WEST_ROADS)
        company, level = _FIRMS[place] if place < len(_FIRMS) else ("", "normal")
        if not company and dice.random() < 0.04:
            level = "vip"
        given = 2 * dice.randrange(len(_GIVEN) // 2)
        name = dice.choice(_FAMILY) + _GIVEN[given : given + 2]
        phone = f"12{dice.randrange(10)}{dice.randrange(10_000):04d}{place:04d}"
        found.append(
            Caller(name=name, phone=phone, company=company, level=level, area=area, road=road)
        )
    return tuple(found)
