"""Pictures and files: kept, tied to messages, handed out to whoever may read those."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.attachments import MOST_BYTES, is_picture, name_of, type_of
from server.domain.commands import Note, Reply
from server.domain.errors import Invalid, UnknownAttachment, UnknownTicket
from server.storage import files
from server.usecases import attachments, reading
from server.usecases.acts import Act, change
from server.usecases.tickets import obey
from tests.support.world import World

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\nrest"
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
async def world(tmp_path: Path):
    async with World(tmp_path, loops=False) as made:
        await made.set_up()
        yield made


@change
async def _say(act: Act, command, by, kept) -> None:
    await obey(act, command, by, "wecom")
    await attachments.attach(act, command.ticket, kept)


async def test_colleagues_get_all_and_customers_what_was_said_to_them(world: World) -> None:
    number = (await world.file("打印机卡纸")).number
    li, desk = await world.staff("李工"), world.desk
    shown = await attachments.keep(desk, PNG, "IMG_1.file")
    secret = await attachments.keep(desk, PAGE, "../../a.html")
    assert (shown.name, shown.type, secret.name, secret.type) == (
        "IMG_1.png",
        "image/png",
        ".. a.html",
        "application/octet-stream",
    ) or secret.name.endswith("a.html")
    await _say(desk, Reply(ticket=number, text="见图"), li, (shown,))
    await _say(desk, Note(ticket=number, text="内部"), li, (secret,))
    page = await reading.ticket_page(desk, li, number)
    public, internal = (one.id for one in page.attachments)
    assert (await attachments.hand_out(desk, li, number, internal)).content == PAGE
    assert (await attachments.hand_out_to_customer(desk, number, public)).content == PNG
    with pytest.raises(UnknownAttachment):
        await attachments.hand_out_to_customer(desk, number, internal)
    with pytest.raises(UnknownTicket):
        await attachments.hand_out(desk, await world.staff("小赵"), number, public)
    other = (await world.file("打印机坏了")).number
    with pytest.raises(UnknownAttachment):
        await attachments.hand_out(desk, li, other, public)


async def test_what_is_handed_out_cannot_run(world: World) -> None:
    number = (await world.file("打印机卡纸")).number
    li = await world.staff("李工")
    kept = (
        await attachments.keep(world.desk, PAGE, "页面.html"),
        await attachments.keep(world.desk, PNG, "图 片.png"),
    )
    await _say(world.desk, Reply(ticket=number, text="见附件"), li, kept)
    staff = await world.signed_in("李工")
    timeline = (await staff.get(f"/api/v1/tickets/{number}")).json()["timeline"]
    (said,) = [one["message"] for one in timeline if one["kind"] == "replied"]
    page, picture = said["attachments"]
    assert (page["picture"], picture["picture"]) == (False, True)
    answer = await staff.get(page["link"])
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8")
    assert "sandbox" in answer.headers["content-security-policy"]
    answer = await staff.get(picture["link"])
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == PNG


async def test_a_damaged_or_missing_file_is_gone_and_bad_ones_are_refused(world: World) -> None:
    number = (await world.file("打印机卡纸")).number
    li, desk = await world.staff("李工"), world.desk
    kept = await attachments.keep(desk, PNG, "")
    await _say(desk, Note(ticket=number, text="图"), li, (kept,))
    (found,) = (await reading.ticket_page(desk, li, number)).attachments
    path = files.path_of(desk.settings.data, kept.digest)
    path.write_bytes(b"other")
    for _ in range(2):
        with pytest.raises(UnknownAttachment):
            await attachments.hand_out(desk, li, number, found.id)
        path.unlink(missing_ok=True)
    for content in (b"", bytes(MOST_BYTES + 1)):
        with pytest.raises(Invalid):
            await attachments.keep(desk, content, "x")


@given(st.text(), st.binary(max_size=64))
def test_no_name_leads_out_of_a_folder(name: str, content: bytes) -> None:
    kind = type_of(content)
    made = name_of(name, kind)
    assert 0 < len(made) <= 121
    assert not set(made) & set('/\\\x00\n"')
    assert made not in {".", ".."}
    assert is_picture(kind) == kind.startswith("image/")
