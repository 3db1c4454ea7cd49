"""Which leave a line asks for, as colleagues really type it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.leave_words import read_leave

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, 10:00 in Shanghai."""


def _read(text: str) -> tuple[str, str, str, str] | None:
    found = read_leave(text, NOW, "Asia/Shanghai")
    if found is None:
        return None
    return (
        f"{found.starts_at:%m-%d %H:%M}",
        f"{found.ends_at:%m-%d %H:%M}",
        found.reason,
        found.note,
    )


@pytest.mark.parametrize(
    ("text", "start", "end", "reason", "note"),
    [
        ("明天", "11-25 00:00", "11-26 00:00", "other", ""),
        ("明天 看病", "11-25 00:00", "11-26 00:00", "sick", "看病"),
        ("明天下午\uff0c有事", "11-25 12:00", "11-26 00:00", "personal", "有事"),
        ("后天上午", "11-26 00:00", "11-26 12:00", "other", ""),
        ("周五", "11-27 00:00", "11-28 00:00", "other", ""),
        ("下周一到下周三 年假", "11-30 00:00", "12-03 00:00", "annual", "年假"),
        ("11-27 到 11-29 年假", "11-27 00:00", "11-30 00:00", "annual", "年假"),
        ("11月27日至12月1日", "11-27 00:00", "12-02 00:00", "other", ""),
        ("11.27 9:00 到 11.27 18:00 出差", "11-27 09:00", "11-27 18:00", "business", "出差"),
        ("明天 9点到11点半 体检", "11-25 09:00", "11-25 11:30", "sick", "体检"),
        ("明天下午2点到5点", "11-25 14:00", "11-25 05:00", "", ""),
        ("明天下午到后天上午 调休", "11-25 12:00", "11-26 12:00", "compensatory", "调休"),
        ("2027-01-04", "01-04 00:00", "01-05 00:00", "other", ""),
        ("1-4", "01-04 00:00", "01-05 00:00", "other", ""),
        ("tomorrow pm doctor", "11-25 12:00", "11-26 00:00", "sick", "doctor"),
        ("明天 2天后回来", "11-25 00:00", "11-26 00:00", "other", "2天后回来"),
    ],
)
def test_leave_is_read(text, start, end, reason, note) -> None:
    if not reason:
        assert _read(text) is None, "the end is before the start: asked again, not guessed"
    else:
        assert _read(text) == (start, end, reason, note)


@pytest.mark.parametrize("text", ["", "看病", "一下", "13-45", "2-30", "11-29 到 11-27", "25点"])
def test_what_names_no_day_is_not_guessed(text: str) -> None:
    assert _read(text) is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["明天", "下午", "到", "周五", "11-27", "9:00", "年"]), st.text()
        ),
        max_size=8,
    ).map("".join)
)
def test_no_line_breaks_the_reading(text: str) -> None:
    found = read_leave(text, NOW, "Asia/Shanghai")
    assert found is None or found.starts_at < found.ends_at
