"""Words behind a verb that mean something by themselves: a priority, a span, a pause."""

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from server.domain.events import Priority
from server.domain.sayings import FLAGS, PLAIN

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
    word, _, reason = text.translate(PLAIN).lower().lstrip("到为").strip().partition(" ")
    word = word.strip(",.:;")
    known = _PRIORITIES.get(word)
    rest = text.translate(PLAIN).strip().partition(" ")[2].strip() if reason else ""
    return (known, rest) if known is not None or word in _AGAIN_BY_RULES else None


_TAG: Final = re.compile(r"([+-])?\s{0,3}([^\s,;+-][^\s,;]{0,59})(?=$|[\s,;])")


def read_tags(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """「+发票 -急 退款」: the tags to add and those to drop, or None: that is something else."""
    plain = text.translate(PLAIN).strip()
    found = _TAG.findall(plain)
    if not found or _TAG.sub("", plain).strip(" ,;"):
        return None
    return (
        tuple(word for sign, word in found if sign != "-"),
        tuple(word for sign, word in found if sign == "-"),
    )


_INTO: Final = re.compile(
    r"(?:[并合]?[到入进给]|进去|into|to)?\s{0,3}#?(?P<number>\d{1,9})(?:号单?)?(?![\d])", FLAGS
)


def read_into(text: str) -> tuple[int, str] | None:
    """「到 13 同一件事」: the ticket that another goes on in, and the reason; or None."""
    found = _INTO.match(text.translate(PLAIN).lstrip(_EDGES))
    if found is None:
        return None
    rest = text.lstrip(_EDGES)[found.end() :].strip(_EDGES)
    return int(found["number"]), rest


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
    FLAGS,
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
    found = _SPAN.fullmatch(text.translate(PLAIN).strip(_EDGES + " 到个"))
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
    found = _SPAN.search(text.translate(PLAIN).rstrip())
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
