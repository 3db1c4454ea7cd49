"""What DingTalk's error codes mean for the caller (facts/dingtalk 0.4, 4.2, 4.3).

stale token            fetched anew once, then permanent
QPS, flow control      later, with the span that the platform wants
5xx, 504, code 15      ambiguous, or later where the call may be repeated
quota, scope, IP       permanent: an operator must hear of it
everything else        permanent, with the platform's code
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from server.clients import Ambiguous, Permanent, Trouble, TryLater

STALE_TOKEN: Final = frozenset({"InvalidAuthentication", "40014", "40001"})

_QPS: Final = timedelta(seconds=1)
_BACK_OFF: Final = timedelta(seconds=5)
_FLOW: Final = timedelta(minutes=1)
_SILENCED: Final = timedelta(minutes=10)
_BANNED: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(hours=1)
_BAN_STATUS: Final = 1111
_TOO_MANY: Final = 429

_LATER: Final[dict[str, timedelta]] = {
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": _QPS,
    "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi": _FLOW,
    "Forbidden.AccessDenied.QpsLimitForApi": _QPS,
    "90018": _QPS,
    "90002": _QPS,
    "send.too.fast": _FLOW,
    "send.byToken.tooFast": _FLOW,
    "too.many.group": _FLOW,
    "too.many.people": _FLOW,
    "-1": _BACK_OFF,
    "410100": _SILENCED,
    "130101": _SILENCED,
}
UNCOUNTED: Final = frozenset(code for code, after in _LATER.items() if after == _QPS) | {
    "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"
}
"""Calls refused by a QPS limit cost no quota (0.3)."""
_UNCLEAR: Final = frozenset({"15", "88", "system.error", "unknown.send.result"})

ADVICE: Final[dict[str, str]] = {
    "invalidClientIdOrSecret": "credentials",
    "40089": "credentials",
    "authFailed": "credentials",
    "InvalidAuthentication": "credentials",
    "40014": "credentials",
    "40001": "credentials",
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": "scope",
    "60011": "scope",
    "Forbidden.AccessDenied.IpNotInWhiteList": "address",
    "60020": "address",
    "Forbidden.AccessDenied.ApiCountLimitForOrg": "quota",
    "90020": "quota",
    "orgAuthLevelNotEnough": "edition",
    "300001": "session_over",
    "param.templateNotExist": "card_template",
    "param.templateUnpublished": "card_template",
}
"""What an operator must look at, by code of a `Permanent`."""

NO_TEMPLATE: Final = frozenset({"param.templateNotExist", "param.templateUnpublished"})
"""The card's template is not there: the setting is wrong (5.1)."""


def _code(status: int, answer: dict[str, Any]) -> tuple[str, str] | None:
    """The code and the words of a refusal; None for success. Codes may be numbers or strings."""
    if "errcode" in answer:
        code = str(answer["errcode"])
        if code == "88" and answer.get("sub_code"):
            return str(answer["sub_code"]), str(answer.get("sub_msg") or "")
        return None if code == "0" else (code, str(answer.get("errmsg") or ""))
    if status >= 400:  # noqa: PLR2004
        return str(answer.get("code") or f"http_{status}"), str(answer.get("message") or "")
    return None


def read_trouble(
    status: int, answer: object, *, repeatable: bool, retry_after: timedelta | None = None
) -> Trouble | None:
    """The trouble that an answer tells of, None when the call succeeded.

    `repeatable`: asking twice does no harm, so an unclear outcome is only `TryLater`.
    `retry_after` is the span that the answer's header asks for: it counts before our own, and
    whoever is told to come back has not been served.
    """
    trouble = _trouble(status, answer, repeatable=repeatable)
    if retry_after is None or trouble is None or isinstance(trouble, Permanent):
        return trouble
    return TryLater(trouble.code, trouble.detail, after=retry_after)


def read_retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The header's span in seconds, at most an hour; dates, which DingTalk does not send, and
    nonsense count as none.
    """
    value = headers.get("retry-after", "").strip()
    if not (value.isascii() and value.isdecimal()):
        return None
    return min(timedelta(seconds=min(int(value), 86_400)), _LONGEST)


def _trouble(status: int, answer: object, *, repeatable: bool) -> Trouble | None:
    if not isinstance(answer, dict):
        return _unreadable(status, repeatable=repeatable)
    if answer.get("status") == _BAN_STATUS:
        return TryLater("ip_flood", "more than 10,000 calls in 20 s", after=_BANNED)
    found = _code(status, answer)
    if found is None:
        return None
    code, words = found
    after = _LATER.get(code, _FLOW if status == _TOO_MANY else None)
    if after is not None:
        return TryLater(code, words, after=after)
    if status >= 500 or code in _UNCLEAR:  # noqa: PLR2004
        return _unclear(code, words, repeatable=repeatable)
    return Permanent("InvalidAuthentication" if code == "http_401" else code, words)


def _unclear(code: str, words: str, *, repeatable: bool) -> Trouble:
    if repeatable:
        return TryLater(code, words, after=_BACK_OFF)
    return Ambiguous(code, words)


def _unreadable(status: int, *, repeatable: bool) -> Trouble:
    """No JSON object: a gateway's page after a timeout, or the page of an IP ban."""
    if status >= 500:  # noqa: PLR2004
        return _unclear(f"http_{status}", "no JSON", repeatable=repeatable)
    return TryLater(f"http_{status}", "no JSON", after=_BANNED)
