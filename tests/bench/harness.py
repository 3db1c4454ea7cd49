"""What every bench shares: windows, figures with their bars, and how noisy the machine was.

Ratios, CPU per operation and counts are judged always. Latencies are judged only when others used
at most 10 % of the machine; else the row says *not judged*. The best of three windows counts, and
all are printed (decision 24).
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

WINDOWS = 3
_NOISY = 0.10


def _machine_busy() -> float:
    """Seconds of CPU that the whole machine has spent at work."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = numbers[3] + numbers[4]
    return (sum(numbers) - idle) / os.sysconf("SC_CLK_TCK")


@dataclass
class Reading:
    """The clocks of the machine and of this process at one moment."""

    wall: float = field(default_factory=time.perf_counter)
    own: float = field(default_factory=time.process_time)
    busy: float = field(default_factory=_machine_busy)


def foreign_share(before: Reading, after: Reading) -> float:
    """The share of the machine that other processes used between two moments, 0 to 1."""
    spent = (after.busy - before.busy) - (after.own - before.own)
    room = (after.wall - before.wall) * (os.cpu_count() or 1)
    return max(0.0, spent / room) if room else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Report:
    """Rows of figures; `finish` prints them and says whether every bar was met."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._rows: list[tuple[str, str, str, str]] = []
        self._missed = 0

    def show(self, name: str, windows: Sequence[float], unit: str) -> None:
        """A figure without a bar."""
        self._rows.append((name, _text(windows, unit), "", ""))

    def judge(
        self,
        name: str,
        windows: Sequence[float],
        bar: float,
        unit: str,
        *,
        foreign: float | None = None,
    ) -> None:
        """A figure that must not exceed `bar`. Pass `foreign` for a latency."""
        met = min(windows) <= bar
        if foreign is not None and foreign > _NOISY:
            verdict = f"not judged ({foreign:.0%} foreign CPU)"
        else:
            verdict = "ok" if met else "MISSED"
            self._missed += not met
        self._rows.append((name, _text(windows, unit), f"<= {bar:g} {unit}".strip(), verdict))

    def finish(self) -> int:
        """Print the table; 0 when no bar was missed, else 1."""
        rows = [("figure", "best [windows]", "bar", ""), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        print(f"\n{self._title}\n{'=' * len(self._title)}")
        print("\n".join(lines))
        print(f"\n{self._missed} bars missed" if self._missed else "\nall bars met")
        return 1 if self._missed else 0


def _text(windows: Sequence[float], unit: str) -> str:
    listed = " ".join(f"{value:.3g}" for value in windows)
    best = max(windows) if unit == "/s" else min(windows)
    return f"{best:.3g} {unit} [{listed}]"
