"""What goes in comes out, the same on both engines, however nasty."""

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.storage.database import Database, Statement, Unit

pytestmark = pytest.mark.anyio


class Value(msgspec.Struct, frozen=True):
    id: int
    at: datetime | None
    flag: bool | None
    words: str | None
    whole: int | None
    broken: float | None


class Packed(msgspec.Struct, frozen=True):
    """All but the fractions: JSON does not keep their last digits."""

    id: int
    at: datetime | None
    flag: bool | None
    words: str | None
    whole: int | None
    document: dict[str, int] | None


PUT = Statement[None](
    "INSERT INTO value (id, at, flag, words, whole, broken)"
    " VALUES (:id, :at, :flag, :words, :whole, :broken)"
)
GET = Statement("SELECT id, at, flag, words, whole, broken FROM value ORDER BY id", Value)
GET_PACKED = Statement(
    "SELECT id, at, flag, words, whole,"
    " CASE WHEN flag THEN '{\"id\": ' || id || '}' END AS document"
    " FROM value ORDER BY id LIMIT 1000",
    Packed,
    documents=("document",),
    packed=True,
)
BY_WORDS = Statement("SELECT words FROM value WHERE words IS NOT NULL ORDER BY words, id", str)
BY_TIME = Statement("SELECT id FROM value WHERE at IS NOT NULL ORDER BY at, id", int)
CLEAR = Statement[None]("DELETE FROM value")

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])) | (
    st.sampled_from(
        ["null", "NULL", "true", "0", "1e5", "'; --", ":id", "$1", "?", "%s", "急\u200b"]
    )
)
VALUES = st.builds(
    Value,
    id=st.just(0),
    at=st.none()
    | st.datetimes(
        datetime(1000, 1, 1),  # noqa: DTZ001
        datetime(9999, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
    ),
    flag=st.none() | st.booleans(),
    words=st.none() | TEXTS,
    whole=st.none() | st.integers(-(2**63), 2**63 - 1),
    broken=st.none() | st.floats(allow_nan=False),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(VALUES, max_size=8))
async def test_nasty_values_come_back_and_sort_alike(database: Database, values: list[Value]):
    rows = [msgspec.structs.replace(value, id=n) for n, value in enumerate(values)]

    async def work(unit: Unit) -> None:
        await unit.run(CLEAR)
        for row in rows:
            await unit.run(PUT, **msgspec.structs.asdict(row))

    await database.unit(work)
    assert await database.all(GET) == rows
    assert await database.all(GET_PACKED) == [
        Packed(
            id=row.id,
            at=row.at,
            flag=row.flag,
            words=row.words,
            whole=row.whole,
            document={"id": row.id} if row.flag else None,
        )
        for row in rows
    ]
    words = [row.words for row in rows if row.words is not None]
    assert await database.all(BY_WORDS) == sorted(words, key=lambda text: text.encode())
    timed = [(row.at, row.id) for row in rows if row.at is not None]
    assert await database.all(BY_TIME) == [id_ for _, id_ in sorted(timed)]


async def test_a_naive_instant_is_refused(database: Database):
    naive = datetime(2026, 11, 24)  # noqa: DTZ001

    async def work(unit: Unit) -> None:
        await unit.run(PUT, id=1, at=naive, flag=None, words=None, whole=None, broken=None)

    with pytest.raises(ValueError, match="without a zone"):
        await database.unit(work)


async def test_a_number_that_does_not_fit_is_refused(database: Database):
    async def work(unit: Unit) -> None:
        await unit.run(PUT, id=1, at=None, flag=None, words=None, whole=2**63, broken=None)

    with pytest.raises((OverflowError, asyncpg.DataError)):
        await database.unit(work)
    assert await database.all(GET) == []


async def test_a_missing_value_is_refused(database: Database):
    with pytest.raises(TypeError, match="no value for :words"):
        await database.all(Statement("SELECT id FROM value WHERE words = :words", int))


class Colour(enum.StrEnum):
    RED = "red"


async def test_enums_are_stored_by_value_and_markers_in_quotes_stay(database: Database):
    async def work(unit: Unit) -> None:
        await unit.run(PUT, id=1, at=None, flag=True, words=Colour.RED, whole=None, broken=None)

    await database.unit(work)
    quoted = Statement("SELECT words FROM value WHERE words = :words AND ':no' = ':no'", str)
    assert await database.one(quoted, words="red") == "red"
    assert await database.one(Statement("SELECT MAX(at) FROM value", datetime)) is None


class Shade(enum.Enum):
    DARK = "dark"
    LIGHT = "light"


class Painted(msgspec.Struct, frozen=True, kw_only=True, rename={"on": "on_day"}):
    """Its columns come in another order, and one does not come at all."""

    shade: Shade
    finish: Literal["matt", "gloss"]
    sizes: tuple[int, ...] | None
    on: date | None
    whole: int | None
    coats: int = 2


class Named(msgspec.Struct):
    id: int
    words: str


PAINTED = Statement(
    "SELECT id, '2026-11-24' AS on_day, whole, words AS finish, 'dark' AS shade,"
    " CASE WHEN flag THEN '[1, 2]' END AS sizes FROM value ORDER BY id",
    Painted,
    documents=("sizes",),
)


async def put(database: Database, **changed: object) -> None:
    values = {"id": 1, "at": None, "flag": None, "words": "matt", "whole": 7, "broken": None}

    async def work(unit: Unit) -> None:
        await unit.run(PUT, **(values | changed))

    await database.unit(work)


async def test_rows_become_structs_whatever_the_order_of_columns(database: Database):
    for number in range(1, 4):
        await put(database, id=number, flag=number != 2, words="gloss", whole=number)
    found = await database.all(PAINTED)
    assert [(one.sizes, one.whole) for one in found] == [((1, 2), 1), (None, 2), ((1, 2), 3)]
    assert {one.shade for one in found} == {Shade.DARK}
    assert {one.finish for one in found} == {"gloss"}
    assert {one.coats for one in found} == {2}
    assert {one.on for one in found} == {date(2026, 11, 24)}


async def test_what_a_struct_does_not_allow_is_refused_also_after_many_good_rows(
    database: Database,
):
    await put(database)
    for _ in range(3):
        assert [one.finish for one in await database.all(PAINTED)] == ["matt"]
    await put(database, id=2, words="satin")
    with pytest.raises(msgspec.ValidationError, match="finish"):
        await database.all(PAINTED)
    nameless = Statement("SELECT id, words FROM value ORDER BY id", Named)
    assert len(await database.all(nameless)) == 2
    await put(database, id=3, words=None)
    with pytest.raises(msgspec.ValidationError, match="words"):
        await database.all(nameless)


async def test_an_instant_keeps_its_microseconds_and_its_place_in_time(database: Database):
    exact = datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)
    whole = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    early = datetime(999, 1, 1, tzinfo=UTC)
    for number, at in enumerate((exact, whole, early)):
        await put(database, id=number, at=at)
    assert await database.all(BY_TIME) == [2, 1, 0]
    assert [one.at for one in await database.all(GET)] == [exact, whole, early]
    at_exact = Statement("SELECT id FROM value WHERE at >= :at AND at <= :at", int)
    assert await database.all(at_exact, at=exact) == [0]
