"""Everything a browser opens that is no operation: the built web, the manual, the API's own
pages, and the two answers for whoever watches the desk from outside.

The built web is read once and answered from memory: a file server costs ten times as much and
knows neither our compressed twins nor deep links (facts/stack.md).
"""

import asyncio
import mimetypes
import re
from collections.abc import Callable, Coroutine
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from server import log
from server.api import docs, manual
from server.api.calls import Edge, UnknownPath
from server.api.openapi import openapi_text
from server.api.sheet import sheet
from server.desk import CalledBack
from server.usecases import reading
from server.words import language_of, say

ENTRIES: Final = ("console", "portal", "demo")
_HASHED: Final = re.compile(r"(?:^|/)assets/.+-[\w-]{8,}\.\w+$")
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_TWINS: Final = frozenset(suffix for _, suffix in _ENCODINGS)
_JSON: Final = "application/json"
_TYPES: Final = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}

Answer = Response[bytes]
Asked = Request[Any, Any, Any]
Page = Callable[..., Coroutine[Any, Any, Answer]]


class File(msgspec.Struct, frozen=True):
    """One file of the built web with its compressed twins by encoding."""

    body: bytes
    etag: str
    media_type: str
    cache: str
    twins: dict[str, bytes]


def web_folder() -> Path:
    """Where the web is built to: beside this package, in the checkout as in the wheel."""
    return Path(__file__).parents[2] / "web" / "dist"


def read_files(folder: Path) -> dict[str, File]:
    """Every file by its path below the folder; empty when nothing was built."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): _file(path, path.relative_to(folder).as_posix())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in _TWINS
    }


def _file(path: Path, name: str) -> File:
    body = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    twins = {
        encoding: twin.read_bytes()
        for encoding, suffix in _ENCODINGS
        if (twin := path.with_name(path.name + suffix)).is_file()
    }
    return File(
        body=body,
        etag=f'"{sha256(body).hexdigest()[:20]}"',
        media_type=kind,
        cache=_FOREVER if _HASHED.search(name) else _ASK_AGAIN,
        twins=twins,
    )


def answer_file(request: Asked, file: File) -> Answer:
    """The file in the best encoding that the browser takes, or that it has it already."""
    accepted = request.headers.get("accept-encoding", "")
    encoding = next((name for name, _ in _ENCODINGS if name in file.twins and name in accepted), "")
    etag = f'{file.etag[:-1]}-{encoding}"' if encoding else file.etag
    headers = {"ETag": etag, "Cache-Control": file.cache}
    if file.twins:
        headers["Vary"] = "Accept-Encoding"
    if etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    if encoding:
        headers["Content-Encoding"] = encoding
    body = file.twins[encoding] if encoding else file.body
    return Response(body, headers=headers, media_type=file.media_type)


def answer_page(html: str, status: int = 200) -> Answer:
    """A page that was made here."""
    return Response(
        html.encode(),
        status_code=status,
        headers={"Cache-Control": _ASK_AGAIN},
        media_type="text/html",
    )


def answer_moved(request: Asked, where: str) -> Answer:
    """Look there instead. The query goes along; what follows a # the browser keeps itself."""
    query = request.scope["query_string"].decode("latin-1")
    headers = {"Location": f"{where}?{query}" if query else where, "Cache-Control": _ASK_AGAIN}
    return Response(b"", status_code=302, headers=headers)


def language_wanted(request: Asked) -> str:
    """`?lang=en`, else the browser's language."""
    return language_of(request.query_params.get("lang") or request.headers.get("accept-language"))


class Site:
    """The built web in memory, and the other pages of a desk."""

    def __init__(self, edge: Edge, folder: Path | None) -> None:
        self._edge = edge
        self._files = read_files(folder or web_folder())

    async def root(self, request: Asked) -> Answer:
        """Colleagues type the address without a path; customers come by a link."""
        return answer_moved(request, "/console/")

    async def setup(self, request: Asked) -> Answer:
        """The printed link of the first start."""
        return answer_moved(request, "/console/setup")

    async def console(self, request: Asked, path: str = "") -> Answer:
        """The colleagues' pages."""
        return self._answer(request, "console", path)

    async def portal(self, request: Asked, path: str = "") -> Answer:
        """The customers' pages."""
        return self._answer(request, "portal", path)

    async def demo(self, request: Asked, path: str = "") -> Answer:
        """The page on which one person plays everybody; on a demo desk only."""
        if not self._edge.demo:
            raise UnknownPath
        return self._answer(request, "demo", path)

    async def asset(self, request: Asked, path: str) -> Answer:
        """Scripts, styles, pictures; a missing one is not the console's page."""
        return self._answer_exact(request, f"assets/{path.lstrip('/')}")

    async def file(self, request: Asked, name: str) -> Answer:
        """A file at the top, such as favicon.ico, or the one by which a platform has our address
        proved.
        """
        for connection in self._edge.desk.connections.values():
            proof = connection.proof(name) if isinstance(connection, CalledBack) else None
            if proof is not None:
                return Response(proof.encode(), media_type="text/plain")
        return self._answer_exact(request, name)

    async def manual(self, request: Asked, page: str = "") -> Answer:
        """The manual."""
        return answer_page(manual.page(page or manual.FIRST, language_wanted(request)))

    async def api_document(self, _request: Asked) -> Answer:
        """The OpenAPI document."""
        text = await asyncio.to_thread(openapi_text)
        return Response(text.encode(), headers={"Cache-Control": _ASK_AGAIN}, media_type=_JSON)

    async def api_pages(self, request: Asked) -> Answer:
        """The same to read."""
        return answer_page(await asyncio.to_thread(docs.page, language_wanted(request)))

    async def healthy(self, _request: Asked) -> Answer:
        """The process answers."""
        return _said("ok")

    async def ready(self, _request: Asked) -> Answer:
        """The desk can work: its database answers, it is not stopping, and none of its loops
        rests after a crash.
        """
        if self._edge.desk.stopping:
            return _said("stopping", 503)
        try:
            await reading.head_seq(self._edge.desk)
        except Exception as error:  # noqa: BLE001 - whatever it is, the desk is not ready
            log.incident(error, "readyz")
            return _said("no_database", 503)
        loops = self._edge.desk.loops.items()
        # Those with a colon belong to one channel, which must not take the whole desk away.
        if any(one.state == "pausing" and ":" not in name for name, one in loops):
            # Whoever asks is nobody: what crashed and why is in the log.
            return _said("loop_crashed", 503)
        return _said("ready")

    def _answer(self, request: Asked, entry: str, path: str) -> Answer:
        """A file, or the entry's page for every other path below it: the browser's router knows
        what it means.
        """
        file = self._files.get(f"{entry}/{path.lstrip('/')}") if path else None
        file = file or self._files.get(f"{entry}/index.html")
        if file is None:
            return _not_built(request)
        return answer_file(request, file)

    def _answer_exact(self, request: Asked, path: str) -> Answer:
        file = self._files.get(path)
        if file is None:
            raise UnknownPath
        return answer_file(request, file)


def _said(status: str, code: int = 200) -> Answer:
    return Response(
        f'{{"status":"{status}"}}'.encode(),
        status_code=code,
        headers={"Cache-Control": "no-store"},
        media_type=_JSON,
    )


def _not_built(request: Asked) -> Answer:
    language = language_wanted(request)
    title = say(language, "page.not_built")
    said = f"<h1>{escape(title)}</h1><p>{escape(say(language, 'page.not_built_body'))}</p>"
    return answer_page(sheet(title, said, language), 503)


PATHS: Final = {
    "root": ("/",),
    "setup": ("/setup",),
    "console": ("/console", "/console/{path:path}"),
    "portal": ("/portal", "/portal/{path:path}"),
    "demo": ("/demo", "/demo/{path:path}"),
    "asset": ("/assets/{path:path}",),
    "file": ("/{name:str}",),
    "manual": ("/help", "/help/{page:str}"),
    "api_document": ("/api/openapi.json",),
    "api_pages": ("/api/docs",),
    "healthy": ("/healthz",),
    "ready": ("/readyz",),
}
"""Where each page is; all are open to all."""


def routes(edge: Edge, folder: Path | None) -> list[HTTPRouteHandler]:
    """Every page."""
    site = Site(edge, folder)
    return [
        HTTPRouteHandler(list(paths), http_method=["GET", "HEAD"], media_type="text/html")(
            _endpoint(getattr(site, name), name)
        )
        for name, paths in PATHS.items()
    ]


def _endpoint(page: Page, name: str) -> Callable[[Asked], Coroutine[Any, Any, Answer]]:
    async def endpoint(request: Asked) -> Answer:
        return await page(request, **request.path_params)

    endpoint.__name__ = name
    return endpoint
