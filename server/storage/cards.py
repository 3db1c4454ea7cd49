"""Cards with buttons that were sent by chat, what they last showed, and who pressed what."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from server.storage.database import Reading, Statement, Unit

Kind = Literal["ticket", "waiting", "mine", "handover"]
"""What it shows: one ticket, the tickets that wait, those of one colleague, a hand-over."""


class Pressed(msgspec.Struct, frozen=True):
    """A button that did something: who pressed it, and when."""

    button: str
    staff: int
    at: datetime


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One card. `key` is our name for it at the platform, `reference` the platform's; `chat` is a
    group or an account there. `reader` None: a group reads it. `shown` is what it last showed to
    all, as a digest; empty as long as nobody knows that it arrived.
    """

    id: int
    key: str
    channel: str
    kind: Kind
    chat: str
    private: bool
    reader: int | None
    ticket: int | None
    handover: int | None
    reference: str | None
    shown: str
    presses: tuple[Pressed, ...]
    made_at: datetime
    shown_at: datetime | None


_FIELDS: Final = ", ".join(Card.__struct_fields__)
_ADD = Statement[None](
    "INSERT INTO card (key, channel, kind, chat, private, reader, ticket, handover, shown,"
    " presses, made_at) VALUES (:key, :channel, :kind, :chat, :private, :reader, :ticket,"
    " :handover, '', '[]', :at)"
)
_BY_KEY = Statement(
    f"SELECT {_FIELDS} FROM card WHERE key = :key",  # noqa: S608
    Card,
    documents=("presses",),
)
_READ = Statement(
    f"SELECT {_FIELDS} FROM card WHERE id = :id",  # noqa: S608
    Card,
    documents=("presses",),
)
_SHOWN = Statement[None](
    "UPDATE card SET reference = COALESCE(:reference, reference), shown = :shown, shown_at = :at"
    " WHERE key = :key"
)
_PRESSED = Statement[None]("UPDATE card SET presses = :presses WHERE id = :id")
_DROP = Statement[None]("DELETE FROM card WHERE made_at < :before")


async def add(  # noqa: PLR0917
    unit: Unit,
    key: str,
    channel: str,
    kind: Kind,
    chat: str,
    at: datetime,
    *,
    private: bool,
    reader: int | None,
    ticket: int | None,
    handover: int | None,
) -> None:
    """Keep a card that is about to be sent: a button may be pressed before we hear that it is."""
    await unit.run(
        _ADD,
        key=key,
        channel=channel,
        kind=kind,
        chat=chat,
        private=private,
        reader=reader,
        ticket=ticket,
        handover=handover,
        at=at,
    )


async def find(db: Reading, key: str) -> Card | None:
    """The card by our name for it."""
    return await db.one(_BY_KEY, key=key)


async def read(db: Reading, card: int) -> Card | None:
    """One card, or None."""
    return await db.one(_READ, id=card)


async def note_shown(unit: Unit, key: str, reference: str | None, shown: str, at: datetime) -> None:
    """The platform has it, and shows this to all."""
    await unit.run(_SHOWN, key=key, reference=reference, shown=shown, at=at)


async def note_pressed(unit: Unit, card: Card, pressed: Pressed) -> None:
    """A button of it did something."""
    presses = msgspec.json.encode((*card.presses, pressed)).decode()
    await unit.run(_PRESSED, id=card.id, presses=presses)


async def drop(unit: Unit, before: datetime) -> int:
    """Forget cards that were made before then; how many they were."""
    return await unit.run(_DROP, before=before)
