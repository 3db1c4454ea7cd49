"""Digests: what waits when a shift begins, and the day in figures. Both are about many tickets."""

from typing import Final

import msgspec

from bots.cards import Card, Reading, marked
from server.desk import Parcel
from server.usecases.gathering import KINDS
from server.words import say

DIGESTS: Final = frozenset({"shift_began", "evening_report"})
_MOST_NAMED: Final = 10
_FIGURES: Final = ("opened", "solved", "late", "waiting", "open")

Facts = dict[str, str | int | None]


def digest_card(parcel: Parcel, reading: Reading) -> Card:
    """The card of a digest."""
    facts = msgspec.json.decode(parcel.delivery.body, type=Facts)
    kind, language = parcel.delivery.kind, reading.language
    title = say(language, f"notice.{kind}", **facts)
    counted = [
        say(language, f"notice.gathered_{one}", count=facts[f"n_{one}"])
        for one in KINDS
        if facts.get(f"n_{one}")
    ]
    numbers = str(facts.get("numbers") or "").split()
    lines = [say(language, "event.comma").join(counted)] if counted else []
    lines += [
        say(language, f"notice.digest.{name}", count=facts[name])
        for name in _FIGURES
        if facts.get(name) is not None
    ]
    if numbers:
        listed = " ".join(f"#{number}" for number in numbers[:_MOST_NAMED])
        lines.append(say(language, "notice.digest.numbers", numbers=listed))
    return Card(
        title=marked(language, title) if parcel.again else title,
        lines=tuple(lines),
        hint=say(language, f"notice.digest.hint_{kind}"),
        link=reading.public_url,
        link_text=say(language, "notice.open") if reading.public_url else "",
    )
