"""The customer says that it is not solved: the ticket comes back, and is solved again."""

from datetime import timedelta

import pytest

from server.domain.commands import Claim, Resolve
from tests.journeys.people import Colleague, Customer
from tests.support.browser import Windows
from tests.support.chat_stage import DingTalkStage
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_a_disputed_solution_comes_back_and_is_solved_again(
    world: World, windows: Windows
) -> None:
    chat = DingTalkStage(world)
    await chat.connect()
    customer = await Customer.comes(world, windows)
    number = await customer.files("打印机卡纸")
    await customer.follows()
    await world.perform("李工", Claim(ticket=number))
    await world.perform("李工", Resolve(ticket=number, solution="重启了打印机"))
    await customer.looks()
    await customer.sees_step(3)

    # She tries it, and it jams again.
    await customer.disputes("重启后印了两页又卡了")
    await customer.sees_step(2)
    await customer.sees("重启后印了两页又卡了")
    await world.clock.advance(timedelta(minutes=2))  # so long a customer's words are collected
    assert "重启后印了两页又卡了" in chat.told("李工")[-1]

    # 李工 sees it on his phone, in his own list, marked as reopened.
    li = await Colleague.comes(world, windows, "李工")
    await li.sees_row(number, "处理中", "重开 1")
    await li.opens(number)
    await li.sees("timeline", "没有解决", "重启后印了两页又卡了")
    await li.does("resolve")
    await li.gives_reason("换了搓纸轮")

    # Now it is solved; she changes her mind about three stars.
    await customer.looks()
    await customer.confirms()
    await customer.sees_step(4)
    await customer.rates(3)
    await customer.page.get_by_test_id("rate-change").click()
    await customer.rates(4, "第二次修好了")
    await li.sees("timeline", "王女士评价 4 分：第二次修好了")
    ticket = await world.ticket(number)
    assert (ticket.status, ticket.reopen_count, ticket.rating) == ("closed", 1, 4)
