"""What colleagues take back: a reply that is held for a moment, the last act within a minute."""

from pathlib import Path

import pytest

from server.domain.commands import Assign, Cancel, SetPriority
from server.usecases import intake
from tests.support.chat_table import Table, laid_table

pytestmark = pytest.mark.anyio


@pytest.fixture
async def table(tmp_path: Path):
    async with laid_table(tmp_path) as laid:
        yield laid


@pytest.fixture
async def working(tmp_path: Path):
    """The same with the desk's loops, which let replies go out."""
    async with laid_table(tmp_path, loops=True) as laid:
        yield laid


async def _asked(table: Table) -> tuple[int, str]:
    """A ticket whose customer wrote, and the notice that shows it."""
    number = (await table.world.file("空调不制冷")).number
    await table.say("小赵", f"接单 {number}")
    await intake.customer_writes(table.world.desk, number, "k1", "还没来", "portal")
    return number, f"客户来消息\uff1a#{number} 空调不制冷\n> 还没来"


async def test_words_to_the_customers_words_reach_him_after_ten_seconds(working: Table) -> None:
    world = working.world
    number, notice = await _asked(working)
    said = await working.say("小赵", "马上到", quoted_text=notice)
    assert f"已发给王女士\uff08网页表单\uff09\uff1a#{number} 空调不制冷" in said
    assert "撤回" in said
    await world.advance(seconds=9)
    assert "replied" not in await world.kinds(number)
    await world.restart()
    await world.advance(seconds=1)
    assert (await world.kinds(number)).count("replied") == 1
    assert "已经发给客户了" in await working.say("小赵", "撤回")
    await world.advance(minutes=5)
    assert (await world.kinds(number)).count("replied") == 1


async def test_a_held_reply_that_was_withdrawn_never_goes_out(working: Table) -> None:
    world = working.world
    number, notice = await _asked(working)
    await working.say("小赵", "骂人的话", quoted_text=notice)
    await world.advance(seconds=3)
    assert f"已撤回\uff1a#{number} 的回复没有发出去" in await working.say("小赵", "撤回")
    await world.advance(minutes=1)
    assert "replied" not in await world.kinds(number)
    assert "没有可以撤销" in await working.say("小赵", "撤回")


async def test_a_held_reply_that_is_refused_then_tells_its_author(working: Table) -> None:
    world = working.world
    number, notice = await _asked(working)
    await working.say("小赵", "马上到", quoted_text=notice)
    await world.perform("主管", Cancel(ticket=number, reason="误报"))
    await world.advance(seconds=10)
    assert "replied" not in await world.kinds(number)
    (told,) = [one for one in await working.answers() if "没有发出" in one]
    assert told.startswith(f"#{number} ")
    await world.advance(hours=1)
    assert "replied" not in await world.kinds(number)


async def test_in_a_group_words_to_the_customers_words_stay_among_colleagues(table: Table) -> None:
    number, notice = await _asked(table)
    assert "已备注" in await table.say("小赵", "别理他", group=True, quoted_text=notice)
    assert "已备注" in await table.say("小赵", "先看看", quoted_text=f"#{number} 派给你")


@pytest.mark.parametrize(
    ("before", "text", "told"),
    [
        ([], "接单 1", "接单"),
        (["接单 1"], "退回 1", "退回"),
        (["接单 1"], "挂起 1 等配件 2天", "挂起"),
        (["接单 1", "挂起 1 等客户 2天"], "挂起 1 等配件 3天", "挂起"),
        (["接单 1", "挂起 1 等客户 2天"], "恢复 1", "恢复"),
        ([], "优先级 1 紧急", "改优先级"),
        (["优先级 1 高"], "优先级 1 低", "改优先级"),
        (["标签 1 +急"], "标签 1 +发票 -急", "改标签"),
        ([], "转派 1 二线", "转派"),
        (["接单 1"], "转派 1 李工", "转派"),
        (["接单 1"], "指派 1 主管", "指派"),
        ([], "合并 1 到 2", "合并"),
    ],
)
async def test_the_last_act_is_taken_back_by_one_word(
    table: Table, before: list[str], text: str, told: str
) -> None:
    world = table.world
    await world.file("空调不制冷")
    await world.file("空调坏了")
    for line in before:
        await table.say("小赵", line)
    first = await world.ticket(1)
    said = await table.say("小赵", text)
    changed = await world.ticket(1)
    assert changed.version > first.version, said
    assert f"已撤销{told}\uff1a#1 空调不制冷" in await table.say("小赵", "撤销")
    after = await world.ticket(1)
    for name in ("team", "assignee", "wake_at", "priority", "priority_by", "tags", "merged_into"):
        assert getattr(after, name) == getattr(first, name), name
    assert (after.status == first.status) or told == "接单", "accepted once, it is under way"
    kinds = await world.kinds(1)
    assert "undone" in kinds
    assert len(kinds) > kinds.index("undone") + 1, "what the way back changes stands behind it"
    assert "没有可以撤销" in await table.say("小赵", "撤销")


async def test_several_claims_are_taken_back_together(table: Table) -> None:
    for place in range(3):
        await table.world.file(f"空调 {place}")
    await table.say("小赵", "接单 1 2 3")
    said = await table.say("小赵", "撤销")
    assert [line.split()[0] for line in said.splitlines()] == [
        f"已撤销接单\uff1a#{number}" for number in (1, 2, 3)
    ]
    assert [(await table.world.ticket(one)).assignee for one in (1, 2, 3)] == [None] * 3


async def test_what_another_changed_meanwhile_is_not_taken_back(table: Table) -> None:
    await table.world.file("空调不制冷")
    await table.say("小赵", "接单 1")
    await table.world.perform("主管", SetPriority(ticket=1, priority=None))
    await table.world.perform("主管", Assign(ticket=1, staff=table.world.staff_ids["主管"]))
    assert "别人刚改过" in await table.say("小赵", "撤销")
    assert (await table.world.ticket(1)).assignee == table.world.staff_ids["主管"]


async def test_only_the_last_act_of_this_person_here_and_not_for_long(table: Table) -> None:
    await table.world.file("空调不制冷")
    assert "没有可以撤销" in await table.say("小赵", "撤销")
    await table.say("小赵", "接单 1")
    assert "没有可以撤销" in await table.say("主管", "撤销")
    assert "没有可以撤销" in await table.say("小赵", "撤销", chat="another")
    assert "#1" in await table.say("小赵", "撤销 7")
    await table.say("小赵", "备注 1 客户在家")
    assert "没有可以撤销" in await table.say("小赵", "撤销"), "a note stays"
    await table.say("小赵", "退回 1")
    await table.world.advance(seconds=61)
    assert "超过一分钟" in await table.say("小赵", "撤销")


async def test_what_is_lacking_for_tags_and_merging_is_asked(table: Table) -> None:
    await table.world.file("空调不制冷")
    assert "要改哪些标签" in await table.say("小赵", "标签 1")
    assert "发票、急" in await table.say("小赵", "标签 1 +发票 急")
    assert "没有标签" in await table.say("小赵", "标签 1 -发票\uff0c-急")
    assert "标签最多" in await table.say("小赵", f"标签 1 {' '.join(f'+t{n}' for n in range(51))}")
    assert "要并到哪一单" in await table.say("小赵", "合并 1 一下吧")
    assert "要合并哪一单" in await table.say("小赵", "合并")
    assert "没有找到" in await table.say("小赵", "合并 1 到 99")
