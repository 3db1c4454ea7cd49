"""撤销: the last act of this person in this chat is taken back, if it was a moment ago."""

import re
from typing import Final

from bots.telling import subject_of
from bots.turn import Turn
from server.domain.people import Staff
from server.domain.phrases import Phrase
from server.domain.recall import Recall
from server.domain.ticket import Ticket
from server.storage.held_replies import HeldReply
from server.usecases import chat, held_replies
from server.usecases.acts import Act
from server.usecases.chat import Said
from server.usecases.undoing import undo as take_back

_NUMBER: Final = re.compile(r"\d{1,9}")


async def undo(turn: Turn, phrase: Phrase, person: Staff) -> None:
    """What can be taken back is; else why not is said."""
    recall = turn.recall
    if not recall.can_undo(turn.now):
        await turn.answer("undo.nothing" if recall.done_at is None else "undo.too_late")
    elif recall.held is not None:
        await _withdraw(turn, recall.held)
    elif _names_another(phrase, recall):
        await turn.answer("undo.another", tickets=" ".join(f"#{one.ticket}" for one in recall.done))
    else:
        await _take_back(turn, person)


def _names_another(phrase: Phrase, recall: Recall) -> bool:
    """Whether a ticket is named to which nothing was done just now."""
    named = {int(one) for one in _NUMBER.findall(phrase.text)}
    return not named <= {one.ticket for one in recall.done}


async def _withdraw(turn: Turn, held: int) -> None:
    async def withdraw(act: Act) -> HeldReply | None:
        return await held_replies.withdraw(act, held)

    def said(reply: HeldReply | None) -> Said:
        recall = turn.recall.undone()
        if reply is None:
            return turn.said(turn.say("undo.sent"), recall=recall)
        turn.about = reply.ticket
        return turn.said(turn.say("undo.withdrawn", ticket=reply.ticket), recall=recall)

    await chat.do(turn.desk, turn.talk, withdraw, said)


async def _take_back(turn: Turn, person: Staff) -> None:
    done = turn.recall.done
    turn.about = done[-1].ticket

    async def back(act: Act) -> list[Ticket]:
        return [await take_back(act, one, person, turn.talk.via) for one in reversed(done)]

    def said(after: list[Ticket]) -> Said:
        lines = [
            turn.say(
                "undo.done",
                what=turn.say(f"undo.what.{one.what}"),
                ticket=ticket.number,
                subject=subject_of(ticket),
            )
            for one, ticket in zip(done, reversed(after), strict=True)
        ]
        return turn.said("\n".join(lines), recall=turn.recall.undone())

    await chat.do(turn.desk, turn.talk, back, said, turn.about)
