"""What the rehearsed DingTalk takes for a message, and with which code it refuses the rest."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from bots.rehearsal.dingtalk_world import CustomRobot, Member, millis

MOST_PARAM_BYTES: Final = 15_000
MOST_ROBOT_BYTES: Final = 20_000
_SIGN_AGE: Final = timedelta(hours=1)
_PER_MINUTE: Final = 20
_SILENCE: Final = timedelta(minutes=10)

_TEMPLATES: Final[dict[str, tuple[str, ...]]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("title", "text", "picUrl", "messageUrl"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    "sampleActionCard2": ("title", "text", "actionTitle1", "actionURL1"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
}
_WEBHOOK: Final[dict[str, tuple[str, ...]]] = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "actionCard": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "feedCard": ("links",),
}
_CANNOT_MENTION: Final = frozenset({"link", "feedCard"})


class Refused(Exception):
    """The platform said no."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def new_error(status: int, code: str, words: str = "") -> Refused:
    """A refusal of the new API (0.4)."""
    return Refused(status, {"code": code, "requestid": "REHEARSAL", "message": words or code})


def old_error(code: int, words: str) -> Refused:
    """A refusal of the old API: HTTP 200 all the same."""
    return Refused(200, {"errcode": code, "errmsg": words})


class Said(msgspec.Struct, kw_only=True):
    """A message that was understood."""

    kind: str
    title: str | None = None
    text: str = ""
    at_ids: list[str] = []
    at_all: bool = False


def _words(fields: dict[str, Any]) -> tuple[str | None, str]:
    title = fields.get("title")
    text = fields.get("content") or fields.get("text") or fields.get("title") or ""
    return (str(title) if title else None), str(text)


def read_webhook(body: dict[str, Any]) -> Said:
    """The message of a session webhook or a custom robot (4.1)."""
    kind = body.get("msgtype")
    if kind == "empty":
        return Said(kind="empty")
    if not isinstance(kind, str) or kind not in _WEBHOOK:
        raise old_error(400105, f"unsupported msgtype {kind!r}")
    fields = body.get(kind)
    if not isinstance(fields, dict):
        raise old_error(40035, f"缺少参数 {kind}")
    for name in _WEBHOOK[kind]:
        if not fields.get(name):
            raise old_error(40035, f"缺少参数 {kind}.{name}")
    at = body.get("at") if kind not in _CANNOT_MENTION else None
    listed = at.get("atUserIds") if isinstance(at, dict) else None
    title, text = _words(fields)
    return Said(
        kind=kind,
        title=title,
        text=text,
        at_ids=[str(one) for one in listed[:50]] if isinstance(listed, list) else [],
        at_all=bool(isinstance(at, dict) and at.get("isAtAll")),
    )


def _param(raw: object) -> dict[str, Any]:
    if not isinstance(raw, str):
        raise new_error(400, "invalidParameter.msgParam.invalid")
    if len(raw.encode()) > MOST_PARAM_BYTES:
        raise new_error(400, "invalidParameter.msgParam.tooLong")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        raise new_error(400, "invalidParameter.msgParam.invalid") from None


def read_template(body: dict[str, Any]) -> Said:
    """The message of a robot send: `msgKey` and `msgParam`, a JSON string (4.2)."""
    for name in ("msgKey", "msgParam"):
        if not body.get(name):
            raise new_error(400, f"miss.param.{name}")
    key, raw = body["msgKey"], body["msgParam"]
    if key not in _TEMPLATES:
        raise new_error(400, "invalidParameter.msgKey.invalid")
    fields = _param(raw)
    for name in _TEMPLATES[key]:
        if not fields.get(name):
            raise new_error(400, f"miss.param.{name}")
    title, text = _words(fields)
    return Said(kind=str(key), title=title, text=text)


def mentioned(said: Said, members: Iterable[Member]) -> tuple[str, list[str]]:
    """The text as people see it, and whom it wakes: listed, named in the text, and a member."""
    text, woken = said.text, []
    for member in members:
        if said.at_all:
            woken.append(member.id)
        elif member.id in said.at_ids and f"@{member.id}" in text:
            text = text.replace(f"@{member.id}", f"@{member.name}")
            woken.append(member.id)
    return text, woken


def check_robot(robot: CustomRobot, query: dict[str, str], size: int, at: datetime) -> None:
    """A custom robot's state, signature and length; before the message is read."""
    if robot.stopped:
        raise old_error(400102, "机器人已停用")
    if robot.group.disbanded:
        raise old_error(400013, "群已被解散")
    if size > MOST_ROBOT_BYTES:
        raise old_error(460101, "message too long, exceed 20000 bytes")
    if robot.secret is not None:
        _check_sign(robot.secret, query, at)


def _check_sign(secret: str, query: dict[str, str], at: datetime) -> None:
    stamp = query.get("timestamp", "")
    if not stamp.isdecimal() or abs(int(stamp) - millis(at)) > _SIGN_AGE.total_seconds() * 1000:
        raise old_error(310000, "description:机器人发送签名过期;solution:invalid timestamp")
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), query.get("sign", "")):
        raise old_error(310000, "description:机器人发送签名不匹配;sign not match")


def check_words(robot: CustomRobot, said: Said) -> None:
    """One of the keywords must appear, when there are any."""
    text = f"{said.title or ''} {said.text}"
    if robot.keywords and not any(word in text for word in robot.keywords):
        raise old_error(310000, "description:关键词不匹配;keywords not in content")


def check_tempo(robot: CustomRobot, at: datetime) -> None:
    """Twenty messages a minute; the next one silences the robot for ten minutes (4.3)."""
    if robot.silent_until is not None and at < robot.silent_until:
        raise old_error(410100, "发送速度太快而限流")
    robot.sent_at = [sent for sent in robot.sent_at if sent + timedelta(minutes=1) > at]
    if len(robot.sent_at) >= _PER_MINUTE:
        robot.silent_until = at + _SILENCE
        raise old_error(410100, "发送速度太快而限流")
    robot.sent_at.append(at)
