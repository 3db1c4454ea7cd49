"""`python3 dev.py bench kills`: the server is killed with `kill -9` at 100 random moments under
load (2.5.2). What must hold after each kill is asserted in tests/faults/kills.py; this prints what
was put at stake.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.bench.harness import Report
from tests.faults import kills

KILLS = 100


async def main(times: int) -> int:
    report = Report("bench kills")
    with tempfile.TemporaryDirectory(prefix="paidan-kills-") as folder:
        outcome = await kills.run(Path(folder), times, seed=100)
    report.show("kills", [outcome.kills], "")
    report.show("tickets acknowledged, each there once", [outcome.tickets], "")
    report.show("messages acknowledged, each there once", [outcome.messages], "")
    report.show("commands acknowledged, each done once", [outcome.commands], "")
    report.show("chat lines acknowledged, each done once", [outcome.lines], "")
    report.show("notices, each by its kind's rule", [outcome.notices], "")
    report.show("of these repeated, marked as such", [outcome.repeated], "")
    report.show("of these at most once, shown as unknown", [outcome.hidden], "")
    report.judge("lost, repeated or false", [0], 0, "")
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS)))
