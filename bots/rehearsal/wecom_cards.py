"""Template cards with buttons as the rehearsed WeCom takes them, shows them and changes them.

It refuses what the platform refuses (facts/wecom 2.3, 2.10, 4.4, 4.5): cards without a title, a
task or buttons, lists that are too long, keys that are missing, too long or clash, a task that the
bot has used before, a row's field that is too long for the page's limits. An update needs the
event's own task and comes within five seconds; with `userids` only those people see it. How a
refused repetition of a task is called no page says: a client may rely on the code being other
than 0.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

UPDATE_LIFE: Final = timedelta(seconds=5)
_TASK: Final = re.compile(r"[0-9A-Za-z_@-]{1,128}")
_MOST_BUTTONS: Final = 6
_MOST_ROWS: Final = 6
_MOST_KEY: Final = 1024
_TASK_CODE: Final = 42014
_UNKNOWN_TASK: Final = 42016
_NAME_CODE: Final = 42027
_TYPE_CODE: Final = 42031
_TITLE_CODE: Final = 42033
_ROWS_CODE: Final = 42035
_TEXT_CODE: Final = 42038
_KEY_CODE: Final = 42039
_ACTION_CODE: Final = 42045
_LONG: Final = 40058
_NOT_A_CLICK: Final = 846605
_TOO_LATE: Final = 846608
_LENGTHS: Final = {"title": 26, "desc": 30, "sub_title_text": 112, "keyname": 5, "value": 26}
_BUTTON_TEXT: Final = 10


class Shown(msgspec.Struct, frozen=True):
    """A card as somebody sees it: its words, and the keys and styles of its buttons by text."""

    words: str
    buttons: dict[str, str]
    styles: dict[str, int]

    @property
    def text(self) -> str:
        """Words and buttons."""
        return "\n".join((self.words, " ".join(f"[{one}]" for one in self.buttons)))


class CardOnWall(msgspec.Struct, kw_only=True):
    """A card in a chat: what all see, and what single people see instead."""

    task: str
    shown: Shown
    own: dict[str, Shown] = {}

    def seen_by(self, user_id: str) -> Shown:
        """As this person sees it."""
        return self.own.get(user_id, self.shown)


class Click(msgspec.Struct, kw_only=True, eq=False):
    """A button that somebody pressed. `code` is how the update that answered it went; None while
    nobody has answered. Without an answer the person sees nothing happen.
    """

    card: CardOnWall
    user_id: str
    at: datetime
    handed: list[bool] = []
    code: int | None = None

    @property
    def acked(self) -> bool:
        """The bot's connection has it, or never will."""
        return bool(self.handed)


def _fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: object) -> list[dict[str, Any]]:
    return [_fields(one) for one in value] if isinstance(value, list) else []


def check_card(card: object, used: set[str]) -> int:
    """The code with which a new card is refused, 0 for none."""
    told = _fields(card)
    task = told.get("task_id")
    if not isinstance(task, str) or not _TASK.fullmatch(task) or task in used:
        return _TASK_CODE
    return check_content(told)


def check_content(told: dict[str, Any]) -> int:
    """The same of what a card says, new or changed."""
    if told.get("card_type") != "button_interaction":
        return _TYPE_CODE
    title = _fields(told.get("main_title")).get("title")
    if not isinstance(title, str) or not title:
        return _TITLE_CODE
    action = told.get("card_action")
    if action is not None and (_fields(action).get("type") != 1 or not _fields(action).get("url")):
        return _ACTION_CODE
    return _check_rows(told) or _check_buttons(told) or _check_lengths(told)


def _check_rows(told: dict[str, Any]) -> int:
    rows = _entries(told.get("horizontal_content_list"))
    if len(rows) > _MOST_ROWS:
        return _ROWS_CODE
    return 0 if all(row.get("keyname") for row in rows) else _NAME_CODE


def _check_buttons(told: dict[str, Any]) -> int:
    buttons = _entries(told.get("button_list"))
    if not 0 < len(buttons) <= _MOST_BUTTONS:
        return _TEXT_CODE
    if not all(isinstance(one.get("text"), str) and one["text"] for one in buttons):
        return _TEXT_CODE
    keys = [one.get("key") for one in buttons]
    if not all(isinstance(key, str) and 0 < len(key.encode()) <= _MOST_KEY for key in keys):
        return _KEY_CODE
    if len(set(keys)) < len(keys) or not all(one.get("style") in {1, 2, 3, 4} for one in buttons):
        return _KEY_CODE
    return 0 if all(set(one) <= {"text", "style", "key"} for one in buttons) else _LONG


def _check_lengths(told: dict[str, Any]) -> int:
    """The page's lengths are advice; here they are law, so that nothing of ours is ever cut."""
    named = [_fields(told.get("main_title")), told, *_entries(told.get("horizontal_content_list"))]
    texts = [(part.get(name), most) for part in named for name, most in _LENGTHS.items()]
    texts += [(one.get("text"), _BUTTON_TEXT) for one in _entries(told.get("button_list"))]
    return 0 if all(len(str(text or "")) <= most for text, most in texts) else _LONG


def check_update(body: dict[str, Any], click: Click | None, now: datetime) -> int:
    """The code with which an update is refused, 0 for none. It answers a click, once and soon."""
    if click is None:
        return _NOT_A_CLICK
    if now - click.at > UPDATE_LIFE or click.code == 0:
        return _TOO_LATE
    told = _fields(body.get("template_card"))
    if body.get("response_type") != "update_template_card":
        return _LONG
    if told.get("task_id") != click.card.task:
        return _UNKNOWN_TASK
    named = body.get("userids")
    if named is not None and named != [click.user_id]:
        return _LONG
    return check_content(told)


def change(body: dict[str, Any], click: Click) -> None:
    """Show what an update says, to all or to those whom it names."""
    shown = drawn(_fields(body.get("template_card")))
    if body.get("userids") is None:
        click.card.shown = shown
        click.card.own = {}
    else:
        click.card.own = click.card.own | {click.user_id: shown}


def drawn(told: dict[str, Any]) -> Shown:
    """A card as people read it."""
    title = _fields(told.get("main_title"))
    quote = _fields(told.get("quote_area")).get("quote_text")
    buttons = _entries(told.get("button_list"))
    rows = _entries(told.get("horizontal_content_list"))
    parts = [
        title.get("title"),
        title.get("desc"),
        told.get("sub_title_text"),
        f"> {quote}" if quote else None,
        *(f"{row.get('keyname')} {row.get('value')}" for row in rows),
    ]
    return Shown(
        "\n".join(str(part) for part in parts if part),
        {str(one.get("text")): str(one.get("key")) for one in buttons},
        {str(one.get("text")): int(one.get("style") or 2) for one in buttons},
    )
