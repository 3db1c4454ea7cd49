"""A call: one request by one person, as the functions that answer it see it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from server.api.reading import LARGEST_NUMBER, decode_query
from server.api.surface import Operation
from server.desk import Desk
from server.domain.errors import NotFound, SignInNeeded
from server.domain.events import Via
from server.domain.people import Staff
from server.domain.texts import clean
from server.limits import Limits
from server.words import language_of

Q = TypeVar("Q", bound=msgspec.Struct)
COOKIE: Final = "paidan_session"
SLOWEST_BODY: Final = timedelta(seconds=30)
"""Within so long a body must have come: a megabyte over the slowest telephone."""
IDEMPOTENCY_KEY: Final = "Idempotency-Key"


class UnknownPath(NotFound):
    """Nothing is at this address."""


class Edge:
    """What the whole HTTP edge shares. `demo` tells the pages that this desk is one to try out."""

    def __init__(self, desk: Desk, *, limits: Limits, version: str, demo: bool) -> None:
        self.desk = desk
        self.limits = limits
        self.version = version
        self.demo = demo
        self.slowest_body = SLOWEST_BODY
        self.streams = Counter[str]()
        """Open event streams by the digest of the session or token."""

    @property
    def is_secure(self) -> bool:
        """Whether people reach the desk by HTTPS."""
        return self.desk.settings.public_url.startswith("https:")


class Principal(msgspec.Struct, frozen=True):
    """Who calls: a colleague, and how he proved it. `digest` is his session's, None for a
    token, whose own is `token`.
    """

    staff: Staff
    digest: str | None
    writes: bool = True
    token: str | None = None

    @property
    def proof(self) -> str:
        """The digest of what he proved it with."""
        return self.digest or self.token or ""

    @property
    def via(self) -> Via:
        """What the event log says of where it came from."""
        return "api" if self.digest is None else "web"


class Call:
    """One request. `principal` is None when nobody is signed in, or when nobody asked."""

    __slots__ = ("edge", "operation", "principal", "request")

    def __init__(
        self,
        edge: Edge,
        operation: Operation,
        request: Request[Any, Any, Any],
        principal: Principal | None,
    ) -> None:
        self.edge = edge
        self.operation = operation
        self.request = request
        self.principal = principal

    @property
    def desk(self) -> Desk:
        """The desk."""
        return self.edge.desk

    @property
    def known(self) -> Principal:
        """Who calls. Refuses `SignInNeeded`."""
        if self.principal is None:
            raise SignInNeeded
        return self.principal

    @property
    def by(self) -> Staff:
        """The colleague who calls. Refuses `SignInNeeded`."""
        return self.known.staff

    @property
    def language(self) -> str:
        """The colleague's language, else the browser's."""
        if self.principal is not None:
            return self.principal.staff.language
        return language_of(self.request.headers.get("accept-language"))

    @property
    def key(self) -> str | None:
        """The Idempotency-Key header, if the sender chose one."""
        key = self.request.headers.get(IDEMPOTENCY_KEY)
        return clean(key)[:100] if key else None

    def number(self, name: str) -> int:
        """A number of the path; one that no database holds is nobody's. Refuses `UnknownPath`."""
        value = int(self.request.path_params[name])
        if not 0 <= value <= LARGEST_NUMBER:
            raise UnknownPath
        return value

    def text(self, name: str) -> str:
        """A text of the path."""
        return clean(str(self.request.path_params[name]))

    def query(self, kind: type[Q]) -> Q:
        """The query as a struct. Raises `Malformed`, `Refused`."""
        return decode_query(self.request.query_params.multi_items(), kind)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with headers: a cookie, a Location."""

    body: Any = None
    location: str | None = None
    cookie: str | None = None


class FileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is a file."""

    content: bytes
    type: str
    headers: dict[str, str]


Handler = Callable[..., Awaitable[Any]]
"""Answers a call; one with a body takes it as its second argument."""


def cookie_of(edge: Edge, token: str, seconds: int) -> str:
    """The session's cookie; an empty token removes it."""
    secure = "; Secure" if edge.is_secure else ""
    return f"{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
