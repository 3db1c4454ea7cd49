"""Notices: queued with the change, tried, tried again, given up where somebody sees it."""

from datetime import timedelta

import msgspec
import pytest

from server.desk import Later, Never, Sent, Unknown
from server.domain import commands as c
from server.domain.errors import Invalid, UnknownDelivery
from server.domain.events import Actor
from server.domain.people import Team
from server.storage import outbox
from server.usecases import administration, deliveries, reading
from tests.support.builders import Office

pytestmark = pytest.mark.anyio


async def waiting(office: Office) -> list[outbox.Delivery]:
    return await deliveries.list_ready(office.desk, "dingtalk")


async def tried(office: Office, outcome) -> outbox.Delivery:
    """Take the first notice and report how it went."""
    (first, *_) = await waiting(office)
    parcel = await deliveries.take(office.desk, first.id)
    assert parcel is not None
    await deliveries.settle(office.desk, parcel.delivery, outcome)
    return parcel.delivery


async def test_a_notice_says_to_whom_and_about_what(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    (notice,) = await waiting(office)
    assert (notice.kind, notice.ticket) == ("assigned", number)
    assert msgspec.json.decode(notice.recipient) == {"person": f"user-{office.li.id}"}


async def test_a_desk_without_chat_queues_nothing(office: Office):
    await office.file()
    assert await deliveries.list_waiting_channels(office.desk) == []
    assert await reading.list_deliveries(office.desk, "given_up") == []


async def test_who_cannot_be_reached_is_shown_and_reached_once_he_can_be(office: Office):
    await office.connect()
    await office.save("team", "third", Team(id="third", name="三线"))
    number = (await office.file()).number
    await office.do(office.boss, c.Transfer(ticket=number, team="third"))
    (lost,) = await reading.list_deliveries(office.desk, "given_up")
    assert (lost.kind, lost.error, lost.tries) == ("transferred", "no_address", 0)
    assert msgspec.json.decode(lost.recipient) == {"team": "third"}
    with pytest.raises(Invalid):
        await deliveries.retry(office.desk, lost.id)
    await administration.meet_group(
        office.desk, "dingtalk", "group-third", "三线", "third", Actor("staff", office.admin.id)
    )
    await deliveries.retry(office.desk, lost.id)
    found = next(one for one in await waiting(office) if one.id == lost.id)
    assert msgspec.json.decode(found.recipient) == {"group": "group-third"}


async def test_what_is_sent_is_sent_once(office: Office):
    await office.connect()
    await office.file()
    sent = await tried(office, Sent("ref-1"))
    assert await waiting(office) == []
    assert await deliveries.take(office.desk, sent.id) is None
    await deliveries.settle(office.desk, sent, Never("late"))  # an echo changes nothing
    assert await reading.list_deliveries(office.desk, "given_up") == []


async def test_later_means_what_the_platform_says_or_longer_and_longer(office: Office):
    await office.connect()
    await office.file()
    await tried(office, Later("busy", timedelta(seconds=90)))
    asked = await deliveries.next_at(office.desk, "dingtalk")
    assert asked == office.clock.now() + timedelta(seconds=90)
    pauses = []
    for _ in range(3):
        office.set_to(await deliveries.next_at(office.desk, "dingtalk"))
        await tried(office, Later("down"))
        pauses.append(await deliveries.next_at(office.desk, "dingtalk") - office.clock.now())
    assert pauses == sorted(pauses)
    assert pauses[0] > timedelta(seconds=5)


async def test_after_eight_tries_it_is_given_up_and_the_ticket_says_so(office: Office):
    await office.connect()
    number = (await office.file()).number
    for _ in range(deliveries.MOST_TRIES):
        office.move_by(timedelta(hours=1))
        await tried(office, Later("down"))
    (lost,) = await reading.list_deliveries(office.desk, "given_up")
    assert (lost.error, lost.tries) == ("down", 8)
    assert (await office.kinds(number))[-1] == "notice_failed"
    await deliveries.retry(office.desk, lost.id)
    assert [one.id for one in await waiting(office)] == [lost.id]
    with pytest.raises(UnknownDelivery):
        await deliveries.retry(office.desk, lost.id)


async def test_a_lost_answer_is_repeated_with_the_mark_even_after_a_busy_signal(office: Office):
    await office.connect()
    await office.file()
    await tried(office, Unknown("timeout"))
    office.move_by(timedelta(hours=1))
    await tried(office, Later("busy"))
    office.move_by(timedelta(hours=1))
    (first,) = await waiting(office)
    assert (await deliveries.take(office.desk, first.id)).again


async def test_what_may_be_said_once_is_not_repeated_when_the_answer_was_lost(office: Office):
    await office.connect()
    number = (await office.file()).number
    await tried(office, Sent())
    await office.do(office.zhao, c.Claim(ticket=number))
    claimed = await tried(office, Unknown("timeout"))
    assert claimed.kind == "claimed"
    (lost,) = await reading.list_deliveries(office.desk, "unknown")
    assert lost.id == claimed.id


async def test_after_a_crash_interrupted_tries_end_by_their_kind(office: Office):
    await office.connect()
    number = (await office.file()).number
    await office.do(office.zhao, c.Claim(ticket=number))
    for one in await waiting(office):
        await deliveries.take(office.desk, one.id)
    assert await waiting(office) == []
    assert await deliveries.recover(office.desk, alone=True) == 2
    assert [one.kind for one in await waiting(office)] == ["routed"]
    (lost,) = await reading.list_deliveries(office.desk, "unknown")
    assert lost.kind == "claimed"


async def test_a_try_belongs_to_its_server_until_its_time_is_up(office: Office):
    """Another desk on the same database starts while this one is sending."""
    await office.connect()
    await office.file()
    (notice,) = await waiting(office)
    parcel = await deliveries.take(office.desk, notice.id)
    assert await deliveries.recover(office.desk) == 0, "it is being sent"
    office.move_by(deliveries.LONGEST_TRY)
    assert await deliveries.recover(office.desk) == 1
    again = await deliveries.take(office.desk, notice.id)
    assert again.again, "what may have arrived is marked"
    await deliveries.settle(office.desk, parcel.delivery, Never("late"))
    assert await reading.list_deliveries(office.desk, "given_up") == [], "the second try counts"
    await deliveries.settle(office.desk, again.delivery, Sent())
    assert await waiting(office) == []
