"""The tables of budgets: what a month has left, what a colleague has heard today."""

from piccolo.columns import BigInt, Integer, Text, Timestamptz
from piccolo.table import Table


class MeterRow(Table, tablename="meter"):
    """What a chat platform counts, by month: `before` is what was used before `day`."""

    month = Text(primary_key=True)  # part of (month, name)
    name = Text()
    used = BigInt()
    day = Text()
    before = BigInt()
    full_at = Timestamptz(null=True)
    corrected_at = Timestamptz(null=True)
    corrected_by = BigInt(null=True)


class ToldRow(Table, tablename="told"):
    """How many messages each colleague got by himself, by day."""

    day = Text(primary_key=True)  # part of (day, staff)
    staff = BigInt()
    messages = Integer()


class DayEdge(Table, tablename="day_edge"):
    """The last of the firm's days that has begun, and that has ended: a timer."""

    edge = Text(primary_key=True)
    day = Text()


BUDGET_TABLES: list[type[Table]] = [MeterRow, ToldRow, DayEdge]
