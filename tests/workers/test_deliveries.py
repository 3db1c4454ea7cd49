import asyncio
from datetime import timedelta

import pytest

from server.desk import Later, Never, Parcel, Sent, Unknown
from server.domain import commands
from server.domain.events import Actor
from server.storage import outbox
from server.usecases import administration, deliveries, intake
from tests.support.postbox import Postbox, connect
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


async def test_a_notice_goes_out_as_soon_as_it_is_durable(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    ticket = await world.file("打印机卡纸")
    assert box.kinds == ["routed"]
    assert box.parcels[0].ticket == await world.ticket(ticket.number)
    assert box.parcels[0].delivery.recipient == '{"group":"group-post"}'
    assert await outbox.list_waiting_channels(world.desk.database) == []


async def test_notices_of_one_channel_go_one_after_the_other_in_order(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    numbers = [(await world.file(f"打印机 {number}")).number for number in range(5)]
    assert [parcel.delivery.ticket for parcel in box.parcels] == numbers


async def test_a_slow_platform_holds_up_no_other(world: World) -> None:
    slow, quick = Postbox(), Postbox()
    await connect(world, "slow", slow)
    await connect(world, "quick", quick)
    slow.open.clear()
    async with asyncio.timeout(SOON):
        for number in range(3):
            quick.arrived.clear()
            await _file(world, f"打印机 {number}")
            await quick.arrived.wait()
    assert len(slow.parcels) == 1
    slow.open.set()
    await world.at_rest()
    assert len(slow.parcels) == 3


async def _file(world: World, subject: str) -> None:
    """File a ticket without waiting for rest."""
    filing = intake.Filing(
        channel="form", key=world.key(), subject=subject, text="", name="王女士", phone="139"
    )
    await intake.file_ticket(world.desk, filing)


async def test_a_platform_that_says_later_is_asked_again_then(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.answers = lambda parcel: (
        Sent() if parcel.delivery.tries > 1 else Later("busy", timedelta(minutes=3))
    )
    await world.file("打印机卡纸")
    await world.advance(minutes=2, seconds=59)
    assert len(box.parcels) == 1
    await world.advance(seconds=1)
    assert len(box.parcels) == 2
    assert not box.parcels[1].again


async def test_a_platform_that_stays_busy_is_given_up_on_where_people_see_it(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.answers = lambda _parcel: Later("busy")
    ticket = await world.file("打印机卡纸")
    await world.advance(minutes=25)
    assert len(box.parcels) == 8
    failed = (await world.events(ticket.number))[-1].body
    assert (failed.notice, failed.reason) == ("routed", "busy")
    await world.advance(hours=1)
    assert box.kinds.count("routed") == 8


async def test_a_refused_notice_is_not_tried_again(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.answers = lambda _parcel: Never("gone")
    ticket = await world.file("打印机卡纸")
    await world.advance(minutes=29)
    assert box.kinds == ["routed"]
    assert "notice_failed" in await world.kinds(ticket.number)


async def test_after_a_lost_answer_the_kind_of_notice_decides(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)

    def lost_at_first(parcel: Parcel) -> Sent | Unknown:
        return Unknown("no answer") if parcel.delivery.tries == 1 else Sent()

    box.answers = lost_at_first
    ticket = await world.file("打印机卡纸")
    await world.perform("李工", commands.Claim(ticket=ticket.number))
    await world.advance(minutes=1)
    assert sorted(box.kinds) == ["claimed", "routed", "routed"]
    repeated = [parcel.again for parcel in box.parcels if parcel.delivery.kind == "routed"]
    assert repeated == [False, True]


async def test_a_bug_in_a_sender_counts_as_a_lost_answer_and_stops_nothing(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.answers = lambda parcel: RuntimeError("a bug") if parcel.delivery.tries == 1 else Sent()
    await world.file("打印机卡纸")
    await world.advance(minutes=1)
    assert [parcel.again for parcel in box.parcels] == [False, True]
    assert world.desk.loops["deliveries:post"].crashes == 0


async def test_what_waits_for_a_platform_that_is_gone_is_given_up_visibly(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.answers = lambda _parcel: Later("busy")
    ticket = await world.file("打印机卡纸")
    await administration.save_channel(world.desk, Actor("desk"), "post", {}, None, enabled=False)
    await world.advance(minutes=25)
    assert len(box.parcels) < 8
    assert (await world.events(ticket.number))[-1].body.reason == "not_connected"


async def test_a_notice_that_was_under_way_when_the_desk_stopped_is_settled_at_its_start(
    world: World,
) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.open.clear()
    await _file(world, "打印机卡纸")
    async with asyncio.timeout(SOON):
        await box.arrived.wait()
    await world.stop()
    box.open.set()
    await world.start()
    await world.advance(seconds=10)
    assert [parcel.again for parcel in box.parcels] == [False, True]


async def test_a_try_that_nobody_settled_is_taken_up_without_a_restart(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.answers = lambda _: Later("busy", timedelta(minutes=1))
    await world.file("打印机卡纸")
    (lost,) = await outbox.list_in_state(world.desk.database, "waiting", 10)
    await deliveries.take(world.desk, lost.id)  # whoever took it dies over it
    box.answers = lambda _: Sent()
    await world.advance(minutes=4)
    await world.file("打印机又卡纸")
    assert [one.delivery.id for one in box.parcels].count(lost.id) == 1
    await world.advance(minutes=1)
    await world.file("打印机还卡纸")
    assert [one.delivery.id for one in box.parcels].count(lost.id) == 2
