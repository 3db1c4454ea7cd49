"""The one-file program is built of the tree and lives one ticket's life (packaging/smoke.py)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_packed_program_passes_its_smoke_test():
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / "build.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    assert (ROOT / "dist" / "paidan").stat().st_size < 40e6
