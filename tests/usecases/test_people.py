"""People: first set-up, roles, sign-in, codes, and configuration with its versions."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from server.domain import errors
from server.domain.events import Actor
from server.domain.people import Role, Staff, Team
from server.usecases import administration, people
from server.usecases.acts import change
from tests.support.builders import Office, a_desk

pytestmark = pytest.mark.anyio


async def test_the_first_administrator_needs_the_printed_code_once(desk_url: str):
    desk = a_desk(desk_url)
    await desk.database.open()
    try:
        assert await people.needs_set_up(desk)
        await people.offer_set_up(desk, "old")
        await people.offer_set_up(desk, "digest")

        async def set_up(digest: str) -> Staff:
            return await people.set_up(desk, digest, "示例公司", "王经理", " W@X.cn", "hash")

        with pytest.raises(errors.WrongCode):
            await set_up("old")
        answers = await asyncio.gather(
            *(set_up("digest") for _ in range(4)), return_exceptions=True
        )
        assert [isinstance(one, errors.AlreadySetUp) for one in answers].count(True) == 3
        assert not await people.needs_set_up(desk)
        firm = await desk.firm()
        assert firm.profile.name == "示例公司"
        assert (await people.find_credentials(desk, "w@x.CN ")).password_hash == "hash"
    finally:
        await desk.database.close()


async def test_only_an_administrator_adds_and_changes_colleagues(office: Office):
    new = Staff(id=0, name="新人", email="new@x.cn")
    for by in (office.boss, office.zhao):
        with pytest.raises(errors.NotAllowed):
            await people.add_staff(office.desk, by, new, None)
        with pytest.raises(errors.NotAllowed):
            await people.save_staff(office.desk, by, replace(office.li, role=Role.ADMINISTRATOR))
    added = await people.add_staff(office.desk, office.admin, new, None)
    assert (await office.desk.firm()).staff[added.id].name == "新人"


async def test_an_email_belongs_to_one_colleague(office: Office):
    again = Staff(id=0, name="x", email=" LI@x.cn")
    with pytest.raises(errors.Invalid):
        await people.add_staff(office.desk, office.admin, again, None)
    with pytest.raises(errors.Invalid):
        await people.save_staff(office.desk, office.admin, replace(office.zhao, email="Li@X.cn"))


async def test_the_last_administrator_stays_one(office: Office):
    for after in (replace(office.admin, role=Role.STAFF), replace(office.admin, active=False)):
        with pytest.raises(errors.LastAdministrator):
            await people.save_staff(office.desk, office.admin, after)


async def test_who_leaves_is_signed_out_everywhere(office: Office):
    ends = office.clock.now() + timedelta(days=1)
    await people.open_session(office.desk, office.li.id, "s1", ends)
    token = await people.add_token(office.desk, office.li, "脚本", "t1", ("read",))
    assert (await people.find_session(office.desk, "s1"))[1].id == office.li.id
    assert (await people.find_token(office.desk, "t1"))[0].id == token.id
    await people.save_staff(office.desk, office.admin, replace(office.li, active=False))
    assert await people.find_session(office.desk, "s1") is None
    assert await people.find_token(office.desk, "t1") is None


async def test_a_session_ends_at_its_time_and_when_the_password_changes(office: Office):
    ends = office.clock.now() + timedelta(days=1)
    for digest in ("s1", "s2"):
        await people.open_session(office.desk, office.li.id, digest, ends)
    await people.close_session(office.desk, "s1")
    assert await people.find_session(office.desk, "s1") is None
    await people.save_staff(office.desk, office.admin, office.li, "new hash")
    assert await people.find_session(office.desk, "s2") is None
    await people.open_session(office.desk, office.li.id, "s3", ends)
    office.move_by(timedelta(days=1))
    assert await people.find_session(office.desk, "s3") is None


async def test_a_token_is_revoked_by_its_owner_alone(office: Office):
    token = await people.add_token(office.desk, office.li, "脚本", "t1", ("read", "write"))
    await people.revoke_token(office.desk, office.zhao, token.id)
    assert await people.find_token(office.desk, "t1") is not None
    await people.revoke_token(office.desk, office.li, token.id)
    assert await people.find_token(office.desk, "t1") is None


async def test_a_binding_code_works_once_and_for_ten_minutes(office: Office):
    bind = change(people.bind_with)
    await people.offer_binding(office.desk, office.li, "code")
    bound = await bind(office.desk, "code", "dingtalk", "u1")
    assert bound.id == office.li.id
    with pytest.raises(errors.WrongCode):
        await bind(office.desk, "code", "dingtalk", "u2")
    await people.offer_binding(office.desk, office.li, "late")
    office.move_by(people.CODE_LIFE)
    with pytest.raises(errors.WrongCode):
        await bind(office.desk, "late", "dingtalk", "u2")


async def test_duty_said_twice_is_one_event(office: Office):
    before = (await office.desk.firm()).seq
    await people.set_duty(office.desk, office.li, on_duty=False)
    await people.set_duty(office.desk, office.li, on_duty=False)
    assert (await office.desk.firm()).seq == before + 1
    assert (await office.file("网络不通")).assignee is None


async def test_configuration_is_versions_and_an_old_page_does_not_overwrite(office: Office):
    doc = {"id": "first", "name": "一线组", "members": [office.zhao.id], "leaders": []}

    def saved(seen: int, by: Staff = office.boss, kind: str = "team"):
        return administration.save_configuration(office.desk, by, kind, "first", doc, seen)

    with pytest.raises(errors.ChangedMeanwhile) as refused:
        await saved(0)
    assert refused.value.facts == {"version": 1}
    answers = await asyncio.gather(saved(1), saved(1), return_exceptions=True)
    assert [isinstance(one, errors.ChangedMeanwhile) for one in answers] == [False, True]
    assert (await office.desk.firm()).teams["first"].name == "一线组"
    with pytest.raises(errors.NotAllowed):
        await saved(2, office.zhao)
    with pytest.raises(errors.NotAllowed):
        await saved(0, office.boss, "profile")
    with pytest.raises(administration.UnknownConfiguration):
        await saved(0, office.admin, "weather")


@pytest.mark.parametrize(
    ("kind", "doc"),
    [
        ("team", {"id": "x"}),
        ("calendar", {"week": {}}),
        ("calendar", {"week": {"1": [["9:00", "12:00"]]}}),
        ("policy", {"targets": {"first": {"*": 0}}}),
        ("rules", {"rules": [{"id": "r", "name": "r", "team": "first", "where": {"rain": []}}]}),
    ],
)
async def test_what_does_not_fit_its_kind_is_refused(sqlite_office: Office, kind, doc):
    office = sqlite_office
    with pytest.raises(errors.Invalid):
        await administration.save_configuration(office.desk, office.admin, kind, "x", doc, 0)


async def test_a_team_that_was_renamed_keeps_its_tickets(office: Office):
    number = (await office.file()).number
    await office.save("team", "first", Team(id="first", name="服务台", members=(office.zhao.id,)))
    assert (await office.events(number))[1].team == "first"
    assert (await office.desk.firm()).team_name("first") == "服务台"


async def test_a_group_is_met_once_and_keeps_its_team(office: Office):
    by = Actor("staff", office.admin.id)
    await administration.meet_group(office.desk, "dingtalk", "g1", "一线群", "first", by)
    before = (await office.desk.firm()).seq
    await administration.meet_group(office.desk, "dingtalk", "g1", "一线群", None, by)
    assert (await office.desk.firm()).seq == before
