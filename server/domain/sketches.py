"""代客建单: what a colleague forwards for a customer, gathered until it is filed; and 报修, a
ticket that the bot asks for step by step.

Name, telephone and address are found by how people write them in Chinese; what is not found stays
empty and can be said: 「改 姓名 王女士」.
"""

import re
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain.attachments import MOST_AT_ONCE, Kept
from server.domain.sayings import PLAIN

TOGETHER: Final = timedelta(minutes=2)
"""What is forwarded within this span is one sketch."""
KEPT_FOR: Final = timedelta(minutes=30)
"""So long a sketch waits to be filed."""
MOST_TEXTS: Final = 50
LONGEST: Final = 20_000
_LONGEST_SUBJECT: Final = 60
_TELLING: Final = 15
"""A text of so many characters says enough to be about somebody's trouble."""

Field = Literal["name", "phone", "address", "subject"]


class Sketch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket that is not filed yet. `own` are fields that the colleague said himself."""

    texts: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    address: str = ""
    subject: str = ""
    own: tuple[Field, ...] = ()
    kept: tuple[Kept, ...] = ()
    last_at: datetime

    @property
    def text(self) -> str:
        """All that was forwarded, with the address where no text has it."""
        return "\n".join(self.texts)[:LONGEST]


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """报修, step by step: `what` is empty until it was said."""

    what: str = ""
    asked_at: datetime


def gathered(
    sketch: Sketch | None, text: str, at: datetime, files: tuple[Kept, ...] = ()
) -> Sketch:
    """The sketch with one more text, perhaps with files, or a new one when the last is too long
    ago.
    """
    if sketch is None or at - sketch.last_at > TOGETHER or len(sketch.texts) >= MOST_TEXTS:
        sketch = Sketch(last_at=at)
    texts = (*sketch.texts, text) if text else sketch.texts
    whole = "\n".join(texts)
    found: dict[Field, str] = {
        "name": name_in(whole),
        "phone": phone_in(whole),
        "address": address_in(whole),
        "subject": subject_of(texts),
    }
    kept = {name: value for name, value in found.items() if name not in sketch.own}
    all_files = (*sketch.kept, *files)[:MOST_AT_ONCE]
    return replace(sketch, texts=texts, kept=all_files, last_at=at, **kept)


def changed(sketch: Sketch, field: Field, value: str, at: datetime) -> Sketch:
    """A field as the colleague says it."""
    own = tuple(dict.fromkeys((*sketch.own, field)))
    return replace(sketch, own=own, last_at=at, **{field: value})


def is_open(sketch: Sketch | None, now: datetime) -> bool:
    """Whether it still waits to be filed."""
    return sketch is not None and now - sketch.last_at <= KEPT_FOR


def joins(sketch: Sketch | None, now: datetime) -> bool:
    """Whether what comes now belongs to it."""
    return sketch is not None and now - sketch.last_at <= TOGETHER


def tells_of_trouble(text: str) -> bool:
    """Whether a text looks like what a customer wrote, and not like a word to the bot."""
    return bool(phone_in(text) or address_in(text)) or len(text.strip()) >= _TELLING


# --- what stands in a text

_PHONE: Final = re.compile(
    r"(?<![\d-])(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]?\d{7,8})(?!\d)"
)
_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦"
    "昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧"
    "尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁"
    "钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁段侯全仲伊宫"
    "宁仇甘武符刘景詹束龙叶幸司黎薄印白蒲邰从赖卓屠池乔胥苍双闻党翟谭贡劳申扶堵冉宰雍桑桂牛寿通边燕冀温"
    "庄晏柴瞿阎充慕连习艾向古易廖终居衡步耿满弘匡文东欧师聂曾沙养关红游竺权盖益桓公"
)
_NAME_SAID: Final = re.compile(
    r"(?:客户|联系人|姓名|名字|称呼|报修人)(?:是|叫|姓名)?[:\s]{1,3}([\u4e00-\u9fff·]{2,6})"
)
_NAME_OF_ONESELF: Final = re.compile(
    rf"(?:我是|我叫|本人)([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?![\u4e00-\u9fff])"
)
_NAME_WITH_TITLE: Final = re.compile(
    rf"(?<![\u4e00-\u9fff])([{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?"
    r"(?:女士|先生|小姐|太太|老师|经理|主任|师傅|医生|总|工|姐|哥|阿姨|叔叔))"
)
_NAME_IN_RECORD: Final = re.compile(
    r"^([^\s:]{2,10})\s{0,3}(?:\d{1,2}:\d\d(?::\d\d)?)?\s{0,3}[:：]\s?\S", re.MULTILINE
)
_ADDRESS_SAID: Final = re.compile(r"(?:地址|位置|住址|地点)(?:是|在)?[:\s]{1,3}([^\n,;。]{4,60})")
_ADDRESS: Final = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}(?:省|市|自治区))?(?:[\u4e00-\u9fff]{1,8}(?:区|县|镇|乡|旗))?"
    r"[\u4e00-\u9fff]{1,10}(?:路|街|大道|巷|弄|道|村|小区|大厦|广场|花园|园区|工业园)"
    r"[\u4e00-\u9fffA-Za-z0-9-]{0,20}?\d{1,5}(?:号楼?|栋|幢|座|弄|楼|层|室|单元|-\d{1,4})"
    r"(?:[\u4e00-\u9fffA-Za-z0-9-]{0,12}?\d{1,5}(?:号楼?|栋|幢|座|楼|层|室|单元)){0,4}"
)
_GREETING: Final = re.compile(
    r"^(?:您好|你好|hi|hello|在吗|请问|麻烦|打扰了?|老师好?|师傅好?)?[\s,.!?~:;]{0,5}",
    re.IGNORECASE,
)
_ONLY_FIELDS: Final = re.compile(
    r"(?:姓名|名字|联系人|客户|电话|手机|手机号|联系方式|地址|位置)[:\s]"
)


def phone_in(text: str) -> str:
    """The first telephone number, without blanks and dashes; empty without one."""
    found = _PHONE.search(text.translate(PLAIN))
    return re.sub(r"[ -]", "", found[1]) if found is not None else ""


def name_in(text: str) -> str:
    """The customer's name: one that is called so, one with a title, who says who he is, or who
    speaks in a copied conversation.
    """
    plain = text.translate(PLAIN)
    for pattern in (_NAME_SAID, _NAME_OF_ONESELF, _NAME_WITH_TITLE, _NAME_IN_RECORD):
        found = pattern.search(plain)
        if found is not None and not _ONLY_FIELDS.match(f"{found[1]} "):
            return found[1]
    return ""


def address_in(text: str) -> str:
    """Where it is: said so, or written as addresses are."""
    plain = text.translate(PLAIN)
    said = _ADDRESS_SAID.search(plain)
    if said is not None:
        return said[1].strip()
    found = _ADDRESS.search(plain)
    return found[0] if found is not None else ""


def subject_of(texts: tuple[str, ...]) -> str:
    """The first line that tells what it is about: no greeting, no mere field."""
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    told = [
        _without_speaker(line) for line in lines if not _ONLY_FIELDS.match(line.translate(PLAIN))
    ]
    told = [line for line in told if line and not _PHONE.fullmatch(line.translate(PLAIN).strip())]
    line = next(iter(told), next(iter(lines), ""))
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"


def _without_speaker(line: str) -> str:
    plain = line.translate(PLAIN)
    found = _NAME_IN_RECORD.match(plain)
    rest = line[found.end() - 1 :] if found is not None else line
    greeted = _GREETING.match(rest.translate(PLAIN))
    return rest[greeted.end() if greeted else 0 :].strip()


_FIELD_WORDS: Final[tuple[tuple[Field, str], ...]] = (
    ("name", "姓名 名字 客户 联系人 name"),
    ("phone", "电话 手机 手机号 phone"),
    ("address", "地址 位置 address"),
    ("subject", "标题 问题 subject title"),
)
_FIELDS: Final = {word: field for field, words in _FIELD_WORDS for word in words.split()}
_CHANGE: Final = re.compile(
    rf"(?:改|修改|change)\s{{0,3}}(?P<field>{'|'.join(_FIELDS)})(?:为|成|是|到|to)?[\s:,]{{0,3}}"
    r"(?P<value>\S.{0,199})",
    re.IGNORECASE,
)
_CHANGE_ALONE: Final = frozenset({"改", "修改", "change", "edit"})
_FILE: Final = frozenset({"建单", "提单", "新建", "确定", "确认", "file", "create"})
_DROP: Final = frozenset({"取消", "不建了", "算了", "cancel", "no"})
_END: Final = " \t\r\n.!,;~。！"


class Wish(msgspec.Struct, frozen=True):
    """What is to become of a sketch: filed, dropped, a field changed; or it is asked how."""

    what: Literal["file", "drop", "change", "how"]
    field: Field | None = None
    value: str = ""


def read_wish(line: str) -> Wish | None:
    """「建单」, 「取消」, 「改 电话 139…」, or None: that is something else."""
    plain = line.translate(PLAIN).strip(_END).lower()
    if plain in _FILE:
        return Wish("file")
    if plain in _DROP:
        return Wish("drop")
    if plain in _CHANGE_ALONE:
        return Wish("how")
    stripped = line.strip()
    found = _CHANGE.fullmatch(stripped.translate(PLAIN))
    if found is None:
        return None
    return Wish("change", _FIELDS[found["field"].lower()], stripped[found.start("value") :].strip())


def is_cut(text: str) -> bool:
    """Whether a forwarded conversation came as its mere name: platforms do not pass it on."""
    return _CUT.match(text.translate(PLAIN).strip()) is not None


_CUT: Final = re.compile(
    r"\[(?:聊天记录|会话记录|转发消息|chat (?:history|record))\]", re.IGNORECASE
)
