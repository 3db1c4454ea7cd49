"""Who calls, and may he: one ASGI middleware before every operation.

A browser proves itself by the session cookie, a program by a bearer token. A request that changes
something and carries the cookie must come from the desk's own pages (Origin, or Sec-Fetch-Site):
no other page can make a browser do so.
"""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server import vault
from server.api.calls import COOKIE, Edge, Principal
from server.api.surface import Operation
from server.desk import Desk
from server.domain.errors import Forbidden, NotAllowed, SignInNeeded
from server.usecases import people

SEEN_EVERY: Final = timedelta(minutes=5)
_BEARER: Final = "bearer "
_BRINGS_A_COOKIE: Final = f"{COOKIE}=".encode()


class ForeignOrigin(Forbidden):
    """The request comes from another site's page."""


class ReadOnlyToken(Forbidden):
    """The token has the scope read only."""


class NotInPerson(Forbidden):
    """A token may not do this: somebody has to sign in."""


class WrongToken(SignInNeeded):
    """The bearer token is unknown or was revoked."""


class Gate(ASGIMiddleware):
    """The middleware."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Put the principal into the scope, or refuse."""
        operation: Operation | None = scope["route_handler"].opt.get("operation")
        if operation is not None:
            scope["principal"] = await admit(self.edge, operation, scope)  # type: ignore[typeddict-unknown-key]  # ASGI lets an application add its own
        await next_app(scope, receive, send)


async def admit(edge: Edge, operation: Operation, scope: Scope) -> Principal | None:
    """Who calls this operation. Refuses who may not."""
    headers = _headers(scope)
    if operation.limit is not None:
        edge.limits.spend(operation.limit, address_of(scope), edge.desk.clock.now())
    if operation.same_origin and b"origin" in headers:
        _check_origin(edge, headers)
    if operation.roles is None and not operation.knows:
        return None
    principal = await identify(edge.desk, headers)
    if principal is None:
        if operation.roles is not None:
            raise SignInNeeded
        return None
    if operation.method != "GET":
        _check_writing(edge, principal, headers)
    if operation.roles is not None:
        _check_person(operation, principal)
    return principal


def _check_writing(edge: Edge, principal: Principal, headers: dict[bytes, bytes]) -> None:
    if principal.digest is not None:
        _check_origin(edge, headers)
    elif not principal.writes:
        raise ReadOnlyToken


def _check_person(operation: Operation, principal: Principal) -> None:
    if operation.in_person and principal.digest is None:
        raise NotInPerson
    if principal.staff.role not in (operation.roles or ()):
        raise NotAllowed


async def identify(desk: Desk, headers: dict[bytes, bytes]) -> Principal | None:
    """The colleague behind a token or a cookie, or None. Refuses `WrongToken`."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        text = authorization.decode("latin-1")
        if not text.lower().startswith(_BEARER):
            raise WrongToken
        digest = vault.digest(text[len(_BEARER) :].strip())
        found = await people.find_token(desk, digest)
        if found is None:
            raise WrongToken
        token, staff = found
        if token.last_used_at is None or desk.clock.now() - token.last_used_at >= SEEN_EVERY:
            await people.touch_token(desk, token.id)
        return Principal(staff, None, writes="write" in token.scopes.split(","), token=digest)
    secret = cookie_in(headers.get(b"cookie", b""))
    if secret is None:
        return None
    digest = vault.digest(secret)
    session = await people.find_session(desk, digest)
    if session is None:
        return None
    if desk.clock.now() - session[0].seen_at >= SEEN_EVERY:
        await people.touch_session(desk, digest)
    return Principal(session[1], digest)


def cookie_in(header: bytes) -> str | None:
    """The session's secret out of a Cookie header."""
    if _BRINGS_A_COOKIE not in header:
        return None
    for part in header.split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == COOKIE.encode() and value:
            return value.decode("latin-1")
    return None


def address_of(scope: Scope) -> str:
    """The caller's address, as the server in front of us tells it."""
    client: Any = scope.get("client")
    return str(client[0]) if client else ""


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _check_origin(edge: Edge, headers: dict[bytes, bytes]) -> None:
    origin = headers.get(b"origin")
    if origin is None:
        if headers.get(b"sec-fetch-site") != b"same-origin":
            raise ForeignOrigin
        return
    host = urlsplit(origin.decode("latin-1")).netloc
    ours = {
        headers.get(b"host", b"").decode("latin-1"),
        urlsplit(edge.desk.settings.public_url).netloc,
    }
    if not host or host not in ours:
        raise ForeignOrigin


SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(self), microphone=(), camera=(self)"),
)


def content_policy(frame_ancestors: str) -> bytes:
    """Scripts come from this host and stand in files. Styles may stand in elements: Element Plus
    and Vant move things by setting them.
    """
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self';"
        " object-src 'none'; base-uri 'self'; form-action 'self';"
        f" frame-ancestors {frame_ancestors}"
    ).encode()


class Hardening:
    """Puts the security headers on every answer, also on those that Litestar makes itself."""

    def __init__(self, frame_ancestors: str) -> None:
        policy = (b"content-security-policy", content_policy(frame_ancestors))
        self._headers = [*SECURITY_HEADERS, policy]
        if frame_ancestors == "'none'":
            self._headers.append((b"x-frame-options", b"DENY"))

    async def __call__(self, message: Message, _scope: Scope) -> None:
        """Litestar calls this before each message that it sends."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *self._headers]
