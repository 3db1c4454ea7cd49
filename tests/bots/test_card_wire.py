"""What the platforms refuse about cards, and how the rehearsals and our clients take it."""

import asyncio

import msgspec
import pytest

from bots.buttons import COMMANDS, Button, read_button
from bots.cards import Card
from bots.dingtalk.lines import read_press as read_dingtalk
from bots.dingtalk.render import MOST_BYTES, PUBLIC_TEMPLATE, parameters
from bots.rehearsal import wecom_cards
from bots.rehearsal.dingtalk_cards import IN_TIME
from bots.wecom.lines import read_press as read_wecom
from bots.wecom.render import template_card
from server.clients import Permanent
from server.clients.dingtalk import CardDelivery
from tests.support.dingtalk_stage import Ledger, staged

pytestmark = pytest.mark.anyio

BUTTON = '{"msgButtons":[{"text":"接单","id":"claim.1.1","request":true,"params":{}}]}'
TOLD = {"title": "#1 打印机卡纸", "markdown": "", "tips": "", "sys_full_json_obj": BUTTON}


@pytest.fixture
async def stage():
    async with staged() as ready:
        yield ready


def a_card(**wrong: object) -> CardDelivery:
    card = CardDelivery(
        key="p1-1-abc", template=PUBLIC_TEMPLATE, parameters=TOLD, words="新单", person="u001"
    )
    return msgspec.structs.replace(card, **wrong)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"template": "nobody.schema"}, "param.templateNotExist"),
        ({"template": "draft.schema"}, "param.templateUnpublished"),
        ({"template": ""}, "param.cardTemplateIdEmpty"),
        ({"key": ""}, "param.outTrackIdEmpty"),
        ({"parameters": {}}, "param.cardPublicDataEmpty"),
        ({"parameters": TOLD | {"markdown": "长" * 342}}, "param.invalid"),
        ({"parameters": TOLD | {"tips": 3}}, "param.invalid"),
        ({"person": "u404"}, "param.userIdNotExist"),
        ({"group": "cid404"}, "card_not_delivered"),
        ({"key": "taken"}, "param.cardAlreadyExist"),
    ],
)
async def test_dingtalk_refuses_a_card_with_its_code(stage, wrong, code) -> None:
    stage.sim.world.templates["draft.schema"] = False
    await stage.client.deliver_card("dingapp", a_card(key="taken"))
    with pytest.raises(Permanent) as refused:
        await stage.client.deliver_card("dingapp", a_card(**wrong))
    assert refused.value.code == code


async def test_a_card_is_delivered_updated_and_metered(stage) -> None:
    reference = await stage.client.deliver_card("dingapp", a_card(group=stage.group.id))
    (seen,) = stage.group.messages
    assert seen.ref == reference
    await stage.client.update_card("p1-1-abc", {"tips": "李工已接单"})
    assert seen.card.seen_by("u001")["tips"] == "李工已接单"
    assert seen.card.seen_by("u001")["title"] == TOLD["title"]
    assert stage.metered == [("api", 1), ("api", 1)]
    with pytest.raises(Permanent) as refused:
        await stage.client.update_card("unknown", {"tips": ""})
    assert refused.value.code == "param.cardNotExist"


async def test_a_click_is_answered_on_the_card_and_only_to_him_who_pressed(stage) -> None:
    heard = []

    async def accept(key, press):
        heard.append((key, press))
        return {"cardData": {"cardParamMap": {"tips": "你已接单"}}}

    async with stage.receiving(Ledger().accept, accept_press=accept):
        await stage.client.deliver_card("dingapp", a_card(group=stage.group.id))
        (seen,) = stage.group.messages
        click = stage.li.presses(seen, "接单")
        await stage.until(lambda: click.acked)
        assert click.worked
        assert seen.card.seen_by("u001")["tips"] == "你已接单"
        assert seen.card.seen_by("u002")["tips"] == ""
        ((_, press),) = heard
        assert (press.card, press.button, press.user_id) == ("p1-1-abc", "claim.1.1", "u001")


async def test_an_answer_after_two_seconds_is_a_click_that_failed(stage) -> None:
    late = asyncio.Event()

    async def accept(_key, _press):
        await late.wait()
        return {"cardData": {"cardParamMap": {"tips": "你已接单"}}}

    async with stage.receiving(Ledger().accept, accept_press=accept):
        await stage.client.deliver_card("dingapp", a_card())
        (seen,) = stage.li.private_messages
        click = stage.li.presses(seen, "接单")
        asyncio.get_running_loop().call_later(IN_TIME + 0.1, late.set)
        await stage.until(lambda: click.acked)
        assert not click.worked
        assert seen.card.seen_by("u001")["tips"] == ""


async def test_a_click_while_nobody_is_connected_is_lost(stage) -> None:
    await stage.client.deliver_card("dingapp", a_card())
    (seen,) = stage.li.private_messages
    click = stage.li.presses(seen, "接单")
    assert click.push.lost


CARD = {
    "card_type": "button_interaction",
    "task_id": "p1-1-abc",
    "main_title": {"title": "#1 打印机卡纸"},
    "horizontal_content_list": [{"keyname": "客户", "value": "王女士"}],
    "button_list": [{"text": "接单", "style": 1, "key": "claim.1.1"}],
}


def _buttons(count: int) -> list[dict[str, object]]:
    return [{"text": f"{one}", "style": 1, "key": f"k{one}"} for one in range(count)]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, 0),
        ({"task_id": "used"}, 42014),
        ({"task_id": "空 格"}, 42014),
        ({"task_id": "x" * 129}, 42014),
        ({"card_type": "vote"}, 42031),
        ({"main_title": {"desc": "没有标题"}}, 42033),
        ({"main_title": {"title": "长" * 27}}, 40058),
        ({"sub_title_text": "长" * 113}, 40058),
        ({"horizontal_content_list": [{"keyname": "客户"}] * 7}, 42035),
        ({"horizontal_content_list": [{"value": "王女士"}]}, 42027),
        ({"button_list": []}, 42038),
        ({"button_list": _buttons(7)}, 42038),
        ({"button_list": [{"text": "接单", "style": 1, "key": "k" * 1025}]}, 42039),
        ({"button_list": [*_buttons(1), *_buttons(1)]}, 42039),
        ({"button_list": [{"text": "十一个字的按钮是太长了", "style": 1, "key": "k"}]}, 40058),
        ({"card_action": {"type": 1}}, 42045),
    ],
)
def test_wecom_refuses_a_card_with_its_code(wrong, code) -> None:
    assert wecom_cards.check_card(CARD | wrong, {"used"}) == code


@pytest.mark.parametrize("words", ["打印机卡纸", "很长的" * 200])
def test_whatever_a_card_says_fits(words) -> None:
    card = Card(
        title=words,
        lines=(words,) * 8,
        quote=words,
        hint=words,
        rows=((words, words),) * 9,
        note=words,
        stamp=words,
        buttons=tuple(_ours(number, words) for number in range(9)),
    )
    assert wecom_cards.check_card(template_card(card, "p1-1-abc"), set()) == 0
    assert all(len(value.encode()) <= MOST_BYTES for value in parameters(card).values())


def _ours(number: int, words: str) -> Button:
    return Button(id=f"claim.{number}.1", text=words)


@pytest.mark.parametrize(
    "name",
    ["", "claim", "claim.1", "claim.x.1", "claim.1.-1", "drop.1.1", "ask_claim.1.1", "a" * 999],
)
def test_a_name_that_is_none_of_ours_is_no_button(name) -> None:
    assert read_button(name) is None


def test_every_command_has_its_button() -> None:
    assert all(read_button(f"{verb}.12.7") is not None for verb in COMMANDS)
    asked = read_button("ask_close.12.7")
    assert asked is not None
    assert asked.asks


@pytest.mark.parametrize(
    "broken", [None, [], "x", {"content": "{"}, {"content": "[]"}, {"event": 3}]
)
def test_a_click_that_cannot_be_read_is_one_on_a_dead_card(broken) -> None:
    for read in (read_dingtalk, read_wecom):
        key, press = read(broken, "frame")
        assert key.endswith("frame")
        assert (press.card, press.button, press.user_id) == ("", "", None)


def test_dingtalk_puts_what_was_pressed_at_several_places() -> None:
    told = {"outTrackId": "p1", "userId": "u001"}
    inside = '{"cardPrivateData":{"actionIds":["claim.1.1"],"params":{}}}'
    for content in (
        {"content": inside},
        {"value": inside},
        {"content": '{"cardPrivateData":{"actionIds":["x"],"params":{"button":"claim.1.1"}}}'},
        {"content": '{"cardPrivateData":{"actionIds":["x"]},"params":{"button":"claim.1.1"}}'},
    ):
        assert read_dingtalk(told | content, "frame")[1].button == "claim.1.1"
