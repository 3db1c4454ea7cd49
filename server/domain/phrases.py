"""From a line of chat to what was meant: 「接单 12」, 「@派单 回复12:马上到」, `claim #12`.

Pure: a line is read without knowing who wrote it. Names of teams and colleagues, and whether the
command is allowed, are looked up by whoever carries it out. Full-width letters, digits and
punctuation count as plain ones, blanks may be missing, a leading @name is skipped; what follows
the number is kept to the letter, with its line breaks.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from server.domain.events import Priority

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
]


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """What was said. `ticket` None: no number was given. `text` is the rest, verbatim."""

    verb: Verb
    ticket: int | None = None
    text: str = ""


class _Shape(NamedTuple):
    """How a verb is said: with a ticket's number, with words, or alone; perhaps with a span."""

    number: bool
    text: bool
    span: bool = False


_WITH_NUMBER: Final = _Shape(number=True, text=False)
_WITH_BOTH: Final = _Shape(number=True, text=True)
_WITH_TEXT: Final = _Shape(number=False, text=True)
_ALONE: Final = _Shape(number=False, text=False)
_WITH_SPAN: Final = _Shape(number=False, text=False, span=True)

_SAYINGS: Final[dict[Verb, tuple[_Shape, str]]] = {
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
    "file": (_WITH_TEXT, "新建 建单 报修 提单 开单 new create file"),
    "on_duty": (_ALONE, "值班 上班 上线 on_duty"),
    "off_duty": (_ALONE, "下班 离线 收工 off_duty"),
    "break": (_WITH_SPAN, "小休 休息 休息一下 离开一下 稍离 break away"),
    "take_over": (_WITH_NUMBER, "接手 接班 接过来 take_over"),
    "bind": (_WITH_TEXT, "绑定 bind"),
}

NEEDS_NUMBER: Final = frozenset(verb for verb, (shape, _) in _SAYINGS.items() if shape.number)
TAKES_TEXT: Final = frozenset(verb for verb, (shape, _) in _SAYINGS.items() if shape.text)


def _verbs() -> Iterator[tuple[str, Verb]]:
    for verb, (_, sayings) in _SAYINGS.items():
        for saying in sayings.split():
            yield saying.replace("_", " "), verb


VERBS: Final[dict[str, Verb]] = dict(_verbs())
"""Every way to say a verb."""

_SHORTEST: Final = 2
"""A saying of one character counts only with a number behind it: 「接电话」 is no command."""

_FLAGS: Final = re.IGNORECASE | re.ASCII
"""ASCII: the long s and the dotless i of other alphabets are no letters of our commands."""

_PLAIN: Final[dict[int, int | str]] = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys((0x3000, 0x00A0, 0xFEFF, *range(0x2000, 0x200C), 0x202F, 0x205F), " ")
    | {
        0x3002: ".",
        0x3001: ",",
    }
)
"""One character for one, so that places in the plain line are places in the line."""

_BETWEEN: Final = r"[\s,:;.\-_/\[\]()<>\"'“”「」【】]{0,6}"
"""Bounded, like every blank below: thousands of blanks must not be tried in every division."""
_NUMBER: Final = (
    r"(?:工单|单号|编号|ticket|no\.?)?\s{0,3}#?\s{0,3}(?P<number>\d{1,9})"
    # 「完成 3楼的布线」 and 「3号楼」 name no ticket.
    r"(?![\d个台楼层点天次月日年元块条位件])(?!号[^单\s,:;.])(?:号单?(?=$|[\s,:;.]))?"
)
_NAMED: Final = re.compile(r"(?:@\S+\s+)*\s*")
_SAID: Final = "|".join(
    re.escape(saying).replace(r"\ ", r"\s{0,3}") for saying in sorted(VERBS, key=len, reverse=True)
)
_WHOLE: Final = r"(?:(?<![a-z])|(?![a-z]))"
"""An English word ends where its letters end; Chinese has no such mark."""
_VERB_FIRST: Final = re.compile(
    rf"[/!#]?(?P<verb>{_SAID}){_WHOLE}(?:(?:一下|了)?{_BETWEEN}{_NUMBER})?", _FLAGS
)
_NUMBER_FIRST: Final = re.compile(rf"{_NUMBER}{_BETWEEN}(?P<verb>{_SAID}){_WHOLE}", _FLAGS)
_BARE_NUMBER: Final = re.compile(rf"{_NUMBER}{_BETWEEN}$", _FLAGS)
_LEADING: Final = re.compile(r"\s*[,:;]?\s*")
_ONLY_MARKS: Final = re.compile(r"[\s,.!?;:~…了吧呀啊哦]*")
_LONGEST_LIST: Final = 100
_NUMBERS: Final = re.compile(r"[\s,;#和与\d]*\d[\s,;#和与\d号单]*")


def read(line: str) -> Phrase | None:
    """What a line says, or None when it says nothing that we know."""
    plain = line.translate(_PLAIN)
    named = _NAMED.match(plain)
    start = named.end() if named else 0
    for pattern in (_VERB_FIRST, _NUMBER_FIRST):
        found = pattern.match(plain, start)
        if found is not None:
            phrase = _phrase(found, line, plain)
            if phrase is not None:
                return phrase
    bare = _BARE_NUMBER.match(plain, start)
    return Phrase(verb="show", ticket=int(bare["number"])) if bare else None


def _phrase(found: re.Match[str], line: str, plain: str) -> Phrase | None:
    said = _blanks(found["verb"].lower())
    verb = VERBS[said]
    shape = _SAYINGS[verb][0]
    number = found["number"]
    if not shape.number:
        # Of 「新建 3 楼漏水」 the number belongs to the words.
        rest_at = found.end("verb")
        if shape.text:
            rest = line[_skip(plain, rest_at) :]
            return Phrase(verb=verb, text=rest.rstrip()) if rest else None
        if shape.span and read_span(line[rest_at:]) is not None:
            return Phrase(verb=verb, text=line[_skip(plain, rest_at) :].rstrip())
        return Phrase(verb=verb) if _ONLY_MARKS.fullmatch(plain, rest_at) else None
    if number is None and len(said) < _SHORTEST:
        return None
    text = line[_skip(plain, found.end()) :].rstrip()
    return Phrase(verb=verb, ticket=None if number is None else int(number), text=text)


def _skip(plain: str, at: int) -> int:
    """Where the words begin: behind blanks and one mark."""
    found = _LEADING.match(plain, at)
    return found.end() if found else at


def _blanks(said: str) -> str:
    """`onduty` and `on  duty` are `on duty`."""
    if said in VERBS:
        return said
    squeezed = "".join(said.split())
    return next(one for one in VERBS if one.replace(" ", "") == squeezed)


def names_several(phrase: Phrase) -> bool:
    """Whether more tickets are named than one (「接单 12 13」) where no text belongs."""
    plain = phrase.text[:_LONGEST_LIST].translate(_PLAIN)
    return phrase.verb not in TAKES_TEXT and _NUMBERS.fullmatch(plain) is not None


# --- what was nearly said

_HEAD: Final = re.compile(
    rf"[/!]?(?P<word>[^\s\d#,.:;!?@]{{1,12}}){_BETWEEN}(?:{_NUMBER})?", _FLAGS
)
_LONGEST_TYPO: Final = 8


def nearest(line: str) -> str | None:
    """The command that a mistyped line was probably meant to be, with its number, or None."""
    plain = line.translate(_PLAIN)
    named = _NAMED.match(plain)
    found = _HEAD.match(plain, named.end() if named else 0)
    if found is None:
        return None
    word, number = found["word"].lower(), found["number"]
    if number is None and len(word) > _LONGEST_TYPO:
        return None
    near = min(
        ((_distance(word, saying), place, saying) for place, saying in enumerate(VERBS)),
        default=None,
    )
    if near is None or near[0] > _allowed(near[2]) or len(near[2]) < _SHORTEST:
        return None
    shape = _SAYINGS[VERBS[near[2]]][0]
    return f"{near[2]} {number}" if number is not None and shape.number else near[2]


def _allowed(saying: str) -> int:
    """How many slips still count as the same word."""
    if not saying.isascii():
        return 1
    return 2 if len(saying) > 4 else 1  # noqa: PLR2004


def _distance(one: str, other: str) -> int:
    """Letters added, dropped, replaced or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        earlier, before = before, row
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


# --- words behind the number that mean something by themselves

_PRIORITIES: Final[dict[str, Priority]] = {
    word: priority
    for priority, words in {
        Priority.URGENT: "紧急 特急 加急 最高 urgent p1 1",
        Priority.HIGH: "高 较高 重要 high p2 2",
        Priority.NORMAL: "普通 一般 中 正常 normal medium p3 3",
        Priority.LOW: "低 较低 不急 low p4 4",
    }.items()
    for word in words.split()
}


_AGAIN_BY_RULES: Final = frozenset({"自动", "按规则", "取消指定", "auto", "automatic", "rules"})


def read_priority(text: str) -> tuple[Priority | None, str] | None:
    """「紧急 客户停产」: the priority and the reason, or None. 「自动」 gives it back to the rules:
    no priority.
    """
    word, _, reason = text.translate(_PLAIN).lower().lstrip("到为").strip().partition(" ")
    word = word.strip(",.:;")
    known = _PRIORITIES.get(word)
    rest = text.translate(_PLAIN).strip().partition(" ")[2].strip() if reason else ""
    return (known, rest) if known is not None or word in _AGAIN_BY_RULES else None


_SPANS: Final = {
    "分钟": timedelta(minutes=1),
    "分": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "个小时": timedelta(hours=1),
    "h": timedelta(hours=1),
    "天": timedelta(days=1),
    "日": timedelta(days=1),
    "d": timedelta(days=1),
    "周": timedelta(weeks=1),
    "w": timedelta(weeks=1),
}
_SPAN: Final = re.compile(
    rf"(?P<many>\d{{1,3}}|半|[一两二三四五六七八九十])\s{{0,3}}"
    rf"(?P<unit>{'|'.join(sorted(_SPANS, key=len, reverse=True))})(?:后|左右)?[\s.]{{0,3}}$",
    _FLAGS,
)
_EDGES: Final = " \t\r\n,;、。\uff0c\uff1b"
_FEW: Final = {word: place for place, word in enumerate("一二三四五六七八九十", start=1)} | {
    "两": 2
}
_WAITS: Final = (
    ("waiting_customer", ("客户", "用户", "对方", "回电", "回复", "customer")),
    (
        "waiting_third",
        ("供应商", "厂家", "厂商", "配件", "备件", "第三方", "快递", "物流", "vendor"),
    ),
)


def read_span(text: str) -> timedelta | None:
    """「15分钟」, 「半小时」, or None: that is no span and nothing else."""
    found = _SPAN.fullmatch(text.translate(_PLAIN).strip(_EDGES + " 到个"))
    return _length(found) if found is not None else None


def _length(found: re.Match[str]) -> timedelta:
    many, unit = found["many"], _SPANS[found["unit"].lower()]
    return unit / 2 if many == "半" else unit * (_FEW.get(many) or int(many))


class Pause(NamedTuple):
    """「挂起 12 等配件 2天」: which waiting status, why, until when."""

    status: str
    reason: str
    until: datetime


def read_pause(text: str, now: datetime) -> Pause | None:
    """The pause that is asked for, or None when the reason or the span is missing (R7)."""
    found = _SPAN.search(text.translate(_PLAIN).rstrip())
    if found is None:
        return None
    reason = text[: found.start()].strip(_EDGES)
    if not reason:
        return None
    status = next(
        (name for name, words in _WAITS if any(word in reason.lower() for word in words)),
        "waiting_internal",
    )
    return Pause(status, reason, now + _length(found))
