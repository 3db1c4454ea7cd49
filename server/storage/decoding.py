"""Rows on their way out of SQL: each becomes the struct or the value that its statement names.

`row_decoder` writes a small function for each statement. When a row has types that were not met
before, msgspec checks every value, and its answer is compared with the function's; after that only
values are turned: instants, members, documents, flags. That takes a third of the time.
"""

import types
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from server.storage.binding import Dialect

R = TypeVar("R")
Decode = Callable[[Sequence[Any]], R]

_PLAIN: Final = (int, str, bytes)
_TURNED: Final[dict[Any, str]] = {
    bool: "{} != 0",
    float: "float({})",
    datetime: "instant({})",
    date: "day({})",
}
_CALLED: Final = {"instant": datetime.fromisoformat, "day": date.fromisoformat}
_MOST_SIGNATURES: Final = 256


def flags_of(row: Any) -> frozenset[str]:  # noqa: ANN401  # a struct's class
    """The columns that hold true or false."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(row)
        if field.type is bool or set(get_args(field.type)) == {bool, type(None)}
    )


def value_decoder(kind: Any) -> Decode[Any]:  # noqa: ANN401  # any type may be asked for
    """The decoder of rows with one column. NULL stays None, as in MIN() of nothing."""

    def decode(row: Sequence[Any]) -> Any:  # noqa: ANN401
        value = row[0]
        if value is None or type(value) is kind:
            return value
        return bool(value) if kind is bool else msgspec.convert(value, kind)

    return decode


def row_decoder(
    row: type[R], columns: Sequence[str], documents: tuple[str, ...], dialect: Dialect
) -> Decode[R]:
    """The decoder of rows with these columns. It refuses what the struct does not allow with
    `msgspec.ValidationError`.
    """
    strict = _strict_decoder(row, columns, documents)
    made: dict[str, Any] = {"Row": row, "strict": strict, **_CALLED}
    body = _quick_body(row, columns, documents, dialect, made)
    if body is None:
        return strict
    met: set[tuple[type, ...]] = set()

    def meet(values: Sequence[Any]) -> R:
        found = strict(values)
        if len(met) >= _MOST_SIGNATURES:
            met.clear()
        if _same(found, quick(values)):
            met.add(tuple(map(type, values)))
        return found

    text = f"""
def quick(row):
{body}

def decode(row):
    if tuple(map(type, row)) not in met:
        return meet(row)
    try:
    {body}
    except (KeyError, ValueError):
        return strict(row)
"""
    made |= {"met": met, "meet": meet}
    exec(compile(text, f"<the rows of {row.__name__}>", "exec"), made)  # noqa: S102  # only names of ours
    quick: Decode[R] = made["quick"]
    decode: Decode[R] = made["decode"]
    return decode


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401  # two structs
    """Equal, and of equal types: 0 equals False, but is not a flag."""
    fields = one.__struct_fields__
    return one == other and all(
        type(getattr(one, name)) is type(getattr(other, name)) for name in fields
    )


def _strict_decoder(row: type[R], columns: Sequence[str], documents: tuple[str, ...]) -> Decode[R]:
    """Checks every value. SQLite has no booleans; msgspec's lax mode would take 0 and 1, but it
    also turns the text "null" into None, so flags are turned by hand and all else stays strict.
    """
    flags = flags_of(row)

    def decode(values: Sequence[Any]) -> R:
        named = dict(zip(columns, values, strict=True))
        for flag in flags:
            value = named.get(flag)
            if type(value) is int:
                named[flag] = value != 0
        for name in documents:
            text = named[name]
            named[name] = None if text is None else msgspec.json.decode(text)
        return msgspec.convert(named, row)

    return decode


def _quick_body(
    row: Any,  # noqa: ANN401  # a struct's class
    columns: Sequence[str],
    documents: tuple[str, ...],
    dialect: Dialect,
    made: dict[str, Any],
) -> str | None:
    """The lines that make a struct of `row`; what they call goes into `made`. None for a struct
    that has a field of another kind than `_turn` knows.
    """
    place_of = {name: f"c{place}" for place, name in enumerate(columns)}
    positional = list(row.__match_args__)
    given: list[str] = []
    turned: str | None
    for field in msgspec.structs.fields(row):
        place = place_of.get(field.encode_name)
        if place is None:
            positional.clear()  # its default fills it; what comes after is given by name
            continue
        kind, may_be_null = _without_null(field.type)
        if field.encode_name in documents:
            made[f"read_{place}"] = msgspec.json.Decoder(field.type).decode
            turned, may_be_null = f"read_{place}({place})", True
        else:
            turned = _turn(kind, place, dialect, made)
        if turned is None:
            return None
        if may_be_null and turned != place:
            turned = f"None if {place} is None else {turned}"
        if positional and positional.pop(0) == field.name:
            given.append(turned)
        else:
            positional.clear()
            given.append(f"{field.name}={turned}")
    places = "".join(f"c{place}, " for place in range(len(columns)))
    return f"    {places}= row; return Row({', '.join(given)})"


def _without_null(kind: Any) -> tuple[Any, bool]:  # noqa: ANN401  # a field's type
    """`T` of `T | None`, and whether it was that."""
    if get_origin(kind) not in {Union, types.UnionType}:
        return kind, False
    kinds = [one for one in get_args(kind) if one is not type(None)]
    return (kinds[0], True) if len(kinds) == 1 else (kind, False)


def _turn(kind: Any, place: str, dialect: Dialect, made: dict[str, Any]) -> str | None:  # noqa: ANN401
    """The expression that makes a field of this kind of a column's value."""
    if kind in _PLAIN:
        return place
    if kind in _TURNED:
        native = dialect == "postgres" and kind is not float
        return place if native else _TURNED[kind].format(place)
    members = _members(kind)
    if members is None:
        return None
    made[f"members_{place}"] = members
    return f"members_{place}[{place}]"


def _members(kind: Any) -> dict[Any, Any] | None:  # noqa: ANN401
    if get_origin(kind) is Literal:
        return {member: member for member in get_args(kind)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {member.value: member for member in kind}
    return None
