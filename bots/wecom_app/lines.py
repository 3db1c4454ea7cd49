"""What WeCom calls back with, read from its XML (pages 90239 and 90240; facts/wecom 1.3 to 1.6).

The envelope is not signed as a whole, so nothing in it is taken for granted; what lies sealed in it
is WeCom's own, and still read with care: a document type is refused, because entities could make
much of little.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

import msgspec

from server.domain.texts import clean

MOST_CHARACTERS: Final = 200_000


class Unreadable(ValueError):
    """It is no XML that WeCom would send."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, sound or film, which can be fetched for three days."""

    kind: str
    media_id: str


class ChatLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line to the app. `key` tells it from every other: the message's id, or a digest of an
    event, which has none.
    """

    key: str
    sender_id: str
    text: str = ""
    created_at: datetime | None = None
    attachments: list[Attachment] = []
    raw: dict[str, str] = {}


def read_fields(text: str) -> dict[str, str]:
    """The elements below the root, by name; those that hold others are left out. Refuses
    `Unreadable`.
    """
    if len(text) > MOST_CHARACTERS or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable
    try:
        root = ET.fromstring(text)  # noqa: S314  # without entities, see above
    except (ET.ParseError, ValueError):
        raise Unreadable from None
    return {one.tag: clean(one.text or "") for one in root if len(one) == 0}


def read_line(fields: dict[str, str]) -> ChatLine | None:
    """A message, or a press in the app's menu; None for every other event."""
    kind = fields.get("MsgType", "")
    sender = fields.get("FromUserName", "")
    if not sender or (kind == "event" and fields.get("Event") != "click"):
        return None
    said = {"text": "Content", "event": "EventKey", "location": "Label", "link": "Url"}.get(kind)
    media = fields.get("MediaId", "")
    return ChatLine(
        key=fields.get("MsgId") or _digest(fields),
        sender_id=sender,
        text=fields.get(said, "").strip() if said is not None else "",
        created_at=_instant(fields.get("CreateTime", "")),
        attachments=[Attachment(kind=kind, media_id=media)] if media else [],
        raw=fields,
    )


def _digest(fields: dict[str, str]) -> str:
    """WeCom's own advice, who and when, does not tell two events of one second apart (1.8)."""
    text = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
