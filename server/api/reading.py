"""What comes from outside, read strictly: bodies and queries become the structs of schemas.py.

NUL and lone surrogates are taken out of every text, because no database keeps them. Numbers that
no database holds are nobody's number. What cannot be read raises `Malformed`; what is readable
and breaks a rule on a field raises `Refused`, both with the fields and why.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from server.domain.errors import Invalid, Refusal
from server.domain.texts import clean, cleaned

T = TypeVar("T")
LARGEST_BODY: Final = 1024 * 1024
LARGEST_NUMBER: Final = 2**53 - 1

_SUSPECT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`$")
_FIELD: Final = re.compile(r"field `(\w+)`")
_LENGTH: Final = re.compile(r"of length (<=|>=) (\d+)")
_BOUND: Final = re.compile(r"`(?:int|float)` (<=|>=|<|>) (-?\d+)")
_EXPECTED: Final = re.compile(r"Expected `([^`]+)`")
_PHONE: Final = re.compile(r"\+?\d{5,15}")
_MOBILE_IN_CHINA: Final = re.compile(r"(?:\+|00)?86(1\d{10})")
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}")
_LONGEST_EMAIL: Final = 200

Wrong = tuple[str, dict[str, Any]]
"""A code of `[field]` and the facts that fill it."""


class Malformed(Refusal):
    """The request cannot be read."""

    status = 400

    def __init__(self, fields: Mapping[str, Wrong]) -> None:
        super().__init__()
        self.fields = dict(fields)


class SlowBody(Refusal):
    """The body did not come in time."""

    status = 408


class Refused(Invalid):
    """A value breaks a rule: like `Invalid`, with facts for the words."""

    def __init__(self, fields: Mapping[str, Wrong]) -> None:
        super().__init__(**{name: code for name, (code, _) in fields.items()})
        self.fields = dict(fields)


Refused.code = Invalid.code


async def read_body(request: Request[Any, Any, Any], within: timedelta) -> bytes:
    """The whole body. Refuses `SlowBody`: who sends it drop by drop holds a connection for ever."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await request.body()
    except TimeoutError:
        raise SlowBody(seconds=round(within.total_seconds())) from None


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """A body as the decoder's type. Raises `Malformed` and `Refused`."""
    try:
        if _SUSPECT.search(body):
            found: T = msgspec.convert(cleaned(json.loads(body)), decoder.type)
            return found
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise wrong(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        code = "body_missing" if not body.strip() else "body_malformed"
        raise Malformed({"body": (code, {})}) from None


def decode_query(pairs: Iterable[tuple[str, str]], kind: type[T]) -> T:
    """A query as a struct; numbers are read out of text."""
    values = {name: clean(value) for name, value in pairs}
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong(str(error)) from None


def wrong(message: str) -> Malformed | Refused:
    """What msgspec found, as fields and codes."""
    place = _PLACE.search(message)
    path = (place.group(1) if place else "").replace("[...]", "").strip(".")
    named = _FIELD.search(message)
    if named is not None:
        code = "missing" if "missing" in message else "unknown"
        name = f"{path}.{named.group(1)}" if path else named.group(1)
        return Malformed({name: (code, {})})
    rule = _rule(message)
    if rule is not None:
        return Refused({path or "body": rule})
    if "RFC3339" in message or "timezone" in message:
        code = "day" if message.startswith("Invalid RFC3339 encoded date -") else "instant"
        return Refused({path or "body": (code, {})})
    expected = _EXPECTED.search(message)
    kind = expected.group(1).split(" | ")[0] if expected else ""
    return Malformed({path or "body": (f"kind_{kind}" if kind in _KINDS else "kind", {})})


_KINDS: Final = frozenset({"str", "int", "float", "bool", "array", "object"})


def _rule(message: str) -> Wrong | None:
    length = _LENGTH.search(message)
    if length is not None:
        count = int(length.group(2))
        if length.group(1) == "<=":
            return "too_many" if "`array`" in message else "too_long", {"most": count}
        return ("missing", {}) if count == 1 else ("too_short", {"least": count})
    if " of length " in message or " matching regex " in message:
        return "malformed", {}
    bound = _BOUND.search(message)
    if bound is not None:
        high = bound.group(1).startswith("<")
        return ("too_high", {"most": bound.group(2)}) if high else ("too_low", _least(bound))
    if message.startswith(("Invalid enum value", "Invalid value")):
        return "choice", {}
    return None


def _least(bound: re.Match[str]) -> dict[str, Any]:
    return {"least": bound.group(2)}


def needed(**texts: str) -> None:
    """Refuse texts that hold nothing but white space."""
    empty: dict[str, Wrong] = {
        name: ("missing", {}) for name, text in texts.items() if not text.strip()
    }
    if empty:
        raise Refused(empty)


def phone_of(text: str) -> str:
    """A phone number in one spelling, so that it finds its customer again; empty stays empty.
    Refuses `Invalid(phone)`.
    """
    plain = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"[\s\-()./·]", "", plain)
    if not digits:
        return ""
    if not digits.isascii() or not _PHONE.fullmatch(digits):
        raise Refused({"phone": ("phone", {})})
    in_china = _MOBILE_IN_CHINA.fullmatch(digits)
    return in_china.group(1) if in_china else digits


def email_of(text: str) -> str:
    """An e-mail address in one spelling; empty stays empty. Refuses `Invalid(email)`."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if not plain:
        return ""
    if len(plain) > _LONGEST_EMAIL or not _EMAIL.fullmatch(plain):
        raise Refused({"email": ("email", {})})
    return plain
