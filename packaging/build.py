"""Build the one-file program and try it: `python3 dev.py package`.

build/paidan/…      PyInstaller's workshop
dist/paidan         the program: download it, start it
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "dist" / "paidan"


def build() -> Path:
    """Make the program anew. PyInstaller's own words go to build/paidan.log."""
    log = ROOT / "build" / "paidan.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        subprocess.run(
            [
                *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
                *("--distpath", ROOT / "dist", "--workpath", ROOT / "build"),
                ROOT / "packaging" / "paidan.spec",
            ],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return PROGRAM


def main() -> int:
    began = time.monotonic()
    program = build()
    print(f"{program.relative_to(ROOT)}: {program.stat().st_size / 1e6:.1f} MB", end=" ")
    print(f"in {time.monotonic() - began:.0f} s")
    return subprocess.run(
        [sys.executable, ROOT / "packaging" / "smoke.py", program], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
