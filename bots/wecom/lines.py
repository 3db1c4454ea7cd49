"""A line that somebody wrote to our bot, read from WeCom's frame (facts/wecom 4.3).

Nothing in a frame is taken for granted; what cannot be read is still a line, which can be put
aside. Voices come as text already. Pictures and files lie behind an address that dies in five
minutes, with a key of their own.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from bots.presses import Press
from server.domain.texts import cleaned


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, film or file: where it lies, and the key that opens it."""

    kind: str
    url: str
    key: str = ""


class ChatLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `key` is the platform's message id; `req_id` answers it for 24 hours."""

    key: str
    req_id: str
    chat_id: str
    private: bool
    sender_id: str | None = None
    text: str = ""
    quoted: str = ""
    """The words of the message that is quoted: the only link back to it."""
    created_at: datetime | None = None
    attachments: list[Attachment] = []
    raw: dict[str, Any] = {}


def read_line(body: object, req_id: str) -> ChatLine:
    """Read the body of a message frame. Never refuses; what no database keeps is left out."""
    kept = cleaned(body)
    fields = kept if isinstance(kept, dict) else {"unreadable": kept}
    text, attachments = _said(fields)
    sender = _text(_fields(fields.get("from")).get("userid"))
    private = _text(fields.get("chattype")) != "group"
    return ChatLine(
        key=_text(fields.get("msgid")) or req_id,
        req_id=req_id,
        chat_id=_text(fields.get("chatid")) or sender or "",
        private=private,
        sender_id=sender,
        text=text.strip(),
        quoted=_said(_fields(fields.get("quote")))[0].strip(),
        created_at=_instant(fields.get("create_time")),
        attachments=attachments,
        raw=fields,
    )


def read_press(body: object, req_id: str) -> tuple[str, Press]:
    """A button of a template card that was pressed, and the event's key. The card's part is nested
    (4.3), whatever the official package's types say. Never refuses: a button that cannot be read
    is one of a dead card.
    """
    kept = cleaned(body)
    fields = kept if isinstance(kept, dict) else {}
    pressed = _fields(_fields(fields.get("event")).get("template_card_event"))
    sender = _text(_fields(fields.get("from")).get("userid"))
    in_group = _text(fields.get("chattype")) == "group"
    return _text(fields.get("msgid")) or req_id, Press(
        card=_text(pressed.get("task_id")) or "",
        button=_text(pressed.get("event_key")) or "",
        user_id=sender,
        group=_text(fields.get("chatid")) if in_group else None,
        conversation=_text(fields.get("chatid")) or sender,
    )


def _said(fields: dict[str, Any]) -> tuple[str, list[Attachment]]:
    kind = _text(fields.get("msgtype")) or ""
    part = _fields(fields.get(kind))
    if kind == "mixed":
        items = part.get("msg_item")
        found = [_said(_fields(one)) for one in items] if isinstance(items, list) else []
        return "".join(text for text, _ in found), [one for _, many in found for one in many]
    if kind in {"image", "file", "video"}:
        url = _text(part.get("url"))
        key = _text(part.get("aeskey")) or ""
        return "", [Attachment(kind=kind, url=url, key=key)] if url else []
    return _text(part.get("content")) or "", []


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
