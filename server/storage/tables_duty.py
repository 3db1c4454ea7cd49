"""The tables of duty: turns, leave, swaps, hand-overs (tables.py lists them)."""

from piccolo.columns import BigInt, Boolean, Text, Timestamptz
from piccolo.table import Table


class ShiftTurn(Table, tablename="shift_turn"):
    """The roster's next turn of each colleague: a timer."""

    staff = BigInt(primary_key=True)
    duty = Text(null=True)
    due_at = Timestamptz()


class LeaveTable(Table, tablename="leave"):
    """Leave, from asking on."""

    id = BigInt(primary_key=True)
    staff = BigInt()
    reason = Text()
    starts_at = Timestamptz()
    ends_at = Timestamptz()
    note = Text()
    state = Text()
    asked_by = BigInt()
    asked_at = Timestamptz()
    decided_by = BigInt(null=True)
    decided_at = Timestamptz(null=True)


class SwapTable(Table, tablename="swap"):
    """Swaps of days, from asking on; days are local dates as text."""

    id = BigInt(primary_key=True)
    roster = Text()
    staff = BigInt()
    day = Text()
    other = BigInt()
    other_day = Text(null=True)
    last_day = Text()
    note = Text()
    state = Text()
    asked_by = BigInt()
    asked_at = Timestamptz()
    decided_by = BigInt(null=True)
    decided_at = Timestamptz(null=True)


class HandoverTable(Table, tablename="handover"):
    """Hand-overs; `due_at` is a timer while they ask for takers."""

    id = BigInt(primary_key=True)
    staff = BigInt()
    why = Text()
    state = Text()
    asked_at = Timestamptz()
    due_at = Timestamptz()
    back_at = Timestamptz(null=True)
    told = Text()


class HandoverTicket(Table, tablename="handover_ticket"):
    """The tickets of a hand-over, and who took them."""

    handover = BigInt(primary_key=True)  # part of (handover, ticket)
    ticket = BigInt()
    pressing = Boolean()
    taken_by = BigInt(null=True)
    taken_at = Timestamptz(null=True)
