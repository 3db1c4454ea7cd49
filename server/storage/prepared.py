"""`Statement`: SQL with `:name` markers, compiled once per dialect, with what binds its values and
reads its rows. Nothing here opens a database.
"""

import re
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import msgspec

from server.storage.binding import Bind, Dialect, binder
from server.storage.decoding import Decode, flags_of, row_decoder, value_decoder

R = TypeVar("R")

_MARKER: Final = re.compile(r"'(?:[^']|'')*'|::|:([A-Za-z_][A-Za-z0-9_]*)")


class Prepared:
    """A statement in one dialect: its text, how named values become its own, and, once the
    columns of an answer are known, how a row is read.
    """

    __slots__ = ("bind", "decode", "dialect", "sql")

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

        self.dialect = dialect
        self.sql = _MARKER.sub(place, sql)
        self.bind: Bind = binder(names, dialect, self.sql)
        self.decode: Decode[Any] | None = None


class Statement(Generic[R]):
    """One SQL text for both dialects, or one each; `row` is what a row becomes: a Struct by
    column names, or the type of the only column. Built once, at import; compiled at first use.

    `documents` are columns that hold JSON; their fields get what is in it. `packed` is for lists
    that are asked for all the time: SQLite hands over all rows in one step, as one JSON text.
    Stepping row by row gives the interpreter away and asks for it back at each one, which costs
    more than the reading itself while the loop is busy. Such a statement names a column for every
    field and has a LIMIT, which keeps its order; its rows have no fractions, which JSON rounds.
    """

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
        self._row: Any = row
        self._documents = documents
        self.packed = packed

    def __repr__(self) -> str:
        """The text."""
        return f"Statement({self._sql!r})"

    @cached_property
    def sqlite(self) -> Prepared:
        """Its SQLite form."""
        return Prepared(self._sql, "sqlite")

    @cached_property
    def postgres(self) -> Prepared:
        """Its PostgreSQL form."""
        return Prepared(self._postgres_sql, "postgres")

    @cached_property
    def sqlite_packed(self) -> Prepared:
        """Its SQLite form that gives one JSON text of all rows."""
        return Prepared(_pack(self._sql, self._row, self._documents), "sqlite")

    @cached_property
    def decode_packed(self) -> Callable[[str], list[R]]:
        """What makes all rows of the packed form, in order."""
        rows = types.GenericAlias(list, (self._row,))
        return msgspec.json.Decoder(rows).decode

    def decoder(self, prepared: Prepared, columns: Sequence[str]) -> Decode[R]:
        """What reads a row of one of its forms. A statement names its columns itself: they are
        learnt from the first answer.
        """
        if self._row is None:
            msg = f"no row type was given for {self._sql!r}"
            raise TypeError(msg)
        structured = isinstance(self._row, type) and issubclass(self._row, msgspec.Struct)
        prepared.decode = (
            row_decoder(self._row, columns, self._documents, prepared.dialect)
            if structured
            else value_decoder(self._row)
        )
        return prepared.decode


class RowsStatement:
    """`INSERT … VALUES (…), (…)`: a few rows in one statement, which costs little more than one
    row does. `before` and `after` are the text around the values, `columns` their names.
    """

    def __init__(self, before: str, columns: tuple[str, ...], after: str = "") -> None:
        self._before = before
        self._columns = columns
        self._after = after
        self._made: dict[int, Statement[None]] = {}

    def of(self, rows: Sequence[Mapping[str, object]]) -> tuple[Statement[None], dict[str, object]]:
        """The statement for so many rows, and its values."""
        count = len(rows)
        statement = self._made.get(count)
        if statement is None:
            values = ", ".join(
                f"({', '.join(f':{name}{place}' for name in self._columns)})"
                for place in range(count)
            )
            statement = self._made[count] = Statement(f"{self._before} {values} {self._after}")
        return statement, {
            f"{name}{place}": row[name] for place, row in enumerate(rows) for name in self._columns
        }


def _pack(sql: str, row: type[msgspec.Struct], documents: tuple[str, ...]) -> str:
    """Documents go in as they are: SQLite would parse them, only to write them down again."""
    flags = flags_of(row)
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
