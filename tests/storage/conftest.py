"""Both engines for every test here: a SQLite file of its own, and a PostgreSQL started once."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from server.storage.database import Database, Unit


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The socket folder of a server of our own, stopped at the end."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent
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
    yield home
    subprocess.run(
        [binaries / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop"],
        user=user,
        cwd=home,
        check=True,
        capture_output=True,
    )
    shutil.rmtree(home)


def _empty(url: str) -> None:
    async def drop() -> None:
        import asyncpg

        line = await asyncpg.connect(url)
        await line.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await line.close()

    asyncio.run(drop())


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk.db'}"
    socket: Path = request.getfixturevalue("postgres_socket")
    address = f"postgresql://postgres@/postgres?host={socket}"
    _empty(address)
    return address


SCHEMA = {
    "sqlite": "at TEXT, flag INTEGER, words TEXT, whole INTEGER, broken REAL",
    "postgres": 'at TIMESTAMPTZ, flag BOOLEAN, words TEXT COLLATE "C", whole BIGINT,'
    " broken DOUBLE PRECISION",
}


async def make_tables(unit: Unit) -> None:
    text = "TEXT" if unit.dialect == "sqlite" else 'TEXT COLLATE "C"'
    await unit.execute("CREATE TABLE ledger (id INTEGER PRIMARY KEY, seq BIGINT NOT NULL)")
    await unit.execute("INSERT INTO ledger VALUES (1, 0)")
    await unit.execute(f"CREATE TABLE event (seq BIGINT PRIMARY KEY, body {text} NOT NULL)")
    await unit.execute(
        f"CREATE TABLE thing (id BIGINT PRIMARY KEY, version INTEGER NOT NULL, holder {text})"
    )
    await unit.execute("INSERT INTO thing VALUES (1, 0, NULL)")
    await unit.execute(f"CREATE TABLE value (id BIGINT PRIMARY KEY, {SCHEMA[unit.dialect]})")


@pytest.fixture
async def database(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    opened = Database.from_url(url)
    await opened.open()
    await opened.unit(make_tables)
    yield opened
    await opened.close()


@pytest.fixture
def open_another(url: str) -> Callable[..., Database]:
    """A second instance on the same database."""
    return lambda **options: Database.from_url(url, **options)
