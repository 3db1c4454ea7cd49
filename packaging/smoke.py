"""Try a built program as its user would: an empty folder, one ticket's life over HTTP, stop,
start again, verify. Standard library only, so that it runs beside any build.

    python packaging/smoke.py dist/paidan
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PASSWORD = "smoke-test-0001"


class Smoke:
    """One program on one data folder."""

    def __init__(self, program: Path, folder: Path, *words: str) -> None:
        self.command = [program, *(words or ("serve",))]
        self.folder = folder
        self.port = _free_port()
        self.cookie = ""
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; seconds until it answers."""
        log = (self.folder / "smoke.log").open("ab")
        began = time.monotonic()
        self.running = subprocess.Popen(
            self.command,
            env=os.environ
            | {"PAIDAN_DATA": str(self.folder), "PAIDAN_LISTEN": f"127.0.0.1:{self.port}"},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        while time.monotonic() - began < 60:
            if self.running.poll() is not None:
                break
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"it does not answer:\n{self.said()}")

    def stop(self) -> float:
        """SIGTERM; seconds until it is gone."""
        assert self.running is not None
        began = time.monotonic()
        self.running.send_signal(signal.SIGTERM)
        self.running.wait(timeout=10)
        return time.monotonic() - began

    def said(self) -> str:
        """What it printed."""
        return (self.folder / "smoke.log").read_text("utf-8", "replace")

    def link(self) -> str:
        """The one-time code of the printed set-up link."""
        began = time.monotonic()
        while time.monotonic() - began < 10:
            found = re.search(r"code=([0-9A-Za-z_-]+)", self.said())
            if found is not None:
                return found[1]
            time.sleep(0.02)
        raise SystemExit(f"no set-up link was printed:\n{self.said()}")

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; status and JSON (or text)."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        line.request(method, path, None if body is None else json.dumps(body), headers)
        answer = line.getresponse()
        content = answer.read()
        given = answer.getheader("Set-Cookie")
        if given:
            self.cookie = given.split(";")[0]
        line.close()
        try:
            return answer.status, json.loads(content)
        except ValueError:
            return answer.status, content.decode("utf-8", "replace")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def expect(what: str, answer: tuple[int, Any], *statuses: int) -> Any:
    """The body, if the status is one of these."""
    if answer[0] not in statuses:
        raise SystemExit(f"{what}: {answer}")
    return answer[1]


def live_one_ticket(desk: Smoke) -> str:
    """Set up, file, claim, answer, resolve, confirm, rate; the link of the progress page."""
    code = desk.link()
    who = {"firm": "烟测公司", "name": "管理员", "email": "a@example.com", "password": PASSWORD}
    expect("set up", desk.ask("POST", "/api/v1/setup", {"code": code} | who), 200, 201)
    filed = {"key": "smoke-0001", "text": "打印机卡纸", "name": "王女士", "phone": "13900000001"}
    receipt = expect("file", desk.ask("POST", "/api/v1/portal/tickets", filed), 201)
    again = expect("file again", desk.ask("POST", "/api/v1/portal/tickets", filed), 200, 201)
    if again["number"] != receipt["number"]:
        raise SystemExit("the same key made a second ticket")
    number, token = receipt["number"], receipt["token"]
    commands = f"/api/v1/tickets/{number}/commands"
    for command in (
        {"command": "claim", "ticket": number},
        {"command": "reply", "ticket": number, "text": "您好，马上来"},
        {"command": "resolve", "ticket": number, "solution": "换了进纸轮"},
    ):
        expect(command["command"], desk.ask("POST", commands, command), 200)
    page = f"/api/v1/portal/tickets/{token}"
    expect("confirm", desk.ask("POST", f"{page}/confirm"), 200, 204)
    expect("rate", desk.ask("POST", f"{page}/rating", {"score": 5}), 200, 204)
    return page


def see(desk: Smoke, page: str) -> None:
    """The ticket is still there, and so are the pages."""
    shown = expect("progress", desk.ask("GET", page), 200)
    if (shown["public_step"], shown["rating"]) != (4, 5):
        raise SystemExit(f"the ticket's end is lost: {shown}")
    for path in ("/console/", "/portal/", "/help/", "/api/openapi.json"):
        expect(path, desk.ask("GET", path), 200)


def see_demo(program: Path, folder: Path) -> None:
    """The demo firm and its rehearsed DingTalk start from the packed file too."""
    folder.mkdir()
    demo = Smoke(program, folder, "demo", "--keep")
    demo.start()
    state = expect("demo", demo.ask("GET", "/api/v1/session"), 200)
    if not state["demo"] or state["needs_set_up"]:
        raise SystemExit(f"this is no demo: {state}")
    expect("the demo's page", demo.ask("GET", "/demo"), 200)
    demo.stop()


def main() -> int:
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="paidan-smoke-") as name:
        desk = Smoke(program, Path(name))
        first = desk.start()
        page = live_one_ticket(desk)
        see(desk, page)
        stopped = desk.stop()
        warm = desk.start()
        see(desk, page)
        desk.stop()
        see_demo(program, Path(name) / "demo")
        environment = os.environ | {"PAIDAN_DATA": name}
        for words in (("version",), ("verify",), ("sla", "rebuild", "--check")):
            subprocess.run([program, *words], env=environment, check=True, timeout=60)
    print(f"smoke: first start {first:.1f} s, warm {warm:.1f} s, stop {stopped:.1f} s — passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
