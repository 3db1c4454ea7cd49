"""What the desk does for itself every night: forget what has expired, and seal the event log."""

from datetime import timedelta

from server import vault
from server.desk import Desk
from server.domain.events import Sealed
from server.storage import cards, ledger, people
from server.usecases.acts import Act, change
from server.usecases.recording import record_desk

CARDS_LIVE = timedelta(days=90)
"""After this a card in chat is dead: whoever presses it reads so."""


@change
async def prune(act: Act) -> int:
    """Forget expired sessions and one-time codes, and cards that are too old to be pressed; how
    many they were.
    """
    old = await cards.drop(act.unit, act.at - CARDS_LIVE)
    return old + await people.drop_expired(act.unit, act.at)


@change
async def seal(act: Act) -> Sealed | None:
    """Seal the event log as it is now with the key outside the database (decision 7). None when
    nothing was recorded since the last seal.
    """
    head = await act.head()
    last = await ledger.list_rows_since(act.unit, head.seq - 1, 1)
    if not last or last[0].kind == "sealed":
        return None
    sealed = Sealed(through_seq=head.seq, seal=vault.seal(act.desk.secret, head.seq, head.hash))
    await record_desk(act, sealed)
    return sealed


async def tidy(desk: Desk) -> None:
    """Let the database look after itself."""
    with desk.activity.busy():
        await desk.database.tidy()
