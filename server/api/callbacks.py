"""Where chat platforms call the desk, if they do: `/callbacks/{channel}`.

Open to all, because no platform signs in: a call proves itself by what it carries, and the
channel's connection judges that. Forged calls are slowed down by address, genuine ones never.
"""

from typing import Any, Final

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from server.api.calls import Edge, UnknownPath
from server.api.guards import address_of
from server.api.reading import read_body
from server.desk import CalledBack, NotGenuine
from server.domain.errors import Forbidden

PATH: Final = "/callbacks/{kind:str}"
Asked = Request[Any, Any, Any]


class Forged(Forbidden):
    """The call does not prove whom it comes from; `why` is what is wrong with it."""


class Callbacks:
    """Both calls of a platform."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def confirm(self, request: Asked) -> Response[str]:
        """Before it calls, a platform asks whether this is the right address."""
        try:
            return _said(self._called(request).confirm(dict(request.query_params)))
        except NotGenuine as forged:
            raise self._refused(request, forged) from None

    async def take(self, request: Asked) -> Response[str]:
        """A call; answered when what it tells is durable."""
        called = self._called(request)
        body = await read_body(request, self._edge.slowest_body)
        try:
            return _said(await called.take(dict(request.query_params), body))
        except NotGenuine as forged:
            raise self._refused(request, forged) from None

    def _called(self, request: Asked) -> CalledBack:
        connection = self._edge.desk.connections.get(request.path_params["kind"])
        if not isinstance(connection, CalledBack):
            raise UnknownPath
        return connection

    def _refused(self, request: Asked, forged: NotGenuine) -> Forged:
        """Refuses `TooManyTries` when it is not the first from there."""
        desk = self._edge.desk
        self._edge.limits.spend("callback", address_of(request.scope), desk.clock.now())
        return Forged(why=forged.code)


def _said(text: str) -> Response[str]:
    return Response(text, headers={"Cache-Control": "no-store"}, media_type="text/plain")


def routes(edge: Edge) -> list[HTTPRouteHandler]:
    """Both calls."""
    callbacks = Callbacks(edge)

    async def confirm(request: Asked) -> Response[str]:
        return await callbacks.confirm(request)

    async def take(request: Asked) -> Response[str]:
        return await callbacks.take(request)

    return [
        HTTPRouteHandler(PATH, http_method="GET", media_type="text/plain")(confirm),
        HTTPRouteHandler(PATH, http_method="POST", status_code=200, media_type="text/plain")(take),
    ]
