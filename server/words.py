"""Codes to words, in the reader's language. No sentence for people is written anywhere else.

The word lists are `locales/zh.toml` and `locales/en.toml`: tables of dotted codes, such as
`[refusal] already_claimed = "已由{assignee}接单"`. Placeholders are filled from facts; a missing
fact shows as `?` rather than failing. `zh` is complete by test, and `en` has the same codes.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from server.domain.law import Law

LANGUAGES: Final = ("zh", "en")


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


@cache
def word_list(language: str) -> dict[str, str]:
    """Every code of a language with its words; an unknown language gets Chinese."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    text = files("server.locales").joinpath(f"{name}.toml").read_text("utf-8")
    return dict(_flat(tomllib.loads(text), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        code = f"{prefix}{key}"
        found += _flat(value, f"{code}.") if isinstance(value, dict) else [(code, str(value))]
    return found


def find(language: str, code: str, **facts: object) -> str | None:
    """The words of a code, or None when the list has none."""
    words = word_list(language).get(code)
    if words is None or not ("{" in words or "}" in words):
        return words
    shown = {key: "" if value is None else value for key, value in facts.items()}
    return words.format_map(_Facts(shown))


def say(language: str, code: str, **facts: object) -> str:
    """The words of a code; a code without words shows itself, which a test forbids."""
    words = find(language, code, **facts)
    return code if words is None else words


def metric_title(metric: str, law: Law, language: str) -> str:
    """A metric in the administrator's words, or in ours; one without either is called by its id."""
    known = law.metrics.get(metric)
    own = known.name.get(language) if known is not None else None
    ours = find(language, f"metric.{metric}")
    other = next(iter(known.name.values()), None) if known is not None else None
    return own or ours or other or metric


def language_of(accept: str | None) -> str:
    """The best known language of an Accept-Language header; Chinese without one."""
    for part in (accept or "").split(","):
        name = part.split(";")[0].strip().lower()[:2]
        if name in LANGUAGES:
            return name
    return LANGUAGES[0]
