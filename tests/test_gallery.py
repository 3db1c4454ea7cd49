"""Nobody forgets a page: the gallery's list has every route and section that the pages have."""

import re
from pathlib import Path

from server.api.pages import ENTRIES
from tests.support.gallery_looks import SECTIONS, SETTINGS, every_look

WEB = Path(__file__).parents[1] / "web" / "src"


def routes(file: str) -> list[str]:
    """What a router knows, as patterns of addresses: `:number(\\d+)` is anything but a slash."""
    text = (WEB / file).read_text("utf-8")
    base = re.search(r"createWebHistory\('/(.*)/'\)", text)
    assert base is not None
    paths = re.findall(r"path: '(/[^']*)'(?!.*redirect)", text)
    return [f"/{base[1]}{pattern(one)}" for one in paths]


def pattern(path: str) -> str:
    path = re.sub(r":rest\(\.\*\)\*", "nothing/here", path)
    path = re.sub(r"/:\w+\?", "(/[^/?]+)?", path)
    return re.sub(r":\w+(\([^)]*\))?", "[^/?]+", path)


def names(file: str, start: str) -> set[str]:
    """The keys of an object in a source file."""
    text = (WEB / file).read_text("utf-8")
    body = text[text.index(start) :]
    return set(re.findall(r"^  (\w+): ", body[: body.index("\n}")], re.MULTILINE))


def test_the_gallery_shows_every_route_of_console_and_portal():
    paths = [one.path.replace("{setup}", "/console/setup") for one in every_look()]
    wanted = routes("console/router.ts") + routes("portal/routes.ts")
    assert len(wanted) > 10
    missing = [
        one for one in wanted if not any(re.fullmatch(rf"{one}(\?.*)?", path) for path in paths)
    ]
    assert missing == []


def test_the_gallery_shows_every_section_of_settings_and_configuration():
    assert set(SECTIONS) == names("console/config/sections.ts", "const SOURCES")
    assert set(SETTINGS) == names("console/pages/SettingsPage.vue", "const SECTIONS")


def test_the_gallery_shows_every_entry_and_no_look_hides_another():
    looks = every_look()
    for entry in ENTRIES:
        assert any(one.path.startswith(f"/{entry}") for one in looks), entry
    assert len({one.name for one in looks}) == len(looks)
