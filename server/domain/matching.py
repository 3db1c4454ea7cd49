"""Whether a condition holds for a ticket, and why (命中依据).

Words are compared as people read them: full width or half width, capitals or not, with or without
invisible characters (NFKC, case folded). A word may stand anywhere, also inside another one.
Patterns are RE2's, whose time grows with the length of the text and with nothing else.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from server.domain.conditions import (
    All,
    AnyOf,
    Condition,
    Facts,
    Is,
    LooksLike,
    Not,
    Open,
    Says,
    Within,
)
from server.domain.stores import lies_in

# How text is compared

_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_MOST_MEMORY: Final = 1 << 20
_MOST_TERMS: Final = 5


def _plain(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def folded(text: str) -> str:
    """Text as words are looked for in it: half width, small letters, nothing invisible."""
    return _plain(text).casefold()


@lru_cache(maxsize=8192)
def _wanted(word: str) -> str:
    """A word or value of a rule, folded: the same few come again with every ticket."""
    return folded(word).strip()


class BadPattern(ValueError):
    """RE2 does not take this pattern; says why, in its own words."""


def check_pattern(pattern: str) -> None:
    """Refuse with `BadPattern` what cannot be searched for in linear time."""
    import re2  # noqa: PLC0415  # only firms with patterns need it

    try:
        _pattern(pattern)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise BadPattern(words) from None


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Any:  # noqa: ANN401
    import re2  # noqa: PLC0415  # only firms with patterns need it

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return re2.compile(pattern, options)


class _Texts(dict[str, str]):
    """Fields by name, folded. Hundreds of rules look at the same few: a dict finds them without a
    call.
    """

    __slots__ = ("_facts",)

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __missing__(self, field: str) -> str:
        found = self[field] = folded(getattr(self._facts, field)).strip()
        return found


class View:
    """Facts prepared for many conditions: each text is folded once, when it is first needed."""

    __slots__ = ("_searched", "facts", "texts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.texts = _Texts(facts)
        self._searched: dict[str, tuple[bytes, ...]] = {}

    def text(self, field: str) -> str:
        """The field, folded."""
        return self.texts[field]

    def searched(self, field: str) -> tuple[bytes, ...]:
        """What patterns look at: as it was written and, if that is other, in half width."""
        found = self._searched.get(field)
        if found is None:
            said: str = getattr(self.facts, field)
            plain = _plain(said)
            texts = (said,) if plain == said else (said, plain)
            found = tuple(one.encode("utf-8", "replace") for one in texts)
            self._searched[field] = found
        return found


def _age(facts: Facts) -> float | None:
    if facts.at is None or facts.created_at is None:
        return None
    return (facts.at - facts.created_at).total_seconds() / 60


_NUMBERS: Final[dict[str, Callable[[Facts], float | datetime | None]]] = {
    "nudges": lambda facts: facts.nudges,
    "reopens": lambda facts: facts.reopens,
    "hour": lambda facts: None if facts.at is None else facts.at.hour + facts.at.minute / 60,
    "weekday": lambda facts: None if facts.at is None else facts.at.isoweekday(),
    "age": _age,
    "distance": lambda facts: facts.distance,
    "created_at": lambda facts: facts.created_at,
    "at": lambda facts: facts.at,
}


# Whether


def holds(condition: Condition, view: View) -> bool:
    """Whether it is so."""
    return _HOLDS[type(condition)](condition, view)


def _all(one: All, view: View) -> bool:
    return all(_HOLDS[type(part)](part, view) for part in one.of)


def _any(one: AnyOf, view: View) -> bool:
    return any(_HOLDS[type(part)](part, view) for part in one.of)


def _says(one: Says, view: View) -> bool:
    texts = [view.text(place) for place in one.places]
    return any(_in(word, texts) for word in one.words)


def _in(word: str, texts: Iterable[str]) -> bool:
    wanted = _wanted(word)
    return bool(wanted) and any(wanted in text for text in texts)


def _is(one: Is, view: View) -> bool:
    return next(_values(one, view), None) is not None


def _values(one: Is, view: View) -> Iterator[str]:
    """The values of the rule that the field has."""
    if one.field == "region":
        return (value for value in one.values if lies_in(view.facts.region, value))
    if one.field == "tags":
        tags = {_wanted(tag) for tag in view.facts.tags} or {""}
        return (value for value in one.values if _wanted(value) in tags)
    found = view.text(one.field)
    return (value for value in one.values if _wanted(value) == found)


def _looks_like(one: LooksLike, view: View) -> bool:
    search = _pattern(one.pattern).search
    return any(search(text) is not None for text in view.searched(one.field))


_ROUND: Final = frozenset({"hour", "weekday"})
"""What begins again: hours of the day, days of the week."""


def _within(one: Within, view: View) -> bool:
    found: Any = _NUMBERS[one.field](view.facts)
    if found is None:
        return False
    least: Any = one.least
    most: Any = one.most
    above = least is None or found >= least
    below = most is None or (found < most if one.field == "hour" else found <= most)
    if one.field in _ROUND and least is not None and most is not None and least > most:
        return above or below
    return above and below


_HOLDS: Final[dict[type, Callable[[Any, View], bool]]] = {
    All: _all,
    AnyOf: _any,
    Not: lambda one, view: not _HOLDS[type(one.of)](one.of, view),
    Is: _is,
    Says: _says,
    LooksLike: _looks_like,
    Within: _within,
    Open: lambda one, view: one.calendar in view.facts.open,
}


# Whether, many times

Test = Callable[[View], bool]
"""A condition made ready to be asked for many tickets."""


def compiled(condition: Condition) -> Test:
    """The condition as a function: it says what `holds` says, in less time."""
    make = _MAKES.get(type(condition))
    if make is not None:
        return make(condition)
    say = _HOLDS[type(condition)]
    return lambda view: say(condition, view)


def _all_of(one: All) -> Test:
    parts = tuple(compiled(part) for part in one.of)

    def test(view: View) -> bool:
        for part in parts:  # noqa: SIM110  # a generator costs more than what it asks
            if not part(view):
                return False
        return True

    return test


def _any_of(one: AnyOf) -> Test:
    parts = tuple(compiled(part) for part in one.of)

    def test(view: View) -> bool:
        for part in parts:  # noqa: SIM110
            if part(view):
                return True
        return False

    return test


def _not(one: Not) -> Test:
    part = compiled(one.of)
    return lambda view: not part(view)


def _one_of_words(one: Says) -> Test:
    words = tuple(word for word in map(_wanted, one.words) if word)
    places = one.places

    def test(view: View) -> bool:
        for place in places:
            text = view.texts[place]
            for word in words:
                if word in text:
                    return True
        return False

    return test


def _one_of_values(one: Is) -> Test:
    if one.field in {"region", "tags"}:
        return lambda view: _is(one, view)
    field, values = one.field, frozenset(map(_wanted, one.values))
    return lambda view: view.texts[field] in values


def _fits(one: LooksLike) -> Test:
    field, search = one.field, _pattern(one.pattern).search

    def test(view: View) -> bool:
        for text in view.searched(field):  # noqa: SIM110
            if search(text) is not None:
                return True
        return False

    return test


_MAKES: Final[dict[type, Callable[[Any], Test]]] = {
    All: _all_of,
    AnyOf: _any_of,
    Not: _not,
    Says: _one_of_words,
    Is: _one_of_values,
    LooksLike: _fits,
}


# Why

Terms = tuple[str, ...]
"""What was found or looked for, as `field=value`. `keyword=`, `pattern=` and `open=` stand for
words, patterns and working time; `not:` before a term turns it round.
"""


class Miss(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What keeps a condition from holding: what was wanted, and what there is instead, if that
    is short enough to be told.
    """

    wanted: Terms
    found: str = ""


def explain(condition: Condition, view: View) -> Terms | Miss:
    """The terms that were found, or the first that fails. Agrees with `holds`."""
    match condition:
        case All(of=parts):
            return _every(parts, view)
        case AnyOf(of=parts):
            return _first(condition, parts, view)
        case Not(of=part):
            found = explain(part, view)
            if isinstance(found, Miss):
                return turned(found.wanted)
            return Miss(wanted=turned(found or terms_of(part)))
        case _:
            if holds(condition, view):
                return _found(condition, view)
            return Miss(wanted=terms_of(condition), found=_there(condition, view))


def _every(parts: tuple[Condition, ...], view: View) -> Terms | Miss:
    terms: list[str] = []
    for part in parts:
        found = explain(part, view)
        if isinstance(found, Miss):
            return found
        terms += found
    return tuple(dict.fromkeys(terms))


def _first(whole: AnyOf, parts: tuple[Condition, ...], view: View) -> Terms | Miss:
    missed: Miss | None = None
    for part in parts:
        found = explain(part, view)
        if not isinstance(found, Miss):
            return found
        missed = missed or found
    only = len(parts) == 1 and missed is not None
    return Miss(wanted=terms_of(whole), found=missed.found if only and missed is not None else "")


def turned(terms: Terms) -> Terms:
    """The opposite of each."""
    return tuple(term[4:] if term.startswith("not:") else f"not:{term}" for term in terms)


def terms_of(condition: Condition) -> Terms:  # noqa: PLR0911
    """What a condition looks for; of many values the first ones."""
    match condition:
        case All(of=parts) | AnyOf(of=parts):
            every = (term for part in parts for term in terms_of(part))
            return tuple(dict.fromkeys(every))[:_MOST_TERMS]
        case Not(of=part):
            return turned(terms_of(part))
        case Is(field=field, values=values):
            return tuple(f"{field}={value}" for value in values[:_MOST_TERMS])
        case Says(words=words):
            return tuple(f"keyword={word}" for word in words[:_MOST_TERMS])
        case LooksLike(pattern=pattern):
            return (f"pattern={pattern}",)
        case Within():
            return (f"{condition.field}={_span(condition)}",)
        case Open(calendar=calendar):
            return (f"open={calendar}",)


def _span(one: Within) -> str:
    least, most = _number(one.least), _number(one.most)
    if one.least is None:
        return f"≤ {most}"
    return f"≥ {least}" if one.most is None else f"{least}–{most}"


def _number(value: float | datetime | None) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return "" if value is None else f"{value:g}"


def _found(condition: Condition, view: View) -> Terms:
    match condition:
        case Is(field=field):
            return tuple(f"{field}={value}" for value in _values(condition, view))
        case Says(words=words, places=places):
            texts = [view.text(place) for place in places]
            return tuple(f"keyword={word}" for word in words if _in(word, texts))[:_MOST_TERMS]
        case Within(field=field):
            return (f"{field}={_number(_NUMBERS[field](view.facts))}",)
        case _:
            return terms_of(condition)


def _there(condition: Condition, view: View) -> str:
    match condition:
        case Is(field="tags"):
            return "、".join(view.facts.tags)
        case Is(field=field):
            return str(getattr(view.facts, field))
        case Within(field=field):
            return _number(_NUMBERS[field](view.facts))
        case _:
            return ""
