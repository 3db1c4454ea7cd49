"""From an exception to the one error shape, in the reader's language.

Refusals carry their status, the database's trouble is 503, and anything unexpected is a fault of
ours: 500 with an incident number that is in the log too.
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from server import log
from server.api.reading import Malformed, Refused, wrong
from server.api.schemas import Problem
from server.api.sheet import sheet
from server.domain.errors import Refusal, TooManyTries
from server.storage.database import CommitFailed, Overloaded, ReadFailed
from server.usecases.documents import BadDocument
from server.words import find, language_of, say

_encode = msgspec.json.Encoder().encode

Handled = tuple[int, Problem, dict[str, str]]

PLAIN_CODES: Final = (
    "unknown_path",
    "method_not_allowed",
    "too_large",
    "malformed",
    "overloaded",
    "not_saved",
    "not_read",
    "fault",
)
"""Errors that no rule of the desk raises; they have words under `[refusal]` like the others."""


def language_for(request: Request[Any, Any, Any]) -> str:
    """The signed-in colleague's language, else the browser's."""
    principal: Any = request.scope.get("principal")
    if principal is not None:
        return str(principal.staff.language)
    return language_of(request.headers.get("accept-language"))


def problem_of(error: Exception, language: str, path: str) -> Handled:
    """Status, body and headers for an exception."""
    if isinstance(error, Refusal):
        return _of_refusal(error, language)
    if isinstance(error, Overloaded):
        seconds = max(1, round(error.retry_after.total_seconds()))
        return _plain("overloaded", 503, language, {"Retry-After": str(seconds)}, seconds=seconds)
    if isinstance(error, HTTPException) and error.status_code < 500:  # noqa: PLR2004
        return _of_http(error, language)
    incident = log.incident(error, "http", path=path)
    code = _trouble_of(error)
    headers = {} if code == "fault" else {"Retry-After": "5"}
    status = 500 if code == "fault" else 503
    status, problem, headers = _plain(code, status, language, headers, incident=incident)
    return status, msgspec.structs.replace(problem, incident=incident), headers


def _trouble_of(error: Exception) -> str:
    if isinstance(error, CommitFailed):
        return "not_saved"
    return "not_read" if isinstance(error, ReadFailed) else "fault"


def _plain(
    code: str, status: int, language: str, headers: dict[str, str], **facts: object
) -> Handled:
    problem = Problem(error=code, message=say(language, f"refusal.{code}", **facts), facts=facts)
    return status, problem, headers


def _of_refusal(error: Refusal, language: str) -> Handled:
    facts = {name: value for name, value in error.facts.items() if name != "fields"}
    shown = {
        name: _join(language, value) if isinstance(value, list) else value
        for name, value in facts.items()
    }
    problem = Problem(
        error=error.code,
        message=say(language, f"refusal.{error.code}", **shown),
        facts=facts,
        fields=_fields(error, language),
    )
    headers: dict[str, str] = {}
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(error.facts.get("seconds", 60))
    return error.status, problem, headers


def _join(language: str, names: list[str]) -> str:
    return say(language, "refusal.comma").join(names)


def _fields(error: Refusal, language: str) -> dict[str, str]:
    if isinstance(error, Malformed | Refused | BadDocument):
        return {
            name: say(language, f"field.{code}", **facts)
            for name, (code, facts) in error.fields.items()
        }
    codes = error.facts.get("fields")
    shown: dict[str, str] = {}
    for name, code in codes.items() if isinstance(codes, Mapping) else ():
        shown |= _of_code(name, code, language)
    return shown


def _of_code(name: str, code: str, language: str) -> dict[str, str]:
    """A field's words. A document that does not fit its kind comes with msgspec's own sentence,
    which names the place inside.
    """
    words = find(language, f"field.{code}")
    if words is not None:
        return {name: words}
    inside = wrong(code)
    return {
        name if place == "body" else f"{name}.{place}": words
        for place, words in _fields(inside, language).items()
    }


def _of_http(error: HTTPException, language: str) -> Handled:
    if isinstance(error, NotFoundException):
        return _plain("unknown_path", 404, language, {})
    if isinstance(error, MethodNotAllowedException):
        return _plain("method_not_allowed", 405, language, dict(error.headers or {}))
    if isinstance(error, RequestEntityTooLarge):
        return _plain("too_large", 413, language, {})
    return _plain("malformed", 400, language, {})


def lost(message: str, language: str) -> str:
    """What went wrong, and the way back to the desk."""
    home = escape(say(language, "page.home"))
    return f'<div><h1>{escape(message)}</h1><p><a class="btn" href="/">{home}</a></p></div>'


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's exception handler for everything."""
    language = language_for(request)
    path = request.scope["path"]
    status, problem, headers = problem_of(error, language, path)
    if not path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        page = sheet(problem.message, lost(problem.message, language), language, kind="center")
        return Response(page.encode(), status_code=status, headers=headers, media_type="text/html")
    return Response(
        _encode(problem),
        status_code=status,
        headers={**headers, "Cache-Control": "no-store"},
        media_type="application/json",
    )
