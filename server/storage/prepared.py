"""`Statement`: SQL with `:name` markers, compiled once per dialect, and the values it is bound to.

Values are adapted here so that both engines store the same thing: instants as fixed-width UTC text
on SQLite (it sorts like time) and natively on PostgreSQL, enums by their value. Rows are decoded
by msgspec. Nothing here opens a database.
"""

import re
import types
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from operator import itemgetter
from typing import Any, Final, Generic, Literal, TypeVar, get_args

import msgspec

Dialect = Literal["sqlite", "postgres"]
R = TypeVar("R")

_MARKER: Final = re.compile(r"'(?:[^']|'')*'|::|:([A-Za-z_][A-Za-z0-9_]*)")
_PLAIN: Final = (int, str, float, bytes, type(None))


def _refuse_naive(instant: datetime) -> None:
    if instant.tzinfo is None:
        msg = f"an instant without a zone cannot be stored: {instant!r}"
        raise ValueError(msg)


def instant_text(instant: datetime) -> str:
    """An aware instant as SQLite stores it; a naive one is refused with ValueError."""
    if instant.tzinfo is not UTC:
        _refuse_naive(instant)
        instant = instant.astimezone(UTC)
    return instant.isoformat(" ", "microseconds")


_RECENT_INSTANTS: Final = 64
_recent: dict[int, tuple[datetime, str]] = {}
"""By identity: a unit binds its own few instants many times over. The instant is kept beside its
text, so that its id is not given to another meanwhile.
"""


def _bound_instant(instant: datetime) -> str:
    known = _recent.get(id(instant))
    if known is not None and known[0] is instant:
        return known[1]
    text = instant_text(instant)
    if len(_recent) >= _RECENT_INSTANTS:
        _recent.clear()
    _recent[id(instant)] = (instant, text)
    return text


def adapt_for_sqlite(value: object) -> object:
    """A value as sqlite3 takes it."""
    if isinstance(value, datetime):
        return _bound_instant(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Enum):
        return adapt_for_sqlite(value.value)
    return value


def adapt_for_postgres(value: object) -> object:
    """A value as asyncpg takes it."""
    if isinstance(value, Enum):
        return adapt_for_postgres(value.value)
    if isinstance(value, datetime):
        _refuse_naive(value)
    return value


class _Adapters(dict[type, Callable[[Any], object] | None]):
    """By type: how its values are adapted, or None where they are taken as they are."""

    def __init__(self, adapt: Callable[[object], object], *plain: type) -> None:
        super().__init__(dict.fromkeys(plain))
        self._adapt = adapt

    def __missing__(self, kind: type) -> Callable[[Any], object]:
        """Met for the first time."""
        self[kind] = found = _bound_instant if self._instants_as_text(kind) else self._adapt
        return found

    def _instants_as_text(self, kind: type) -> bool:
        return self._adapt is adapt_for_sqlite and issubclass(kind, datetime)


_ADAPTERS: Final = {
    "sqlite": _Adapters(adapt_for_sqlite, *_PLAIN),
    "postgres": _Adapters(adapt_for_postgres, *_PLAIN, bool),
}


class Prepared:
    """A statement in one dialect: its text, and how named values become a tuple."""

    __slots__ = ("_adapters", "_only", "_pick", "columns", "sql")

    def __init__(self, sql: str, dialect: Dialect) -> None:
        names: list[str] = []

        def place(found: re.Match[str]) -> str:
            name = found.group(1)
            if name is None:
                return found.group(0)
            if dialect == "sqlite":
                names.append(name)
                return "?"
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"

        self.sql = _MARKER.sub(place, sql)
        self.columns: tuple[str, ...] = ()
        self._only = names[0] if len(names) == 1 else None
        self._pick: Callable[[dict[str, object]], Any] = (
            itemgetter(*names) if len(names) > 1 else lambda _: ()
        )
        self._adapters = _ADAPTERS[dialect]

    def bind(self, values: dict[str, object]) -> Sequence[object]:
        """Values in the order of the markers; a missing one is refused with TypeError."""
        adapters = self._adapters
        try:
            if self._only is not None:  # most questions have one value: a number or a digest
                one = values[self._only]
                return (one if (adapt := adapters[type(one)]) is None else adapt(one),)
            picked = self._pick(values)
        except KeyError as missing:
            msg = f"no value for :{missing.args[0]} in {self.sql!r}"
            raise TypeError(msg) from None
        return [one if (adapt := adapters[type(one)]) is None else adapt(one) for one in picked]


class Statement(Generic[R]):
    """One SQL text for both dialects, or one each; `row` is what a row becomes: a Struct by
    column names, or the type of the only column. Built once, at import; compiled at first use.

    `documents` are columns that hold JSON; their fields get what is in it. `packed` is for lists
    that are asked for all the time: SQLite hands over all rows in one step, as one JSON text.
    Stepping row by row gives the interpreter away and asks for it back at each one, which costs
    more than the reading itself while the loop is busy. Such a statement names a column for every
    field and has a LIMIT, which keeps its order; its rows have no fractions, which JSON rounds.
    """

    __slots__ = (
        "_decode_packed",
        "_documents",
        "_list_of",
        "_packed",
        "_postgres",
        "_postgres_sql",
        "_sql",
        "_sqlite",
        "flags",
        "packed",
        "row",
        "structured",
    )

    def __init__(
        self,
        sql: str,
        row: type[R] | None = None,
        *,
        postgres: str | None = None,
        documents: tuple[str, ...] = (),
        packed: bool = False,
    ) -> None:
        self._sql = sql
        self._postgres_sql = sql if postgres is None else postgres
        self._sqlite: Prepared | None = None
        self._postgres: Prepared | None = None
        self._packed: Prepared | None = None
        self._documents = documents
        self.packed = packed
        self.row: Any = row
        self.structured = isinstance(row, type) and issubclass(row, msgspec.Struct)
        self.flags: frozenset[str] | None = None
        self._list_of: Any = None
        self._decode_packed: Callable[[str], list[R]] | None = None

    def __repr__(self) -> str:
        """The text."""
        return f"Statement({self._sql!r})"

    @property
    def sqlite(self) -> Prepared:
        """Its SQLite form."""
        if self._sqlite is None:
            self._sqlite = Prepared(self._sql, "sqlite")
        return self._sqlite

    @property
    def postgres(self) -> Prepared:
        """Its PostgreSQL form."""
        if self._postgres is None:
            self._postgres = Prepared(self._postgres_sql, "postgres")
        return self._postgres

    @property
    def sqlite_packed(self) -> Prepared:
        """Its SQLite form that gives one JSON text of all rows."""
        if self._packed is None:
            sql = _pack(self._sql, self.row, self._documents)
            self._packed = Prepared(sql, "sqlite")
        return self._packed

    def decode_packed(self, text: str) -> list[R]:
        """All rows of the packed form, in order."""
        if self._decode_packed is None:
            rows = types.GenericAlias(list, (self.row,))
            self._decode_packed = msgspec.json.Decoder(rows).decode
        return self._decode_packed(text)

    def decode(self, row: Sequence[Any], columns: tuple[str, ...]) -> R:
        """One row as `row` says."""
        if not self.structured:
            return self._scalar(row[0])
        found: R = msgspec.convert(self._named(row, columns), self.row)
        return found

    def decode_all(self, rows: Sequence[Sequence[Any]], columns: tuple[str, ...]) -> list[R]:
        """All rows, in order."""
        if not self.structured:
            return [self._scalar(row[0]) for row in rows]
        if self._list_of is None:
            self._list_of = types.GenericAlias(list, (self.row,))
        found: list[R] = msgspec.convert([self._named(row, columns) for row in rows], self._list_of)
        return found

    def _named(self, row: Sequence[Any], columns: tuple[str, ...]) -> dict[str, Any]:
        if self.flags is None:
            self.flags = _flags_of(self.row)
        named = dict(zip(columns, row))  # noqa: B905  # both are one cursor's; checking costs time
        # SQLite has no booleans. msgspec's lax mode would take 0 and 1, but it also turns the
        # text "null" into None, so the few flags are turned by hand and all else stays strict.
        for flag in self.flags:
            value = named.get(flag)
            if type(value) is int:
                named[flag] = value != 0
        for name in self._documents:
            text = named[name]
            named[name] = None if text is None else msgspec.json.decode(text)
        return named

    def _scalar(self, value: object) -> R:
        if self.row is None:
            msg = f"no row type was given for {self._sql!r}"
            raise TypeError(msg)
        if value is None:
            return value  # type: ignore[return-value]  # a scalar may be NULL, as MIN() of nothing
        if self.row is bool:
            return bool(value)  # type: ignore[return-value]  # R is bool here
        found: R = msgspec.convert(value, self.row)
        return found


def _flags_of(row: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(row)
        if field.type is bool or set(get_args(field.type)) == {bool, type(None)}
    )


def _pack(sql: str, row: type[msgspec.Struct], documents: tuple[str, ...]) -> str:
    """Documents go in as they are: SQLite would parse them, only to write them down again."""
    flags = _flags_of(row)
    plain, rest = [], []
    for field in msgspec.structs.fields(row):
        name = field.encode_name
        if name in flags:
            value = f"CASE {name} WHEN 0 THEN 'false' WHEN 1 THEN 'true' ELSE 'null' END"
            rest.append(f"',\"{name}\":' || {value}")
        elif name in documents:
            rest.append(f"',\"{name}\":' || COALESCE({name}, 'null')")
        else:
            plain.append(f"'{name}', {name}")
    one = " || ".join([f"rtrim(json_object({', '.join(plain)}), '}}')", *rest, "'}'"])
    return f"SELECT '[' || COALESCE(group_concat({one}), '') || ']' FROM ({sql})"  # noqa: S608
