"""The ticket and its status machine: who may go where, and what each step says happened."""

from datetime import timedelta

import pytest

from server.domain import afterwards, errors, ticket
from server.domain.events import Priority, StatusCategory
from server.domain.statuses import STATUSES, Status
from server.domain.ticket import OPEN_CATEGORIES, WAITING_CATEGORIES
from tests.support.builders import MONDAY, a_ticket

LATER = MONDAY + timedelta(hours=1)
WAIT = STATUSES["waiting_third"]

DOING = {
    "claim": lambda one: ticket.claim(one, 3, "李工"),
    "release": ticket.release,
    "assign": lambda one: ticket.assign(one, 4),
    "transfer": lambda one: ticket.transfer(one, "first", None, "不归我们"),
    "reply": lambda one: ticket.reply(one, 5, LATER, 3),
    "note": lambda one: ticket.note(one, 5),
    "hold": lambda one: ticket.hold(one, WAIT, "等厂家", LATER),
    "resume": ticket.resume,
    "resolve": lambda one: ticket.resolve(one, 5, LATER, 3),
    "close": lambda one: ticket.close(one, "", LATER),
    "cancel": lambda one: ticket.cancel(one, "误报", LATER),
    "reopen": lambda one: ticket.reopen(one, ""),
    "set_priority": lambda one: ticket.set_priority(one, Priority.HIGH, ""),
    "escalate": lambda one: ticket.escalate(one, "急", (2,)),
    "nudge": ticket.nudge,
    "customer_wrote": lambda one: ticket.customer_wrote(one, 5, LATER),
    "confirm": lambda one: ticket.confirm(one, LATER),
    "dispute": lambda one: ticket.dispute(one, 5, LATER),
    "rate": lambda one: afterwards.rate(one, 5, ""),
}
STAYS = "stays"
AT_WORK = {
    "claim": "open",
    "release": STAYS,
    "assign": STAYS,
    "transfer": STAYS,
    "reply": STAYS,
    "note": STAYS,
    "hold": "waiting_third",
    "resume": "open",
    "resolve": "resolved",
    "close": "closed",
    "cancel": "cancelled",
    "reopen": errors.NotClosed,
    "set_priority": STAYS,
    "escalate": STAYS,
    "nudge": STAYS,
    "customer_wrote": STAYS,
    "confirm": errors.NotResolved,
    "dispute": errors.NotResolved,
    "rate": errors.NotResolved,
}
OVER = dict.fromkeys(DOING, errors.TicketClosed) | {
    "note": STAYS,
    "reopen": errors.NotClosed,
    "customer_wrote": STAYS,
    "confirm": errors.NotResolved,
    "dispute": errors.NotResolved,
    "rate": errors.NotResolved,
}
MACHINE = {
    "new": AT_WORK | {"claim": "open", "reply": "open", "resume": STAYS},
    "open": AT_WORK | {"claim": STAYS, "resume": STAYS},
    "waiting_customer": AT_WORK | {"claim": STAYS, "customer_wrote": "open"},
    "waiting_third": AT_WORK | {"claim": STAYS, "hold": STAYS},
    "waiting_internal": AT_WORK | {"claim": STAYS},
    "resolved": dict.fromkeys(DOING, errors.AlreadyResolved)
    | {
        "reply": STAYS,
        "note": STAYS,
        "close": "closed",
        "reopen": "open",
        "customer_wrote": "open",
        "confirm": "closed",
        "dispute": "open",
        "rate": STAYS,
    },
    "closed": dict.fromkeys(DOING, errors.TicketClosed)
    | {
        "reply": STAYS,
        "note": STAYS,
        "close": STAYS,
        "reopen": "open",
        "customer_wrote": "open",
        "confirm": STAYS,
        "dispute": errors.NotResolved,
        "rate": STAYS,
    },
    "cancelled": OVER,
    "merged": OVER,
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", DOING)
def test_each_step_from_each_status_leads_where_the_machine_says(status, name):
    before = a_ticket(status)
    expected = MACHINE[status][name]
    if isinstance(expected, type):
        with pytest.raises(expected) as refused:
            DOING[name](before)
        assert refused.value.facts["ticket"] == 12
        return
    change = DOING[name](before)
    wanted = status if expected == STAYS else expected
    assert change.ticket.status == wanted
    assert change.ticket.status_category == STATUSES[wanted].category
    moves = [one for one in change.events if one.__struct_config__.tag == "status_changed"]
    assert (not moves) == (wanted == status or not change.events) or name == "hold"
    assert change.events or change.ticket == before, "what says nothing happened changes nothing"


def test_every_category_has_a_status_and_a_public_step():
    assert {one.category for one in STATUSES.values()} == set(StatusCategory)
    assert {one.public_step for one in STATUSES.values()} == {1, 2, 3, 4}
    assert WAITING_CATEGORIES < OPEN_CATEGORIES


def test_a_held_ticket_names_its_holder_to_whom_wants_it():
    with pytest.raises(errors.AlreadyClaimed) as refused:
        ticket.claim(a_ticket("open", assignee=4), 3, "小赵")
    assert refused.value.facts == {"ticket": 12, "assignee": "小赵"}


def test_who_answers_a_ticket_that_nobody_holds_takes_it():
    change = ticket.reply(a_ticket("new"), 5, LATER, 3)
    assert [one.__struct_config__.tag for one in change.events] == [
        "claimed",
        "replied",
        "status_changed",
    ]
    assert (change.ticket.assignee, change.ticket.first_reply_at) == (3, LATER)


def test_the_first_reply_is_the_first_one_for_ever():
    once = ticket.reply(a_ticket("open"), 5, LATER, 3).ticket
    twice = ticket.reply(once, 6, LATER + timedelta(hours=1), 3).ticket
    assert twice.first_reply_at == LATER
    assert twice.last_reply_at == LATER + timedelta(hours=1)


def test_a_hold_that_is_said_again_waits_until_the_new_time():
    once = ticket.hold(a_ticket("open"), WAIT, "等厂家", LATER)
    again = ticket.hold(once.ticket, WAIT, "厂家周五来", LATER + timedelta(days=3))
    assert again.ticket.wake_at == LATER + timedelta(days=3)
    assert again.events[0].reason == "厂家周五来"
    same = ticket.hold(again.ticket, WAIT, "", LATER + timedelta(days=3))
    assert same.events == ()


def test_a_status_of_the_firms_own_holds_by_its_category():
    visit = Status(id="visit", category=StatusCategory.WAITING_INTERNAL, public_step=2)
    change = ticket.hold(a_ticket("open"), visit, "等上门", LATER)
    assert change.ticket.status == "visit"
    assert change.ticket.status_category is StatusCategory.WAITING_INTERNAL
    with pytest.raises(errors.UnknownStatus):
        ticket.hold(a_ticket("open"), STATUSES["resolved"], "等", LATER)


def test_leaving_a_pause_forgets_when_it_was_to_end():
    held = ticket.hold(a_ticket("open"), WAIT, "等", LATER).ticket
    assert ticket.resume(held).ticket.wake_at is None
    assert ticket.resolve(held, None, LATER, 3).ticket.wake_at is None
    assert ticket.wake(held).ticket.status == "open"
    assert ticket.wake(a_ticket("open")).events == ()


def test_reopening_counts_and_forgets_the_end():
    closed = a_ticket("closed", closed_at=LATER, reopen_count=1)
    again = ticket.reopen(closed, "又坏了").ticket
    assert (again.reopen_count, again.resolved_at, again.closed_at) == (2, None, None)
    assert again.assignee == closed.assignee


def test_a_message_wakes_a_waiting_ticket_before_it_is_heard():
    change = ticket.customer_wrote(a_ticket("waiting_customer"), 5, LATER)
    assert [one.__struct_config__.tag for one in change.events] == [
        "status_changed",
        "customer_wrote",
    ]


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_rating_is_one_to_five(score):
    with pytest.raises(errors.Invalid):
        afterwards.rate(a_ticket("resolved"), score, "")


def test_a_rating_speaks_of_those_who_worked():
    change = afterwards.rate(a_ticket("closed"), 2, "慢")
    assert (change.events[0].assignee, change.events[0].team) == (3, "second")


def test_an_edit_says_what_was_and_what_is():
    change = ticket.edit(a_ticket("open"), {"subject": "打印机冒烟", "category": "打印"})
    assert change.events[0].fields == {
        "subject": ("打印机卡纸", "打印机冒烟"),
        "category": ("", "打印"),
    }
    assert ticket.edit(change.ticket, {"subject": "打印机冒烟", "category": None}).events == ()
