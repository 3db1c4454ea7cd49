"""One ticket's whole life by HTTP alone, and what each side gets to see of it."""

from typing import Any

import httpx
import pytest

from tests.support.world import SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def file(client: httpx.AsyncClient, key: str, **more: Any) -> httpx.Response:
    request = {"key": key, "text": "三楼打印机卡纸,急", "name": "王女士", "phone": "13800000001"}
    return await client.post("/api/v1/portal/tickets", json=request | more)


async def do(client: httpx.AsyncClient, number: int, command: str, **more: Any) -> httpx.Response:
    body = {"command": command, "ticket": number} | more
    return await client.post(f"/api/v1/tickets/{number}/commands", json=body)


async def test_a_ticket_lives_its_whole_life_by_http(world: World):
    customer, staff = await world.customer(), await world.signed_in("李工")

    filed = await file(customer, "key-of-the-form")
    assert filed.status_code == 201
    receipt = filed.json()
    assert receipt["link"] == f"/portal/t/{receipt['token']}"
    assert receipt["answer_by"] == "2026-03-16T02:00:00Z"
    number, link = receipt["number"], f"/api/v1/portal/tickets/{receipt['token']}"
    assert filed.headers["location"] == link

    row = (await staff.get("/api/v1/tickets", params={"view": "unclaimed"})).json()["tickets"][0]
    assert (row["number"], row["customer_name"], row["team_name"]) == (number, "王女士", "二线")
    assert (row["remaining"], row["target"], row["status_label"]) == (3600, 3600, "待处理")
    assert (await staff.get("/api/v1/counters")).json()["unclaimed"] == 1

    await world.advance(minutes=20)
    claimed = (await do(staff, number, "claim")).json()
    assert claimed["ticket"]["assignee_name"] == "李工"
    assert claimed["ticket"]["remaining"] == 2400
    assert "claim" not in claimed["allowed"]

    await do(staff, number, "note", text="可能是搓纸轮")
    assert (await do(staff, number, "reply", text="十分钟后到")).status_code == 200
    progress = (await customer.get(link)).json()
    assert [one["text"] for one in progress["messages"]] == ["三楼打印机卡纸,急", "十分钟后到"]
    assert [one["mine"] for one in progress["messages"]] == [True, False]
    assert (progress["assignee"], progress["public_step"]) == ("李工", 2)
    assert (progress["answer_by"], progress["awaits_you"]) == (None, False)

    await do(staff, number, "reply", text="是哪一款？", then="waiting_customer")
    assert (await customer.get(link)).json()["awaits_you"]
    said = await customer.post(f"{link}/messages", json={"key": "word-one", "text": "好的"})
    assert said.status_code == 200
    again = await customer.post(f"{link}/messages", json={"key": "word-one", "text": "好的"})
    assert len(again.json()["messages"]) == 4
    assert not again.json()["awaits_you"]

    await world.advance(minutes=10)
    assert (await do(staff, number, "resolve", solution="换了搓纸轮")).status_code == 200
    progress = (await customer.get(link)).json()
    assert progress["public_step"] == 3
    assert progress["can"] == ["reply", "confirm", "dispute", "rate"]
    assert [one["at"] is not None for one in progress["steps"]] == [True, True, True, False]

    disputed = (await customer.post(f"{link}/dispute", json={"text": "又卡了"})).json()
    assert disputed["public_step"] == 2
    assert [one["at"] is not None for one in disputed["steps"]] == [True, True, False, False]

    await do(staff, number, "resolve", solution="整机换新")
    confirmed = (await customer.post(f"{link}/confirm")).json()
    assert confirmed["public_step"] == 4
    rated = await customer.post(f"{link}/rating", json={"score": 5, "comment": "很快"})
    assert rated.json()["rating"] == 5

    await check_the_page(staff, receipt)


async def check_the_page(staff: httpx.AsyncClient, receipt: dict[str, Any]) -> None:
    page = (await staff.get(f"/api/v1/tickets/{receipt['number']}")).json()
    lines = [entry["summary"] for entry in page["timeline"]]
    assert lines[0] == "王女士提交了工单「三楼打印机卡纸,急」（自助门户）"
    assert "李工接单" in lines
    assert lines[-1] == "王女士评价 5 分：很快"
    assert page["link"] == receipt["link"]
    assert page["customer"]["phone"] == "13800000001"
    assert {clock["label"] for clock in page["clocks"]} >= {"首次响应", "解决"}
    assert page["clocks"][0]["strip"][0]["working"] == 1200
    assert page["routing"]["rule"] == "打印机"
    assert page["routing"]["paragraph"].startswith("按派单规则「打印机」")


async def test_the_customer_never_sees_notes_addresses_or_another_ticket(world: World):
    customer, staff = await world.customer(), await world.signed_in("李工")
    other = (await file(customer, "another-form", name="赵先生", phone="13800000002")).json()
    mine = (await file(customer, "my-own-form")).json()
    await do(staff, mine["number"], "claim")
    await do(staff, mine["number"], "note", text="这位客户很难缠")
    shown = (await customer.get(f"/api/v1/portal/tickets/{mine['token']}")).text
    for secret in ("难缠", "li@example.com", "赵先生", "13800000001"):
        assert secret not in shown
    forged = f"{other['number']}-{mine['token'].partition('-')[2]}"
    assert (await customer.get(f"/api/v1/portal/tickets/{forged}")).status_code == 404


async def test_the_same_key_files_one_ticket_and_shows_it_to_nobody_else(world: World):
    customer = await world.customer()
    first = (await file(customer, "the-same-key")).json()
    again = (await file(customer, "the-same-key")).json()
    assert again == first | {"repeated": True}
    other = (await file(customer, "the-same-key", phone="13800000002", name="赵先生")).json()
    assert other["number"] != first["number"]


async def test_one_key_on_two_tickets_is_two_messages(world: World):
    customer = await world.customer()
    for key in ("form-one", "form-two"):
        token = (await file(customer, key)).json()["token"]
        answer = await customer.post(
            f"/api/v1/portal/tickets/{token}/messages", json={"key": "one-key-", "text": "在吗"}
        )
        assert len(answer.json()["messages"]) == 2


async def test_a_command_sent_twice_with_its_key_is_done_once(world: World):
    staff = await world.signed_in("李工")
    ticket = await world.file("打印机卡纸")
    for _ in range(2):
        answer = await staff.post(
            f"/api/v1/tickets/{ticket.number}/commands",
            json={"command": "note", "ticket": ticket.number, "text": "看过了"},
            headers={"Idempotency-Key": "note-the-first"},
        )
        assert answer.status_code == 200
    assert (await world.kinds(ticket.number)).count("noted") == 1


async def test_a_colleague_files_for_a_customer(world: World):
    staff = await world.signed_in("李工")
    body = {
        "key": "phone-call-1",
        "subject": "断网了",
        "text": "整层都断了",
        "name": "周先生",
        "phone": "021-6543 2100",
        "level": "vip",
        "priority": "high",
    }
    filed = await staff.post("/api/v1/tickets", json=body)
    assert filed.status_code == 201
    number = filed.json()["ticket"]["number"]
    assert filed.headers["location"] == f"/api/v1/tickets/{number}"
    page = (await staff.get(filed.headers["location"])).json()
    assert page["customer"]["phone"] == "02165432100"
    assert page["timeline"][0]["actor"] == {
        "kind": "staff",
        "id": world.staff_ids["李工"],
        "name": "李工",
    }
    again = await staff.post("/api/v1/tickets", json=body)
    assert again.json()["ticket"]["number"] == number


async def test_lists_go_on_page_by_page_and_never_repeat(world: World):
    staff = await world.signed_in(SUPERVISOR)
    for place in range(7):
        await world.file(f"网络 {place}")
        await world.advance(seconds=1)
    for sort in ("updated", "created", "due"):
        seen: list[int] = []
        after: dict[str, str] = {}
        for _ in range(5):
            params = {"view": "all", "sort": sort, "limit": "3"} | after
            page = (await staff.get("/api/v1/tickets", params=params)).json()
            seen += [row["number"] for row in page["tickets"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert sorted(seen) == list(range(1, 8)), sort


async def test_english_readers_get_english(world: World):
    ticket = await world.file("打印机卡纸")
    customer = await world.customer(**{"accept-language": "en-GB,en;q=0.9"})
    filed = (await file(customer, "english-form")).json()
    progress = (await customer.get(f"/api/v1/portal/tickets/{filed['token']}")).json()
    assert progress["steps"][0]["label"] == "Received"
    refused = await customer.get(f"/api/v1/tickets/{ticket.number}")
    assert refused.json()["message"] == "Please sign in."


async def test_an_administrator_sets_the_firm_up_by_http(world: World):
    admin = await world.signed_in("管理员")
    added = await admin.post(
        "/api/v1/staff",
        json={
            "name": "新同事",
            "email": "New@Example.com",
            "skills": {"打印机": 3},
            "password": "a long password",
        },
    )
    assert added.status_code == 201
    colleague = added.json()
    assert (colleague["email"], colleague["skills"]) == ("new@example.com", {"打印机": 3})
    newcomer = await world.customer()
    body = {"email": "new@example.com", "password": "a long password"}
    assert (await newcomer.post("/api/v1/session", json=body)).status_code == 200

    team = (await admin.get("/api/v1/configuration/team/second")).json()
    doc = team["doc"] | {"members": [*team["doc"]["members"], colleague["id"]]}
    wanted = {"doc": doc, "seen_version": team["version"]}
    saved = await admin.put("/api/v1/configuration/team/second", json=wanted)
    assert saved.json()["version"] == team["version"] + 1
    stale = await admin.put("/api/v1/configuration/team/second", json=wanted)
    assert (stale.status_code, stale.json()["error"]) == (409, "changed_meanwhile")
    listed = (await admin.get("/api/v1/configuration/team")).json()
    assert {one["id"] for one in listed} == {"first", "second"}
    firm = (await admin.get("/api/v1/firm")).json()
    assert colleague["id"] in next(t for t in firm["teams"] if t["id"] == "second")["members"]
    assert {one["email"] for one in firm["staff"]} >= {"new@example.com"}
    public = (await (await world.signed_in("李工")).get("/api/v1/firm")).json()
    assert {one["email"] for one in public["staff"]} == {""}

    duty = await newcomer.put("/api/v1/duty", json={"on_duty": True})
    assert duty.json()["on_duty"] is True
