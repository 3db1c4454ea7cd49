"""Lines of chat as colleagues really type them, and what they mean."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.events import Priority
from server.domain.phrase_parts import read_pause, read_priority
from server.domain.phrases import Phrase, nearest, number_in, numbers_of, option_in, read
from server.domain.privacy import mask_phones
from server.domain.sayings import VERBS


def wide(text: str) -> str:
    """As a Chinese keyboard types it: full-width letters, digits, punctuation and blanks."""
    return "".join(
        chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one.replace(" ", "\u3000") for one in text
    )


NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "verb", "ticket", "text"),
    [
        ("帮助", "help", None, ""),
        ("?", "help", None, ""),
        (wide("?"), "help", None, ""),
        ("HELP", "help", None, ""),
        ("/help", "help", None, ""),
        ("@派单 帮助", "help", None, ""),
        ("待接单", "waiting", None, ""),
        ("待接单。", "waiting", None, ""),
        (" 待认领 ", "waiting", None, ""),
        ("queue", "waiting", None, ""),
        ("我的", "mine", None, ""),
        ("我的工单", "mine", None, ""),
        ("my tickets", "mine", None, ""),
        ("接单 12", "claim", 12, ""),
        ("接单12", "claim", 12, ""),
        (wide("接单12"), "claim", 12, ""),
        (wide("接单 #12!"), "claim", 12, wide("!")),
        ("接单 #12", "claim", 12, ""),
        ("接单:12", "claim", 12, ""),
        ("接单12号", "claim", 12, ""),
        ("接单 12号单", "claim", 12, ""),
        ("接单工单12", "claim", 12, ""),
        ("接单 「12」", "claim", 12, "」"),
        ("抢12", "claim", 12, ""),
        ("抢单 12!", "claim", 12, "!"),
        ("认领12", "claim", 12, ""),
        ("我来 12", "claim", 12, ""),
        ("12 接单", "claim", 12, ""),
        ("#12接单", "claim", 12, ""),
        ("@派单 @小赵 接单 12", "claim", 12, ""),
        ("claim 12", "claim", 12, ""),
        ("Claim #12", "claim", 12, ""),
        ("claim12", "claim", 12, ""),
        ("take ticket 12", "claim", 12, ""),
        ("接单", "claim", None, ""),
        ("接单 12 13 15", "claim", 12, "13 15"),
        ("退回 12", "release", 12, ""),
        ("回复 12 马上到", "reply", 12, "马上到"),
        ("回复12:马上到", "reply", 12, "马上到"),
        (wide("回复12:好,马上到!"), "reply", 12, wide("好,马上到!")),
        ("回复 12,您好,\n\n  第二行\n第三行", "reply", 12, "您好,\n\n  第二行\n第三行"),
        ("回复 12 3点前到,电话 13812345678", "reply", 12, "3点前到,电话 13812345678"),
        ("回复12好的", "reply", 12, "好的"),
        ("回复 马上到", "reply", None, "马上到"),
        ("reply 12 On my way", "reply", 12, "On my way"),
        ("解决 12 换了电容", "resolve", 12, "换了电容"),
        ("12 已解决 换了电容", "resolve", 12, "换了电容"),
        ("解决了 12", "resolve", 12, ""),
        ("搞定12", "resolve", 12, ""),
        ("完成 3楼的布线", "resolve", None, "3楼的布线"),
        ("备注 12 客户下午不在", "note", 12, "客户下午不在"),
        ("转派 12 二线", "transfer", 12, "二线"),
        ("转给 12 @小赵", "transfer", 12, "@小赵"),
        ("指派12@小赵", "assign", 12, "@小赵"),
        ("挂起 12 等配件 2天", "hold", 12, "等配件 2天"),
        ("恢复 12", "resume", 12, ""),
        ("关闭 12 重复", "close", 12, "重复"),
        ("取消 12 误报", "cancel", 12, "误报"),
        ("重开 12 又坏了", "reopen", 12, "又坏了"),
        ("优先级 12 紧急", "priority", 12, "紧急"),
        ("升级 12 客户停产", "escalate", 12, "客户停产"),
        ("查看 12", "show", 12, ""),
        ("看12", "show", 12, ""),
        ("12", "show", 12, ""),
        ("#12", "show", 12, ""),
        (wide("#12"), "show", 12, ""),
        ("为什么 12", "why", 12, ""),
        ("时效12", "clock", 12, ""),
        ("SLA 12", "clock", 12, ""),
        ("新建 3 楼打印机卡纸", "file", None, "3 楼打印机卡纸"),
        ("报修:空调漏水", "file", None, "空调漏水"),
        ("值班", "on_duty", None, ""),
        ("下班了", "off_duty", None, ""),
        ("on duty", "on_duty", None, ""),
        ("offduty", "off_duty", None, ""),
        ("小休", "break", None, ""),
        ("小休 15分钟", "break", None, "15分钟"),
        ("休息半小时", "break", None, "半小时"),
        ("break 10 min", "break", None, "10 min"),
        ("接手 12", "take_over", 12, ""),
        ("方案 12 明天换新的", "plan", 12, "明天换新的"),
        ("到场12", "check_in", 12, ""),
        ("check in #12", "check_in", 12, ""),
        ("接班#12", "take_over", 12, ""),
        ("绑定 K7Q2-XM", "bind", None, "K7Q2-XM"),
    ],
)
def test_a_line_says(line: str, verb: str, ticket: int | None, text: str) -> None:
    found = read(line)
    assert found is not None
    assert (found.verb, found.ticket, found.text) == (verb, ticket, text)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "@派单",
        "你好",
        "我的电脑坏了",
        "值班的人是谁",
        "休息室的灯坏了",
        "break the printer",
        "接电话了吗",
        "抢不到",
        "转过去了",
        "回来再说",
        "helpless",
        "showroom 12",
        "谢谢,辛苦了",
        "3点半开会",
        "今天 12 点",
        "13812345678",
    ],
)
def test_small_talk_says_nothing(line: str) -> None:
    assert read(line) is None


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("接但 12", "接单 12"),
        ("接弹#12", "接单 12"),
        ("@派单 待接丹", "待接单"),
        ("邦助", "帮助"),
        ("cliam 12", "claim 12"),
        ("repply 12 hi", "reply 12"),
        ("解觉12 好了", "解决 12"),
        ("今天天气真不错啊大家好", None),
        ("谢谢", None),
        ("ok", None),
        ("", None),
        ("12点", None),
    ],
)
def test_a_slip_is_offered_the_nearest_command(line: str, offered: str | None) -> None:
    assert read(line) is None
    assert nearest(line) == offered


def test_every_saying_is_read_as_its_own_verb() -> None:
    for saying, verb in VERBS.items():
        found = read(f"{saying} 7 x") or read(saying)
        assert found is not None, saying
        assert found.verb == verb, saying


def test_several_numbers_are_noticed_only_where_no_text_belongs() -> None:
    assert numbers_of(Phrase(verb="claim", ticket=12, text="13,15 和 16、12")) == (12, 13, 15, 16)
    assert numbers_of(Phrase(verb="claim", ticket=12, text="谢谢")) == (12,)
    assert numbers_of(Phrase(verb="claim", ticket=12)) == (12,)
    assert numbers_of(Phrase(verb="reply", ticket=12, text="13")) == (12,)
    assert numbers_of(Phrase(verb="claim")) == ()


@pytest.mark.parametrize(
    ("line", "apart"),
    [
        ("解决 换了电容", True),
        ("接单", True),
        ("解决了。换了电容", True),
        ("解决:好了", True),
        ("完成 3楼的布线", True),
        ("解决不了,要换配件", False),
        ("备注一下这个客户", False),
    ],
)
def test_a_verb_that_only_begins_another_word_is_told_apart(line, apart) -> None:
    found = read(line)
    assert found is not None
    assert found.apart is apart


def test_a_message_of_ours_names_its_ticket_and_a_list_its_places() -> None:
    assert number_in("客户来消息：#12 打印机卡纸\n见 #3") == 12
    assert number_in("第 12 单") is None
    assert [option_in(line) for line in ("1", "选2", "第 3 个", "２", "@派单 2")] == [
        1,
        2,
        3,
        2,
        2,
    ]
    assert option_in("12号") is None
    assert option_in("2 楼") is None


@pytest.mark.parametrize(
    ("text", "priority", "reason"),
    [
        ("紧急", Priority.URGENT, ""),
        ("P1 客户停产", Priority.URGENT, "客户停产"),
        ("为高", Priority.HIGH, ""),
        ("普通", Priority.NORMAL, ""),
        ("low", Priority.LOW, ""),
    ],
)
def test_a_priority_is_read_in_either_language(text, priority, reason) -> None:
    assert read_priority(text) == (priority, reason)


def test_an_unknown_priority_is_not_guessed() -> None:
    assert read_priority("自动 客户已安抚") == (None, "客户已安抚")
    assert read_priority("马上") is None
    assert read_priority("") is None


@pytest.mark.parametrize(
    ("text", "status", "reason", "span"),
    [
        ("等配件 2天", "waiting_third", "等配件", timedelta(days=2)),
        ("等客户回电 30分钟", "waiting_customer", "等客户回电", timedelta(minutes=30)),
        (wide("等审批,半天"), "waiting_internal", "等审批", timedelta(hours=12)),
        ("等审批 两小时后", "waiting_internal", "等审批", timedelta(hours=2)),
        ("waiting for vendor 3d", "waiting_third", "waiting for vendor", timedelta(days=3)),
    ],
)
def test_a_pause_has_a_reason_and_an_end(text, status, reason, span) -> None:
    assert read_pause(text, NOON) == (status, reason, NOON + span)


@pytest.mark.parametrize("text", ["", "2天", "等配件", "等配件 明天吧"])
def test_a_pause_without_reason_or_end_is_not_made_up(text) -> None:
    assert read_pause(text, NOON) is None


def test_telephone_numbers_are_hidden_and_other_numbers_are_not() -> None:
    text = (
        "请联系 13812345678 或 138-1234-5678,座机 010-62345678、075512345678;单号 1024,金额 1234567"
    )
    assert mask_phones(text) == (
        "请联系 138****5678 或 138****5678,座机 010-****5678、0755****5678;单号 1024,金额 1234567"
    )


_PIECES = st.one_of(
    st.sampled_from([*VERBS, "@派单 ", "12", "#", "\u2005", "ſ", "ı", "²", "٣", "\n", "2天", "P1"]),
    st.text(max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=8).map("".join))
def test_no_line_whatever_breaks_the_reading(line: str) -> None:
    phrase = read(line)
    assert phrase is None or (phrase.ticket or 0) >= 0
    assert phrase is None or phrase.text in line
    nearest(line)
    number_in(line)
    option_in(line)
    read_pause(line, NOON)
    read_priority(line)
    mask_phones(line)


@pytest.mark.parametrize("filler", [" ", "#", "1", "@", "接", "1 ", " #", "@ ", "1天 ", "-", "138"])
@pytest.mark.parametrize("start", ["", "接单", "挂起 12 ", "@", "helpp"])
def test_long_lines_are_read_in_one_go(start: str, filler: str) -> None:
    """A reading that tries every division of 20 000 characters would not come back."""
    line = start + filler * (20_000 // len(filler)) + "x"
    phrase = read(line)
    if phrase is not None:
        numbers_of(phrase)
    number_in(line)
    option_in(line)
    nearest(line)
    read_pause(line, NOON)
    read_priority(line)
    mask_phones(line)
