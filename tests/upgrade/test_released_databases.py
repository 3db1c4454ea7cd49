"""Databases of every released version are opened by this one, whole and unchanged in meaning."""

import gzip
from pathlib import Path

import pytest

from server import app
from server.settings import Settings
from server.storage import tickets
from server.usecases import verification

pytestmark = pytest.mark.anyio
HERE = Path(__file__).resolve().parent
RELEASED = sorted(HERE.glob("*.db.gz"))


def unpacked(file: Path, folder: Path) -> Settings:
    (folder / "desk.db").write_bytes(gzip.decompress(file.read_bytes()))
    return Settings(data=folder, secret_key="a secret key for stories, long enough")


def test_the_first_release_is_here():
    assert [file.name for file in RELEASED][:1] == ["v0.1.db.gz"]


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.name.removesuffix(".db.gz"))
async def test_a_released_database_opens_verifies_and_folds(file: Path, tmp_path: Path):
    settings = unpacked(file, tmp_path)
    async with app.open_desk(settings) as desk:
        proof = await verification.verify(desk)
        assert proof.flaw is None
        assert proof.events > 0
        different = [one async for one in verification.differences(desk) if one is not None]
        assert different == []
        found = [await tickets.find(desk.database, number) for number in (1, 2, 3)]
        assert [one.status for one in found if one] == ["open", "resolved", "closed"]
        assert found[2] is not None
        assert found[2].rating == 5
