"""Our card as the bot's markdown (facts/wecom 4.4), at most 20 480 bytes.

Customers' words may look like markup: what could become a link, a picture, a heading or a hidden
thought is disarmed, so that nobody can put a link of his own under our name.
"""

import re
from typing import Final

from bots.cards import Card

MOST_BYTES: Final = 20_480
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
_ADDRESS: Final = re.compile(r"(?i)\b(https?|wxwork|weixin)://")
_LINE_START: Final = re.compile(r"^(\s*)([#\-+]|\d+\.)(?=\s)", re.MULTILINE)


def disarmed(text: str) -> str:
    """The text with nothing in it that WeCom would draw as markup."""
    plain = _ADDRESS.sub("\\1:\u200b//", text.translate(_LOOKALIKE))
    return _LINE_START.sub("\\1\u200b\\2", plain)


def markdown(card: Card) -> str:
    """The card drawn."""
    parts = [f"**{disarmed(card.title)}**"]
    parts += [disarmed(line) for line in card.lines]
    if card.quote:
        parts.append(f"> {disarmed(card.quote)}")
    if card.hint:
        parts.append(disarmed(card.hint))
    if card.link:
        parts.append(f"[{card.link_text}]({card.link})")
    return fitting("\n\n".join(parts))


def fitting(text: str) -> str:
    """The text, cut between two characters to what a message may hold."""
    raw = text.encode()
    if len(raw) <= MOST_BYTES:
        return text
    return raw[: MOST_BYTES - 3].decode(errors="ignore") + "…"
