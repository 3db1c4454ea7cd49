"""Routes the waiting queue again whenever somebody may have become free: a ticket was solved or
given back, a colleague came on duty or learnt something, rules changed, a rest is over.

Nothing is polled: the bell tells that something happened and the log tells what. What must not be
lost is in the database; a start goes through the whole queue.
"""

from server.desk import Desk
from server.usecases import routing


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    seen_seq = await routing.head_seq(desk)
    await routing.route_waiting(desk, everything=True)
    until = await routing.next_free_at(desk)
    while not desk.stopping:
        seen = desk.bell.rung
        with desk.activity.busy():
            news = await routing.read_news(desk, seen_seq)
            seen_seq = news.seq
            due = until is not None and until <= desk.clock.now()
            if news.everything or news.freed or due:
                await routing.route_waiting(desk, everything=news.everything)
            elif news.changed:
                for number in news.changed:
                    await routing.reroute(desk, number)
            until = await routing.next_free_at(desk)
        await desk.clock.wait(desk.bell, seen, until)
