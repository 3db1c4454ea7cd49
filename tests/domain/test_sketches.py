"""What is found in what customers write, as it is forwarded."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.sketches import (
    Wish,
    address_in,
    gathered,
    is_cut,
    name_in,
    phone_in,
    read_wish,
    subject_of,
    tells_of_trouble,
)

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name", "phone", "address"),
    [
        (
            "您好\uff0c我是王芳\uff0c家里空调不制冷\uff0c电话 138 1234 5678\uff0c"
            "地址\uff1a徐汇区漕溪北路88号3楼",
            "王芳",
            "13812345678",
            "徐汇区漕溪北路88号3楼",
        ),
        ("客户\uff1a欧阳明\n电话\uff1a010-62345678", "欧阳明", "01062345678", ""),
        ("王女士说打印机坏了\uff0c+86 13912345678", "王女士", "13912345678", ""),
        ("李工: 二楼断网了\n李工: 快点来", "李工", "", ""),
        ("张先生 10:32\uff1a机器不转", "张先生", "", ""),
        ("上海市浦东新区张江路100弄5号楼201室漏水", "", "", "上海市浦东新区张江路100弄5号楼201室"),
        (
            "联系人 赵小刚\uff0c15900001111\uff0c我在万达广场3号楼",
            "赵小刚",
            "15900001111",
            "我在万达广场3号楼",
        ),
        ("单号 20261124001 没发货", "", "", ""),
        ("打印机卡纸", "", "", ""),
    ],
)
def test_name_phone_and_address_are_found(text, name, phone, address) -> None:
    assert name_in(text) == name
    assert phone_in(text) == phone
    assert address_in(text) in {address, address.removeprefix("我在")}


@pytest.mark.parametrize(
    ("texts", "subject"),
    [
        (("您好\uff0c空调不制冷",), "空调不制冷"),
        (("姓名\uff1a王芳\n电话\uff1a13812345678\n空调不制冷",), "空调不制冷"),
        (("13812345678", "王女士: 空调不制冷"), "空调不制冷"),
        (("在吗", "空调漏水了"), "空调漏水了"),
        ((), ""),
    ],
)
def test_the_subject_is_what_tells_something(texts, subject) -> None:
    assert subject_of(texts) == subject


def test_what_comes_within_two_minutes_is_one_and_what_was_said_stays() -> None:
    first = gathered(None, "空调不制冷", NOW)
    second = gathered(first, "王女士 13812345678", NOW + timedelta(seconds=119))
    assert (second.subject, second.name, second.phone) == ("空调不制冷", "王女士", "13812345678")
    third = gathered(second, "打印机坏了\uff0c很急很急很急", NOW + timedelta(minutes=5))
    assert third.texts == ("打印机坏了\uff0c很急很急很急",)


@pytest.mark.parametrize(
    ("line", "wish"),
    [
        ("建单", Wish("file")),
        ("建单\u3002", Wish("file")),
        ("取消", Wish("drop")),
        ("改", Wish("how")),
        ("改 电话 13900000000", Wish("change", "phone", "13900000000")),
        ("修改姓名为王女士", Wish("change", "name", "王女士")),
        ("改地址\uff1a徐汇区 88 号", Wish("change", "address", "徐汇区 88 号")),
        ("改天再说", None),
        ("好的", None),
    ],
)
def test_what_is_to_become_of_it_is_read(line, wish) -> None:
    assert read_wish(line) == wish


def test_small_talk_is_no_customer_and_a_forwarded_conversation_is_told() -> None:
    assert not tells_of_trouble("今天真冷")
    assert tells_of_trouble("客户家里的空调从昨天晚上开始就不制冷了")
    assert tells_of_trouble("13812345678")
    assert is_cut("[聊天记录]")
    assert is_cut("\uff3b聊天记录\uff3d王女士和李工")
    assert not is_cut("聊天记录在哪里看")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["王女士", "13812345678", "地址:", "路", "88号", "\n", ":", "我是", "区"]
            ),
            st.text(max_size=6),
        ),
        max_size=40,
    ).map("".join)
)
def test_no_text_breaks_the_reading(text: str) -> None:
    sketch = gathered(None, text, NOW)
    assert len(sketch.subject) <= 60
    read_wish(text)
    is_cut(text)


@pytest.mark.parametrize(
    "filler", ["路", "区", "王", "1", "地址:", "13812345678", "号", " ", "市区路"]
)
def test_long_texts_are_read_in_one_go(filler: str) -> None:
    text = filler * (20_000 // len(filler))
    gathered(None, text, NOW)
    read_wish(text)
