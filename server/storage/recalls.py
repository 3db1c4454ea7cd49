"""What the bot remembers of each person in each chat."""

from datetime import datetime

import msgspec

from server.domain.recall import NOTHING, Recall
from server.storage.database import Reading, Statement, Unit


class Spot(msgspec.Struct, frozen=True):
    """One person in one chat, in the platform's own terms."""

    platform: str
    conversation: str
    person: str


_READ = Statement(
    "SELECT doc FROM recall WHERE platform = :platform AND conversation = :conversation"
    " AND person = :person",
    str,
)
_PUT = Statement[None](
    "INSERT INTO recall (platform, conversation, person, doc, spoke_at)"
    " VALUES (:platform, :conversation, :person, :doc, :at)"
    " ON CONFLICT (platform, conversation, person)"
    " DO UPDATE SET doc = excluded.doc, spoke_at = excluded.spoke_at"
)
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Recall).decode


async def read(db: Reading, spot: Spot) -> Recall:
    """What is remembered there; nothing at first."""
    doc = await db.one(
        _READ, platform=spot.platform, conversation=spot.conversation, person=spot.person
    )
    return _decode(doc) if doc is not None else NOTHING


async def put(unit: Unit, spot: Spot, recall: Recall, at: datetime) -> None:
    """Remember this from now on; he spoke at this instant."""
    await unit.run(
        _PUT,
        platform=spot.platform,
        conversation=spot.conversation,
        person=spot.person,
        doc=_encode(recall).decode(),
        at=at,
    )
