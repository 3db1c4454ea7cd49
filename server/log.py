"""Log lines as key=value on stderr, with secrets, phone numbers and message bodies left out.

    log = logging.getLogger(__name__)
    log.info("connected", extra=facts(channel="dingtalk", tries=2))

An unexpected error gets an incident number: the person who met it sees the number, the log has
the traceback under it.
"""

import logging
import re
import secrets
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

_FACTS: Final = "desk_facts"
_HIDDEN_KEYS: Final = frozenset(
    {"address", "authorization", "body", "code", "cookie", "digest", "email", "name", "password"}
    | {"phone", "secret", "text", "ticket_link", "token"}
)
_QUERY_SECRET: Final = re.compile(
    r"(?i)((?:access_?token|token|secret(?:_?key)?|app_?secret|client_?secret|sign|password|passwd"
    r"|authorization|ticket|session)[\"']?\s*[=:]\s*[\"']?)(?:bearer\s+)?[^\s&\"',;)}]+"
)
_URL_PASSWORD: Final = re.compile(r"(?<=://)[^/@\s]+@")
_LINK: Final = re.compile(r"(?<![\w-])(\d{1,18}-)[\w-]{22}(?![\w-])")
"""A progress link's last part: whoever has it speaks for the customer."""
_MOBILE: Final = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)")
_PLAIN: Final = re.compile(r"[^\s\"=]+")
_LOUD_LIBRARIES: Final = (
    "httpx",
    "httpcore",
    "websockets",
    "aiohttp",
    "dingtalk_stream",
    "uvicorn",
)


def facts(**values: object) -> dict[str, Any]:
    """What a log line tells besides its words; hand it over as `extra`."""
    return {_FACTS: values}


def without_secrets(text: str) -> str:
    """The text with tokens, progress links, passwords in addresses and mobile numbers made
    unreadable.
    """
    text = _QUERY_SECRET.sub(r"\1…", text)
    text = _URL_PASSWORD.sub("…@", text)
    text = _LINK.sub(r"\1…", text)
    return _MOBILE.sub("1…", text)


def _value(key: str, value: object) -> str:
    if key in _HIDDEN_KEYS:
        return "…"
    text = without_secrets(str(value)).replace("\n", "\\n").replace("\r", "\\r")
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace('"', "'") + '"'


class KeyValue(logging.Formatter):
    """One line a record: at=… level=… from=… msg=… and the facts; a traceback follows below."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        known: dict[str, object] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "msg": record.getMessage(),
        }
        known |= getattr(record, _FACTS, {})
        line = " ".join(f"{key}={_value(key, value)}" for key, value in known.items())
        if record.exc_info and record.exc_info[1] is not None:
            trace = "".join(traceback.format_exception(record.exc_info[1]))
            line += "\n" + without_secrets(trace.rstrip("\n"))
        return line


def set_up(level: str, out: TextIO | None = None) -> None:
    """Send everything from this level on to stderr. Libraries that talk much are heard from
    warnings on only.
    """
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(KeyValue())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in _LOUD_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


def incident(error: BaseException, where: str, **values: object) -> str:
    """Log an unexpected error under a fresh number, and return the number: eight characters
    that a person can read over the phone.
    """
    number = secrets.token_hex(4).upper()
    logging.getLogger("server.incident").error(
        "unexpected error",
        extra=facts(incident=number, where=where, **values),
        exc_info=(type(error), error, error.__traceback__),
    )
    return number
