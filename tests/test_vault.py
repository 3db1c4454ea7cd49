from pathlib import Path

import pytest

from server import vault

pytestmark = pytest.mark.anyio
KEY, OTHER = vault.key_of("one key of many characters"), vault.key_of("another key altogether")


def test_the_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret.key"
    key = vault.read_key(file)
    assert len(key) == 32
    assert vault.read_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["secret.key"]


def test_what_was_encrypted_is_read_with_the_same_key_only() -> None:
    hidden = vault.encrypt(KEY, "钉钉的密钥")
    assert "密钥" not in hidden
    assert vault.decrypt(KEY, hidden) == "钉钉的密钥"
    for key, text in ((OTHER, hidden), (KEY, "nonsense"), (KEY, "")):
        with pytest.raises(vault.WrongKey):
            vault.decrypt(key, text)


def test_a_link_proves_one_ticket_and_no_other() -> None:
    token = vault.link_token(KEY, 12)
    assert vault.read_link(KEY, token) == 12
    forged = token.replace("12-", "13-")
    for wrong in (forged, token[:-1], token + "A", "12", "12-", "-", "", "１２-x", "9" * 40 + "-x"):
        assert vault.read_link(KEY, wrong) is None
    assert vault.read_link(OTHER, token) is None


def test_a_seal_is_of_one_place_one_hash_and_one_key() -> None:
    seals = {
        vault.seal(key, seq, head)
        for key in (KEY, OTHER)
        for seq in (1, 2)
        for head in ("aa", "bb")
    }
    assert len(seals) == 8


async def test_passwords_match_themselves_only_and_nobody_matches_nothing() -> None:
    passwords = vault.Passwords(rounds=1, memory_kib=8)
    kept = await passwords.hash("一扇窗两把伞")
    assert kept != await passwords.hash("一扇窗两把伞")
    assert await passwords.matches(kept, "一扇窗两把伞")
    assert not await passwords.matches(kept, "一扇窗两把伞 ")
    assert not await passwords.matches(None, "一扇窗两把伞")
    assert not await passwords.matches("no hash at all", "一扇窗两把伞")
    passwords.close()
