"""Signing in and out, sessions that end, tokens and their scopes, requests from other sites."""

from datetime import timedelta

import msgspec
import pytest

from server import vault
from server.api.auth import SESSION_LIFE
from server.usecases import people
from tests.support.world import ADMINISTRATOR, EMAILS, PASSWORD, World

pytestmark = pytest.mark.anyio

SESSION = "/api/v1/session"
RIGHT = {"email": EMAILS["李工"], "password": PASSWORD}


async def test_a_new_desk_is_set_up_once_with_its_code(tmp_path):
    async with World(tmp_path, loops=False) as world:
        client = await world.customer()
        assert (await client.get(SESSION)).json()["needs_set_up"] is True
        await people.offer_set_up(world.desk, vault.digest("a-code"))
        body = {
            "code": "wrong",
            "firm": "云杉",
            "name": "孙经理",
            "email": "Sun@Example.com ",
            "password": PASSWORD * 2,
        }
        refused = await client.post("/api/v1/setup", json=body)
        assert (refused.status_code, refused.json()["error"]) == (403, "wrong_code")
        done = await client.post("/api/v1/setup", json=body | {"code": " a-code "})
        assert done.status_code == 200
        assert done.json()["me"]["role"] == "administrator"
        state = (await client.get(SESSION)).json()
        assert (state["needs_set_up"], state["firm"]) == (False, "云杉")
        again = await client.post("/api/v1/setup", json=body | {"code": "a-code"})
        assert (again.status_code, again.json()["error"]) == (409, "already_set_up")


async def test_a_cookie_is_hidden_from_scripts_and_other_sites(world: World):
    client = await world.customer()
    answer = await client.post(SESSION, json=RIGHT | {"email": " Li@Example.COM"})
    cookie = answer.headers["set-cookie"]
    assert answer.json()["me"]["name"] == "李工"
    assert cookie.startswith("paidan_session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_behind_https_a_cookie_is_secure_and_links_are_whole(world: World):
    url = "https://desk.example.com"
    world.desk.settings = msgspec.structs.replace(world.desk.settings, public_url=url)
    client = await world.customer(origin=url)
    answer = await client.post(SESSION, json=RIGHT)
    assert "Secure" in answer.headers["set-cookie"].split("; ")
    filed = await client.post(
        "/api/v1/portal/tickets",
        json={"key": "whole-link", "text": "x", "name": "王", "email": "wang@example.com"},
    )
    assert filed.json()["link"].startswith(f"{url}/portal/t/")


@pytest.mark.parametrize(
    "wrong", [{"password": "something else"}, {"email": "nobody@example.com"}, {"email": "x"}]
)
async def test_a_wrong_password_and_an_unknown_address_look_the_same(world: World, wrong):
    client = await world.customer()
    refused = await client.post(SESSION, json=RIGHT | wrong)
    assert (refused.status_code, refused.json()["error"]) == (401, "wrong_password")
    assert "set-cookie" not in refused.headers


async def test_a_session_ends_when_it_is_signed_out(world: World):
    client = await world.signed_in("李工")
    kept = client.cookies["paidan_session"]
    assert (await client.delete(SESSION)).status_code == 204
    assert (await client.get(SESSION)).json()["me"] is None
    thief = await world.customer(cookie=f"paidan_session={kept}")
    assert (await thief.get("/api/v1/tickets")).status_code == 401


async def test_a_session_ends_by_itself(world: World):
    client = await world.signed_in("李工")
    await world.clock.advance(SESSION_LIFE - timedelta(minutes=1))
    assert (await client.get("/api/v1/tickets")).status_code == 200
    await world.clock.advance(timedelta(minutes=2))
    assert (await client.get("/api/v1/tickets")).status_code == 401


async def test_a_colleague_who_left_is_signed_out_and_his_tokens_end(world: World):
    client, admin = await world.signed_in("李工"), await world.signed_in(ADMINISTRATOR)
    token = (await client.post("/api/v1/tokens", json={"name": "报表"})).json()["token"]
    program = await world.customer(authorization=f"Bearer {token}")
    assert (await program.get("/api/v1/tickets")).status_code == 200
    leaving = {"name": "李工", "email": EMAILS["李工"], "active": False}
    answer = await admin.put(f"/api/v1/staff/{world.staff_ids['李工']}", json=leaving)
    assert answer.json()["active"] is False
    assert (await client.get("/api/v1/tickets")).status_code == 401
    assert (await program.get("/api/v1/tickets")).status_code == 401
    assert (await client.post(SESSION, json=RIGHT)).status_code == 401


async def test_the_last_administrator_stays(world: World):
    admin = await world.signed_in(ADMINISTRATOR)
    leaving = {"name": "管理员", "email": EMAILS[ADMINISTRATOR], "role": "staff"}
    refused = await admin.put(f"/api/v1/staff/{world.staff_ids[ADMINISTRATOR]}", json=leaving)
    assert (refused.status_code, refused.json()["error"]) == (409, "last_administrator")


async def test_two_colleagues_cannot_have_one_address(world: World):
    admin = await world.signed_in(ADMINISTRATOR)
    taken = {"name": "小赵", "email": EMAILS["李工"]}
    for answer in (
        await admin.put(f"/api/v1/staff/{world.staff_ids['小赵']}", json=taken),
        await admin.post("/api/v1/staff", json=taken),
    ):
        assert (answer.status_code, set(answer.json()["fields"])) == (422, {"email"})


async def test_a_token_does_what_its_scopes_say_and_is_shown_once(world: World):
    ticket = await world.file("打印机卡纸")
    client = await world.signed_in("李工")
    path = f"/api/v1/tickets/{ticket.number}/commands"
    note = {"command": "note", "ticket": ticket.number, "text": "来自程序"}
    made = {}
    for scope in ("read", "write"):
        answer = await client.post("/api/v1/tokens", json={"name": scope, "scopes": [scope]})
        assert answer.status_code == 201
        made[scope] = answer.json()
    listed = (await client.get("/api/v1/tokens")).json()
    assert [one["token"] for one in listed] == [None, None]

    reader = await world.customer(authorization=f"Bearer {made['read']['token']}")
    writer = await world.customer(authorization=f"bearer {made['write']['token']}")
    refused = await reader.post(path, json=note)
    assert (refused.status_code, refused.json()["error"]) == (403, "read_only_token")
    assert (await writer.post(path, json=note)).status_code == 200
    assert (await world.events(ticket.number))[-1].via == "api"
    minted = await writer.post("/api/v1/tokens", json={"name": "another"})
    assert (minted.status_code, minted.json()["error"]) == (403, "not_in_person")

    used = (await client.get("/api/v1/tokens")).json()
    assert [one["last_used_at"] for one in used] == ["2026-03-16T01:00:00Z"] * 2

    await client.delete(f"/api/v1/tokens/{made['write']['id']}")
    ended = await writer.get("/api/v1/tickets")
    assert (ended.status_code, ended.json()["error"]) == (401, "wrong_token")


async def test_another_sites_page_cannot_act_with_the_cookie(world: World):
    client = await world.signed_in("李工")
    own = client.headers.pop("origin")
    duty = {"on_duty": False}
    for headers, status in (
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"{own}.evil.example"}, 403),
        ({}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": own}, 200),
    ):
        answer = await client.put("/api/v1/duty", json=duty, headers=headers)
        assert answer.status_code == status, headers
    login = await client.post(SESSION, json=RIGHT, headers={"origin": "https://evil.example"})
    assert (login.status_code, login.json()["error"]) == (403, "foreign_origin")


async def test_guessing_passwords_is_slowed_down(world: World):
    client = await world.customer()
    wrong = RIGHT | {"password": "not this one"}
    statuses = [(await client.post(SESSION, json=wrong)).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    refused = await client.post(SESSION, json=RIGHT)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "15")
    assert "15" in refused.json()["message"]
    await world.clock.advance(timedelta(seconds=31))
    assert (await client.post(SESSION, json=RIGHT)).status_code == 200


async def test_flooding_the_portal_is_slowed_down(world: World):
    client = await world.customer()
    form = {"text": "x", "name": "王", "phone": "13800000001"}
    for number in range(30):
        filed = await client.post(
            "/api/v1/portal/tickets", json=form | {"key": f"flooding-{number}"}
        )
        assert filed.status_code == 201
    refused = await client.post("/api/v1/portal/tickets", json=form | {"key": "flooding-over"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert (await client.get("/api/v1/portal")).status_code == 200


async def test_a_binding_code_binds_the_account_that_says_it(world: World):
    from server.usecases.acts import change

    client = await world.signed_in("李工")
    offered = (await client.post("/api/v1/bindings")).json()
    assert len(offered["code"]) == 8
    assert offered["expires_at"] == "2026-03-16T01:10:00Z"
    bind = change(people.bind_with)
    bound = await bind(world.desk, vault.digest(offered["code"]), "dingtalk", "u-li")
    assert bound.name == "李工"


async def test_a_colleague_changes_his_own_language_and_password(world: World):
    li, elsewhere = await world.signed_in("李工"), await world.signed_in("李工")
    told = await li.put("/api/v1/me", json={"language": "en"})
    assert (told.status_code, told.json()["language"]) == (200, "en")
    guessed = {"password": "a new long one", "current": "not it"}
    refused = await li.put("/api/v1/me", json=guessed)
    assert refused.status_code == 422
    assert refused.json()["fields"] == {"current": "This is not the present password"}
    missing = await li.put("/api/v1/me", json={"password": "a new long one"})
    assert set(missing.json()["fields"]) == {"current"}
    wanted = {"password": "a new long one", "current": PASSWORD}
    assert (await li.put("/api/v1/me", json=wanted)).json()["language"] == "en"
    assert (await li.get("/api/v1/counters")).status_code == 200, "he stays here"
    assert (await elsewhere.get("/api/v1/counters")).status_code == 401, "and nowhere else"
    other = await world.customer()
    for password, status in ((PASSWORD, 401), ("a new long one", 200)):
        body = {"email": EMAILS["李工"], "password": password}
        assert (await other.post(SESSION, json=body)).status_code == status


async def test_guessing_is_slowed_down_for_an_address_whatever_the_account(world: World):
    """Behind a trusted proxy the caller's own address counts; what others say of it does not."""
    browser = await world.customer()

    async def guess(number: int, **headers: str) -> int:
        body = {"email": f"nobody{number}@example.com", "password": "wrong password"}
        return (await browser.post(SESSION, json=body, headers=headers)).status_code

    one, other = {"x-forwarded-for": "203.0.113.7"}, {"x-forwarded-for": "203.0.113.8"}
    assert [await guess(number, **one) for number in range(11)] == [401] * 10 + [429]
    assert await guess(11, **other) == 401
    pretended = {"x-forwarded-for": "198.51.100.1, 203.0.113.7"}
    assert await guess(12, **pretended) == 429, "the proxy's own word is the last one"


async def test_nobody_is_believed_where_no_proxy_is_trusted(world: World):
    world.desk.settings = msgspec.structs.replace(world.desk.settings, trusted_proxies="")
    browser = await world.customer()
    statuses = [
        (
            await browser.post(
                SESSION,
                json={"email": f"nobody{number}@example.com", "password": "wrong password"},
                headers={"x-forwarded-for": f"203.0.113.{number}"},
            )
        ).status_code
        for number in range(11)
    ]
    assert statuses == [401] * 10 + [429]
