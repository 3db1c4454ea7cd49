"""The rehearsed Open API: tokens, sends, webhooks, files; refusals with the platform's codes."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

from bots.rehearsal import dingtalk_messages as messages
from bots.rehearsal.dingtalk_cards import Cards
from bots.rehearsal.dingtalk_gateway import Gateway
from bots.rehearsal.dingtalk_messages import Refused, Said, new_error, old_error
from bots.rehearsal.dingtalk_world import Answer, App, Member, Seen, World

_TOKEN_LIFE: Final = timedelta(hours=2)
_SESSION_LIFE: Final = timedelta(minutes=90)
_FILE_LIFE: Final = timedelta(hours=1)
_CARD: Final = "/v1.0/card/instances"
_QPS: Final = 20
_MOST_PEOPLE: Final = 20

Kind = Literal["free", "api", "stream"]
Rule = Callable[[web.Request, dict[str, Any], bytes], dict[str, Any]]


class File(msgspec.Struct):
    """Bytes that somebody sent to a robot."""

    robot_code: str
    name: str
    content: bytes
    until: datetime


class Call(msgspec.Struct, frozen=True):
    """One call that arrived, for tests that count."""

    path: str
    body: Any
    status: int


class OpenApi:
    """Both hosts at one address."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.files: dict[str, File] = {}
        self.cards = Cards(world, gateway)
        self._world = world
        self._gateway = gateway
        self._sessions: dict[str, tuple[str, App, datetime]] = {}
        self._seconds: dict[str, deque[datetime]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Everything served."""
        table: list[tuple[str, Kind, Rule]] = [
            ("/v1.0/oauth2/accessToken", "free", self._token),
            ("/v1.0/gateway/connections/open", "free", self._open),
            ("/v1.0/robot/oToMessages/batchSend", "api", self._send_to_people),
            ("/v1.0/robot/groupMessages/send", "api", self._send_to_group),
            ("/v1.0/robot/messageFiles/download", "api", self._download),
            ("/v1.0/card/instances/createAndDeliver", "api", self._make_card),
            ("/robot/sendBySession", "stream", self._session),
            ("/robot/send", "stream", self._custom),
        ]
        return [
            *(web.post(path, self._served(path, kind, rule)) for path, kind, rule in table),
            web.put(_CARD, self._served(_CARD, "api", self._update_card)),
            web.get("/gettoken", self._served("/gettoken", "free", self._old_token)),
            web.get("/files/{code}", self._file),
            web.get("/connect", self._gateway.connect),
        ]

    def _served(self, path: str, kind: Kind, rule: Rule) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.Response:
            raw = await request.read()
            queued = self._world.faults.answers.get(path)
            fault = queued.pop(0) if queued else None
            body = _decoded(raw)
            if fault is not None and not fault.acted:
                return self._injected(path, body, fault)
            try:
                self._admit(request, path, kind, body)
                status, answer = 200, rule(request, body or {}, raw)
            except Refused as refused:
                status, answer = refused.status, refused.body
            if fault is not None:
                return self._injected(path, body, fault)
            self.calls.append(Call(path, body, status))
            self._world.changed()
            return web.json_response(answer, status=status)

        return serve

    def _injected(self, path: str, body: Any, fault: Answer) -> web.Response:  # noqa: ANN401
        self.calls.append(Call(path, body, fault.status))
        self._world.changed()
        if isinstance(fault.body, str):
            return web.Response(
                status=fault.status,
                text=fault.body,
                content_type="text/html",
                headers=fault.headers,
            )
        return web.json_response(fault.body, status=fault.status, headers=fault.headers)

    def _admit(
        self, request: web.Request, path: str, kind: Kind, body: dict[str, Any] | None
    ) -> None:
        """Form, token, speed and quota, in the platform's order."""
        if request.method != "GET":
            _check_form(request, body, old=kind == "stream")
        budget = self._world.budget
        if kind == "api":
            app = self._caller(request)
            self._check_speed(f"{app.client_id} {path}")
            if budget.api_is_spent():
                code = "Forbidden.AccessDenied.ApiCountLimitForOrg"
                raise new_error(403, code, "本月调用次数已用完")
            budget.api_calls += 1
        elif kind == "stream":
            if budget.stream_is_spent():
                raise old_error(90020, "本月调用次数已用完")
            budget.stream_calls += 1

    def _check_speed(self, name: str) -> None:
        now = self._world.clock.now()
        calls = self._seconds.setdefault(name, deque())
        while calls and calls[0] + timedelta(seconds=1) <= now:
            calls.popleft()
        if len(calls) >= _QPS:
            raise new_error(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "qps")
        calls.append(now)

    def _caller(self, request: web.Request) -> App:
        token = request.headers.get("x-acs-dingtalk-access-token", "")
        now = self._world.clock.now()
        for app in self._world.apps.values():
            if app.token == token and app.token_until is not None and now < app.token_until:
                return app
        raise new_error(401, "InvalidAuthentication", "不合法的access_token")

    def _issue(self, app: App) -> str:
        """The same token while it is valid, extended."""
        now = self._world.clock.now()
        if app.token is None or app.token_until is None or app.token_until <= now:
            app.token = self._world.code(32)
        app.token_until = now + _TOKEN_LIFE
        return app.token

    def _token(self, _request: web.Request, body: dict[str, Any], _raw: bytes) -> dict[str, Any]:
        app = self._world.apps.get(str(body.get("appKey")))
        if app is None or app.client_secret != body.get("appSecret"):
            raise new_error(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        return {"accessToken": self._issue(app), "expireIn": 7200}

    def _old_token(
        self, request: web.Request, _body: dict[str, Any], _raw: bytes
    ) -> dict[str, Any]:
        app = self._world.apps.get(request.query.get("appkey", ""))
        if app is None or app.client_secret != request.query.get("appsecret"):
            raise old_error(40089, "不合法的corpid或corpsecret")
        token = self._issue(app)
        return {"errcode": 0, "access_token": token, "errmsg": "ok", "expires_in": 7200}

    def _open(self, _request: web.Request, body: dict[str, Any], _raw: bytes) -> dict[str, Any]:
        return self._gateway.open_connection(body)

    def _robot(self, request: web.Request, body: dict[str, Any]) -> App:
        code = body.get("robotCode")
        if not code:
            raise new_error(400, "miss.param.robotCode")
        if self._caller(request).robot_code != code:
            raise new_error(400, "invalidParameter.robotCode.notExsit")
        return self._caller(request)

    def _send_to_people(
        self, request: web.Request, body: dict[str, Any], _raw: bytes
    ) -> dict[str, Any]:
        app, listed = self._robot(request, body), body.get("userIds")
        if not isinstance(listed, list) or not listed:
            raise new_error(400, "miss.param.userIds")
        if len(listed) > _MOST_PEOPLE:
            raise new_error(400, "invalidParameter.userIds.invalid")
        said = messages.read_template(body)
        known = [str(one) for one in listed if self._is_member(str(one))]
        if not known:
            raise new_error(400, "staffId.notExisted")
        slowed = [one for one in known if one in self._world.faults.flow_controlled]
        ref = self._world.code(24)
        for one in known:
            if one not in slowed:
                self._write(self._world.private_chat(app, one), app, said, [], ref)
        return {
            "processQueryKey": ref,
            "invalidStaffIdList": [str(one) for one in listed if str(one) not in known],
            "flowControlledStaffIdList": slowed,
        }

    def _make_card(self, request: web.Request, body: dict[str, Any], _raw: bytes) -> dict[str, Any]:
        return self.cards.make(self._caller(request), body)

    def _update_card(
        self, request: web.Request, body: dict[str, Any], _raw: bytes
    ) -> dict[str, Any]:
        return self.cards.update(self._caller(request), body)

    def _is_member(self, user_id: str) -> bool:
        person = self._world.people.get(user_id)
        return person is not None and not person.outside

    def _send_to_group(
        self, request: web.Request, body: dict[str, Any], _raw: bytes
    ) -> dict[str, Any]:
        app = self._robot(request, body)
        if not body.get("openConversationId"):
            raise new_error(400, "miss.param.openConversationId")
        group = self._world.groups.get(str(body["openConversationId"]))
        if group is None:
            raise new_error(400, "invalid.openConversationId")
        if group.disbanded:
            raise new_error(400, "group.disbanded")
        if app not in group.robots:
            raise new_error(400, "resource.not.found", "机器人不在群内")
        said = messages.read_template(body)
        ref = self._world.code(24)
        self._write(group.id, app, said, [], ref)  # this send cannot @ anybody (4.2)
        return {"processQueryKey": ref}

    def _download(self, request: web.Request, body: dict[str, Any], _raw: bytes) -> dict[str, Any]:
        if not body.get("robotCode"):
            raise new_error(400, "invalidParameter.robotCode.empty")
        file = self.files.get(str(body.get("downloadCode")))
        if file is None or file.until < self._world.clock.now():
            raise new_error(400, "invalidParameter.robotCode.downloadCode")
        if (
            file.robot_code != body["robotCode"]
            or self._caller(request).robot_code != body["robotCode"]
        ):
            raise new_error(400, "invalidParameter.robotCode.auth")
        return {"downloadUrl": f"{self.url}/files/{body['downloadCode']}?Expires=1"}

    async def _file(self, request: web.Request) -> web.Response:
        file = self.files.get(request.match_info["code"])
        if file is None or file.until < self._world.clock.now():
            return web.Response(status=403)
        return web.Response(body=file.content, content_type="application/octet-stream")

    def keep_file(self, app: App, name: str, content: bytes) -> str:
        """Keep what somebody sends; gives the downloadCode."""
        code = self._world.code(24)
        until = self._world.clock.now() + _FILE_LIFE
        self.files[code] = File(app.robot_code, name, content, until)
        return code

    def new_session(self, app: App, chat: str) -> tuple[str, datetime]:
        """A session webhook for a chat and when it ends."""
        session, until = self._world.code(32), self._world.clock.now() + _SESSION_LIFE
        self._sessions[session] = (chat, app, until)
        return f"{self.url}/robot/sendBySession?session={session}", until

    def _session(self, request: web.Request, body: dict[str, Any], _raw: bytes) -> dict[str, Any]:
        known = self._sessions.get(request.query.get("session", ""))
        if known is None or known[2] < self._world.clock.now():
            raise old_error(300001, "session 不存在")
        chat, app, _ = known
        said = messages.read_webhook(body)
        if said.kind != "empty":
            self._write(chat, app, said, self._present(chat), None)
        return {"errcode": 0, "errmsg": "ok"}

    def _present(self, chat: str) -> list[Member]:
        group = self._world.groups.get(chat)
        if group is not None:
            return list(group.members.values())
        pair = self._world.private_chats.get(chat)
        return [self._world.people[pair[1]]] if pair else []

    def _custom(self, request: web.Request, body: dict[str, Any], raw: bytes) -> dict[str, Any]:
        robot = self._world.custom_robots.get(request.query.get("access_token", ""))
        if robot is None:
            raise old_error(400101, "token is not exist")
        now = self._world.clock.now()
        messages.check_robot(robot, dict(request.query), len(raw), now)
        said = messages.read_webhook(body)
        messages.check_words(robot, said)
        key = str(body.get("msgUuid") or "")
        if key and key in robot.uuids:
            return {"errcode": "0", "errmsg": "ok"}
        messages.check_tempo(robot, now)
        if key:
            robot.uuids.add(key)
        sender = App("", "", f"custom-{robot.token}", "自定义机器人")
        self._write(robot.group.id, sender, said, list(robot.group.members.values()), None)
        # The documentation's own example shows the zero as a string.
        return {"errcode": "0", "errmsg": "ok"}

    def _write(
        self, chat: str, app: App, said: Said, present: list[Member], ref: str | None
    ) -> None:
        text, woken = messages.mentioned(said, present)
        self._world.write(
            Seen(
                id=f"msg{self._world.code(20)}",
                at=self._world.clock.now(),
                chat=chat,
                sender=app.name,
                sender_id=app.robot_code,
                from_robot=True,
                kind=said.kind,
                title=said.title,
                text=text,
                mentions=woken,
                ref=ref,
            )
        )


def _decoded(raw: bytes) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _check_form(request: web.Request, body: dict[str, Any] | None, *, old: bool) -> None:
    if request.content_type != "application/json":
        if old:
            raise old_error(43004, "无效的HTTP HEADER Content-Type")
        raise new_error(415, "unsupportedMediaType")
    if body is None:
        if old:
            raise old_error(40035, "缺少参数 json")
        raise new_error(400, "invalidParameter.json")
