"""The HTTP application: every operation of the surface joined with what it does, and the pages.

Litestar finds the route and holds the connection; reading bodies, checking who may and writing
answers is ours, because each costs less and says more that way (measured in facts/stack.md).
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import PluginProtocol
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from server.api import (
    admin,
    attachments,
    auth,
    budget,
    calendars,
    callbacks,
    chat_sign_in,
    dry_run,
    duty,
    law,
    live,
    pages,
    portal,
    replay,
    reports,
    robots,
    rosters,
    routing,
    staff,
    tickets,
    versions,
    webhooks,
)
from server.api.calls import SLOWEST_BODY, Answer, Call, Edge, FileAnswer, Handler
from server.api.errors import answer_problem
from server.api.guards import Gate, Hardening
from server.api.reading import LARGEST_BODY, decode, read_body
from server.api.surface import OPERATIONS, Operation
from server.desk import Desk
from server.limits import Limits

HANDLERS: Final[dict[str, Handler]] = {
    **auth.HANDLERS,
    **tickets.HANDLERS,
    **attachments.HANDLERS,
    **live.HANDLERS,
    **admin.HANDLERS,
    **duty.HANDLERS,
    **rosters.HANDLERS,
    **staff.HANDLERS,
    **portal.HANDLERS,
    **versions.HANDLERS,
    **calendars.HANDLERS,
    **routing.HANDLERS,
    **dry_run.HANDLERS,
    **law.HANDLERS,
    **replay.HANDLERS,
    **reports.HANDLERS,
    **webhooks.HANDLERS,
    **budget.HANDLERS,
    **robots.HANDLERS,
}
"""What each operation of the surface does, by its id."""

_encode = msgspec.json.Encoder().encode
_EVENT_STREAM: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_NO_STORE: Final = (b"cache-control", b"no-store")
_JSON: Final = (b"content-type", b"application/json")


class _Bare(Litestar):
    """Litestar without what it adds for libraries that happen to be installed: pydantic alone
    would bring six megabytes, and bodies are read by msgspec.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return plugins


Endpoint = Callable[[Request[Any, Any, Any]], Coroutine[Any, Any, Response[Any]]]


def make_api(
    desk: Desk,
    *,
    limits: Limits | None = None,
    version: str = "",
    demo: bool = False,
    dist: Path | None = None,
    frame_ancestors: str = "'none'",
    extra: Sequence[tuple[Operation, Handler]] = (),
    slowest_body: timedelta = SLOWEST_BODY,
) -> Litestar:
    """The application of a desk. `limits` slow callers down; `dist` is the built web, beside
    the package unless told; `frame_ancestors` is who may show the desk in a frame, in the words
    of a content security policy; `extra` are operations of a demo desk; a body must have come
    within `slowest_body`.
    """
    edge = Edge(desk, limits=limits or Limits(), version=version, demo=demo)
    edge.slowest_body = slowest_body
    known = [(operation, HANDLERS[operation.id]) for operation in OPERATIONS]
    operations = [_route(edge, operation, handler) for operation, handler in (*known, *extra)]
    called = [*callbacks.routes(edge), *chat_sign_in.routes(edge)]
    return _Bare(
        [*operations, *called, *pages.routes(edge, dist)],
        middleware=[Gate(edge)],
        before_send=[Hardening(frame_ancestors)],
        exception_handlers={Exception: answer_problem},
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )


def _route(edge: Edge, operation: Operation, handler: Handler) -> HTTPRouteHandler:
    return HTTPRouteHandler(
        operation.path,
        http_method=operation.method,
        status_code=200,  # the answer says its own
        operation_id=operation.id,
        opt={"operation": operation},
        media_type="text/event-stream" if operation.stream else "application/json",
    )(_endpoint(edge, operation, handler))


def _endpoint(edge: Edge, operation: Operation, handler: Handler) -> Endpoint:
    """What Litestar calls: read, do, write."""
    decoder = None if operation.body is None else msgspec.json.Decoder(operation.body)

    async def endpoint(request: Request[Any, Any, Any]) -> Response[Any]:
        principal: Any = request.scope["principal"]  # type: ignore[typeddict-item]  # set by Gate
        call = Call(edge, operation, request, principal)
        if decoder is None:
            given = await handler(call)
        else:
            given = await handler(
                call, decode(await read_body(request, edge.slowest_body), decoder)
            )
        return _response(operation, given)

    endpoint.__name__ = operation.id
    return endpoint


class _Written(Response[bytes]):
    """An answer that is written already. Litestar's own is taken apart and put together again for
    each request, which costs more than writing what is in it.
    """

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._start: Any = {"type": "http.response.start", "status": status, "headers": headers}
        self._body: Any = {"type": "http.response.body", "body": body, "more_body": False}

    def to_asgi_response(self, *_: object, **__: object) -> Any:  # noqa: ANN401  # as Litestar's
        """It is one."""
        return self._send

    async def _send(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        # A copy: who sends it adds headers.
        await send(dict(self._start))  # type: ignore[arg-type]
        await send(self._body)


def _response(operation: Operation, given: object) -> Response[Any]:
    if isinstance(given, AsyncIterator):
        return Stream(given, media_type="text/event-stream", headers=_EVENT_STREAM)
    if isinstance(given, FileAnswer):
        return Response(given.content, headers=given.headers, media_type=given.type)
    headers = [_NO_STORE]
    if isinstance(given, Answer):
        if given.location is not None:
            headers.append((b"location", given.location.encode("latin-1")))
        if given.cookie is not None:
            headers.append((b"set-cookie", given.cookie.encode("latin-1")))
        given = given.body
    if operation.status == HTTPStatus.NO_CONTENT:
        return _Written(operation.status, headers, b"")
    body = b"" if operation.answer is None else _encode(given)
    headers += [_JSON, (b"content-length", b"%d" % len(body))]
    return _Written(operation.status, headers, body)
