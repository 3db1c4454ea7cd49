"""Writes the database that this release leaves behind: `python -m tests.upgrade.make VERSION`.

Done once for each release, when it is tagged; never again for that release.
"""

import asyncio
import gzip
import sys
import tempfile
from pathlib import Path

from server.domain import commands as c
from server.usecases import intake
from tests.support.world import World

HERE = Path(__file__).resolve().parent


async def live(folder: Path) -> bytes:
    """A small firm with one ticket in each state that matters; the bytes of its database."""
    async with World(folder) as world:
        await world.set_up()
        waiting = await world.file("打印机卡纸", "一直卡纸")
        resolved = await world.file("网络断了", "三楼上不去网")
        closed = await world.file("发票抬头错了", level="vip")
        await world.perform("李工", c.Claim(ticket=waiting.number))
        await world.advance(minutes=50)
        await world.perform("小赵", c.Reply(ticket=resolved.number, text="您好，这就看"))
        await world.perform("小赵", c.Resolve(ticket=resolved.number, solution="换了交换机"))
        await world.perform("主管", c.Resolve(ticket=closed.number, solution="已重开发票"))
        await intake.confirm(world.desk, closed.number, "portal")
        await intake.rate(world.desk, closed.number, 5, "很快", "portal")
        await world.advance(hours=3)
        await world.desk.database.copy_to(folder / "copy.db")
    return (folder / "copy.db").read_bytes()


def main(version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content = asyncio.run(live(Path(folder)))
    (HERE / f"{version}.db.gz").write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
