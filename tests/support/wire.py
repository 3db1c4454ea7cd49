"""A bare HTTP/1.1 client on one kept connection, cheap enough to load a server beside it, and a
server process that can be killed.

Each line has its own source address on loopback, so that limits per address do not hold a load
back.
"""

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent
_ADDRESSES = itertools.count(1)


def source_address() -> str:
    """A loopback address that nobody used yet in this process."""
    number = next(_ADDRESSES)
    return f"127.{10 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


class Line:
    """One connection; opened when first needed, and again after it was lost."""

    def __init__(self, port: int, *, each: int = 25) -> None:
        self.port = port
        self.headers: dict[str, str] = {}
        self._each = each
        self._asked = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, bytes]:
        """Status and body. `ConnectionError` when the server is gone, before or on the way."""
        try:
            return await self._ask(method, path, body, headers)
        except (OSError, EOFError, ValueError) as error:
            await self.close()
            raise ConnectionError(str(error)) from error

    async def _ask(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self._asked >= self._each:
            await self.close()
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(source_address(), 0)
            )
            self._asked = 0
        self._asked += 1
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{key}: {value}" for key, value in (self.headers | headers).items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        return status, await self._reader.readexactly(length)

    async def close(self) -> None:
        """Close the connection; the next question opens another."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                return


async def sign_in(port: int, email: str, password: str) -> str:
    """A session's cookie."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = json.dumps({"email": email, "password": password}).encode()
    writer.write(
        b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(content), content)
    )
    head = (await reader.read()).decode()
    writer.close()
    found = [one for one in head.split("\r\n") if one.lower().startswith("set-cookie:")]
    if not found:
        raise ConnectionError(head[:500])
    return found[0].split(":", 1)[1].split(";")[0].strip()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Server:
    """`python -m server serve` (or other words) in a process of its own, on a port of its own."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.port = free_port()
        self._words = words or ("-m", "server", "serve")
        self._log = folder / "server.log"
        self._environment = {
            key: value for key, value in os.environ.items() if not key.startswith("PAIDAN_")
        } | {"PAIDAN_DATA": str(folder), "PAIDAN_LISTEN": f"127.0.0.1:{self.port}", **environment}
        self._running: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process."""
        assert self._running is not None, "the server does not run"
        return self._running.pid

    async def start(self, path: str = "/healthz", within: float = 30) -> float:
        """Start and return once it answers; gives the seconds that took."""
        began = time.perf_counter()
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._words,
                cwd=ROOT,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(within):
            while not await self._answers(path):
                if self._running.returncode is not None:
                    raise AssertionError(self._log.read_text()[-4000:])
        return time.perf_counter() - began

    async def _answers(self, path: str) -> bool:
        line = Line(self.port)
        try:
            status, _ = await line.ask("GET", path)
        except ConnectionError:
            await asyncio.sleep(0)
            return False
        await line.close()
        return status == 200

    async def kill(self) -> None:
        """`kill -9`, and nothing else."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        running, self._running = self._running, None
        if running is not None and running.returncode is None:
            running.send_signal(number)
        if running is not None:
            async with asyncio.timeout(20):
                await running.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._end(signal.SIGKILL)
