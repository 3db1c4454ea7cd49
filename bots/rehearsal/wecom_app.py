"""A WeCom (企业微信) to rehearse with: a self-built app's API and callbacks, and group robots.

    sim = WeComAppRehearsal(clock, activity)
    url = await sim.start()                       # in place of https://qyapi.weixin.qq.com
    app = sim.add_app("ww1234567890abcdef", 1000002, "secret")
    li = sim.person("lisi", "李工")
    await sim.set_callback("https://…/callbacks/wecom_app", "token", "key…")    # what 保存 does
    li.says("待接单")                             # li.private_messages: what he sees

It refuses what the platform refuses (facts/wecom 1.2 to 2.11, 3): a wrong secret or token, an
address that is not trusted, nobody who can be reached, over-long texts, more than 20 messages a
minute of a robot. What is more than 30 messages a minute to one member is dropped without a word.
A call back that is not answered with 200 within five seconds is repeated twice.
"""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from bots.rehearsal.dingtalk_world import Clock
from bots.rehearsal.wecom_app_world import App, Faults, Line, Person, Robot, Seen
from server.clients import Activity
from server.clients.wecom_crypto import BadEnvelope, Envelope, Sealed

MOST_TEXT_BYTES: Final = 2048
MOST_MARKDOWN_BYTES: Final = 4096
MOST_TO_MEMBER: Final = 30
MOST_OF_ROBOT: Final = 20
TRIES: Final = 3
_MINUTE: Final = timedelta(minutes=1)
_TOKEN_LIFE: Final = 7200
_PATIENCE: Final = aiohttp.ClientTimeout(total=5)
_URL_PATIENCE: Final = aiohttp.ClientTimeout(total=1)
_SALT: Final = b"0123456789abcdef"


class WeComAppRehearsal:
    """The server and its world. `activity` is held while WeCom calls back."""

    def __init__(self, clock: Clock, activity: Activity) -> None:
        self.clock = clock
        self.faults = Faults()
        self.apps: dict[str, App] = {}
        self.people: dict[str, Person] = {}
        self.robots: dict[str, Robot] = {}
        self.messages: list[Seen] = []
        self.calls: list[tuple[str, Any]] = []
        """Every call so far: path and body."""
        self.token = ""
        self._activity = activity
        self._files: dict[str, bytes] = {}
        self._codes: dict[str, str] = {}
        self._sent: dict[str, deque[datetime]] = {}
        self._numbers = 0
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    async def start(self) -> str:
        """Listen on loopback; the address of the server API."""
        application = web.Application(client_max_size=32 * 1024 * 1024)
        rules: dict[str, Callable[[web.Request, Any], dict[str, Any]]] = {
            "/cgi-bin/message/send": self._send,
            "/cgi-bin/menu/create": self._offer_menu,
            "/cgi-bin/webhook/send": self._robot_send,
        }
        application.add_routes(
            [
                web.get("/cgi-bin/gettoken", self._get_token),
                web.get("/cgi-bin/media/get", self._media),
                web.get("/cgi-bin/auth/getuserinfo", self._who_is),
                *(web.post(path, self._served(path, rule)) for path, rule in rules.items()),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._client = aiohttp.ClientSession()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """End every task, free the port."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return as soon as `reached`; looked at after every change."""
        while not reached():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            await waiter

    def _changed(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    # The world

    def add_app(self, corp_id: str, app_id: int, secret: str) -> App:
        """A self-built app without a callback address."""
        self.apps[secret] = App(corp_id, app_id, secret)
        return self.apps[secret]

    def person(self, user_id: str, name: str) -> Person:
        """Somebody in the app's visible range."""
        self.people[user_id] = Person(self, user_id, name)
        return self.people[user_id]

    def robot(self, title: str) -> Robot:
        """A group with a new robot."""
        key = f"{len(self.robots):08x}-0000-4000-8000-{secrets.token_hex(6)}"
        self.robots[key] = Robot(key, title)
        return self.robots[key]

    def keep(self, content: bytes) -> str:
        """The media id of a file."""
        media_id = f"media{len(self._files)}"
        self._files[media_id] = content
        return media_id

    def withdraw_token(self) -> None:
        """The token ends before its time (2.1)."""
        self.token = ""

    # Calling back

    async def set_callback(self, url: str, token: str, aes_key: str) -> bool:
        """What 「保存」 under 接收消息 does: the address is asked at once, and has to answer within
        a second with exactly what was sealed (1.2). False: WeCom does not save it.
        """
        app = next(iter(self.apps.values()))
        envelope = Envelope(token, aes_key, app.corp_id)
        word = "1616140317555161061"
        sealed = envelope.seal(word, str(self._now()), "263014780", _SALT)
        query = _query(sealed) | {"echostr": sealed.text}
        try:
            async with self._opened().get(url, params=query, timeout=_URL_PATIENCE) as answer:
                genuine = answer.status == 200 and await answer.read() == word.encode()
        except (TimeoutError, aiohttp.ClientError):
            return False
        if genuine:
            app.callback_url, app.envelope = url, envelope
        return genuine

    def call_back(
        self, person: Person, fields: dict[str, str], text: str, *, message: bool
    ) -> Line:
        """Something happens in a person's chat with the app, which the desk is told of."""
        app = next(iter(self.apps.values()))
        seen = self._write(person.id, person.name, text, from_robot=False)
        line = Line(seen)
        self._numbers += 1
        told = {
            "ToUserName": app.corp_id,
            "FromUserName": person.id,
            "CreateTime": str(self._now()),
            **fields,
            "AgentID": str(app.id),
        }
        if message:
            told["MsgId"] = str(4561255354251345000 + self._numbers)
        times = 1 + (self.faults.duplicate_next > 0)
        self.faults.duplicate_next = max(0, self.faults.duplicate_next - 1)
        for _ in range(times):
            self._start(self._post(app, _xml(told), line))
        return line

    async def _post(self, app: App, xml: str, line: Line) -> None:
        if app.envelope is not None:
            for _ in range(TRIES):
                status = await self._post_once(app, app.envelope, xml)
                line.statuses.append(status)
                if status == 200:
                    break
        line.ended.append(True)
        self._changed()

    async def _post_once(self, app: App, envelope: Envelope, xml: str) -> int:
        """The status, 0 for none within five seconds. What is answered has to be empty, or an
        envelope that WeCom can open (1.7).
        """
        self._numbers += 1
        sealed = envelope.seal(xml, str(self._now()), str(self._numbers), _SALT)
        body = _xml({"ToUserName": app.corp_id, "AgentID": str(app.id), "Encrypt": sealed.text})
        try:
            async with self._opened().post(
                app.callback_url,
                params=_query(sealed),
                data=body.encode(),
                headers={"content-type": "text/xml"},
                timeout=_PATIENCE,
            ) as answer:
                said = await answer.text()
                return answer.status if not said or _opens(envelope, said) else 0
        except (TimeoutError, aiohttp.ClientError):
            return 0

    def _opened(self) -> aiohttp.ClientSession:
        if self._client is None:
            msg = "not started"
            raise RuntimeError(msg)
        return self._client

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._activity.begin()
        # The simulator is its own world: its tasks belong to no transaction of the desk.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._activity.end()

    # The server API

    async def _get_token(self, request: web.Request) -> web.Response:
        code = self._injected("/cgi-bin/gettoken")
        app = self.apps.get(request.query.get("corpsecret", ""))
        if code is None and app is None:
            code = 40001
        elif code is None and app is not None and app.corp_id != request.query.get("corpid"):
            code = 40013
        if code is not None:
            return web.json_response(_refused(code))
        self.token = self.token or secrets.token_hex(16)
        return web.json_response(
            {"errcode": 0, "errmsg": "ok", "access_token": self.token, "expires_in": _TOKEN_LIFE}
        )

    def sign_in_code(self, user_id: str) -> str:
        """What WeCom's browser brings back for somebody; it counts once (5.1)."""
        code = secrets.token_hex(8)
        self._codes[code] = user_id
        return code

    async def _who_is(self, request: web.Request) -> web.Response:
        code = self._admit(request)
        user_id = self._codes.pop(request.query.get("code", ""), None)
        if code is None and user_id is None:
            code = 40029
        if code is not None:
            return web.json_response(_refused(code, self.faults.untrusted))
        known = "userid" if user_id in self.people else "openid"
        return web.json_response(_refused(0) | {known: user_id})

    def _served(
        self, path: str, rule: Callable[[web.Request, Any], dict[str, Any]]
    ) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.Response:
            body = await request.json()
            self.calls.append((path, body))
            code = self._injected(path)
            if code is None and not path.startswith("/cgi-bin/webhook/"):
                code = self._admit(request)
            answer = rule(request, body) if code is None else _refused(code, self.faults.untrusted)
            self._changed()
            return web.json_response(answer)

        return serve

    def _admit(self, request: web.Request) -> int | None:
        """Token first, then whether the caller's address is trusted (2.1, 2.10)."""
        if not self.token or request.query.get("access_token") != self.token:
            return 40014
        return 60020 if self.faults.untrusted else None

    def _injected(self, path: str) -> int | None:
        queued = self.faults.answers.get(path)
        return queued.pop(0) if queued else None

    def _send(self, _request: web.Request, body: Any) -> dict[str, Any]:  # noqa: ANN401
        named = [one for one in str(body.get("touser") or "").split("|") if one]
        known = [one for one in named if one in self.people]
        kind = str(body.get("msgtype"))
        part = body.get(kind)
        content = part.get("content") if isinstance(part, dict) else None
        code = self._wrong(body.get("agentid"), named, known) or _unfit(kind, content)
        if code:
            return _refused(code)
        for user_id in known:
            if self._passes(user_id, MOST_TO_MEMBER):  # the rest is dropped without a word (2.9)
                self._write(user_id, "派单", str(content), from_robot=True, kind=kind)
        missing = "|".join(one.lower() for one in named if one not in self.people)
        return _refused(0) | {"invaliduser": missing, "msgid": secrets.token_hex(8)}

    def _wrong(self, app_id: object, named: list[str], known: list[str]) -> int:
        """What is wrong with the addresses; 0 for nothing."""
        if all(one.id != app_id for one in self.apps.values()):
            return 40056
        if not named:
            return 82001
        return 0 if known else 81013

    def _offer_menu(self, request: web.Request, body: Any) -> dict[str, Any]:  # noqa: ANN401
        for app in self.apps.values():
            if str(app.id) == request.query.get("agentid"):
                app.menu = body["button"]
                return _refused(0)
        return _refused(40056)

    async def _media(self, request: web.Request) -> web.Response:
        code = self._admit(request)
        content = self._files.get(request.query.get("media_id", ""))
        if code is not None or content is None:
            return web.json_response(_refused(code or 40007))
        return web.Response(
            body=content, headers={"content-disposition": 'attachment; filename="p.jpg"'}
        )

    def _robot_send(self, request: web.Request, body: Any) -> dict[str, Any]:  # noqa: ANN401
        robot = self.robots.get(request.query.get("key", ""))
        if robot is None or robot.removed:
            return _refused(93000)
        kind = str(body.get("msgtype"))
        content = body.get(kind, {}).get("content")
        most = {"text": MOST_TEXT_BYTES, "markdown": MOST_MARKDOWN_BYTES}.get(kind)
        if most is None or not isinstance(content, str) or len(content.encode()) > most:
            return _refused(40058)
        if not self._passes(robot.key, MOST_OF_ROBOT):
            return _refused(45009)
        robot.messages.append(
            Seen(
                at=self.clock.now(),
                chat=robot.title,
                sender="派单",
                from_robot=True,
                kind=kind,
                text=content,
            )
        )
        return _refused(0)

    def _passes(self, name: str, most: int) -> bool:
        sent = self._sent.setdefault(name, deque())
        while sent and sent[0] + _MINUTE <= self.clock.now():
            sent.popleft()
        if len(sent) >= most:
            return False
        sent.append(self.clock.now())
        return True

    def _write(
        self, chat: str, sender: str, text: str, *, from_robot: bool, kind: str = "text"
    ) -> Seen:
        seen = Seen(
            at=self.clock.now(),
            chat=chat,
            sender=sender,
            from_robot=from_robot,
            kind=kind,
            text=text,
        )
        self.messages.append(seen)
        self._changed()
        return seen

    def _now(self) -> int:
        return int(self.clock.now().timestamp())


def _refused(code: int, address: str = "") -> dict[str, Any]:
    words = "ok" if code == 0 else f"refused with {code}"
    if code == 60020:
        words = (
            f"not allow to access from your ip, hint: [1767225600123456789], from ip: {address},"
            " more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
        )
    return {"errcode": code, "errmsg": words}


def _unfit(kind: str, content: object) -> int:
    """What is wrong with a message; 0 for nothing."""
    if kind not in {"text", "markdown"}:
        return 40008
    if not isinstance(content, str) or not content:
        return 44004
    return 40058 if len(content.encode()) > MOST_TEXT_BYTES else 0


def _query(sealed: Sealed) -> dict[str, str]:
    return {
        "msg_signature": sealed.signature,
        "timestamp": sealed.timestamp,
        "nonce": sealed.nonce,
    }


def _xml(fields: dict[str, str]) -> str:
    def cdata(text: str) -> str:
        return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"

    parts: Iterable[str] = (
        f"<{name}>{escape(text) if text.isdecimal() else cdata(text)}</{name}>"
        for name, text in fields.items()
    )
    return f"<xml>{''.join(parts)}</xml>"


def _opens(envelope: Envelope, said: str) -> bool:
    found = {
        name: re.search(rf"<{name}>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</{name}>", said)
        for name in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
    }
    if not all(found.values()):
        return False
    text, signature, timestamp, nonce = (one.group(1) for one in found.values() if one is not None)
    try:
        envelope.open(Sealed(text, signature, timestamp, nonce))
    except BadEnvelope:
        return False
    return True
