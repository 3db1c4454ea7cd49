"""A line that somebody wrote to our robot, read from DingTalk's frame (facts/dingtalk 3).

Nothing in a frame is taken for granted: numbers come as strings, fields are missing for people
outside the organisation, quoted replies are undocumented (3.1), and over the monthly quota the
content is missing altogether (0.3). What cannot be read is still a line: it can be put aside.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from bots.presses import Press
from server.domain.texts import cleaned

_OVER_QUOTA: Final = "20001"


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file behind a downloadCode; codes die soon (3.2)."""

    kind: str
    download_code: str
    name: str | None = None
    duration: int | None = None
    """Milliseconds, of a sound or film."""


class ChatLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `key` is the platform's message id: repeated pushes carry the same one."""

    key: str
    conversation_id: str
    private: bool
    title: str | None = None
    """The group's title."""
    sender_id: str | None = None
    """userId (staffId); None for people outside the organisation or an unpublished robot."""
    sender_name: str = ""
    text: str = ""
    robot_code: str | None = None
    session_webhook: str | None = None
    session_webhook_expires_at: datetime | None = None
    created_at: datetime | None = None
    at_ids: list[str] = []
    """userIds of people named with @, without the robot."""
    quoted: dict[str, Any] | None = None
    """Of a quoted reply: `message_id`, `ref` (our processQueryKey), `text`; any may be None."""
    attachments: list[Attachment] = []
    over_quota: bool = False
    """The month's quota is spent: DingTalk withheld the content."""
    raw: dict[str, Any] = {}


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _number(value: object) -> int | None:
    text = _text(value)
    return int(text) if text is not None and text.isdecimal() else None


def _instant(value: object) -> datetime | None:
    number = _number(value)
    try:
        return None if number is None else datetime.fromtimestamp(number / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _attachment(kind: str, content: dict[str, Any]) -> list[Attachment]:
    code = _text(content.get("downloadCode")) or _text(content.get("pictureDownloadCode"))
    if code is None:
        return []
    name, duration = _text(content.get("fileName")), _number(content.get("duration"))
    return [Attachment(kind=kind, download_code=code, name=name, duration=duration)]


def _rich(content: dict[str, Any]) -> tuple[str, list[Attachment]]:
    texts: list[str] = []
    attached: list[Attachment] = []
    for part in _entries(content.get("richText")):
        text = _text(part.get("text"))
        if text is not None:
            texts.append(text)
        attached += _attachment(_text(part.get("type")) or "picture", part)
    return "".join(texts), attached


def _said(data: dict[str, Any]) -> tuple[str, list[Attachment]]:
    """Text and attachments, by msgtype; of an unknown type whatever text it has."""
    kind, content = _text(data.get("msgtype")) or "", _fields(data.get("content"))
    plain = _text(_fields(data.get("text")).get("content")) or ""
    if kind == "richText":
        return _rich(content)
    if kind in {"picture", "audio", "video", "file"}:
        return _text(content.get("recognition")) or plain, _attachment(kind, content)
    return plain or _text(content.get("text")) or _text(content.get("content")) or "", []


def _quoted(data: dict[str, Any]) -> dict[str, Any] | None:
    text = _fields(data.get("text"))
    replied = _fields(text.get("repliedMsg"))
    content = _fields(replied.get("content"))
    message = _text(data.get("originalMsgId")) or _text(replied.get("msgId"))
    ref = _text(data.get("originalProcessQueryKey"))
    if not (text.get("isReplyMsg") is True or replied or message or ref):
        return None
    words = _text(content.get("text")) or _text(content.get("content")) or _rich(content)[0]
    return {"message_id": message, "ref": ref, "text": words or None}


def _at_ids(data: dict[str, Any]) -> list[str]:
    robot = _text(data.get("chatbotUserId"))
    named = [one for one in _entries(data.get("atUsers")) if one.get("dingtalkId") != robot]
    found = [_text(one.get("staffId")) for one in named]
    return [one for one in found if one is not None]


def read_press(data: object, frame_id: str) -> tuple[str, Press]:
    """A button of a card that was pressed, and the frame's key (5.5). Never refuses: a button that
    cannot be read is one of a dead card. The content is a JSON string under one of two names, and
    the parameters stand in it at one of two places.
    """
    kept = cleaned(data)
    fields = kept if isinstance(kept, dict) else {}
    content = _unpacked(fields.get("content")) or _unpacked(fields.get("value"))
    told = _fields(content.get("cardPrivateData"))
    named = _fields(told.get("params")) or _fields(content.get("params"))
    ids = told.get("actionIds")
    first = _text(ids[0]) if isinstance(ids, list) and ids else None
    return f"card:{frame_id}", Press(
        card=_text(fields.get("outTrackId")) or "",
        button=_text(named.get("button")) or first or "",
        user_id=_text(fields.get("userId")),
        conversation=_text(fields.get("spaceId")),
        updates=True,
    )


def _unpacked(value: object) -> dict[str, Any]:
    try:
        return _fields(msgspec.json.decode(value) if isinstance(value, str) else value)
    except msgspec.DecodeError:
        return {}


def read_line(data: object, frame_id: str) -> ChatLine:
    """Read the `data` of a frame. Never refuses; the frame's id stands in for a message id. What
    no database keeps is left out: the line would come again and again.
    """
    kept = cleaned(data)
    fields = kept if isinstance(kept, dict) else {"unreadable": kept}
    text, attachments = _said(fields)
    error = _text(fields.get("errorCode")) or _text(fields.get("errCode"))
    return ChatLine(
        key=_text(fields.get("msgId")) or frame_id,
        conversation_id=_text(fields.get("conversationId")) or "",
        private=_text(fields.get("conversationType")) != "2",
        title=_text(fields.get("conversationTitle")),
        sender_id=_text(fields.get("senderStaffId")),
        sender_name=_text(fields.get("senderNick")) or "",
        text=text.strip(),
        robot_code=_text(fields.get("robotCode")),
        session_webhook=_text(fields.get("sessionWebhook")),
        session_webhook_expires_at=_instant(fields.get("sessionWebhookExpiredTime")),
        created_at=_instant(fields.get("createAt")),
        at_ids=_at_ids(fields),
        quoted=_quoted(fields),
        attachments=attachments,
        over_quota=error == _OVER_QUOTA,
        raw=fields,
    )
