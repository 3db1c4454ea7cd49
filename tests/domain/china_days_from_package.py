"""Writes server/domain/china_days.py from the package chinesecalendar: run it when a new release
knows another year.

    python -m tests.domain.china_days_from_package > server/domain/china_days.py
"""

import sys
from collections.abc import Iterator
from datetime import date

from chinese_calendar import constants

HEAD = '''"""China's statutory holidays and make-up workdays (调休) by year, as the State Council
announced them. Generated from the package chinesecalendar; the command stands in
tests/domain/china_days_from_package.py.
"""

from typing import Final

YEARS: Final[dict[int, tuple[tuple[str, str, str], ...]]] = {
'''
NOTE = '''"""Year → holidays: its code, the days off "MM-DD …", and the make-up workdays as
"worked/replaced …": the worked day borrows the hours of the replaced one."""
'''
CODES = {
    "New Year's Day": "new_year",
    "Spring Festival": "spring_festival",
    "Tomb-sweeping Day": "tomb_sweeping",
    "Labour Day": "labour_day",
    "Dragon Boat Festival": "dragon_boat",
    "Mid-autumn Festival": "mid_autumn",
    "National Day": "national_day",
    "Anti-Fascist 70th Day": "anti_fascist_70",
}

Row = tuple[str, str, str]


def years() -> dict[int, tuple[Row, ...]]:
    """What the package knows, in the shape of the data module."""
    known = sorted({day.year for day in constants.holidays})
    return {year: tuple(_rows(year)) for year in known}


def _rows(year: int) -> Iterator[Row]:
    names: list[str] = []
    for source in (constants.holidays, constants.workdays):
        for day in sorted(source):
            if day.year == year and source[day] not in names:
                names.append(source[day])
    for name in names:
        off = _days(constants.holidays, year, name)
        worked = _days(constants.workdays, year, name)
        replaced = _replaced(year, name, off, len(worked))
        swaps = (f"{one:%m-%d}/{other:%m-%d}" for one, other in zip(worked, replaced, strict=True))
        yield CODES[name], " ".join(f"{day:%m-%d}" for day in off), " ".join(swaps)


def _replaced(year: int, name: str, off: list[date], wanted: int) -> list[date]:
    """The weekdays off that are worked for elsewhere; where the package names too few (a swap
    across the year's end), other free weekdays of the same holiday, last ones first.
    """
    lieu = _days(constants.in_lieu_days, year, name)
    others = [day for day in reversed(off) if day.isoweekday() <= 5 and day not in lieu]
    fallback = [date(year, 1, 8 - date(year, 1, 1).weekday())] * wanted  # a Monday
    return (lieu + others + fallback)[:wanted]


def _days(source: dict[date, str], year: int, name: str) -> list[date]:
    return sorted(day for day, its in source.items() if day.year == year and its == name)


def text() -> str:
    """The data module."""
    lines = [HEAD]
    for year, rows in years().items():
        lines.append(f"    {year}: (\n")
        for code, off, swaps in rows:
            row = f'        ("{code}", "{off}", "{swaps}"),\n'
            if len(row) > 101:
                values = "".join(f'            "{value}",\n' for value in (code, off, swaps))
                row = f"        (\n{values}        ),\n"
            lines.append(row)
        lines.append("    ),\n")
    lines += ["}\n", NOTE]
    return "".join(lines)


if __name__ == "__main__":
    sys.stdout.write(text())
