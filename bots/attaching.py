"""Pictures and files that come along with a line: fetched at once, since the platforms' codes die
soon, and kept before anything is done about the line.
"""

import logging
from typing import Final

from bots.turn import Turn
from server.clients import Trouble
from server.domain.attachments import MOST_AT_ONCE, Kept
from server.domain.errors import Invalid
from server.usecases import attachments

_log: Final = logging.getLogger(__name__)


async def collect(turn: Turn) -> tuple[Kept, ...]:
    """What came along and could be taken; `turn.lost` counts the rest."""
    kept: list[Kept] = []
    for one in turn.heard.attached[:MOST_AT_ONCE]:
        if turn.fetch is None:
            continue
        try:
            content = await turn.fetch(one)
            kept.append(await attachments.keep(turn.desk, content, one.name or ""))
        except (Trouble, Invalid) as trouble:
            _log.warning("cannot take an attachment: %s", type(trouble).__name__)
    turn.lost = len(turn.heard.attached) - len(kept)
    return tuple(kept)


def left_behind(turn: Turn) -> str:
    """What could not be taken stays in the chat: say so."""
    return "\n" + turn.say("attachments_left", count=turn.lost) if turn.lost else ""
