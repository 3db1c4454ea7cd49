"""How a ticket's clocks stand, as a unit of work sees them."""

import msgspec

from server.domain.sla import SlaState
from server.storage import timers
from server.storage.database import Reading

_decode = msgspec.json.Decoder(SlaState).decode


async def read_standing(db: Reading, number: int) -> SlaState:
    """The state that is kept beside the ticket; an empty one for a ticket without any."""
    kept = await timers.find_state(db, number)
    return _decode(kept) if kept is not None else SlaState()
