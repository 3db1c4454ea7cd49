"""Budgets and habits at work: counted durably, withheld visibly, told by the other way."""

from datetime import timedelta

import msgspec
import pytest

from server.desk import Sent, Withheld
from server.domain import commands as c
from server.domain.errors import Invalid, NotAllowed
from server.domain.habits import Habits, TeamHabits, Wish
from server.domain.people import Staff
from server.storage import outbox
from server.usecases import budget, deliveries, duty, habits, intake
from tests.support.builders import Office, at

pytestmark = pytest.mark.anyio


async def waiting(office: Office, channel: str = "dingtalk") -> list[outbox.Delivery]:
    found = await outbox.list_in_state(office.desk.database, "waiting", 500)
    return [one for one in reversed(found) if one.channel == channel]


async def send(office: Office, delivery: outbox.Delivery, outcome=None) -> None:
    parcel = await deliveries.take(office.desk, delivery.id)
    await deliveries.settle(office.desk, parcel.delivery, outcome or Sent())


async def test_calls_are_counted_by_month_and_day(office: Office):
    for text, calls in (("16 09:00", 3), ("16 10:00", 4), ("17 09:00", 5)):
        office.move_to(text)
        await budget.count(office.desk, "dingtalk", {"api": calls})
    api, stream = await budget.read(office.desk, "dingtalk")
    assert (api.used, api.today, stream.used) == (12, 5, 0)
    office.set_to(at("31 23:59") + timedelta(minutes=2))
    assert (await budget.read(office.desk, "dingtalk"))[0].used == 0, "another month"


async def test_full_is_full_until_the_administrator_knows_better(office: Office):
    await budget.fill(office.desk, "dingtalk", "stream", 3000)
    assert (await budget.read(office.desk, "dingtalk"))[1].is_spent
    await budget.correct(office.desk, office.admin, "dingtalk", "stream", 1200)
    _, stream = await budget.read(office.desk, "dingtalk")
    assert (stream.used, stream.full_at, stream.is_spent) == (1200, None, False)
    with pytest.raises(Invalid):
        await budget.correct(office.desk, office.admin, "dingtalk", "stream", -1)


async def test_what_is_withheld_goes_by_the_other_way_and_is_shown(office: Office):
    await office.connect()
    await office.connect("wecom")
    number = (await office.file("网络不通")).number
    (notice,) = await waiting(office)
    assert await waiting(office, "wecom") == [], "one platform is enough"
    await send(office, notice, Withheld("quota"))
    (withheld,) = await outbox.list_in_state(office.desk.database, "withheld", 10)
    assert (withheld.ticket, withheld.error) == (number, "quota")
    (other,) = await waiting(office, "wecom")
    assert (other.kind, other.ticket) == ("assigned", number)
    assert msgspec.json.decode(other.recipient) == {"person": f"user-{office.li.id}"}
    assert "notice_failed" not in await office.kinds(number)
    await deliveries.retry(office.desk, withheld.id)


async def test_the_customers_words_are_collected_and_not_told_to_who_reads_them(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    for second in (0, 40, 80):
        office.set_to(at("09:10") + timedelta(seconds=second))
        await intake.customer_writes(office.desk, number, f"line-{second}", "还是不行", "portal")
    told = [one for one in await waiting(office) if one.kind == "customer_wrote"]
    assert [one.next_at for one in told] == [at("09:12")]
    assert msgspec.json.decode(told[0].body)["n_customer_wrote"] == 3
    await send(office, told[0])
    with office.desk.presence.looking(office.li.id, number):
        office.move_to("09:30")
        await intake.customer_writes(office.desk, number, "line-x", "在吗", "portal")
    assert [one.kind for one in await waiting(office)] == ["assigned"]


async def test_the_grab_queue_is_told_at_once_and_then_every_three_minutes(office: Office):
    await office.connect()
    await office.file()
    (first,) = await waiting(office)
    assert (first.kind, first.next_at) == ("routed", at("09:00"))
    await send(office, first)
    for minute in (1, 2):
        office.move_to(f"09:0{minute}")
        await office.file()
    (second,) = await waiting(office)
    assert (second.kind, second.next_at) == ("gathered", at("09:03"))
    assert msgspec.json.decode(second.body)["n_routed"] == 2


async def test_after_so_many_messages_a_day_comes_a_digest(office: Office):
    await office.connect()
    await habits.save_own(office.desk, office.li, Habits(daily=5))
    for _ in range(9):
        await office.file("网络不通")
    told = await waiting(office)
    assert [one.kind for one in told] == ["assigned"] * 5 + ["gathered"]
    assert msgspec.json.decode(told[-1].body)["count"] == 4
    assert told[-1].next_at == at("09:30")
    for one in told:
        office.set_to(max(one.next_at, office.clock.now()))
        await send(office, one)
    office.move_to("17 09:00")
    await office.file("网络不通")
    assert [one.kind for one in await waiting(office)] == ["assigned"], "another day"


async def test_what_comes_after_hours_is_one_message_in_the_morning(office: Office):
    await office.connect()
    await duty.set_duty(office.desk, office.li, "off_duty")
    office.move_to("20:00")
    numbers = [(await office.file("网络不通")).number for _ in range(2)]
    for number in numbers:
        await office.do(office.boss, c.Assign(ticket=number, staff=office.li.id))
    (told,) = [one for one in await waiting(office) if f"user-{office.li.id}" in one.recipient]
    assert (told.kind, told.ticket, told.next_at) == ("shift_began", None, at("17 09:00"))
    assert msgspec.json.decode(told.body)["count"] == 2


async def test_who_leads_a_team_says_what_its_group_hears(office: Office):
    quiet = TeamHabits(topics={"queue": Wish(minutes=30)})
    await habits.save_teams(office.desk, office.boss, "second", quiet)
    assert (await office.desk.firm()).team_habits["second"] == quiet
    stranger: Staff = office.li
    with pytest.raises(NotAllowed):
        await habits.save_teams(office.desk, stranger, "second", quiet)
    with pytest.raises(Invalid):
        await habits.save_teams(
            office.desk, office.boss, "second", TeamHabits(topics={"evening": Wish(chat=False)})
        )
    with pytest.raises(Invalid):
        await habits.save_own(office.desk, office.li, Habits(platform="fax"))
