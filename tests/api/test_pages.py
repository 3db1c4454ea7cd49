"""What a browser opens: the built web from memory, deep links, the manual, the API's pages."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from server.api.manual import help_folder
from server.api.sheet import sheet
from server.desk import LoopHealth
from tests.support.world import World

pytestmark = pytest.mark.anyio

SCRIPT = "console.log('派单')\n" * 200


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    for entry in ("console", "portal", "demo"):
        (folder / entry).mkdir(parents=True)
        (folder / entry / "index.html").write_text(f"<!doctype html><title>{entry}</title>")
    (folder / "assets").mkdir()
    script = folder / "assets" / "console-B1a2C3d4.js"
    script.write_text(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "assets" / "mark.svg").write_text("<svg/>")
    (folder / "robots.txt").write_text("User-agent: *")
    return folder


@pytest.fixture
async def browser(world: World, dist: Path) -> httpx.AsyncClient:
    world.serve_options = {"dist": dist}
    return await world.customer()


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/console/", "console"),
        ("/console", "console"),
        ("/console/tickets/12", "console"),
        ("/console/assets/../tickets", "console"),
        ("/portal/t/12-abc", "portal"),
    ],
)
async def test_every_path_below_an_entry_is_its_page(browser, path, title):
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert f"<title>{title}</title>" in answer.text


async def test_the_root_and_the_set_up_link_lead_to_the_console(browser):
    for path, where in (("/", "/console/"), ("/setup", "/console/setup")):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, where)


async def test_a_hashed_file_is_kept_for_ever_and_sent_packed(browser):
    packed = await browser.get("/assets/console-B1a2C3d4.js")
    assert packed.text == SCRIPT
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-type"].startswith("text/javascript")
    plain = await browser.get(
        "/assets/console-B1a2C3d4.js", headers={"accept-encoding": "identity"}
    )
    assert plain.text == SCRIPT
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != packed.headers["etag"]
    assert (await browser.get("/assets/mark.svg")).headers["cache-control"] == "no-cache"


async def test_what_the_browser_has_is_not_sent_again(browser):
    for path in ("/console/tickets", "/assets/console-B1a2C3d4.js"):
        first = await browser.get(path)
        tags = f'"other", {first.headers["etag"]}'
        again = await browser.get(path, headers={"if-none-match": tags})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        stale = await browser.get(path, headers={"if-none-match": '"other"'})
        assert stale.status_code == 200


async def test_a_missing_file_is_missing_and_nothing_outside_is_shown(browser):
    for path in (
        "/assets/gone-12345678.js",
        "/secret.key",
        "/assets/%2e%2e/%2e%2e/secret.key",
        "/..%2f..%2fsecret.key",
    ):
        answer = await browser.get(path)
        assert answer.status_code == 404, path
    assert (await browser.get("/robots.txt")).text == "User-agent: *"


async def test_a_head_request_has_headers_only(browser):
    answer = await browser.head("/console/")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_only_a_demo_desk_has_the_demo_page(world: World, dist: Path):
    world.serve_options = {"dist": dist, "demo": True}
    browser = await world.customer()
    assert "<title>demo</title>" in (await browser.get("/demo/")).text
    assert (await browser.get("/api/v1/session")).json()["demo"] is True


async def test_without_the_built_web_a_page_says_what_to_do(world: World, tmp_path: Path):
    world.serve_options = {"dist": tmp_path / "nothing"}
    browser = await world.customer()
    answer = await browser.get("/console/")
    assert answer.status_code == 503
    assert "dev.py web" in answer.text


async def test_every_answer_carries_the_security_headers(browser):
    for path in ("/console/", "/api/v1/session", "/nothing.js", "/api/v1/tickets", "/healthz"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"


async def test_a_firm_may_let_its_own_pages_frame_the_desk(world: World, dist: Path):
    world.serve_options = {"dist": dist, "frame_ancestors": "https://intra.example.com"}
    headers = (await (await world.customer()).get("/portal/")).headers
    assert "frame-ancestors https://intra.example.com" in headers["content-security-policy"]
    assert "x-frame-options" not in headers


async def test_the_manual_is_open_in_both_languages(browser):
    zh = await browser.get("/help")
    assert zh.status_code == 200
    assert 'lang="zh-CN"' in zh.text
    assert "?lang=en" in zh.text
    en = await browser.get("/help?lang=en")
    assert '<html lang="en"' in en.text
    for name in {file.name.split(".")[0] for file in help_folder().glob("*.md")}:
        answer = await browser.get(f"/help/{name}?lang=en")
        assert answer.status_code == 200, name
        assert "<h1>" in answer.text


async def test_the_desks_own_sheets_are_dressed_as_the_other_pages():
    tokens = (help_folder().parent / "src/shared/tokens.css").read_text("utf-8")
    colours = re.findall(r"(--[\w-]+: #[0-9a-f]{6})\b", sheet("", "", "zh"))
    assert len(colours) > 20
    assert [one for one in colours if f"{one};" not in tokens] == []


async def test_the_apis_pages_need_no_other_host_and_no_script(browser):
    for language in ("zh", "en"):
        page = (await browser.get(f"/api/docs?lang={language}")).text
        assert "performCommand" in page
        assert "<script" not in page
        assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []


async def test_the_desk_says_whether_it_lives_and_whether_it_can_work(world: World, browser):
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    assert (await browser.get("/readyz")).json() == {"status": "ready"}
    now = world.clock.now()
    crashed = LoopHealth(state="pausing", since_at=now, crashes=1, incident="i-1")
    world.desk.loops = {"deadlines": crashed}
    sick = await browser.get("/readyz")
    assert (sick.status_code, sick.json()) == (503, {"status": "loop_crashed"})
    running = LoopHealth(state="running", since_at=now, crashes=1)
    world.desk.loops = {"deadlines": running, "receiver:dingtalk": crashed}
    assert (await browser.get("/readyz")).status_code == 200, "one channel is not the desk"
    world.desk.stopping = True
    stopping = await browser.get("/readyz")
    assert (stopping.status_code, stopping.json()) == (503, {"status": "stopping"})
    assert (await browser.get("/healthz")).status_code == 200
