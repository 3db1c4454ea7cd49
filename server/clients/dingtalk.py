"""DingTalk (钉钉) Open API: token, robot messages, files. It knows nothing of tickets.

Two hosts: the new API answers with HTTP status codes, the old one always with 200 and `errcode`
(facts/dingtalk 0.2, 0.4). Success is therefore judged by the body, and every failure becomes a
`Trouble` that says whether the call may be repeated (`dingtalk_errors`).
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from server.clients import Ambiguous, Permanent, TryLater
from server.clients.dingtalk_errors import STALE_TOKEN, UNCOUNTED, read_retry_after, read_trouble
from server.clients.dingtalk_hosts import API_URL, OAPI_URL
from server.clients.http import Http, Response
from server.clients.pace import Clock, Pace, Tempo

MOST_PEOPLE: Final = 20
MOST_PARAM_BYTES: Final = 15_000
MOST_ROBOT_BYTES: Final = 20_000
MOST_FILE_BYTES: Final = 20 * 1024 * 1024
_REFRESH_EARLY: Final = timedelta(minutes=5)
_API_TEMPO: Final = Tempo(5, timedelta(seconds=1))
_ROBOT_TEMPO: Final = Tempo(20, timedelta(minutes=1))

Method = Literal["POST", "PUT"]
Meter = Literal["api", "stream"]
"""The two monthly budgets of an organisation: API calls, and webhook and Stream calls (0.3)."""


class Text(msgspec.Struct, frozen=True):
    """A plain message."""

    content: str


class Markdown(msgspec.Struct, frozen=True):
    """`title` is what the conversation list shows. No tables, no code blocks (4.1)."""

    title: str
    text: str


Message = Text | Markdown


class CardDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """An interactive card (5.1): our name for it, its template and the template's variables, all
    of them strings. To a group by its conversation id, else to a person by his userId. `words` are
    what the list of conversations shows.
    """

    key: str
    template: str
    parameters: dict[str, str]
    words: str
    group: str | None = None
    person: str | None = None


class Delivery(msgspec.Struct, frozen=True):
    """What became of a message to people: `ref` finds it again when somebody quotes it (3.1)."""

    ref: str
    unreachable: list[str]
    slowed: list[str]


def _no_meter(_kind: Meter, _calls: int) -> None:
    """Nobody counts."""


def sign(secret: str, at: datetime) -> dict[str, str]:
    """The query of a signed custom robot, not yet percent-encoded.

    It is encoded once, by whoever builds the address: encoded twice the platform says
    「sign not match」 (4.3).
    """
    millis = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{millis}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": millis, "sign": base64.b64encode(digest).decode()}


def mentioning(message: Message, at_ids: Sequence[str]) -> Message:
    """The message with `@id` in its text for all of `at_ids`: in `at` alone it wakes nobody (4.1).

    Ids that the text names already are not repeated.
    """
    text = message.content if isinstance(message, Text) else message.text
    missing = [f"@{person}" for person in at_ids if f"@{person}" not in text]
    if not missing:
        return message
    text = f"{text} {' '.join(missing)}"
    if isinstance(message, Text):
        return Text(text)
    return Markdown(message.title, text)


def _template(message: Message) -> dict[str, str]:
    if isinstance(message, Text):
        key, param = "sampleText", msgspec.json.encode({"content": message.content})
    else:
        key, param = "sampleMarkdown", msgspec.json.encode(message)
    if len(param) > MOST_PARAM_BYTES:
        raise Permanent("too_long", f"{len(param)} bytes, at most {MOST_PARAM_BYTES}")
    return {"msgKey": key, "msgParam": param.decode()}


def _space(robot_code: str, card: CardDelivery) -> dict[str, Any]:
    """Where a card is put, and what of it the list of conversations shows."""
    shown = {"supportForward": False, "lastMessageI18n": {"ZH_CN": card.words}}
    if card.group is not None:
        return {
            "openSpaceId": f"dtv1.card//IM_GROUP.{card.group}",
            "imGroupOpenSpaceModel": shown,
            "imGroupOpenDeliverModel": {"robotCode": robot_code},
        }
    return {
        "openSpaceId": f"dtv1.card//IM_ROBOT.{card.person}",
        "imRobotOpenSpaceModel": shown,
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot_code},
    }


def _webhook_body(message: Message, at_ids: Sequence[str]) -> dict[str, Any]:
    worded = mentioning(message, at_ids)
    kind = "text" if isinstance(worded, Text) else "markdown"
    body: dict[str, Any] = {"msgtype": kind, kind: msgspec.to_builtins(worded)}
    if at_ids:
        body["at"] = {"atUserIds": list(at_ids), "isAtAll": False}
    return body


class DingTalk:
    """One application of one organisation. `metered` hears of every call that costs quota."""

    def __init__(
        self,
        http: Http,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        api_url: str = API_URL,
        oapi_url: str = OAPI_URL,
        metered: Callable[[Meter, int], None] = _no_meter,
    ) -> None:
        self.client_id = client_id
        self._secret = client_secret
        self._http = http
        self._clock = clock
        self._api_url = api_url.rstrip("/")
        self._oapi_url = oapi_url.rstrip("/")
        self._metered = metered
        self._pace = Pace(clock)
        self._token: str | None = None
        self._token_until: datetime | None = None
        self._fetching = asyncio.Lock()

    async def read_token(self) -> str:
        """The application's access token; fetched by one caller for all, five minutes early.

        Wrong credentials: `Permanent("invalidClientIdOrSecret")`.
        """
        async with self._fetching:
            until = self._token_until
            if self._token is not None and until is not None and self._clock.now() < until:
                return self._token
            answer = await self._ask(
                f"{self._api_url}/v1.0/oauth2/accessToken",
                {"appKey": self.client_id, "appSecret": self._secret},
                meter=None,
                repeatable=True,
            )
            token, lifetime = str(answer.get("accessToken") or ""), int(answer.get("expireIn") or 0)
            if not token:
                raise TryLater("no_token", after=timedelta(seconds=30))
            self._token = token
            self._token_until = self._clock.now() + timedelta(seconds=lifetime) - _REFRESH_EARLY
            return token

    def _forget_token(self, token: str) -> None:
        if self._token == token:
            self._token = self._token_until = None

    async def send_to_people(
        self, robot_code: str, user_ids: Sequence[str], message: Message
    ) -> Delivery:
        """Write to at most 20 people in private. Partial success is success: read the lists.

        More than 20 or nobody: ValueError. No idempotency key exists, so `Ambiguous` must not be
        repeated blindly (4.2).
        """
        if not 0 < len(user_ids) <= MOST_PEOPLE:
            msg = f"1 to {MOST_PEOPLE} people at once"
            raise ValueError(msg)
        answer = await self._call(
            "/v1.0/robot/oToMessages/batchSend",
            {"robotCode": robot_code, "userIds": list(user_ids), **_template(message)},
        )
        return Delivery(
            str(answer.get("processQueryKey") or ""),
            [*_ids(answer, "invalidStaffIdList"), *_ids(answer, "filteredStaffIdList")],
            _ids(answer, "flowControlledStaffIdList"),
        )

    async def send_to_group(self, robot_code: str, conversation_id: str, message: Message) -> str:
        """Write to a group that the robot is in; gives the ref. It cannot @ anybody (4.2)."""
        answer = await self._call(
            "/v1.0/robot/groupMessages/send",
            {
                "robotCode": robot_code,
                "openConversationId": conversation_id,
                **_template(message),
            },
        )
        return str(answer.get("processQueryKey") or "")

    async def deliver_card(self, robot_code: str, card: CardDelivery) -> str:
        """Make a card whose clicks come by Stream, and put it into its chat; gives the ref by
        which a quoted reply finds it. HTTP 200 does not mean that it arrived: what the platform
        says of the chat does, else `Permanent("card_not_delivered")` (5.1).
        """
        answer = await self._call(
            "/v1.0/card/instances/createAndDeliver",
            {
                "cardTemplateId": card.template,
                "outTrackId": card.key,
                "callbackType": "STREAM",
                "userIdType": 1,
                "cardData": {"cardParamMap": card.parameters},
                **_space(robot_code, card),
            },
        )
        found = answer.get("result")
        listed = found.get("deliverResults") if isinstance(found, dict) else None
        results = [one for one in listed if isinstance(one, dict)] if listed else []
        if not results or not all(one.get("success") is True for one in results):
            words = "; ".join(str(one.get("errorMsg") or "") for one in results)
            raise Permanent("card_not_delivered", words)
        return str(results[0].get("carrierId") or "")

    async def update_card(self, key: str, parameters: dict[str, str]) -> None:
        """Change a card for everybody who sees it; variables that are not named stay (5.2)."""
        await self._call(
            "/v1.0/card/instances",
            {
                "outTrackId": key,
                "cardData": {"cardParamMap": parameters},
                "cardUpdateOptions": {"updateCardDataByKey": True},
                "userIdType": 1,
            },
            repeatable=True,
            method="PUT",
        )

    async def answer_session(
        self, webhook: str, message: Message, at_ids: Sequence[str] = ()
    ) -> None:
        """Answer where a line came from: the cheapest way, open for 90 minutes (4.1).

        Expired: `Permanent("300001")`; the caller falls back to the two sends above. An address
        that is not DingTalk's: `Permanent("address_refused")`.
        """
        if not self._is_ours(webhook):
            raise Permanent("address_refused", "a session webhook of another host")
        await self._pace.take("sendBySession", _API_TEMPO)
        await self._ask(webhook, _webhook_body(message, at_ids), meter="stream")

    async def send_to_custom_robot(
        self,
        token: str,
        message: Message,
        *,
        secret: str | None = None,
        at_ids: Sequence[str] = (),
        key: str | None = None,
    ) -> None:
        """Write through a group's custom robot (自定义机器人).

        With `key` (msgUuid) the platform drops repetitions, so a lost answer is `TryLater`. The
        21st message of a minute is not sent but `TryLater("too_fast")`: the platform would
        silence the robot for ten minutes (4.3).
        """
        body = _webhook_body(message, at_ids)
        if key is not None:
            body["msgUuid"] = key
        if len(msgspec.json.encode(body)) > MOST_ROBOT_BYTES:
            raise Permanent("too_long", f"at most {MOST_ROBOT_BYTES} bytes")
        wait = self._pace.ask(f"robot {token}", _ROBOT_TEMPO)
        if wait is not None:
            raise TryLater("too_fast", "20 messages a minute", after=wait)
        query = {"access_token": token}
        if secret:
            query |= sign(secret, self._clock.now())
        await self._ask(
            f"{self._oapi_url}/robot/send",
            body,
            params=query,
            meter="stream",
            repeatable=key is not None,
        )

    async def download_file(self, robot_code: str, download_code: str) -> bytes:
        """The bytes of a picture or file that somebody sent. Codes die soon: fetch at once (3.2).

        More than 20 MB: `Permanent("too_large")`.
        """
        answer = await self._call(
            "/v1.0/robot/messageFiles/download",
            {"downloadCode": download_code, "robotCode": robot_code},
            repeatable=True,
        )
        try:
            file = await self._http.request(
                "GET",
                str(answer.get("downloadUrl") or ""),
                within=timedelta(seconds=60),
                most_bytes=MOST_FILE_BYTES,
            )
        except Ambiguous as error:
            raise TryLater(error.code, error.detail, after=timedelta(seconds=5)) from error
        if file.status != 200:  # noqa: PLR2004
            raise Permanent("file_gone", f"HTTP {file.status}")
        return file.body

    def _is_ours(self, webhook: str) -> bool:
        found, own = urlsplit(webhook), urlsplit(self._oapi_url)
        official = found.scheme == "https" and (found.hostname or "").endswith(".dingtalk.com")
        return official or (found.scheme, found.netloc) == (own.scheme, own.netloc)

    async def _call(
        self,
        path: str,
        body: dict[str, Any],
        *,
        repeatable: bool = False,
        method: Method = "POST",
    ) -> dict[str, Any]:
        """Call the new API with the token; a token refused is fetched once more (1.1)."""
        token = await self.read_token()
        try:
            return await self._call_with(token, path, body, repeatable=repeatable, method=method)
        except Permanent as error:
            if error.code not in STALE_TOKEN:
                raise
        self._forget_token(token)
        token = await self.read_token()
        return await self._call_with(token, path, body, repeatable=repeatable, method=method)

    async def _call_with(
        self, token: str, path: str, body: dict[str, Any], *, repeatable: bool, method: Method
    ) -> dict[str, Any]:
        await self._pace.take(f"{method} {path}", _API_TEMPO)
        return await self._ask(
            f"{self._api_url}{path}",
            body,
            headers={"x-acs-dingtalk-access-token": token},
            meter="api",
            repeatable=repeatable,
            method=method,
        )

    async def _ask(
        self,
        url: str,
        body: dict[str, Any],
        *,
        meter: Meter | None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        repeatable: bool = False,
        method: Method = "POST",
    ) -> dict[str, Any]:
        try:
            response = await self._http.request(
                method, url, json=body, headers=headers, params=params
            )
        except Ambiguous as error:
            self._count(meter)
            if repeatable:
                raise TryLater(error.code, error.detail, after=timedelta(seconds=5)) from error
            raise
        return self._judged(response, meter, repeatable=repeatable)

    def _judged(
        self, response: Response, meter: Meter | None, *, repeatable: bool
    ) -> dict[str, Any]:
        answer = response.json()
        trouble = read_trouble(
            response.status,
            answer,
            repeatable=repeatable,
            retry_after=read_retry_after(response.headers),
        )
        if trouble is None or trouble.code not in UNCOUNTED:
            self._count(meter)
        if trouble is not None:
            raise trouble
        return answer if isinstance(answer, dict) else {}

    def _count(self, meter: Meter | None) -> None:
        if meter is not None:
            self._metered(meter, 1)


def _ids(answer: dict[str, Any], field: str) -> list[str]:
    listed = answer.get(field)
    return [str(entry) for entry in listed] if isinstance(listed, list) else []
