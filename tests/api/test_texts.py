"""Whatever is typed into the portal comes out again, on both databases; what no database keeps
is taken out.
"""

import json
from pathlib import Path

import pytest

from tests.support.world import SUPERVISOR, World

pytestmark = pytest.mark.anyio

TEXTS = (
    "null",
    "true",
    "12",
    "'; DROP TABLE ticket; --",
    "<script>alert(1)</script>",
    "{subject} {0} %s \\u0041 \\",
    "👩‍👩‍👧‍👦 𠮷野家",
    "\u202eمرحبا\u202c",
    "a\u0301 and á",
    "line one\r\nline two\ttab",
    "\ufeffbom \u200b zero",
)


async def test_every_text_comes_back_as_it_was(desk_url: str, tmp_path: Path):
    url = desk_url if desk_url.startswith("postgres") else ""
    async with World(tmp_path, url=url, loops=False) as world:
        await world.set_up()
        customer, staff = await world.customer(), await world.signed_in(SUPERVISOR)
        for place, text in enumerate(TEXTS):
            body = {
                "key": f"a-nasty-text-{place}",
                "text": f"x{text}x",
                "subject": f"x{text[:100]}x",
                "name": f"x{text[:50]}x",
                "company": text,
                "phone": f"1380000{place:04}",
            }
            filed = await customer.post("/api/v1/portal/tickets", json=body)
            assert filed.status_code == 201, filed.text
            page = (await staff.get(f"/api/v1/tickets/{filed.json()['number']}")).json()
            assert page["timeline"][0]["message"]["text"] == body["text"]
            assert page["ticket"]["subject"] == body["subject"]
            assert page["customer"]["name"] == body["name"]
            assert page["customer"]["company"] == text.strip()


async def test_nul_and_lone_surrogates_are_taken_out(desk_url: str, tmp_path: Path):
    url = desk_url if desk_url.startswith("postgres") else ""
    async with World(tmp_path, url=url, loops=False) as world:
        await world.set_up()
        customer, staff = await world.customer(), await world.signed_in(SUPERVISOR)
        raw = json.dumps(
            {
                "key": "a-nul-\x00 and more",
                "text": "打\x00印\ud800机 😀",
                "name": "王\udfff女士",
                "phone": "138\x0000000001",
            }
        )
        filed = await customer.post("/api/v1/portal/tickets", content=raw)
        assert filed.status_code == 201, filed.text
        page = (await staff.get(f"/api/v1/tickets/{filed.json()['number']}")).json()
        assert page["timeline"][0]["message"]["text"] == "打印机 😀"
        assert page["customer"]["name"] == "王女士"
        for path in (
            "/api/v1/tickets?team=%00",
            "/api/v1/tickets?assignee=9007199254740991",
            "/api/v1/portal/tickets/%00",
            "/api/v1/configuration/team/%00",
            "/api/v1/tickets/9007199254740991",
            "/api/v1/live?after=9007199254740992",
        ):
            assert (await staff.get(path)).status_code in {200, 400, 404, 422}, path
