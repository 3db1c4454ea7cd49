"""A kept demo goes on where it was, and a desk in earnest is never played on."""

from datetime import timedelta

import msgspec
import pytest

from server import app, demo
from server.usecases import people, reading
from tests.demo.conftest import OPENED, SMALL, settings_for

pytestmark = pytest.mark.anyio


async def test_a_kept_demo_keeps_its_tickets_and_its_time(tmp_path):
    settings = settings_for(tmp_path)
    async with demo.staged(settings, at=OPENED, size=SMALL) as theatre:
        await theatre.clock.pull(timedelta(hours=5))
        left_at = theatre.clock.now()
        head = await reading.head_seq(theatre.desk)
    async with demo.staged(settings, size=SMALL) as theatre:
        assert theatre.clock.now() >= left_at
        assert await reading.head_seq(theatre.desk) >= head
        chats = {one.id for one in (await theatre.read(None)).chats if one.person is None}
        groups = (await theatre.desk.firm()).reach.groups
        assert chats <= {*groups["dingtalk"].values(), *groups["wecom"].values()}


async def test_a_seeding_that_was_cut_short_begins_anew(tmp_path):
    settings = settings_for(tmp_path)
    async with app.open_desk(settings) as desk:
        await people.offer_set_up(desk, "digest")
        await people.set_up(desk, "digest", "半途", "某人", "a@example.com", "hash")
    (tmp_path / "demo.json").write_bytes(msgspec.json.encode(demo.Kept(0.0, complete=False)))
    async with demo.staged(settings, at=OPENED, size=SMALL) as theatre:
        assert (await theatre.desk.firm()).profile.name == "宏达电器售后"


async def test_a_desk_in_earnest_is_refused(tmp_path):
    settings = settings_for(tmp_path)
    async with app.open_desk(settings) as desk:
        await people.offer_set_up(desk, "digest")
        await people.set_up(desk, "digest", "真实公司", "某人", "a@example.com", "hash")
    with pytest.raises(demo.NotADemo):
        async with demo.staged(settings, size=SMALL):
            pass
