"""Every way to say a verb in chat, and what is said with it."""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Verb = Literal[
    "help",
    "waiting",
    "mine",
    "claim",
    "release",
    "reply",
    "note",
    "plan",
    "check_in",
    "resolve",
    "transfer",
    "assign",
    "hold",
    "resume",
    "close",
    "cancel",
    "reopen",
    "priority",
    "escalate",
    "show",
    "why",
    "clock",
    "file",
    "on_duty",
    "off_duty",
    "break",
    "take_over",
    "bind",
    "undo",
    "tag",
    "merge",
    "urge",
    "ask_help",
    "assist",
    "search",
    "stats",
    "who",
    "hand_over",
    "leave",
]


class Shape(NamedTuple):
    """How a verb is said: with a ticket's number, with words, or alone; perhaps with a span."""

    number: bool
    text: bool
    span: bool = False
    alone: bool = False
    """With words or without."""
    tight: bool = False
    """Its words may follow without a blank."""


_WITH_NUMBER: Final = Shape(number=True, text=False)
_WITH_BOTH: Final = Shape(number=True, text=True)
_WITH_TEXT: Final = Shape(number=False, text=True)
_ALONE: Final = Shape(number=False, text=False)
_PERHAPS_TEXT: Final = Shape(number=False, text=True, alone=True)
_FREELY: Final = Shape(number=False, text=True, alone=True, tight=True)
_WITH_SPAN: Final = Shape(number=False, text=False, span=True)

SAYINGS: Final[dict[Verb, tuple[Shape, str]]] = {
    "help": (_ALONE, "帮助 菜单 命令 指令 怎么用 使用说明 help menu ?"),
    "waiting": (_ALONE, "待接单 待认领 待抢单 待接 未接单 可接单 抢单列表 waiting unclaimed queue"),
    "mine": (_ALONE, "我的 我的工单 我的单 我的单子 在办 mine my my_tickets"),
    "claim": (_WITH_NUMBER, "接单 抢单 认领 领单 我来 接 抢 claim take grab"),
    "release": (_WITH_NUMBER, "退回 退单 放弃 释放 release"),
    "reply": (_WITH_BOTH, "回复 答复 回覆 回 reply answer"),
    "note": (_WITH_BOTH, "备注 内部备注 记录 note comment"),
    "plan": (_WITH_BOTH, "方案 给方案 处理方案 plan"),
    "check_in": (_WITH_NUMBER, "到场 签到 到现场 check_in"),
    "resolve": (_WITH_BOTH, "解决 已解决 完成 搞定 办结 处理完 resolve resolved solve done fixed"),
    "transfer": (_WITH_BOTH, "转派 转给 转单 转交 转 transfer"),
    "assign": (_WITH_BOTH, "指派 派给 分配 分派 assign"),
    "hold": (_WITH_BOTH, "挂起 暂停 hold pause"),
    "resume": (_WITH_NUMBER, "恢复 继续 取消挂起 resume continue"),
    "close": (_WITH_BOTH, "关闭 关单 结单 close"),
    "cancel": (_WITH_BOTH, "取消 作废 cancel"),
    "reopen": (_WITH_BOTH, "重开 重新打开 再开 reopen"),
    "priority": (_WITH_BOTH, "优先级 优先 priority"),
    "escalate": (_WITH_BOTH, "升级 上报 escalate"),
    "show": (_WITH_NUMBER, "查看 查询 详情 工单 看 查 show view ticket"),
    "why": (_WITH_NUMBER, "为什么 为何 派单原因 why"),
    "clock": (_WITH_NUMBER, "时效 时限 还剩多久 sla due"),
    "file": (_FREELY, "新建 建单 报修 报障 权限申请 申请权限 提单 开单 new create file"),
    "on_duty": (_ALONE, "值班 上班 上线 on_duty"),
    "off_duty": (_ALONE, "下班 离线 收工 off_duty"),
    "break": (_WITH_SPAN, "小休 休息 休息一下 离开一下 稍离 break away"),
    "take_over": (_WITH_NUMBER, "接手 接班 接过来 take_over"),
    "bind": (_WITH_TEXT, "绑定 bind"),
    "undo": (_PERHAPS_TEXT, "撤销 撤回 undo withdraw"),
    "tag": (_WITH_BOTH, "标签 打标签 tag tags"),
    "merge": (_WITH_BOTH, "合并 并单 并入 merge"),
    "urge": (_WITH_NUMBER, "催办 催一下 催 urge nudge"),
    "ask_help": (_WITH_BOTH, "求助 请求协助 ask_help"),
    "assist": (_WITH_BOTH, "协助 答复求助 assist"),
    "search": (_WITH_TEXT, "搜索 搜一下 查找 search find"),
    "stats": (_ALONE, "统计 数据 我的统计 stats figures"),
    "who": (_ALONE, "谁在班 谁值班 谁在 谁在值班 who who_is_on"),
    "hand_over": (_ALONE, "交接 交班 hand_over"),
    "leave": (_PERHAPS_TEXT, "请假 我要请假 leave"),
}

NEEDS_NUMBER: Final = frozenset(verb for verb, (shape, _) in SAYINGS.items() if shape.number)
TAKES_TEXT: Final = frozenset(verb for verb, (shape, _) in SAYINGS.items() if shape.text)


def _verbs() -> Iterator[tuple[str, Verb]]:
    for verb, (_, sayings) in SAYINGS.items():
        for saying in sayings.split():
            yield saying.replace("_", " "), verb


VERBS: Final[dict[str, Verb]] = dict(_verbs())
"""Every way to say a verb."""

SHORTEST: Final = 2
"""A saying of one character counts only with a number behind it: 「接电话」 is no command."""

FLAGS: Final = re.IGNORECASE | re.ASCII
"""ASCII: the long s and the dotless i of other alphabets are no letters of our commands."""

PLAIN: Final[dict[int, int | str]] = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys((0x3000, 0x00A0, 0xFEFF, *range(0x2000, 0x200C), 0x202F, 0x205F), " ")
    | {
        0x3002: ".",
        0x3001: ",",
    }
)
"""One character for one, so that places in the plain line are places in the line."""
