"""Databases of every released version are opened by this one, whole and unchanged in meaning."""

import gzip
import hashlib
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


RELEASES = {"v0.1.db.gz": "ac8bf3bec1452f541730ef11e5dad76f26821c4afa4a95a147fdc1e3b7022ef8"}
"""What each release left behind, by its digest: never made again by a newer program, or the test
would only show that the newer program can read itself.
"""


def test_what_was_released_stays_as_it_was():
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in RELEASED}
    assert found == RELEASES


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
