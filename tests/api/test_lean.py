"""What a desk has loaded that has no channel, no pattern and no reader of the manual: nothing that
only those need. Each of these libraries costs one to thirty megabytes.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LATER = (
    "aiohttp",
    "apprise",
    "asyncpg",
    "bots.rehearsal",
    "cryptography",
    "dingtalk_stream",
    "httpcore",
    "httpx",
    "icalendar",
    "markdown_it",
    "nh3",
    "pydantic",
    "re2",
    "rich",
    "segno",
    "server.demo",
    "websockets",
)
"""Loaded when they are first needed."""
SERVED = """
import asyncio, sys
from pathlib import Path
from server import app, cli
from server.settings import Settings

async def main():
    settings = Settings(data=Path(sys.argv[1]), listen="127.0.0.1:0")
    async with app.open_desk(settings) as desk:
        async with app.running(desk), app.serving(desk, app.bind(settings)):
            print(*sys.modules)

asyncio.run(main())
"""


def test_a_desk_loads_only_what_it_uses(tmp_path: Path):
    loaded = subprocess.run(
        [sys.executable, "-c", SERVED, str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "server.api.application" in loaded
    assert [one for one in LATER if one in loaded] == []
