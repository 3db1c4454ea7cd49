"""Signing in from chat (免登): who opens a page inside a platform that vouches for him need not say
a password.

    /chat-sign-in/{platform}?to=/console/tickets/12    off to the platform, if nobody is signed in
    /chat-sign-in/{platform}/back?code=…&state=…       back again, signed in, on to the page

Open to all, because nobody is signed in yet. The state that the platform brings back must be the
one that this very browser was given, or somebody could be signed in as somebody else.
"""

import hmac
from typing import Any, Final
from urllib.parse import quote, unquote

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from server import vault
from server.api.auth import SESSION_LIFE, new_secret
from server.api.calls import Edge, UnknownPath, cookie_of
from server.api.guards import address_of, identify
from server.desk import NotGenuine, Vouching
from server.domain.errors import Forbidden
from server.usecases import people

PATH: Final = "/chat-sign-in/{kind:str}"
_COOKIE: Final = "paidan_way"
_FIRST_PAGE: Final = "/console/"
_WAY_LIFE: Final = 600
Asked = Request[Any, Any, Any]


class NotVouchedFor(Forbidden):
    """The platform does not say who it is, or the browser is not the one that asked."""


class UnboundAccount(Forbidden):
    """The account belongs to no colleague yet."""


class ChatSignIn:
    """The way to the platform and back."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def leave(self, request: Asked) -> Response[bytes]:
        """Off to the platform; straight on for who is signed in already."""
        vouching, desk = self._vouching(request), self._edge.desk
        to = _page_of(request.query_params.get("to", ""))
        if await identify(desk, dict(request.scope["headers"])) is not None:
            return _moved(to)
        state = new_secret(desk)
        back = f"{_address(self._edge, request)}{request.scope['path'].rstrip('/')}/back"
        way = vouching.way_in(back, state)
        return _moved(way, _way(self._edge, f"{state}.{quote(to, safe='')}", _WAY_LIFE))

    async def come_back(self, request: Asked) -> Response[bytes]:
        """Signed in and on to the page. Refuses `NotVouchedFor` and `UnboundAccount`."""
        kind, desk = request.path_params["kind"], self._edge.desk
        vouching = self._vouching(request)
        self._edge.limits.spend("sign_in", address_of(request.scope), desk.clock.now())
        state, to = _kept(request)
        given = request.query_params.get("state", "")
        if not state or not hmac.compare_digest(state.encode(), given.encode()):
            raise NotVouchedFor
        try:
            account = await vouching.who_is(request.query_params.get("code", ""))
        except NotGenuine:
            raise NotVouchedFor from None
        firm = await desk.firm()
        number = firm.reach.staff_of(kind, account) if account else None
        staff = firm.staff.get(number) if number is not None else None
        if staff is None or not staff.active:
            raise UnboundAccount
        secret = new_secret(desk)
        digest, expires_at = vault.digest(secret), desk.clock.now() + SESSION_LIFE
        await people.open_session(desk, staff.id, digest, expires_at)
        session = cookie_of(self._edge, secret, int(SESSION_LIFE.total_seconds()))
        return _moved(_page_of(to), _way(self._edge, "", 0), session)

    def _vouching(self, request: Asked) -> Vouching:
        connection = self._edge.desk.connections.get(request.path_params["kind"])
        if not isinstance(connection, Vouching):
            raise UnknownPath
        return connection


def _page_of(path: str) -> str:
    """Where to go on: a page of the console and nothing else, or the first one."""
    safe = path.startswith(_FIRST_PAGE) and "\\" not in path and path.isprintable()
    return path if safe and path.isascii() and " " not in path else _FIRST_PAGE


def _address(edge: Edge, request: Asked) -> str:
    own = edge.desk.settings.public_url
    return own or f"{request.url.scheme}://{request.url.netloc}"


def _kept(request: Asked) -> tuple[str, str]:
    """The state and the page that this browser was given for the way."""
    state, _, page = request.cookies.get(_COOKIE, "").partition(".")
    return state, unquote(page)


def _way(edge: Edge, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=_COOKIE,
        value=value,
        path="/chat-sign-in",
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=edge.is_secure,
    )


def _moved(where: str, way: Cookie | None = None, session: str = "") -> Response[bytes]:
    headers = {"Location": where, "Cache-Control": "no-store"}
    if session:
        headers["Set-Cookie"] = session
    return Response(
        b"",
        status_code=302,
        headers=headers,
        cookies=[way] if way is not None else None,
        media_type="text/html",
    )


def routes(edge: Edge) -> list[HTTPRouteHandler]:
    """Both ways."""
    signing_in = ChatSignIn(edge)

    async def leave(request: Asked) -> Response[bytes]:
        return await signing_in.leave(request)

    async def come_back(request: Asked) -> Response[bytes]:
        return await signing_in.come_back(request)

    return [
        HTTPRouteHandler(PATH, http_method="GET", media_type="text/html")(leave),
        HTTPRouteHandler(f"{PATH}/back", http_method="GET", media_type="text/html")(come_back),
    ]
