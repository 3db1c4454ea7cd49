"""What fits into a message of WeCom's bot: 20 480 bytes (facts/wecom 4.4)."""

from typing import Final

MOST_BYTES: Final = 20_480


def fitting(text: str) -> str:
    """The text, cut between two characters to what a message may hold."""
    raw = text.encode()
    if len(raw) <= MOST_BYTES:
        return text
    return raw[: MOST_BYTES - 3].decode(errors="ignore") + "…"
