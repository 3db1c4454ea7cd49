"""What keeps the documents true: paths exist, words are explained, reference pages are current."""

import inspect
import json
import pkgutil
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from server import cli, domain, words
from server.api import manual
from server.api.errors import PLAIN_CODES
from server.api.surface import OPERATIONS
from server.domain import commands, events, phrases
from server.domain.china_days import YEARS
from server.domain.errors import Refusal
from server.domain.firm import Profile
from server.domain.law import Policy
from server.domain.people import Role
from server.domain.queues import Caps
from server.settings import EXAMPLES, Settings
from server.storage.firm import KINDS
from server.usecases import chat, deadlines, deliveries, intake, people, tickets
from tests.support import reference, sheets
from tests.test_architecture import BANNED

ROOT = sheets.ROOT
HELP = reference.HELP
MOST_LINES = 250
MOST_PICTURE_BYTES = 300 * 1024
MAPS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "server/domain/README.md")
READMES = ("README.md", "README.zh-CN.md")
MADE_LATER = ("var", ".venv", ".cache", "web/dist", "paidan.toml", "desk.db", "secret.key")
"""What the documents name and only a set-up or a running desk makes."""


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pages() -> list[str]:
    return sorted({path.name.split(".")[0] for path in HELP.glob("*.md")})


def text_of(language: str) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(HELP.glob(f"*.{language}.md")))


def braces(text: str) -> list[str]:
    """`a/{b,c}.py` as `a/b.py` and `a/c.py`."""
    found = re.search(r"\{([^{}]*,[^{}]*)\}", text)
    if found is None:
        return [text]
    head, tail = text[: found.start()], text[found.end() :]
    return [one for part in found[1].split(",") for one in braces(head + part + tail)]


def named_paths(text: str) -> list[str]:
    """What stands in backticks or behind a link and looks like a path of the tree."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    quoted = [
        one for one in re.findall(r"`([^`\n]+)`", prose) if re.fullmatch(r"[\w./*{},-]+", one)
    ]
    linked = [
        one.split("#")[0] for one in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in one
    ]
    ending = re.compile(r"\.(py|md|toml|lock|json|ts|vue|png|spec|service)$")
    looks = [one for one in quoted if ("/" in one or ending.search(one)) and one[0] not in "/-"]
    return [path for one in [*looks, *linked] if one for path in braces(one)]


def is_there(path: str) -> bool:
    """Also a bare file name of the code: the paragraph says in which folder it is."""
    if path.startswith(MADE_LATER):
        return True
    path = path.removeprefix("./").rstrip("/")
    if "/" not in path and not (ROOT / path).exists():
        path = f"**/{path}"
    if "*" not in path:
        return (ROOT / path).exists()
    return any(next((ROOT / top).glob(path), None) for top in ("server", "bots", "tests"))


# --- the map


@pytest.mark.parametrize("name", MAPS)
def test_every_path_that_the_map_names_exists(name):
    home = Path(name).parent
    missing = [
        path
        for path in named_paths(read(name))
        if not is_there(path) and not is_there(str(home / path))
    ]
    assert missing == []


@pytest.mark.parametrize("name", READMES)
def test_every_path_that_the_readme_names_exists(name):
    assert [path for path in named_paths(read(name)) if not is_there(path)] == []


def test_the_readmes_show_a_picture_of_decent_size():
    pictures = {path for name in READMES for path in named_paths(read(name)) if path[-4:] == ".png"}
    assert pictures
    assert all((ROOT / path).stat().st_size <= MOST_PICTURE_BYTES for path in pictures)


@pytest.mark.parametrize("name", READMES)
def test_the_readmes_name_both_commands(name):
    for command in ("python3 dev.py run", "python3 dev.py test"):
        assert command in read(name)


def test_the_map_is_a_map_and_no_atlas():
    assert len(read("ARCHITECTURE.md").splitlines()) <= MOST_LINES


def test_the_map_has_every_folder_of_code():
    text = read("ARCHITECTURE.md")
    folders = {
        str(path.parent.relative_to(ROOT))
        for top in ("server", "bots", "web", "tests")
        for path in (ROOT / top).rglob("__init__.py")
        if "node_modules" not in path.parts
    }
    assert sorted(one for one in folders if f"`{one}/`" not in text) == []


def test_the_map_knows_every_command_of_the_development_script():
    import dev

    text = read("CONTRIBUTING.md")
    assert [one for one in dev.COMMANDS if f"dev.py {one}" not in text] == []


# --- the words


def public_classes() -> list[type]:
    found: list[type] = []
    for module in pkgutil.iter_modules(domain.__path__, "server.domain."):
        for name, kind in vars(import_module(module.name)).items():
            public = inspect.isclass(kind) and not name.startswith("_")
            if public and kind.__module__ == module.name:
                found.append(kind)
    return found


def test_the_glossary_has_every_public_class_of_the_domain_and_no_other():
    explained = [name for _, _, names in sheets.glossary() for name in names]
    groups = {"Refusal", "NotFound", "Forbidden", "Conflict", "Invalid"}
    wanted = [
        kind.__name__
        for kind in public_classes()
        if not issubclass(kind, Refusal) or kind.__name__ in groups
    ]
    assert sorted(explained) == sorted(wanted)


def test_the_glossary_bans_what_the_tree_may_not_say():
    banned = set(BANNED.pattern.split("|"))
    text = " ".join(read("server/domain/README.md").split())
    said = re.search(r"Never part of an identifier.*?: ([\w, ]+)\.", text)
    assert said is not None
    assert {word.strip() for word in said[1].split(",")} == banned


def test_the_glossary_speaks_both_languages():
    chinese = re.compile(r"[\u4e00-\u9fff]")
    assert [english for english, zh, _ in sheets.glossary() if not chinese.search(zh)] == []


# --- the reference pages


@pytest.mark.parametrize("language", reference.LANGUAGES)
@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_page_says_what_the_code_says_now(name, language):
    made = reference.made_page(name, language)
    assert reference.file_of(name, language).read_text("utf-8") == made, (
        "run .venv/bin/python -m tests.support.reference"
    )


def test_settings_operations_and_phrases_are_described_and_nothing_else():
    assert set(reference.WORDS["settings"]) == set(Settings.__struct_fields__) == set(EXAMPLES)
    assert set(reference.WORDS["operations"]) == {one.id for one in OPERATIONS}
    assert list(reference.WORDS["chat"]) == list(reference.sayings())
    assert {name for name, *_ in YEARS[max(YEARS)]} == set(reference.WORDS["holidays"])


def test_the_examples_of_chat_say_what_they_stand_for():
    for verb, (example, *_) in reference.WORDS["chat"].items():
        phrase = phrases.read(example)
        assert phrase is not None, example
        assert phrase.verb == verb, example


@pytest.mark.parametrize("language", reference.LANGUAGES)
def test_the_manual_has_every_code_setting_event_and_endpoint(language):
    text = text_of(language)
    wanted = [
        *Settings.__struct_fields__,
        *(one.usage for one in cli.COMMANDS),
        *(kind.code for kind in reference.refusals()),
        *(str(kind.__struct_config__.tag) for kind in reference.members(events.AnyBody)),
        *(str(kind.__struct_config__.tag) for kind in reference.members(commands.AnyCommand)),
        *(f"{one.method} {reference.openapi_path(one.path)}" for one in OPERATIONS),
    ]
    assert [one for one in wanted if f"`{one}`" not in text] == []


@pytest.mark.parametrize("language", reference.LANGUAGES)
def test_every_refusal_and_every_event_has_words(language):
    wanted = [
        *(f"refusal.{kind.code}" for kind in reference.refusals()),
        *(f"refusal.{code}" for code in PLAIN_CODES),
        *(f"role.{role.value}" for role in Role),
    ]
    assert [code for code in wanted if words.find(language, code) is None] == []
    assert set(PLAIN_CODES) == set(reference.PLAIN)


def test_chinese_pages_are_set_with_chinese_marks():
    """A half-width comma between Chinese words is a slip of the keyboard."""
    slip = re.compile(r"[\u4e00-\u9fff」』][,;:!?]|[,;:!?][\u4e00-\u9fff「『]")
    code = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
    found = [
        f"{path.name}: {text[max(0, one.start() - 10) : one.end() + 5]!r}"
        for path in [*HELP.glob("*.zh.md"), ROOT / "README.zh-CN.md"]
        for text in [code.sub("", path.read_text("utf-8"))]
        for one in slip.finditer(text)
    ]
    assert found == []


# --- the pages of the manual


def test_every_page_stands_in_both_languages():
    for name in pages():
        for language in reference.LANGUAGES:
            assert (HELP / f"{name}.{language}.md").exists(), f"{name}.{language}"


@pytest.mark.parametrize("language", reference.LANGUAGES)
def test_the_contents_lead_to_every_page(language):
    index = read(f"web/help/index.{language}.md")
    links = [one for one in pages() if f"]({one}.{language}.md)" not in index]
    assert links == ["index"]


@pytest.mark.parametrize("path", sorted(HELP.glob("*.md")), ids=lambda path: path.stem)
def test_every_page_begins_with_its_title_and_its_links_lead_somewhere(path):
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    language = path.stem.split(".")[1]
    targets = [one for one in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in one]
    assert [one for one in targets if not one.endswith(f".{language}.md")] == []
    assert [one for one in targets if not (HELP / one).exists()] == []


@pytest.mark.parametrize("path", sorted(HELP.glob("*.md")), ids=lambda path: path.stem)
def test_every_page_is_drawn_without_marks_left_over(path):
    name, language = path.stem.split(".")
    html = re.sub(r"<(pre|code)>.*?</\1>", "", manual.page(name, language), flags=re.DOTALL)
    assert [mark for mark in ("**", "](", "| ---") if mark in html] == []


@pytest.mark.parametrize("path", sorted(HELP.glob("*.md")), ids=lambda path: path.stem)
def test_every_document_that_the_manual_shows_can_be_saved(path):
    """A block of JSON names its kind of configuration: ```json rules."""
    text = path.read_text("utf-8")
    found = re.findall(r"^```json (\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for kind, doc in found:
        msgspec.json.decode(doc, type=KINDS[kind])


@pytest.mark.parametrize("language", reference.LANGUAGES)
def test_the_manual_has_every_key_of_the_console(language):
    source = read("web/src/console/parts/KeysHelp.vue").split("</script>")[0]
    keys = set(re.findall(r"\['([^']+)', '\w+'\]", source))
    assert keys
    text = read(f"web/help/daily-work.{language}.md")
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


@pytest.mark.parametrize("language", reference.LANGUAGES)
def test_the_manual_calls_the_settings_as_the_console_does(language):
    words_of_page = json.loads(read(f"web/src/console/locales/{language}.json"))["settings"]
    titles = {one["title"] for one in words_of_page.values() if isinstance(one, dict)}
    known = "|".join(re.escape(title) for title in titles)
    way = "(?<!群)设置 → " if language == "zh" else "Settings → "
    named = re.findall(rf"{way}(.{{1,20}})", " ".join(text_of(language).split()))
    assert named
    assert [one for one in named if not re.match(known, one)] == []


def spans(language: str, span: timedelta) -> str:
    hours, minutes = span // timedelta(hours=1), span // timedelta(minutes=1)
    days = span // timedelta(days=1)
    if days and span == timedelta(days=days):
        return f"{days} 天" if language == "zh" else f"{days} days"
    if minutes == 1:
        return "1 分钟" if language == "zh" else "1 minute"
    if hours and span == timedelta(hours=hours):
        return f"{hours} 小时" if language == "zh" else f"{hours} hours"
    return f"{minutes} 分钟" if language == "zh" else f"{minutes} minutes"


@pytest.mark.parametrize("language", reference.LANGUAGES)
def test_the_figures_of_the_manual_are_those_of_the_code(language):
    figures = {
        "sla-and-calendar": (f"{Policy().warn_percent}%",),
        "handing-out": (str(Caps().open),),
        "first-set-up": (spans(language, people.SETUP_LIFE),),
        "connect-dingtalk": (spans(language, people.CODE_LIFE),),
        "troubleshooting": (
            str(deliveries.MOST_TRIES),
            str(chat.MOST_TRIES),
            spans(language, deadlines.RETRY_AFTER),
        ),
        "daily-work": (
            spans(language, intake.NUDGE_PAUSE),
            spans(language, tickets.LONGEST_HOLD),
            f"{Profile().quiet_close_hours} {'小时' if language == 'zh' else 'hours'}",
        ),
    }
    for page, wanted in figures.items():
        text = " ".join(read(f"web/help/{page}.{language}.md").split())
        assert [one for one in wanted if one not in text] == [], page
