"""Our card as the markdown that both platforms draw: bold, quotes and links.

Customers' words may look like markup: what could become a link, a picture, a heading or a hidden
thought is disarmed, so that nobody can put a link of his own under our name.
"""

import hashlib
import re
from typing import Any, Final

import msgspec

from bots.cards import Card

_LOOKALIKE: Final = str.maketrans(
    {
        "[": "\uff3b",
        "]": "\uff3d",
        "<": "\uff1c",
        ">": "\uff1e",
        "`": "'",
        "*": "\uff0a",
        "_": "\uff3f",
        "!": "\uff01",
        "|": "\uff5c",
    }
)
_ADDRESS: Final = re.compile(r"(?i)\b(https?|dingtalk|dtmd|wxwork|weixin)://")
_LINE_START: Final = re.compile(r"^(\s*)([#\-+]|\d+\.)(?=\s)", re.MULTILINE)


def disarmed(text: str) -> str:
    """The text with nothing in it that a platform would draw as markup."""
    plain = _ADDRESS.sub("\\1:\u200b//", text.translate(_LOOKALIKE))
    return _LINE_START.sub("\\1\u200b\\2", plain)


def spoken(card: Card) -> str:
    """The card as plain text, for those whose app draws no markdown; a link is all it has."""
    parts = [card.title, *card.lines]
    if card.quote:
        parts.append(f"「{card.quote}」")
    if card.hint:
        parts.append(card.hint)
    text = disarmed("\n".join(parts))
    return f'{text}\n<a href="{card.link}">{card.link_text}</a>' if card.link else text


def drawn(card: Card) -> str:
    """The card as markdown."""
    parts = [f"**{disarmed(card.title)}**"]
    parts += [disarmed(line) for line in card.lines]
    if card.quote:
        parts.append(f"> {disarmed(card.quote)}")
    if card.hint:
        parts.append(disarmed(card.hint))
    if card.link:
        parts.append(f"[{card.link_text}]({card.link})")
    return "\n\n".join(parts)


def shown_digest(told: dict[str, Any]) -> str:
    """What a card shows, as a short value: the same again need not be sent."""
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()[:16]
