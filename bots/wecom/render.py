"""Our card as WeCom draws it: markdown, or a template card with buttons (facts 2.3, 4.4, 4.5).

A message holds 20 480 bytes. A template card holds little text: a title, a line below it, a
paragraph, six rows of a name and a value, six buttons; what is longer its clients cut, so we cut it
where it is still readable.
"""

from typing import Any, Final

from bots.buttons import MOST, Button
from bots.cards import Card
from bots.drawing import disarmed
from bots.telling import cut

MOST_BYTES: Final = 20_480
_TITLE: Final = 26
_UNDER: Final = 30
_PARAGRAPH: Final = 112
_ROWS: Final = 6
_NAME: Final = 5
_VALUE: Final = 26
_BUTTON: Final = 10
_QUOTED: Final = 100
_STYLES: Final = {"main": 1, "plain": 2, "danger": 3, "dead": 4}


def fitting(text: str) -> str:
    """The text, cut between two characters to what a message may hold."""
    raw = text.encode()
    if len(raw) <= MOST_BYTES:
        return text
    return raw[: MOST_BYTES - 3].decode(errors="ignore") + "…"


def template_card(card: Card, task: str) -> dict[str, Any]:
    """The card as `button_interaction`; `task` is our name for it. Rows tell what lines tell, so
    the paragraph has only what is in no row.
    """
    title = disarmed(card.title)
    under = " · ".join(part for part in (card.note, card.stamp) if part)
    told: dict[str, Any] = {
        "card_type": "button_interaction",
        "task_id": task,
        "main_title": {"title": cut(title, _TITLE)}
        | ({"desc": cut(under, _UNDER)} if under else {}),
        "button_list": [_button(one) for one in card.buttons[:MOST]],
    }
    paragraph = _paragraph(card, title, under)
    if paragraph:
        told["sub_title_text"] = paragraph
    if card.rows:
        told["horizontal_content_list"] = [
            {"keyname": cut(name, _NAME), "value": cut(value, _VALUE)}
            for name, value in card.rows[:_ROWS]
        ]
    if card.quote:
        told["quote_area"] = {"type": 0, "quote_text": cut(disarmed(card.quote), _QUOTED)}
    if card.link:
        told["card_action"] = {"type": 1, "url": card.link}
    return told


def _paragraph(card: Card, title: str, under: str) -> str:
    said = [title] if len(title) > _TITLE else []
    said += [under] if len(under) > _UNDER else []
    said += card.besides if card.rows else card.lines
    said += [card.hint] if card.hint else []
    return cut(disarmed("\n".join(said)), _PARAGRAPH) if said else ""


def _button(button: Button) -> dict[str, Any]:
    return {"text": cut(button.text, _BUTTON), "style": _STYLES[button.style], "key": button.id}
