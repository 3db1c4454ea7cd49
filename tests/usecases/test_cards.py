"""Cards with buttons on both engines: kept before they are sent, pressed once, answered once."""

from asyncio import gather
from datetime import timedelta

import pytest

from server.domain.commands import Claim
from server.domain.errors import AlreadyClaimed, UnknownTicket
from server.domain.recall import NOTHING
from server.storage import inbound, outbox
from server.storage.cards import Card
from server.storage.recalls import Spot
from server.usecases import cards, chat, housekeeping
from server.usecases.cards import Making, Push
from server.usecases.chat import Talk
from tests.support.builders import Office

pytestmark = pytest.mark.anyio


async def a_card(office: Office, number: int) -> Card:
    making = Making(
        channel="dingtalk",
        kind="ticket",
        chat="group-first",
        private=False,
        delivery=1,
        tries=number,
        ticket=number,
    )
    key = await cards.keep(office.desk, making)
    await cards.note_shown(office.desk, key, "carrier", "shown")
    found = await cards.find(office.desk, key, "dingtalk")
    assert found is not None
    return found


async def a_push(office: Office, card: Card, key: str, by=None) -> Push:
    await chat.accept(office.desk, "dingtalk", key, "{}")
    arrival = await inbound.find(office.desk.database, "dingtalk", key)
    assert arrival is not None
    talk = Talk(
        arrival=arrival,
        via="dingtalk",
        recipient={"group": "group-first"},
        refused=str,
        spot=Spot("dingtalk", "group-first", "user"),
        recall=NOTHING,
    )
    by = by or office.zhao
    return Push(talk=talk, card=card, button=f"claim.{card.ticket}.1", by=by, updates=True)


async def waiting(office: Office) -> list[str]:
    return [one.kind for one in await outbox.list_in_state(office.desk.database, "waiting", 20)]


async def test_a_press_is_done_noted_answered_and_remembered_in_one_unit(office: Office) -> None:
    number = (await office.file()).number
    card = await a_card(office, number)
    assert (card.reference, card.shown, card.presses) == ("carrier", "shown", ())
    push = await a_push(office, card, "click-1")
    after = await cards.press(office.desk, push, Claim(ticket=number), lambda _after: "接了")
    assert after is not None
    assert after.assignee == office.zhao.id
    again = await cards.read(office.desk, card.id)
    assert again is not None
    ((button, staff, at),) = [(one.button, one.staff, one.at) for one in again.presses]
    assert (button, staff, at) == (push.button, office.zhao.id, office.clock.now())
    assert await waiting(office) == ["answer", "card"]
    recall = await chat.read_recall(office.desk, Spot("dingtalk", "group-first", "user"))
    assert recall.ticket == number
    assert recall.can_undo(office.clock.now())
    await cards.note_answered(office.desk, push.talk)
    assert await waiting(office) == ["card"]
    repeated = await cards.press(office.desk, push, Claim(ticket=number), lambda _after: "接了")
    assert repeated is None, "the same click is worked on once"
    assert (await office.kinds(number)).count("claimed") == 1


async def test_a_press_that_is_refused_leaves_nothing_behind(office: Office) -> None:
    number = (await office.file()).number
    card = await a_card(office, number)
    push = await a_push(office, card, "click-1", office.li)  # of another team: out of his sight
    with pytest.raises(UnknownTicket):
        await cards.press(office.desk, push, Claim(ticket=number), lambda _after: "接了")
    again = await cards.read(office.desk, card.id)
    assert again is not None
    assert again.presses == ()
    assert await waiting(office) == []
    arrival = await inbound.read(office.desk.database, push.talk.arrival.id)
    assert arrival is not None
    assert arrival.state == "waiting"


async def test_of_many_presses_at_once_one_is_done(office: Office) -> None:
    for round_ in range(5):
        number = (await office.file()).number
        card = await a_card(office, number)
        people = (office.zhao, office.boss, office.admin)
        pushes = [
            await a_push(office, card, f"click-{round_}-{place}", one)
            for place, one in enumerate(people)
        ]
        found = await gather(
            *(
                cards.press(office.desk, push, Claim(ticket=number), lambda _after: "接了")
                for push in pushes
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(one, AlreadyClaimed) for one in found) == 2
        assert (await office.kinds(number)).count("claimed") == 1
        again = await cards.read(office.desk, card.id)
        assert again is not None
        assert len(again.presses) == 1


async def test_old_cards_are_forgotten(office: Office) -> None:
    card = await a_card(office, (await office.file()).number)
    await housekeeping.prune(office.desk)
    assert await cards.read(office.desk, card.id) is not None
    office.set_to(office.clock.now() + housekeeping.CARDS_LIVE + timedelta(seconds=1))
    await housekeeping.prune(office.desk)
    assert await cards.read(office.desk, card.id) is None
    assert await cards.find(office.desk, card.key, "dingtalk") is None


async def test_a_card_of_another_platform_is_none_of_ours(office: Office) -> None:
    card = await a_card(office, (await office.file()).number)
    assert await cards.find(office.desk, card.key, "wecom") is None
