"""Lets held replies go out: sleeps until the next one is due."""

from server import log
from server.desk import Desk
from server.domain.errors import Refusal
from server.storage.units import Overloaded
from server.usecases import held_replies
from server.words import say


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    while not desk.stopping:
        seen = desk.bell.rung
        with desk.activity.busy():
            until = await held_replies.next_due_at(desk)
            while until is not None and until <= desk.clock.now() and not desk.stopping:
                for held in await held_replies.list_due(desk):
                    await _send(desk, held)
                until = await held_replies.next_due_at(desk)
        await desk.clock.wait(desk.bell, seen, until)


async def _send(desk: Desk, held: int) -> None:
    try:
        await held_replies.send(desk, held)
    except Overloaded:
        raise
    except Refusal as refusal:
        await held_replies.refuse(desk, held, refusal, _why_not)
    except Exception as error:  # noqa: BLE001  # one reply must not hold up the others
        log.incident(error, "replies", held=held)
        if not await held_replies.postpone(desk, held):
            await held_replies.refuse(desk, held, Refusal(), _why_not)


def _why_not(language: str, refusal: Refusal) -> str:
    why = say(language, f"refusal.{refusal.code}", **refusal.facts)
    return say(language, "chat.reply_not_sent", why=why)
