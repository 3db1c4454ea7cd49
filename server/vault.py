"""The desk's secret key and what is made with it: encrypted channel keys, signed links, seals,
digests; and the hashing of passwords.

Tokens and one-time codes are stored as digests only; channel keys (a DingTalk secret) must be
read again and are encrypted.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_LINK = b"link"
_SEAL = b"seal"
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


@lru_cache(maxsize=16)
def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()


def encrypt(key: bytes, text: str) -> str:
    """For the database; only this key reads it again."""
    from cryptography.fernet import Fernet  # noqa: PLC0415  # only desks with channels need it

    box = Fernet(base64.urlsafe_b64encode(_derive(key, b"vault")))
    return box.encrypt(text.encode()).decode()


def decrypt(key: bytes, text: str) -> str:
    """The inverse of `encrypt`. Refuses `WrongKey`."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

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


def seal(key: bytes, seq: int, head: str) -> str:
    """What proves that the event log's head at `seq` was this hash: nobody who has the database
    alone can make it (decision 7).
    """
    return hmac.new(_derive(key, _SEAL), f"{seq}:{head}".encode(), hashlib.sha256).hexdigest()


class Passwords:
    """Hashes passwords with argon2id, in one thread of its own: neither the loop waits for it,
    nor do many sign-ins at once take much memory. The defaults are OWASP's for small machines.
    """

    def __init__(self, *, rounds: int = 2, memory_kib: int = 19 * 1024) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="paidan-passwords")
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether this is the password. Without a kept hash the answer is no, and takes as long:
        the time does not tell which e-mail addresses are known.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._compare, kept, password)

    def _compare(self, kept: str | None, password: str) -> bool:
        if kept is None and self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_hex(16))
        try:
            same = self._hasher.verify(kept or self._nobody or "", password)
        except (Argon2Error, InvalidHashError):
            return False
        return same and kept is not None

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
