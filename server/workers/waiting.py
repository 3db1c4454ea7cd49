"""Routes the waiting queue again whenever somebody may have become free: a ticket was solved or
given back, a colleague came on duty or learnt something, rules changed, a rest is over.

Nothing is polled: the bell tells that something happened and the log tells what. What must not be
lost is in the database; a start goes through the whole queue.
"""

from server.desk import Desk
from server.usecases import waiting


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    seen_seq = await waiting.head_seq(desk)
    await waiting.route_waiting(desk, everything=True)
    until = await waiting.next_free_at(desk)
    while not desk.stopping:
        seen = desk.bell.rung
        with desk.activity.busy():
            news = await waiting.read_news(desk, seen_seq)
            seen_seq = news.seq
            due = until is not None and until <= desk.clock.now()
            if news.everything or news.freed or due:
                await waiting.route_waiting(desk, everything=news.everything)
            elif news.changed:
                for number in news.changed:
                    await waiting.reroute(desk, number)
            until = await waiting.next_free_at(desk)
        await desk.clock.wait(desk.bell, seen, until)
