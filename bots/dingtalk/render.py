"""Our card as DingTalk's markdown (facts/dingtalk 4.1)."""

from bots.cards import Card
from bots.drawing import drawn
from server.clients.dingtalk import Markdown


def markdown(card: Card) -> Markdown:
    """The card drawn. The title is also what the list of conversations shows."""
    return Markdown(card.title, drawn(card))
