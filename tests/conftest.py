"""What every folder may ask for: both engines, empty or as a new desk finds them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import databases
from tests.support.world import World

# A machine that is busy with something else is no bug of ours.
settings.register_profile("desk", deadline=None)
settings.load_profile("desk")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The socket folder of a server of our own, stopped at the end."""
    with databases.a_postgres() as socket:
        yield socket


@pytest.fixture(scope="session")
def migrated_postgres(postgres_socket: Path) -> str:
    """One migrated database, reused by every test that asks for `desk_url`."""
    return asyncio.run(databases.make_desk_database(postgres_socket))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "desk.db"
    asyncio.run(databases.migrate_to_newest(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk.db'}"
    url = databases.address(request.getfixturevalue("postgres_socket"))
    asyncio.run(databases.drop_everything(url))
    return url


def _a_copy(file: Path, folder: Path) -> str:
    shutil.copyfile(file, folder / "desk.db")
    return f"sqlite:///{folder / 'desk.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def desk_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without content."""
    if request.param == "sqlite":
        return _a_copy(request.getfixturevalue("migrated_file"), tmp_path)
    migrated: str = request.getfixturevalue("migrated_postgres")
    asyncio.run(databases.delete_everything(migrated))
    return migrated


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The same on SQLite alone, for what does not depend on the engine."""
    return _a_copy(migrated_file, tmp_path)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A desk at work, with a small firm set up."""
    async with World(tmp_path) as made:
        await made.set_up()
        yield made


@pytest.fixture
async def empty_world(tmp_path: Path) -> AsyncIterator[World]:
    """A desk at work that nobody has set up."""
    async with World(tmp_path) as made:
        yield made
