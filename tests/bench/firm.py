"""`python3 dev.py bench firm`: a simulated month of a firm with 12 colleagues, three teams and 500
tickets a day, once with a dispatcher who looks every 30 minutes and once with automatic routing
and ladders (3.5.1), beside what the field's articles claim. No bars: nothing is tuned to look good,
and a simulation proves only what its assumptions (tests/bench/month/assumptions.py) hold.

    python3 dev.py bench firm [--days 30] [--tickets 500] [--seed N]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.month import house
from tests.bench.month.assumptions import CLAIMS, Assumptions
from tests.bench.month.demand import draw
from tests.bench.month.figures import Figures, figures_of, lives_of
from tests.bench.month.story import Story
from tests.support.world import World

START = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
"""Monday 2 March 2026, midnight in Shanghai: no holiday falls into the 30 days from then on."""


async def month(folder: Path, assumed: Assumptions, *, automatic: bool) -> tuple[Figures, int]:
    """One month; its figures, and how many commands the desk refused."""
    async with World(folder, start=START) as world:
        placed = await house.furnish(world, automatic=automatic)
        story = Story(world, placed, assumed, automatic=automatic)
        await story.live(draw(assumed))
        calendar = (await world.desk.firm()).law.epoch().calendars["default"]
        days = sum(day % 7 < 5 for day in range(assumed.days))
        figures = figures_of(await lives_of(world.desk.database), calendar, days)
    return figures, story.refused


def _pair(value: tuple[float, float]) -> str:
    return " / ".join(_span(one) for one in value)


def _span(hours: float) -> str:
    if hours >= 2:
        return f"{hours:.1f} h"
    minutes = hours * 60
    return f"{minutes:.1f} min" if minutes >= 1 else f"{minutes * 60:.1f} s"


def table(manual: Figures, automatic: Figures) -> str:
    """Both months side by side, and the claims."""
    rows = [("figure (median / 9th decile)", "by hand", "automatic", "the articles claim")]

    def pair(title: str, name: str, claim: str = "") -> None:
        rows.append((title, _pair(getattr(manual, name)), _pair(getattr(automatic, name)), claim))

    def plain(title: str, name: str, form: str, claim: str = "") -> None:
        first, second = (format(getattr(one, name), form) for one in (manual, automatic))
        rows.append((title, first, second, claim))

    plain("tickets", "tickets", "d")
    plain("not resolved at the end", "unresolved", "d")
    pair("created → somebody has it", "dispatch", CLAIMS["dispatch"])
    pair("  in working time", "dispatch_working")
    pair("first reply", "first", CLAIMS["first"])
    pair("  in working time", "first_working")
    pair("resolved", "resolve", CLAIMS["resolve"])
    pair("  in working time", "resolve_working")
    for metric in manual.breached:
        claim = CLAIMS["breached"] if metric == "first" else ""
        first, second = (f"{one.breached[metric]:.1%}" for one in (manual, automatic))
        rows.append((f"breached: {metric}", first, second, claim))
    plain("resolved per colleague and day", "a_day", ".1f", CLAIMS["throughput"])
    plain("  by the busiest colleague", "most_a_day", ".1f")
    plain("hops per ticket", "hops", ".2f", CLAIMS["hops"])
    plain("tickets that were passed on", "passed_on", ".1%", CLAIMS["accuracy"])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


async def main(assumed: Assumptions) -> int:
    print("bench firm\n==========")
    for one in fields(assumed):
        print(f"{one.name} = {getattr(assumed, one.name)}")
    found: list[Figures] = []
    for automatic in (False, True):
        began = time.process_time()
        with tempfile.TemporaryDirectory(prefix="paidan-month-") as folder:
            figures, refused = await month(Path(folder), assumed, automatic=automatic)
        found.append(figures)
        name = "automatic" if automatic else "by hand"
        spent = time.process_time() - began
        print(f"{name}: {spent:.0f} s CPU, {refused} commands came too late", flush=True)
    print()
    print(table(*found))
    return 0


def asked(words: list[str]) -> Assumptions:
    """The assumptions with what the command line changes."""
    parser = argparse.ArgumentParser(prog="bench firm")
    parser.add_argument("--days", type=int, default=Assumptions.days)
    parser.add_argument("--tickets", type=int, default=Assumptions.tickets_a_day)
    parser.add_argument("--seed", type=int, default=Assumptions.seed)
    wanted = parser.parse_args(words)
    return Assumptions(days=wanted.days, tickets_a_day=wanted.tickets, seed=wanted.seed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(asked(sys.argv[1:]))))
