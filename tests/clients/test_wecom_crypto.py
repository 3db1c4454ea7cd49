"""WeCom's envelope against vectors that three other programs agree about, Tencent's own samples
among them (tests/clients/wecom_vectors.json).
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clients.wecom_crypto import (
    BadEnvelope,
    BadKey,
    Envelope,
    Sealed,
    decrypt,
    encrypt,
    key_of,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "wecom_vectors.json").read_text(encoding="utf-8")
)
KEY = "MG8VZ97Lg4ZZwv/uTO3YmRn/ntnKTTh1F0xUUIMcP+Y"


def named(vectors: list[dict[str, Any]], field: str = "name") -> dict[str, Any]:
    return {"argvalues": vectors, "ids": [one[field] for one in vectors]}


def envelope_of(vector: dict[str, Any]) -> Envelope:
    return Envelope(vector["token"], vector["encoding_aes_key"], vector["receiveid"])


def sealed_of(vector: dict[str, Any]) -> Sealed:
    return Sealed(vector["encrypt"], vector["signature"], vector["timestamp"], vector["nonce"])


@pytest.mark.parametrize("vector", **named(VECTORS["vectors"]))
def test_a_text_is_sealed_as_others_seal_it(vector: dict[str, Any]) -> None:
    salt = vector["random"].encode()
    sealed = envelope_of(vector).seal(
        vector["plaintext"], vector["timestamp"], vector["nonce"], salt
    )
    assert sealed == sealed_of(vector)


@pytest.mark.parametrize(
    "vector", **named(VECTORS["vectors"] + VECTORS["tencent_published_samples"])
)
def test_a_sealed_text_is_opened(vector: dict[str, Any]) -> None:
    assert envelope_of(vector).open(sealed_of(vector)) == vector["plaintext"]


@pytest.mark.parametrize(
    ("vector", "code"),
    list(
        zip(
            VECTORS["must_refuse"],
            ("signature", "receiver", "length", "padding", "padding"),
            strict=True,
        )
    ),
    ids=[one["why"] for one in VECTORS["must_refuse"]],
)
def test_what_is_not_genuine_is_refused(vector: dict[str, Any], code: str) -> None:
    with pytest.raises(BadEnvelope) as refused:
        envelope_of(vector).open(sealed_of(vector))
    assert refused.value.code == code


@pytest.mark.parametrize("vector", **named(VECTORS["aibot_media"]))
def test_a_file_for_a_bot_is_opened_with_its_own_key(vector: dict[str, Any]) -> None:
    key = key_of(vector["aeskey"])
    plain = base64.b64decode(vector["plain_b64"])
    shut = base64.b64decode(vector["cipher_b64"])
    assert decrypt(key, shut) == plain
    assert encrypt(key, plain) == shut


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "A", KEY.replace("/", "-"), "字" * 43])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(BadKey):
        Envelope("token", key, "ww1")


@given(
    text=st.text(max_size=300),
    receiver=st.text(max_size=40),
    salt=st.binary(min_size=16, max_size=16),
)
def test_whatever_is_sealed_is_opened_again(text: str, receiver: str, salt: bytes) -> None:
    envelope = Envelope("token", KEY, receiver)
    assert envelope.open(envelope.seal(text, "1767225600", "n", salt)) == text


@given(raw=st.binary(max_size=200))
def test_noise_with_a_good_signature_never_crashes(raw: bytes) -> None:
    envelope = Envelope("token", KEY, "ww1")
    text = base64.b64encode(raw).decode()
    with pytest.raises(BadEnvelope):
        envelope.open(Sealed(text, envelope.sign("1", "2", text), "1", "2"))
