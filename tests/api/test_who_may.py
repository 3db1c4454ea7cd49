"""Who may call what: one table. Every operation and page stands in it with the answer that each
kind of caller gets; an operation that is missing fails.
"""

from typing import Any

import httpx
import msgspec
import pytest

from server import vault
from server.api.pages import PATHS
from server.api.surface import OPERATIONS
from server.domain.people import Role, Staff
from server.limits import Limits
from server.usecases import people
from tests.support.world import ADMINISTRATOR, PASSWORD, SUPERVISOR, World

pytestmark = pytest.mark.anyio

CALLERS = (
    "nobody",
    "customer",
    "administrator",
    "supervisor",
    "staff",
    "collaborator",
    "auditor",
    "read token",
)
ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=12345678-0000-4000-8000-0123456789ab"
TABLE: dict[str, tuple[int, ...]] = {
    # nobody, with a link, administrator, supervisor, staff, collaborator, auditor, read token
    "readSession": (200, 200, 200, 200, 200, 200, 200, 200),
    "signIn": (401, 401, 401, 401, 401, 401, 401, 401),
    "setUp": (409, 409, 409, 409, 409, 409, 409, 409),
    "saveMe": (401, 401, 200, 200, 200, 200, 200, 403),
    "setDuty": (401, 401, 200, 200, 200, 200, 200, 403),
    "readDuty": (401, 401, 200, 200, 200, 200, 200, 200),
    "setDutyOf": (401, 401, 404, 404, 404, 403, 403, 403),
    "readRoster": (401, 401, 404, 404, 404, 404, 404, 404),
    "previewRoster": (401, 401, 200, 200, 403, 403, 403, 403),
    "listLeaves": (401, 401, 200, 200, 200, 200, 200, 200),
    "askLeave": (401, 401, 201, 201, 201, 201, 403, 403),
    "decideLeave": (401, 401, 404, 404, 404, 403, 403, 403),
    "withdrawLeave": (401, 401, 404, 404, 404, 404, 403, 403),
    "listSwaps": (401, 401, 200, 200, 200, 200, 200, 200),
    "askSwap": (401, 401, 404, 404, 404, 404, 403, 403),
    "agreeSwap": (401, 401, 404, 404, 404, 404, 403, 403),
    "decideSwap": (401, 401, 404, 404, 404, 404, 403, 403),
    "withdrawSwap": (401, 401, 404, 404, 404, 404, 403, 403),
    "listHandovers": (401, 401, 200, 200, 200, 403, 403, 200),
    "takeOver": (401, 401, 404, 404, 404, 403, 403, 403),
    "offerBinding": (401, 401, 200, 200, 200, 200, 200, 403),
    "listTokens": (401, 401, 200, 200, 200, 200, 200, 200),
    "addToken": (401, 401, 201, 201, 201, 201, 201, 403),
    "revokeToken": (401, 401, 204, 204, 204, 204, 204, 403),
    "readFirm": (401, 401, 200, 200, 200, 200, 200, 200),
    "listTickets": (401, 401, 200, 200, 200, 200, 200, 200),
    "fileTicket": (401, 401, 201, 201, 201, 403, 403, 403),
    "readCounters": (401, 401, 200, 200, 200, 200, 200, 200),
    "readTicket": (401, 401, 200, 200, 200, 404, 200, 200),
    "readAttachment": (401, 401, 404, 404, 404, 404, 404, 404),
    "readPublicAttachment": (404, 404, 404, 404, 404, 404, 404, 404),
    "performCommand": (401, 401, 200, 200, 200, 404, 403, 403),
    "followLive": (401, 401, 200, 200, 200, 200, 200, 200),
    "listConfiguration": (401, 401, 200, 200, 403, 403, 200, 200),
    "readConfiguration": (401, 401, 200, 200, 403, 403, 200, 200),
    "saveConfiguration": (401, 401, 409, 409, 403, 403, 403, 403),
    "listWebhooks": (401, 401, 200, 200, 403, 403, 200, 200),
    "listWebhookDeliveries": (401, 401, 404, 404, 403, 403, 404, 404),
    "saveWebhookSecret": (401, 401, 400, 403, 403, 403, 403, 403),
    "tryWebhook": (401, 401, 404, 403, 403, 403, 403, 403),
    "listCalendarTemplates": (401, 401, 200, 200, 403, 403, 200, 200),
    "importHolidays": (401, 401, 404, 404, 403, 403, 403, 403),
    "replay": (401, 401, 200, 200, 403, 403, 200, 403),
    "readAttainment": (401, 401, 200, 200, 200, 403, 200, 200),
    "readReplayProgress": (401, 401, 200, 200, 403, 403, 200, 200),
    "listVersions": (401, 401, 200, 200, 403, 403, 200, 200),
    "listGrabs": (401, 401, 200, 200, 403, 403, 200, 200),
    "listStandings": (401, 401, 200, 200, 403, 403, 200, 200),
    "addStaff": (401, 401, 422, 403, 403, 403, 403, 403),
    "saveStaff": (401, 401, 404, 403, 403, 403, 403, 403),
    "listChannels": (401, 401, 200, 403, 403, 403, 403, 403),
    "saveChannel": (401, 401, 404, 403, 403, 403, 403, 403),
    "readBudget": (401, 401, 404, 403, 403, 403, 403, 403),
    "correctBudget": (401, 401, 404, 403, 403, 403, 403, 403),
    "readHabits": (401, 401, 200, 200, 200, 200, 200, 200),
    "saveHabits": (401, 401, 204, 204, 204, 204, 204, 403),
    "saveTeamHabits": (401, 401, 404, 404, 404, 404, 404, 403),
    "listGroups": (401, 401, 200, 200, 403, 403, 403, 200),
    "saveGroup": (401, 401, 404, 404, 403, 403, 403, 403),
    "addRobot": (401, 401, 200, 403, 403, 403, 403, 403),
    "removeRobot": (401, 401, 404, 403, 403, 403, 403, 403),
    "listDeliveries": (401, 401, 200, 200, 403, 403, 200, 200),
    "retryDelivery": (401, 401, 404, 404, 403, 403, 403, 403),
    "listArrivals": (401, 401, 200, 200, 403, 403, 200, 200),
    "replayArrival": (401, 401, 404, 404, 403, 403, 403, 403),
    "listMetrics": (401, 401, 200, 200, 200, 200, 200, 200),
    "dryRun": (401, 401, 200, 200, 403, 403, 403, 403),
    "previewLawOrder": (401, 401, 200, 200, 403, 403, 403, 403),
    "giveLawOrder": (401, 401, 201, 201, 403, 403, 403, 403),
    "listLawJobs": (401, 401, 200, 200, 403, 403, 200, 200),
    "readLawJob": (401, 401, 404, 404, 403, 403, 404, 404),
    "readPortal": (200, 200, 200, 200, 200, 200, 200, 200),
    "fileRequest": (201, 201, 201, 201, 201, 201, 201, 201),
    "readProgress": (404, 200, 404, 404, 404, 404, 404, 404),
    "writeAsCustomer": (404, 200, 404, 404, 404, 404, 404, 404),
    "nudge": (404, 200, 404, 404, 404, 404, 404, 404),
    "confirmSolution": (404, 409, 404, 404, 404, 404, 404, 404),
    "disputeSolution": (404, 409, 404, 404, 404, 404, 404, 404),
    "rate": (404, 409, 404, 404, 404, 404, 404, 404),
    "signOut": (204, 204, 204, 204, 204, 204, 204, 403),
}
PAGES = {
    "root": 302,
    "setup": 302,
    "console": 503,
    "portal": 503,
    "demo": 404,
    "asset": 404,
    "file": 404,
    "manual": 200,
    "api_document": 200,
    "api_pages": 200,
    "healthy": 200,
    "ready": 200,
}
BODIES: dict[str, Any] = {
    "signIn": {"email": "nobody@example.com", "password": "wrong password"},
    "setUp": {
        "code": "12345678",
        "firm": "x",
        "name": "x",
        "email": "x@example.com",
        "password": "long enough",
    },
    "saveMe": {"language": "zh"},
    "setDuty": {"on_duty": True},
    "setDutyOf": {"duty": "off_duty"},
    "previewRoster": {"doc": {"name": "一线"}, "first": "2026-03-16"},
    "askLeave": {
        "starts_at": "2026-03-20T01:00:00Z",
        "ends_at": "2026-03-20T10:00:00Z",
        "reason": "annual",
    },
    "decideLeave": {"approve": True},
    "askSwap": {"roster": "none", "day": "2026-03-20", "other": 1},
    "decideSwap": {"approve": True},
    "takeOver": {},
    "addToken": {"name": "报表"},
    "fileTicket": {"subject": "代客户报修", "name": "王女士"},
    "performCommand": {"command": "note", "ticket": 1, "text": "看过了"},
    "saveConfiguration": {"doc": {"id": "first", "name": "一线"}, "seen_version": 99},
    "importHolidays": {"file": "{}"},
    "replay": {"from_at": "2026-03-16T00:00:00Z", "to_at": "2026-03-17T00:00:00Z"},
    "addStaff": {"name": "李工", "email": "li@example.com"},
    "saveStaff": {"name": "谁", "email": "who@example.com"},
    "saveChannel": {"enabled": False, "doc": {}},
    "saveGroup": {"team": "first"},
    "correctBudget": {"name": "api", "used": 12},
    "saveHabits": {},
    "saveTeamHabits": {},
    "addRobot": {"address": ROBOT, "title": "一线群", "team": "first"},
    "dryRun": {"text": "打印机卡纸"},
    "previewLawOrder": {"order": "apply"},
    "giveLawOrder": {"order": "apply"},
    "fileRequest": {"text": "打印机卡纸", "name": "王女士", "phone": "13800000009"},
    "writeAsCustomer": {"text": "还在吗"},
    "disputeSolution": {"text": "没好"},
    "rate": {"score": 5},
}
KEYED = {"fileTicket", "fileRequest", "writeAsCustomer"}
FILLING = {
    "attachment": "1",
    "number": "1",
    "id": "99",
    "kind": "team",
    "platform": "dingtalk",
    "conversation_id": "cid",
}


async def callers(world: World, link: str) -> dict[str, httpx.AsyncClient]:
    """A browser or program of each kind; `link` goes with the customer's."""
    desk, administrator = world.desk, await world.staff(ADMINISTRATOR)
    hashed = await desk.passwords.hash(PASSWORD)
    found = {"nobody": await world.customer(), "customer": await world.customer(**{"x-link": link})}
    for role in (Role.COLLABORATOR, Role.AUDITOR):
        email = f"{role}@example.com"
        fresh = Staff(id=0, name=role.value, email=email, role=role)
        await people.add_staff(desk, administrator, fresh, hashed)
        client = await world.customer()
        answer = await client.post("/api/v1/session", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200
        found[role.value] = client
    found["administrator"] = await world.signed_in(ADMINISTRATOR)
    found["supervisor"] = await world.signed_in(SUPERVISOR)
    found["staff"] = await world.signed_in("李工")
    supervisor = await world.staff(SUPERVISOR)
    await people.add_token(desk, supervisor, "报表", vault.digest("pd_read"), ("read",))
    found["read token"] = await world.customer(authorization="Bearer pd_read")
    return found


def address(operation_id: str, client: httpx.AsyncClient) -> tuple[str, str]:
    operation = next(one for one in OPERATIONS if one.id == operation_id)
    filling = FILLING | {"token": client.headers.get("x-link", "1-madeup")}
    if operation_id in {"readConfiguration", "saveConfiguration", "listVersions"}:
        filling["id"] = "first"
    path = operation.path
    for name, value in filling.items():
        path = path.replace(f"{{{name}:str}}", value).replace(f"{{{name}:int}}", value)
    return operation.method, path


def test_every_operation_and_page_stands_in_the_table():
    assert set(TABLE) == {operation.id for operation in OPERATIONS}
    assert set(PAGES) == set(PATHS)


async def test_everybody_may_do_what_the_table_says_and_nothing_else(world: World):
    world.serve_options = {"limits": Limits({})}
    ticket = await world.file("打印机卡纸")
    link = vault.link_token(world.desk.secret, ticket.number)
    clients = await callers(world, link)
    wrong: list[str] = []
    for operation_id, expected in TABLE.items():
        for caller, status in zip(CALLERS, expected, strict=True):
            client = clients[caller]
            method, path = address(operation_id, client)
            body = BODIES.get(operation_id)
            if operation_id in KEYED:
                body = {**body, "key": world.key()}
            async with client.stream(method, path, json=body) as answer:
                if answer.status_code != status:
                    wrong.append(f"{operation_id} by {caller}: {answer.status_code}")
                if status >= 400:
                    problem = msgspec.json.decode(await answer.aread())
                    assert problem["error"]
                    assert problem["message"]
    assert wrong == []


async def test_pages_are_open_to_all(world: World, tmp_path):
    world.serve_options = {"dist": tmp_path / "nothing was built"}
    client = await world.customer()
    found = {
        name: (
            await client.get(paths[-1].split("{")[0] + ("x" if "{" in paths[-1] else ""))
        ).status_code
        for name, paths in PATHS.items()
        if name != "manual"
    }
    assert found | {"manual": (await client.get("/help")).status_code} == PAGES
