"""Our card as DingTalk draws it: markdown with links, or an interactive card (facts 4.1, 5).

The interactive card's template is one that takes a title, markdown, a line of tips and a list of
buttons: DingTalk's own public one does, and so does any that has the same variables (5.4). Every
value is a string of at most 1 KB.
"""

from typing import Final
from urllib.parse import quote

import msgspec

from bots.buttons import Button, read_button
from bots.cards import Card
from bots.drawing import disarmed, drawn
from server.clients.dingtalk import Markdown
from server.words import find

PUBLIC_TEMPLATE: Final = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
"""The markdown card with buttons of the official packages, usable by every application (5.4)."""
MOST_BYTES: Final = 1024
_COLORS: Final = {"main": "blue", "plain": "gray", "danger": "red", "dead": "gray"}
_SPEAKABLE: Final = frozenset({"claim", "release", "resume", "take_over", "show"})
"""Buttons whose line is complete with the ticket's number."""


def markdown(card: Card, *, links: bool = False) -> Markdown:
    """The card drawn. The title is also what the list of conversations shows. With `links` its
    buttons are links that say the line for whoever taps them; they work in private chats (4.6).
    """
    text = drawn(card)
    said = [link for one in card.buttons if links and (link := _link(one))]
    if said:
        text = "\n\n".join((text, " · ".join(said)))
    return Markdown(card.title, text)


def _link(button: Button) -> str:
    deed = read_button(button.id)
    if deed is None or deed.verb not in _SPEAKABLE:
        return ""
    line = f"{find('zh', f'chat.verb.{deed.verb}')} {deed.ticket}"
    return f"[{button.text}](dtmd://dingtalkclient/sendMessage?content={quote(line)})"


def parameters(card: Card) -> dict[str, str]:
    """The card as the variables of the template."""
    parts = [disarmed(line) for line in card.lines]
    if card.quote:
        parts.append(f"> {disarmed(card.quote)}")
    if card.hint:
        parts.append(disarmed(card.hint))
    if card.link:
        parts.append(f"[{card.link_text}]({card.link})")
    tips = " · ".join(part for part in (card.note, card.stamp) if part)
    return {
        "title": fitting(card.title),
        "markdown": fitting("\n\n".join(parts)),
        "tips": fitting(tips),
        "sys_full_json_obj": _buttons(card.buttons),
    }


def _buttons(buttons: tuple[Button, ...]) -> str:
    """As many as fit."""
    told = msgspec.json.encode({"msgButtons": [_button(one) for one in buttons]}).decode()
    return told if len(told.encode()) <= MOST_BYTES else _buttons(buttons[:-1])


def _button(button: Button) -> dict[str, object]:
    return {
        "text": button.text,
        "color": _COLORS[button.style],
        "id": button.id,
        "request": True,
        "params": {"button": button.id},
    }


def fitting(text: str) -> str:
    """The text, cut between two characters to what a variable may hold."""
    raw = text.encode()
    if len(raw) <= MOST_BYTES:
        return text
    return raw[: MOST_BYTES - 3].decode(errors="ignore") + "…"
