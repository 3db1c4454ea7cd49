"""Values on their way into SQL: adapted so that both engines store the same thing.

Instants are fixed-width UTC text on SQLite (it sorts like time) and native on PostgreSQL, enums are
their value. `binder` writes a small function for each statement, which does what a loop over its
values would do in a third of the time: a change binds some twenty values.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final, Literal

import msgspec

Dialect = Literal["sqlite", "postgres"]
Bind = Callable[[dict[str, object]], tuple[object, ...]]

_PLAIN: Final = frozenset({int, str, float, bytes, type(None)})
_WITH_FRACTION: Final = len("2026-11-24T09:00:00.000001Z")


def _refuse_naive(instant: datetime) -> None:
    if instant.tzinfo is None:
        msg = f"an instant without a zone cannot be stored: {instant!r}"
        raise ValueError(msg)


def instant_text(instant: datetime) -> str:
    """An aware instant as SQLite stores it; a naive one is refused with ValueError."""
    if instant.tzinfo is not UTC:
        _refuse_naive(instant)
        instant = instant.astimezone(UTC)
    text: str = msgspec.to_builtins(instant)  # a tenth of what isoformat() takes
    fraction = text[20:26] if len(text) == _WITH_FRACTION else "000000"
    return f"{text[:10]} {text[11:19]}.{fraction}+00:00"


_MOST_INSTANTS: Final = 64
_instants: dict[int, tuple[datetime, str]] = {}
"""Texts of the last instants, by identity: a unit binds its own few many times over. The instant is
kept beside its text, so that its id is not given to another meanwhile.
"""


def _remembered_text(instant: datetime) -> str:
    text = instant_text(instant)
    if len(_instants) >= _MOST_INSTANTS:
        _instants.clear()
    _instants[id(instant)] = (instant, text)
    return text


def adapt_for_sqlite(value: object) -> object:
    """A value as sqlite3 takes it."""
    if isinstance(value, datetime):
        return _remembered_text(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Enum):
        value = value._value_  # `value` is a descriptor, which takes five times as long
        return value if type(value) in _PLAIN else adapt_for_sqlite(value)
    return value.isoformat() if isinstance(value, date) else value


def adapt_for_postgres(value: object) -> object:
    """A value as asyncpg takes it."""
    if isinstance(value, Enum):
        return adapt_for_postgres(value.value)
    if isinstance(value, datetime):
        _refuse_naive(value)
    return value


_ADAPT: Final[dict[Dialect, tuple[Callable[[object], object], str]]] = {
    "sqlite": (
        adapt_for_sqlite,
        "{0} = known[1] if (known := instants(id({0}))) and known[0] is {0} else adapt({0})",
    ),
    "postgres": (adapt_for_postgres, "{0} = adapt({0})"),
}


def binder(names: list[str], dialect: Dialect, sql: str) -> Bind:
    """The function that puts named values in the order of `names`, adapted; it refuses with
    TypeError when one is missing. A name that occurs twice is adapted once.
    """
    if not names:
        return lambda _values: ()
    adapt, line = _ADAPT[dialect]
    places = {name: f"v{place}" for place, name in enumerate(dict.fromkeys(names))}
    fetched = "\n".join(f"        {place} = values[{name!r}]" for name, place in places.items())
    adapted = "\n".join(
        f"    if type({place}) not in plain: {line.format(place)}" for place in places.values()
    )
    given = ", ".join(places[name] for name in names)
    text = f"""
def bind(values):
    try:
{fetched}
    except KeyError as missing:
        raise TypeError(f"no value for :{{missing.args[0]}} in {{sql!r}}") from None
{adapted}
    return ({given},)
"""
    made: dict[str, Any] = {"plain": _PLAIN, "instants": _instants.get, "adapt": adapt, "sql": sql}
    exec(compile(text, f"<the values of {sql[:60]}>", "exec"), made)  # noqa: S102  # only names of ours
    bind: Bind = made["bind"]
    return bind
