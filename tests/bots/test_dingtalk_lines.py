"""A frame's data becomes a line: as documented, as bots report it, and as nobody expects it."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bots.dingtalk.lines import Attachment, ChatLine, read_line

CAPTURED = Path(__file__).parents[1] / "support" / "captured" / "dingtalk"


def captured(name: str) -> ChatLine:
    return read_line(json.loads((CAPTURED / f"{name}.json").read_text("utf-8")), "frame")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text_in_group", {"text": "转给 12 @小赵", "private": False, "at_ids": ["user456"]}),
        ("text_in_private", {"text": "我的", "private": True, "title": None, "at_ids": []}),
        ("from_outside", {"text": "帮助", "sender_id": None, "sender_name": "李工"}),
        (
            "rich_text",
            {
                "text": "报修 打印机卡纸",
                "attachments": [Attachment(kind="picture", download_code="dcPicture")],
            },
        ),
        ("picture", {"attachments": [Attachment(kind="picture", download_code="dcPicture")]}),
        (
            "audio",
            {
                "text": "空调不制冷",
                "attachments": [Attachment(kind="audio", download_code="dcAudio", duration=4000)],
            },
        ),
        (
            "file",
            {"attachments": [Attachment(kind="file", download_code="dcFile", name="日志.zip")]},
        ),
        (
            "quoted_reply",
            {
                "text": "已联系客户",
                "quoted": {"message_id": "msgOld==", "ref": "pqk1", "text": "#12 打印机卡纸"},
            },
        ),
        (
            "quoted_card",
            {"quoted": {"message_id": "msgCard==", "ref": "carrier1", "text": None}},
        ),
        ("over_quota", {"over_quota": True, "text": ""}),
        ("over_quota_other_spelling", {"over_quota": True, "text": ""}),
    ],
)
def test_lines_as_documented(name: str, expected: dict[str, object]) -> None:
    line = captured(name)
    assert {key: getattr(line, key) for key in expected} == expected
    assert line.key == "msgA1=="
    assert msgspec.json.decode(msgspec.json.encode(line), type=ChatLine) == line
    assert line.session_webhook_expires_at is not None
    assert line.created_at is not None
    assert line.session_webhook_expires_at - line.created_at == timedelta(milliseconds=5_400_180)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"text": None, "content": [], "atUsers": {}, "createAt": "soon"},
        {"text": {"content": {"a": 1}, "repliedMsg": "x"}, "msgtype": 7, "msgId": None},
        {"msgtype": "richText", "content": {"richText": [None, {"text": 5}, {"type": 3}]}},
        {"createAt": 10**30, "sessionWebhookExpiredTime": -1, "conversationType": 2},
    ],
)
def test_whatever_comes_is_a_line(data: object) -> None:
    assert read_line(data, "frame").key == "frame"


def test_a_line_holds_only_what_a_database_keeps():
    data = json.loads(
        r'{"msgId": "m\u0000\ud83d", "msgtype": "text",'
        r' "text": {"content": "回复 1 好\u0000\ud83d"}, "extra\udc00": ["\u0000"]}'
    )
    line = read_line(data, "frame")
    assert (line.key, line.text) == ("m", "回复 1 好")
    assert b"u0000" not in msgspec.json.encode(line)
