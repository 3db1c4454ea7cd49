"""The sealed envelope in which WeCom calls back and is answered (pages 90238 and 90968; facts/wecom
1.4): signed with a token, encrypted with AES-256-CBC, addressed to one receiver.

A plain text lies in it behind 16 random bytes and its length, and before the receiver's id; all of
it is padded to whole blocks of 32 bytes. Files that people send to an AI bot are encrypted the
same way with a key of their own, but hold nothing besides.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK: Final = 32
_SALT: Final = 16
_LENGTH: Final = 4
_KEY_CHARACTERS: Final = 43


class BadKey(ValueError):
    """An EncodingAESKey has 43 characters of base64."""


class BadEnvelope(ValueError):
    """What came is not for us, or not from WeCom; `code` says what is wrong with it: signature,
    base64, padding, length, receiver or text.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sealed(msgspec.Struct, frozen=True):
    """An envelope as it goes over the wire."""

    text: str
    signature: str
    timestamp: str
    nonce: str


def key_of(text: str) -> bytes:
    """The 32 bytes that an EncodingAESKey spells. Its last character holds two bits too many,
    which WeCom lets be anything. Refuses `BadKey`.
    """
    try:
        key = base64.b64decode(f"{text}=", validate=True)
    except (binascii.Error, ValueError):
        raise BadKey from None
    if len(text) != _KEY_CHARACTERS or len(key) != _BLOCK:
        raise BadKey
    return key


class Envelope:
    """Opens and seals for one receiver: a firm's CorpID, or the empty text for its own AI bot."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        """Refuses `BadKey`."""
        self._token = token
        self._key = key_of(aes_key)
        self._receiver = receiver.encode()

    def sign(self, timestamp: str, nonce: str, text: str) -> str:
        """The signature over what is sealed."""
        parts = sorted((self._token, timestamp, nonce, text))
        return hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324  # the platform's choice

    def open(self, sealed: Sealed) -> str:
        """What is inside. Refuses `BadEnvelope`."""
        genuine = self.sign(sealed.timestamp, sealed.nonce, sealed.text)
        if not hmac.compare_digest(genuine.encode(), sealed.signature.encode()):
            raise BadEnvelope("signature")
        try:
            raw = base64.b64decode(sealed.text, validate=True)
        except (binascii.Error, ValueError):
            raise BadEnvelope("base64") from None
        plain = decrypt(self._key, raw)
        start = _SALT + _LENGTH
        end = start + int.from_bytes(plain[_SALT:start], "big")
        if len(plain) < start or end > len(plain):
            raise BadEnvelope("length")
        if not hmac.compare_digest(plain[end:], self._receiver):
            raise BadEnvelope("receiver")
        try:
            return plain[start:end].decode()
        except UnicodeDecodeError:
            raise BadEnvelope("text") from None

    def seal(self, text: str, timestamp: str, nonce: str, salt: bytes) -> Sealed:
        """The other way; `salt` are 16 random bytes."""
        body = text.encode()
        plain = salt + len(body).to_bytes(_LENGTH, "big") + body + self._receiver
        shut = base64.b64encode(encrypt(self._key, plain)).decode()
        return Sealed(shut, self.sign(timestamp, nonce, shut), timestamp, nonce)


def encrypt(key: bytes, plain: bytes) -> bytes:
    """AES-256-CBC, padded to whole blocks of 32 bytes; a full one where nothing is missing."""
    pad = _BLOCK - len(plain) % _BLOCK
    shutting = _cipher(key).encryptor()
    return shutting.update(plain + bytes([pad]) * pad) + shutting.finalize()


def decrypt(key: bytes, raw: bytes) -> bytes:
    """The other way. Refuses `BadEnvelope` when a byte of the padding is wrong."""
    if not raw or len(raw) % _SALT:
        raise BadEnvelope("padding")
    opening = _cipher(key).decryptor()
    plain = opening.update(raw) + opening.finalize()
    pad = plain[-1]
    if not 0 < pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise BadEnvelope("padding")
    return plain[:-pad]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:_SALT]))
