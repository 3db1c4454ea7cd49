"""The desk's secret key and what is made with it: encrypted channel keys, signed links, digests.

Tokens and one-time codes are stored as digests only; channel keys (a DingTalk secret) must be
read again and are encrypted.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

_LINK = b"link"
_SIGNATURE_CHARACTERS = 22


class WrongKey(ValueError):
    """The secret key is not the one that this was encrypted with."""


def read_key(file: Path) -> bytes:
    """The key in this file; made on first use, readable by its owner alone."""
    try:
        return base64.urlsafe_b64decode(file.read_bytes())
    except FileNotFoundError:
        pass
    key = secrets.token_bytes(32)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(base64.urlsafe_b64encode(key))
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(file)
    return key


def key_of(text: str) -> bytes:
    """The key that a setting spells."""
    return hashlib.sha256(text.encode()).digest()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()


def encrypt(key: bytes, text: str) -> str:
    """For the database; only this key reads it again."""
    box = Fernet(base64.urlsafe_b64encode(_derive(key, b"vault")))
    return box.encrypt(text.encode()).decode()


def decrypt(key: bytes, text: str) -> str:
    """The inverse of `encrypt`. Refuses `WrongKey`."""
    box = Fernet(base64.urlsafe_b64encode(_derive(key, b"vault")))
    try:
        return box.decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise WrongKey from error


def link_token(key: bytes, number: int) -> str:
    """The part of a progress link that proves its holder: `12-…`. It cannot be guessed, and it
    needs no row in the database.
    """
    return f"{number}-{_signature(key, number)}"


def read_link(key: bytes, token: str) -> int | None:
    """The ticket number of a genuine link, or None."""
    number, _, signature = token.partition("-")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:  # noqa: PLR2004
        return None
    genuine = hmac.compare_digest(_signature(key, int(number)).encode(), signature.encode())
    return int(number) if genuine else None


def _signature(key: bytes, number: int) -> str:
    digest = hmac.new(_derive(key, _LINK), str(number).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_SIGNATURE_CHARACTERS]


def digest(token: str) -> str:
    """What is stored of a random token or code."""
    return hashlib.sha256(token.encode()).hexdigest()
