"""Databases for tests: a PostgreSQL of our own, started once, and empty or migrated ones on both
engines, made quickly: SQLite by copying a file, PostgreSQL by deleting what the last test left.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from server.storage.database import Database
from server.storage.migrate import migrate
from server.storage.tables import TABLES

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SERIAL = ["staff", "api_token", "customer", "message", "outbox", "inbound"]


@contextmanager
def a_postgres() -> Iterator[Path]:
    """A server of our own; its socket folder. Needs no port, no account, no configuration."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    binaries = max(found, key=lambda one: int(one.parts[-3])).parent
    home = Path(tempfile.mkdtemp(prefix="paidan-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    cluster = home / "data"
    subprocess.run(
        [binaries / "initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-D", cluster],
        user=user,
        cwd=home,
        check=True,
        capture_output=True,
    )
    options = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off"
    subprocess.run(
        [binaries / "pg_ctl", "-D", cluster, "-w", "-l", home / "log", "-o", options, "start"],
        user=user,
        cwd=home,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield home
    finally:
        subprocess.run(
            [binaries / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop"],
            user=user,
            cwd=home,
            check=True,
            capture_output=True,
        )
        shutil.rmtree(home)


def address(socket: Path, name: str = "postgres") -> str:
    """The URL of one database of that server."""
    return f"postgresql://postgres@/{name}?host={socket}"


async def drop_everything(url: str) -> None:
    """Leave a PostgreSQL database without any table."""
    line = await asyncpg.connect(url)
    await line.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await line.close()


async def make_desk_database(socket: Path) -> str:
    """A migrated PostgreSQL database; its URL."""
    line = await asyncpg.connect(address(socket))
    await line.execute("CREATE DATABASE desk")
    await line.close()
    url = address(socket, "desk")
    await migrate_to_newest(url)
    return url


async def migrate_to_newest(url: str) -> None:
    """Bring a database to the schema of this program."""
    database = Database.from_url(url)
    await database.open()
    await migrate(database, MADE_AT)
    await database.close()


async def delete_everything(url: str) -> None:
    """Leave a migrated PostgreSQL database as the first step left it."""
    line = await asyncpg.connect(url)
    names = [table._meta.tablename for table in reversed(TABLES)]  # noqa: SLF001
    # Sessions first: those tables point to colleagues, tickets point to customers.
    names.sort(key=lambda name: name in ("staff", "customer", "ticket"))
    names.sort(key=lambda name: name in ("staff", "customer"))
    await line.execute(
        "; ".join(
            [
                *(f"DELETE FROM {name}" for name in names),
                *(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 1, false)"
                    for name in _SERIAL
                ),
                "INSERT INTO ledger (id, seq, hash, firm_seq) VALUES (1, 0, '', 0)",
                "INSERT INTO counter (name, last) VALUES ('ticket', 0)",
            ]
        )
    )
    await line.close()
