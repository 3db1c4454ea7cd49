import pytest

from server.storage import inbound
from server.usecases import administration, chat
from tests.support.postbox import DESK, Postbox, connect
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def say(world: World, *keys: str) -> None:
    for key in keys:
        await chat.accept(world.desk, "post", key, "{}")
    await world.at_rest()


async def state(world: World, key: str) -> tuple[str, str | None]:
    arrival = await inbound.find(world.desk.database, "post", key)
    assert arrival is not None
    return arrival.state, arrival.error


async def test_lines_are_worked_on_in_the_order_of_arrival_and_answered(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    await say(world, "one", "two", "three")
    assert box.read == ["one", "two", "three"]
    assert box.kinds == ["answer"] * 3
    assert await state(world, "three") == ("done", None)


async def test_a_line_that_comes_twice_is_worked_on_once(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    await say(world, "one")
    await say(world, "one")
    assert box.read == ["one"]


async def test_a_line_that_breaks_the_reader_is_tried_again_and_at_last_set_aside(
    world: World,
) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.reads = lambda _desk, arrival: ValueError("?") if arrival.key == "bad" else None
    await say(world, "bad", "good")
    assert await state(world, "good") == ("done", None)
    assert (await state(world, "bad"))[0] == "waiting"
    await world.advance(minutes=5)
    assert box.read.count("bad") == 5
    kind, error = await state(world, "bad")
    assert kind == "poison"
    assert error.startswith("incident ")


async def test_a_line_set_aside_can_be_worked_on_again(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.reads = lambda _desk, _arrival: ValueError("?")
    await say(world, "bad")
    await world.advance(minutes=5)
    box.reads = lambda _desk, _arrival: None
    arrival = await inbound.find(world.desk.database, "post", "bad")
    await administration.replay(world.desk, arrival.id)
    await world.at_rest()
    assert await state(world, "bad") == ("done", None)


async def test_a_reader_that_leaves_a_line_unsettled_does_not_spin(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    box.settles = False
    await say(world, "one")
    assert await state(world, "one") == ("waiting", "left_unsettled")
    assert box.read == ["one"]


async def test_a_line_of_a_channel_that_is_off_waits_and_is_set_aside(world: World) -> None:
    box = Postbox()
    await connect(world, "post", box)
    await administration.save_channel(world.desk, DESK, "post", {}, None, enabled=False)
    await say(world, "one")
    await world.advance(minutes=5)
    assert await state(world, "one") == ("poison", "not_connected")
    assert box.read == []


async def test_lines_that_waited_while_the_desk_was_off_are_worked_on_at_its_start(
    world: World,
) -> None:
    box = Postbox()
    await connect(world, "post", box)
    await world.runner.stop()
    await chat.accept(world.desk, "post", "one", "{}")
    await world.restart()
    await world.at_rest()
    assert box.read == ["one"]
    assert await state(world, "one") == ("done", None)
