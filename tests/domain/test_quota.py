"""A month's budget: how much a day may use, when it will be empty, what is kept back."""

from datetime import date, timedelta

import pytest

from server.domain.quota import Meter, budget_of, limits_of

MARCH = [
    day
    for day in (date(2026, 3, 1) + timedelta(days=number) for number in range(31))
    if day.weekday() < 5
]


def stands(used, day, *, before=0, limit=3000):
    meter = Meter(month="2026-03", name="x", used=used, before=before, day=f"2026-03-{day:02}")
    return budget_of("stream", meter, limit, today=date(2026, 3, day), workdays=MARCH)


def test_the_days_ahead_share_what_is_left_but_for_what_is_kept_back():
    fresh = budget_of("stream", None, 3000, today=date(2026, 3, 2), workdays=MARCH)
    assert (fresh.used, fresh.allowance) == (0, 2700 // 22)
    later = stands(1300, 16, before=1200)
    assert (later.today, later.allowance) == (100, 1500 // 12)
    assert stands(2900, 16, before=2800).allowance == 0


def test_yesterdays_count_is_not_todays():
    meter = Meter(month="2026-03", name="x", used=80, before=20, day="2026-03-12")
    found = budget_of("api", meter, 5000, today=date(2026, 3, 13), workdays=MARCH)
    assert (found.used, found.today) == (80, 0)


@pytest.mark.parametrize(
    ("used", "day", "empty"),
    [
        (2000, 4, None),  # too early to say
        (800, 6, date(2026, 3, 26)),
        (1650, 16, date(2026, 3, 27)),
        (1300, 16, None),
        (3000, 16, date(2026, 3, 16)),
    ],
)
def test_from_the_fifth_on_it_says_when_the_month_will_be_empty(used, day, empty):
    assert stands(used, day).runs_out == empty


def test_the_last_tenth_is_for_the_urgent():
    assert not stands(2699, 16).is_low
    assert stands(2700, 16).is_low
    assert not stands(2999, 16).is_spent
    assert stands(3000, 16).is_spent


def test_an_edition_has_its_limits_unless_others_are_given():
    assert limits_of({}) == {"api": 5000, "stream": 3000}
    assert limits_of({"edition": "paid"}) == {"api": 200_000, "stream": 50_000}
    assert limits_of({"stream_limit": "4000"}) == {"api": 5000, "stream": 4000}
    for doc in ({"edition": "gold"}, {"api_limit": "0"}, {"stream_limit": "many"}):
        with pytest.raises(ValueError, match=r"edition|_limit"):
            limits_of(doc)
