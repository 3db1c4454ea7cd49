"""What stands in the demo's chat windows, of both platforms in one shape."""

from datetime import datetime

import msgspec

from bots.rehearsal import dingtalk_world, wecom_world
from bots.rehearsal.wecom_cards import CardOnWall


class ButtonShown(msgspec.Struct, frozen=True, kw_only=True):
    """A button as it is drawn: main, plain, danger or dead."""

    text: str
    style: str


class CardShown(msgspec.Struct, frozen=True, kw_only=True):
    """A card as one of the people sees it."""

    text: str
    buttons: tuple[ButtonShown, ...]


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """One message; `cards` by account, where it is a card."""

    id: str
    at: datetime
    chat: str
    sender: str
    sender_id: str
    from_robot: bool
    kind: str
    title: str | None
    text: str
    mentions: tuple[str, ...] = ()
    quotes: str | None = None
    cards: dict[str, CardShown] = {}


_DINGTALK = {"blue": "main", "red": "danger"}
_WECOM = {1: "main", 2: "plain", 3: "danger", 4: "dead"}


def of_dingtalk(seen: dingtalk_world.Seen, accounts: frozenset[str]) -> MessageShown:
    """A message of the rehearsed DingTalk."""
    card = seen.card
    return MessageShown(
        id=seen.id,
        at=seen.at,
        chat=seen.chat,
        sender=seen.sender,
        sender_id=seen.sender_id,
        from_robot=seen.from_robot,
        kind=seen.kind,
        title=seen.title,
        text=seen.text,
        mentions=tuple(seen.mentions),
        quotes=seen.quotes,
        cards={} if card is None else {one: _of_dingtalk(card, one) for one in accounts},
    )


def _of_dingtalk(card: dingtalk_world.CardOnWall, account: str) -> CardShown:
    buttons = tuple(
        ButtonShown(text=str(one.get("text")), style=_DINGTALK.get(str(one.get("color")), "plain"))
        for one in card.buttons(account)
    )
    return CardShown(text=card.words_for(account), buttons=buttons)


def of_wecom(seen: wecom_world.Seen, accounts: frozenset[str]) -> MessageShown:
    """A message of the rehearsed WeCom."""
    card = seen.card
    return MessageShown(
        id=seen.id,
        at=seen.at,
        chat=seen.chat,
        sender=seen.sender,
        sender_id=seen.sender_id,
        from_robot=seen.from_robot,
        kind=seen.kind,
        title=None,
        text=seen.text,
        cards={} if card is None else {one: _of_wecom(card, one) for one in accounts},
    )


def _of_wecom(card: CardOnWall, account: str) -> CardShown:
    seen = card.seen_by(account)
    buttons = tuple(
        ButtonShown(text=text, style=_WECOM.get(seen.styles.get(text, 2), "plain"))
        for text in seen.buttons
    )
    return CardShown(text=seen.words, buttons=buttons)
