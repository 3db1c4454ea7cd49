"""Cards with buttons, the same stories on every chat platform by its rehearsal."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from server.domain.commands import Claim, Resolve, Transfer
from server.domain.habits import TeamHabits, Wish
from server.domain.people import Role, Team
from server.storage import outbox
from server.usecases import housekeeping, people
from tests.support.chat_stage import STAGES
from tests.support.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture(params=sorted(STAGES))
async def stage(request, tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        ready = STAGES[request.param](world)
        await ready.connect(cards=True)
        yield ready
    await ready.stop()


async def _all_in_second(stage) -> None:
    members = tuple(stage.world.staff_ids[one] for one in ("李工", "小赵"))
    leaders = (stage.world.staff_ids["主管"],)
    team = Team(id="second", name="二线", members=members, leaders=leaders)
    await stage.world.save("team", "second", team)
    each = TeamHabits(topics={"queue": Wish(minutes=0)})
    await stage.world.save("team_habits", "second", each)


def _answers_in_words(stage) -> list[str]:
    return [one.text for one in stage.shown if one.from_robot and one.card is None]


async def test_a_grab_card_tells_of_the_ticket_and_is_claimed_by_a_press(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.card(team="二线")
    for word in (f"#{number} 打印机卡纸", "王女士", "首次响应剩 1小时", f"[接单 {number}]"):
        assert word in stage.sees("小赵", card)
    seen = await stage.presses("李工", card, f"接单 {number}")
    assert (await stage.world.ticket(number)).assignee == stage.world.staff_ids["李工"]
    assert "[李工已接单]" in seen
    assert "李工 今天 09:00 接单" in seen
    await stage.world.advance(seconds=10)
    assert "[李工已接单]" in stage.sees("小赵", card), "everybody's card is changed"
    assert _answers_in_words(stage) == [], "what the card shows is not said besides"


async def test_of_three_who_press_at_once_one_wins_and_the_others_read_who_and_when(stage) -> None:
    await _all_in_second(stage)
    for _ in range(5):
        number = (await stage.world.file("打印机卡纸")).number
        card = stage.card(team="二线")
        names = ("主管", "李工", "小赵")
        clicks = [stage.press(name, card, f"接单 {number}") for name in names]
        await stage.settled(*clicks)
        held = (await stage.world.ticket(number)).assignee
        winner = next(one for one, staff in stage.world.staff_ids.items() if staff == held)
        assert (await stage.world.kinds(number)).count("claimed") == 1
        for name in names:
            assert f"{winner} 今天 09:00" in stage.sees(name, card), name
            assert f"[{winner}已接单]" in stage.sees(name, card), name
        await stage.world.advance(seconds=10)
        await stage.world.perform(winner, Resolve(ticket=number))
    assert _answers_in_words(stage) == []


async def test_a_second_press_is_harmless_and_says_who_acted_and_when(stage) -> None:
    number = (await stage.world.file("断网了")).number  # the desk gives it to 小赵
    card = stage.card("小赵")
    first = stage.press("小赵", card, "解决")
    second = stage.press("小赵", card, "解决")
    await stage.settled(first, second)
    assert (await stage.world.kinds(number)).count("resolved") == 1
    assert "小赵 今天 09:00 已解决" in stage.sees("小赵", card)
    await stage.presses("小赵", card, "重开")
    assert (await stage.world.ticket(number)).status == "open"
    stage.sim.faults.duplicate_next = 1
    await stage.presses("小赵", card, "等客户1天")
    kinds = await stage.world.kinds(number)
    assert kinds.count("status_changed") == 1 + kinds.count("reopened") + kinds.count("resolved")


async def test_whoever_comes_too_late_reads_who_was_faster_elsewhere(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.card(team="二线")
    await stage.world.perform("李工", Claim(ticket=number))
    await stage.world.advance(minutes=5)
    await _all_in_second(stage)
    seen = await stage.presses("小赵", card, f"接单 {number}")
    assert f"#{number} 已由李工接单" in seen
    assert "李工 今天 09:00 接单" in seen


async def test_a_person_without_rights_presses_every_button_and_nothing_happens(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    grab = stage.card(team="二线")
    await stage.arrives("路人", "u088")
    stage.chat.groups["二线"].members["u088"] = stage.chat.people["路人"]
    for name, words in (("路人", "绑定"), ("小赵", f"#{number}")):
        seen = await stage.presses(name, grab, f"接单 {number}")
        assert words in seen, name
        assert (await stage.world.ticket(number)).assignee is None
    mine = await stage.world.file("断网了")
    card = stage.card("小赵")
    buttons = ["解决", "等客户1天", "退回", "升级", "关闭"]
    assert all(f"[{one}]" in stage.sees("小赵", card) for one in buttons)
    before = await stage.world.kinds(mine.number)
    await stage.world.perform("主管", Transfer(ticket=mine.number, team="second"))
    for one in buttons:  # he sees the card as it was when it came
        stale = stage.press("小赵", card, one) if f"[{one}]" in stage.sees("小赵", card) else None
        if stale is not None:
            await stage.settled(stale)
    kinds = await stage.world.kinds(mine.number)
    assert kinds[: len(before)] == before
    assert not {"resolved", "closed", "escalated", "released"} & set(kinds)
    assert "已经失效" in stage.sees("小赵", card)


async def test_an_auditor_and_one_who_left_can_press_and_do_nothing(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.card(team="二线")
    zhao = await stage.world.staff("小赵")
    by = await stage.world.staff("管理员")
    await people.save_staff(stage.world.desk, by, replace(zhao, role=Role.AUDITOR))
    assert "你的角色不能" in await stage.presses("小赵", card, f"接单 {number}")
    await people.save_staff(stage.world.desk, by, replace(zhao, active=False))
    assert "绑定" in await stage.presses("小赵", card, f"接单 {number}")
    assert (await stage.world.ticket(number)).assignee is None


async def test_close_asks_first_and_does_not_hold_for_a_ticket_that_changed(stage) -> None:
    number = (await stage.world.file("断网了")).number
    card = stage.card("小赵")
    seen = await stage.presses("小赵", card, "关闭")
    assert f"真的要关闭 #{number} 吗" in seen
    assert "[确认关闭]" in seen
    assert "[先不]" in seen
    assert (await stage.world.ticket(number)).status != "closed"
    assert "[解决]" in await stage.presses("小赵", card, "先不")
    await stage.presses("小赵", card, "关闭")
    await stage.say("小赵", f"备注 {number} 再看看")
    await stage.say("小赵", f"优先级 {number} 紧急")
    seen = await stage.presses("小赵", card, "确认关闭")
    assert "刚刚有变化" in seen
    assert (await stage.world.ticket(number)).status != "closed"
    await stage.presses("小赵", card, "关闭")
    await stage.presses("小赵", card, "确认关闭")
    assert (await stage.world.ticket(number)).status == "closed"


async def test_a_card_that_is_forgotten_is_dead_and_says_so(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.card(team="二线")
    await stage.world.advance(days=91)
    await housekeeping.prune(stage.world.desk)
    seen = await stage.presses("李工", card, f"接单 {number}")
    assert f"#{number} 这张卡片已经失效" in seen
    assert (await stage.world.ticket(number)).assignee is None


async def test_a_press_that_is_worked_on_too_late_is_answered_in_words(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.card(team="二线")
    connection = stage.world.desk.connections[stage.kind]
    works = connection._reader  # noqa: SLF001

    async def stumbles(_desk, _arrival) -> None:
        connection._reader = works  # noqa: SLF001 - the second try goes well
        raise RuntimeError("the disk was full for a moment")

    connection._reader = stumbles  # noqa: SLF001
    await stage.settled(stage.press("李工", card, f"接单 {number}"))
    await stage.world.advance(seconds=30)
    assert (await stage.world.ticket(number)).assignee == stage.world.staff_ids["李工"]
    (said,) = _answers_in_words(stage)
    assert f"你已接单：#{number} 打印机卡纸" in said


async def test_a_ticket_of_yesterday_still_has_its_buttons(stage) -> None:
    number = (await stage.world.file("断网了")).number
    card = stage.card("小赵")
    await stage.world.advance(days=1)
    await stage.presses("小赵", card, "解决")
    assert (await stage.world.ticket(number)).status == "resolved"


async def test_cards_that_the_platform_refuses_are_said_in_words(stage) -> None:
    stage.refuses_next_card()
    number = (await stage.world.file("打印机卡纸")).number
    (told,) = stage.told_group("二线")
    assert "新单待接" in told
    assert f"接单 {number}" in told
    assert all(one.card is None for one in stage.chat.groups["二线"].messages)
    assert await outbox.list_in_state(stage.world.desk.database, "given_up", 10) == []


async def test_telephone_numbers_stay_out_of_the_group(stage) -> None:
    number = (await stage.world.file("打印机卡纸 13912345678", phone="13912345678")).number
    card = stage.card(team="二线")
    await stage.presses("李工", card, f"接单 {number}")
    await stage.world.advance(seconds=10)
    for name in ("李工", "小赵"):
        assert "13912345678" not in stage.sees(name, card)


async def test_a_list_is_a_card_that_claims_shows_and_is_as_new_as_the_last_press(stage) -> None:
    first = (await stage.world.file("打印机卡纸")).number
    second = (await stage.world.file("打印机没墨")).number
    await stage.say("李工", "待接单")
    queue = stage.card("李工")
    told = stage.sees("李工", queue)
    for word in ("待接单 2 单", f"#{first} 打印机卡纸", f"[接单 {second}]", "截至 今天 09:00"):
        assert word in told, word
    await stage.world.advance(minutes=5)
    told = await stage.presses("李工", queue, f"接单 {second}")
    assert (await stage.world.ticket(second)).assignee == stage.world.staff_ids["李工"]
    assert "待接单 1 单" in told
    assert f"[接单 {second}]" not in told
    assert "截至 今天 09:05" in told
    await stage.world.perform("李工", Claim(ticket=first))
    assert "现在没有待接的单" in await stage.presses("李工", queue, "刷新")
    await stage.say("李工", "我的")
    mine = stage.card("李工")
    one = await stage.presses("李工", mine, f"查看 {first}")
    assert f"#{first} 打印机卡纸" in one
    assert "[解决]" in one
    assert "你在办 2 单" in await stage.presses("李工", mine, "返回列表")
    await stage.presses("李工", mine, f"查看 {first}")
    assert "你在办 1 单" in await stage.presses("李工", mine, "解决")
    assert (await stage.world.ticket(first)).status == "resolved"


async def test_a_list_in_the_group_shows_each_presser_his_own_sight(stage) -> None:
    number = (await stage.world.file("打印机卡纸", phone="13912345678")).number
    await stage.say("李工", "待接单", "二线")
    queue = stage.card(team="二线")
    assert "现在没有待接的单" in await stage.presses("小赵", queue, "刷新"), "he is in no such team"
    assert f"[接单 {number}]" in stage.sees("李工", queue)
    assert "13912345678" not in stage.sees("李工", queue)


async def test_one_ticket_is_shown_with_what_its_holder_can_do(stage) -> None:
    number = (await stage.world.file("断网了", phone="13912345678")).number
    await stage.world.advance(minutes=1)
    assert "13912345678" in await stage.say("小赵", f"查看 {number}")
    card = stage.card("小赵")
    assert card.at == stage.world.clock.now()
    await stage.presses("小赵", card, "等客户1天")
    assert (await stage.world.ticket(number)).status == "waiting_customer"
    assert "[恢复]" in stage.sees("小赵", card)


async def test_what_was_pressed_can_be_taken_back_in_words(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.card(team="二线")
    await stage.presses("李工", card, f"接单 {number}")
    assert "已撤销接单" in await stage.say("李工", "撤销", "二线")
    assert (await stage.world.ticket(number)).assignee is None
    seen = await stage.presses("李工", card, "李工已接单")
    assert f"[接单 {number}]" in seen
    await stage.presses("李工", card, f"接单 {number}")
    assert (await stage.world.ticket(number)).assignee == stage.world.staff_ids["李工"]


async def test_a_digest_of_late_tickets_has_buttons_for_the_worst(stage) -> None:
    for number in range(3):
        await stage.world.file(f"打印机卡纸 {number}")
    await stage.world.advance(minutes=60)
    await stage.world.advance(seconds=6)
    card = stage.card("主管")
    told = stage.sees("主管", card)
    assert "3 单已超时" in told
    assert "最急的是 #1 打印机卡纸 0" in told
    await stage.presses("主管", card, "接单 1")
    assert (await stage.world.ticket(1)).assignee == stage.world.staff_ids["主管"]
