"""Everything that a bot can say has words, in both languages and with the same facts."""

import re
from pathlib import Path

import pytest

from bots.orders import ORDERS
from server.domain import notices
from server.domain.sayings import NEEDS_NUMBER
from server.words import LANGUAGES, word_list

ROOT = Path(__file__).parents[2]
MINE = ("chat.", "notice.", "bot.")


def _codes_in_source() -> set[str]:
    """Whole codes as they stand in the bots' sources; those put together are listed below."""
    found: set[str] = set()
    for path in (ROOT / "bots").glob("*.py"):
        text = path.read_text("utf-8")
        found |= set(re.findall(r'"((?:chat|notice)\.[a-z_.]+)"', text))
        found |= {f"chat.{code}" for code in re.findall(r'\.(?:say|answer)\(\s*"([a-z_.]+)"', text)}
        found |= {f"chat.ask.{code}" for code in re.findall(r'Question\(code="(\w+)"', text)}
    return found


def _kinds() -> set[str]:
    source = Path(notices.__file__).read_text("utf-8")
    return set(re.findall(r'(?:kind=|_holder\(|_group\(|_arrival\()"(\w+)"', source))


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_said_has_words(language: str) -> None:
    words = word_list(language)
    wanted = _codes_in_source()
    wanted |= {f"notice.{kind}" for kind in _kinds()}
    wanted |= {f"chat.done.{verb}" for verb in ORDERS}
    wanted |= {f"chat.verb.{verb}" for verb in NEEDS_NUMBER}
    assert len(wanted) > 80
    assert wanted - set(words) == set()


def test_both_languages_use_the_same_facts() -> None:
    zh, en = (word_list(language) for language in LANGUAGES)
    for code in zh:
        if code.startswith(MINE):
            assert set(re.findall(r"{(\w+)}", zh[code])) == set(re.findall(r"{(\w+)}", en[code]))


def test_chinese_is_punctuated_as_chinese() -> None:
    for code, text in word_list("zh").items():
        if code.startswith(MINE):
            assert not re.search(r"[\u4e00-\u9fff][,:;?!]", text), code
