"""Calendars over HTTP: templates that can be saved as they are, holidays from a file, and the
banner of calendars that end.
"""

from datetime import UTC, date, datetime

import msgspec
import pytest

from server.domain.calendars import Calendar, china_calendar
from server.domain.errors import Invalid
from server.usecases.calendars import read_ics
from tests.support.world import ADMINISTRATOR, WEEK, World

pytestmark = pytest.mark.anyio

APPLE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270205
DTEND;VALUE=DATE:20270212
UID:1
SUMMARY;LANGUAGE=zh_CN:春节（休）
X-APPLE-SPECIAL-DAY:WORK-HOLIDAY
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270130
DTEND;VALUE=DATE:20270131
UID:2
SUMMARY;LANGUAGE=zh_CN:春节（班）
X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270204
DTEND;VALUE=DATE:20270205
UID:3
SUMMARY:立春
RRULE:FREQ=YEARLY
END:VEVENT
END:VCALENDAR
"""


def year_file(year):
    days = [
        {"name": "元旦", "date": f"{year}-01-01", "isOffDay": True},
        *(
            {"name": "春节", "date": f"{year}-02-{day:02}", "isOffDay": True}
            for day in range(5, 12)
        ),
        {"name": "春节", "date": f"{year}-01-30", "isOffDay": False},
    ]
    return msgspec.json.encode({"year": year, "days": days}).decode()


def plain(days):
    return [(one.name, f"{one.date:%m-%d}", one.off) for one in days]


def test_an_ics_file_with_marked_days_is_read_by_its_marks():
    assert plain(read_ics(APPLE)) == [
        *(("春节", f"02-{day:02}", True) for day in range(5, 12)),
        ("春节", "01-30", False),
    ]


@pytest.mark.parametrize(
    ("summary", "name", "off"),
    [
        ("国庆节 假期 第1天/共7天", "国庆节", True),
        ("国庆节 补班 第1天/共1天", "国庆节", False),
        ("元旦休", "元旦", True),
        ("中秋节(班)", "中秋节", False),
        ("Christmas Day", "Christmas Day", True),
        ("Bank holiday", "Bank holiday", True),
    ],
)
def test_what_an_event_of_an_ics_file_means(summary, name, off):
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        f"DTSTART;VALUE=DATE:20271001\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert plain(read_ics(text)) == [(name, "10-01", off)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BEGIN:VCALENDAR", "holiday_file"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:休\nEND:VEVENT\nEND:VCALENDAR", "holiday_file"),
        (APPLE.replace("DTEND;VALUE=DATE:20270212", "DTEND;VALUE=DATE:20280212"), "holiday_file"),
        (APPLE.replace("UID:1", "RRULE:FREQ=YEARLY"), "holiday_ics_repeats"),
    ],
)
def test_what_an_ics_file_must_not_be(text, code):
    with pytest.raises(Invalid) as refused:
        read_ics(text)
    assert refused.value.facts == {"fields": {"file": code}}


async def test_a_year_is_looked_at_then_saved_and_deadlines_are_no_longer_provisional(
    world: World,
):
    console = await world.signed_in(ADMINISTRATOR)
    path = "/api/v1/calendars/default/holidays"
    seen = (await console.get("/api/v1/configuration/calendar/default")).json()["version"]
    asked = {"file": year_file(2027), "seen_version": seen}
    looked = (await console.post(path, json=asked)).json()
    assert (looked["years"], looked["known_before"], looked["known_through"]) == (
        [2027],
        2026,
        2027,
    )
    assert (looked["saved"], looked["version"]) == (False, seen)
    assert looked["days"][0] == {
        "day": "2027-01-01",
        "change": "added",
        "name": "元旦",
        "before": None,
        "after": {"kind": "closed", "name": "new_year"},
    }
    saved = await console.post(path, json=asked | {"save": True})
    assert (saved.status_code, saved.json()["version"]) == (200, seen + 1)
    calendar = (await world.desk.firm()).law.epoch().calendars["default"]
    assert calendar.known_through == 2027
    assert calendar.hours_of(date(2027, 2, 5)) == ()
    assert not calendar.is_provisional(datetime(2027, 6, 1, tzinfo=UTC))
    late = await console.post(path, json=asked | {"save": True, "file": year_file(2028)})
    assert (late.status_code, late.json()["error"]) == (409, "changed_meanwhile")
    same = await console.post(path, json=asked | {"save": True})
    assert (same.status_code, same.json()["version"], same.json()["days"]) == (200, seen + 1, [])


async def test_ics_is_taken_too(world: World):
    console = await world.signed_in(ADMINISTRATOR)
    answer = await console.post("/api/v1/calendars/default/holidays", json={"file": APPLE})
    assert answer.json()["years"] == [2027]


async def test_a_refused_file_names_field_and_remedy(world: World):
    console = await world.signed_in(ADMINISTRATOR)
    path = "/api/v1/calendars/default/holidays"
    answer = await console.post(path, json={"file": year_file(2028)})
    assert answer.status_code == 422
    assert answer.json()["fields"] == {"file": "中间还缺一年的放假安排，请先导入前一年"}


async def test_every_template_can_be_saved_as_it_is(world: World):
    console = await world.signed_in(ADMINISTRATOR)
    found = (await console.get("/api/v1/calendar-templates")).json()
    assert [one["id"] for one in found] == [
        "five_days",
        "six_days",
        "alternating",
        "seven_by_twelve",
        "always",
        "two_shifts",
        "night_shift",
    ]
    for one in found:
        path = f"/api/v1/configuration/calendar/{one['id']}"
        answer = await console.put(path, json={"doc": one["doc"], "seen_version": 0})
        assert answer.status_code == 200, answer.text
    calendars = (await world.desk.firm()).law.epoch().calendars
    turns = calendars["alternating"]
    assert turns.hours_of(date(2026, 3, 21)) != ()
    assert turns.hours_of(date(2026, 3, 28)) == ()


async def test_colleagues_are_told_before_the_known_holidays_end(world: World):
    console = await world.signed_in(ADMINISTRATOR)
    stranger = await world.customer()

    async def banner(client):
        return (await client.get("/api/v1/session")).json()["holidays_end"]

    assert await banner(console) == []
    old = china_calendar(WEEK, name="旧的")
    old = msgspec.structs.replace(old, known_through=2025)
    await world.save("calendar", "old", old)
    assert await banner(console) == [
        {"calendar": "old", "name": "旧的", "known_through": 2025, "ended": True}
    ]
    assert await banner(stranger) == []


async def test_an_unknown_year_never_stops_the_desk(world: World):
    """R23"""
    short = msgspec.structs.replace(china_calendar(WEEK), known_through=2025)
    await world.save("calendar", "default", short)
    ticket = await world.file("断网了")
    page = await (await world.signed_in(ADMINISTRATOR)).get(f"/api/v1/tickets/{ticket.number}")
    assert all(clock["provisional"] for clock in page.json()["clocks"])


def test_templates_are_calendars():
    from server.domain.starting import templates

    for one in templates(date(2026, 3, 18)):
        assert isinstance(one, Calendar)
        assert any(one.hours_of(date(2026, 3, day)) for day in range(16, 23))
