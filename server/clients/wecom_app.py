"""WeCom's server API (qyapi) as a self-built app (自建应用) calls it: token, messages, files, menu.

Every answer has HTTP status 200 and an `errcode`; only that says how it went (facts/wecom 2). A
message has no key under which it could be repeated, so a lost answer is `Ambiguous`.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from server.clients import Ambiguous, Permanent, Trouble, TryLater
from server.clients.http import Http, Response
from server.clients.pace import Clock

URL: Final = "https://qyapi.weixin.qq.com"
MOST_TEXT_BYTES: Final = 2048
MOST_ROBOT_BYTES: Final = 4096
MOST_PEOPLE: Final = 1000
MOST_FILE_BYTES: Final = 20 * 1024 * 1024
_REFRESH_EARLY: Final = timedelta(minutes=5)
_SOON: Final = timedelta(seconds=5)
_OFTEN: Final = timedelta(minutes=1)

STALE_TOKEN: Final = frozenset({"40014", "42001", "41001"})
UNTRUSTED_ADDRESS: Final = "60020"
"""The firm did not list this machine's address as trusted; `detail` holds the address (2.10)."""
_LATER: Final = {"-1": _SOON, "45009": _OFTEN, "45033": _SOON}


class Delivered(msgspec.Struct, frozen=True):
    """What became of a message: who cannot get it, and what finds it again."""

    unreachable: list[str]
    ref: str = ""
    response_code: str = ""


class WeComApp:
    """One self-built app of one firm."""

    def __init__(
        self, http: Http, clock: Clock, *, corp_id: str, app_id: int, secret: str, url: str = URL
    ) -> None:
        self._http = http
        self._clock = clock
        self._corp_id = corp_id
        self._app_id = app_id
        self._secret = secret
        self._url = url.rstrip("/")
        self._token: str | None = None
        self._token_until: datetime | None = None
        self._fetching = asyncio.Lock()

    async def read_token(self) -> str:
        """The app's access token; fetched by one caller for all, five minutes early (2.1). Wrong
        credentials: `Permanent("40001" | "40013")`.
        """
        async with self._fetching:
            until = self._token_until
            if self._token is not None and until is not None and self._clock.now() < until:
                return self._token
            query = {"corpid": self._corp_id, "corpsecret": self._secret}
            answer = await self._ask("GET", "/cgi-bin/gettoken", query, None, repeatable=True)
            token, lifetime = str(answer.get("access_token") or ""), answer.get("expires_in")
            if not token:
                raise TryLater("no_token", after=_SOON)
            self._token = token
            span = timedelta(seconds=lifetime if isinstance(lifetime, int) else 0)
            self._token_until = self._clock.now() + span - _REFRESH_EARLY
            return token

    async def send(self, user_ids: Sequence[str], message: Mapping[str, Any]) -> Delivered:
        """Write to people in private (2.2). `message` is msgtype and its body. Nobody of them can
        get it: `Permanent("81013")`. More than 1000 or nobody: ValueError.
        """
        if not 0 < len(user_ids) <= MOST_PEOPLE:
            msg = f"1 to {MOST_PEOPLE} people at once"
            raise ValueError(msg)
        body = {"touser": "|".join(user_ids), "agentid": self._app_id, **message}
        answer = await self._call("POST", "/cgi-bin/message/send", body)
        named = str(answer.get("invaliduser") or "")
        unlicensed = str(answer.get("unlicenseduser") or "")
        return Delivered(
            [one for one in f"{named}|{unlicensed}".split("|") if one],
            str(answer.get("msgid") or ""),
            str(answer.get("response_code") or ""),
        )

    async def offer_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """The menu below the chat with the app, in place of the one before (2.7)."""
        await self._call(
            "POST",
            "/cgi-bin/menu/create",
            {"button": list(buttons)},
            {"agentid": str(self._app_id)},
            repeatable=True,
        )

    async def who_is(self, code: str) -> str | None:
        """The member whom WeCom sent back with this code; None: an outsider (5.1). A code lives
        five minutes and counts once: `Permanent("40029")`.
        """
        answer = await self._call(
            "GET", "/cgi-bin/auth/getuserinfo", None, {"code": code}, repeatable=False
        )
        return str(answer.get("userid") or "") or None

    async def download(self, media_id: str) -> bytes:
        """The bytes of what somebody sent in the last three days (2.6). More than 20 MB:
        `Permanent("too_large")`.
        """
        query = {"access_token": await self.read_token(), "media_id": media_id}
        try:
            found = await self._http.request(
                "GET",
                f"{self._url}/cgi-bin/media/get",
                params=query,
                within=timedelta(seconds=60),
                most_bytes=MOST_FILE_BYTES,
            )
        except Ambiguous as error:
            raise TryLater(error.code, error.detail, after=_SOON) from error
        if "json" in found.headers.get("content-type", ""):
            _checked(found, repeatable=True)
            raise Permanent("file_gone", "JSON in place of a file")
        return found.body

    async def _call(
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, str] | None = None,
        *,
        repeatable: bool = False,
    ) -> dict[str, Any]:
        """Call with the token; one that is refused is fetched once more."""
        for last in (False, True):
            token = await self.read_token()
            asked = {"access_token": token, **(query or {})}
            try:
                return await self._ask(method, path, asked, body, repeatable=repeatable)
            except Permanent as error:
                if last or error.code not in STALE_TOKEN:
                    raise
            if self._token == token:
                self._token = self._token_until = None
        raise AssertionError  # the second turn returns or raises

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object,
        *,
        repeatable: bool,
    ) -> dict[str, Any]:
        try:
            response = await self._http.request(
                method, f"{self._url}{path}", json=body, params=query
            )
        except Ambiguous as error:
            if repeatable:
                raise TryLater(error.code, error.detail, after=_SOON) from error
            raise
        return _checked(response, repeatable=repeatable)


class WeComRobot:
    """A group's robot (消息推送, formerly 群机器人): it writes and hears nothing. Its key is all
    that it takes, so it is a secret (3).
    """

    def __init__(self, http: Http, *, url: str = URL) -> None:
        self._http = http
        self._url = url.rstrip("/")

    async def send(self, key: str, message: Mapping[str, Any]) -> None:
        """Write once. Too much in a minute: `TryLater("45009")`; a robot that was removed:
        `Permanent("93000")`.
        """
        response = await self._http.request(
            "POST", f"{self._url}/cgi-bin/webhook/send", json=dict(message), params={"key": key}
        )
        _checked(response, repeatable=False)


def address_in(detail: str) -> str:
    """Our address as WeCom sees it, out of the words of its refusal 60020; else empty."""
    found = re.search(r"from ip: ([0-9a-fA-F.:]+)", detail)
    return found.group(1).rstrip(".:") if found else ""


def fitting(text: str, most_bytes: int) -> str:
    """The text, cut between two characters to what a message may hold: WeCom counts bytes, and
    refuses what is longer.
    """
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    return raw[: most_bytes - 3].decode(errors="ignore") + "…"


def _checked(response: Response, *, repeatable: bool) -> dict[str, Any]:
    """The answer. Refuses a `Trouble` by its errcode (2.10)."""
    answer = response.json()
    if not isinstance(answer, dict):
        unclear = Trouble(f"http_{response.status}", "no JSON")
        if repeatable:
            raise TryLater(unclear.code, unclear.detail, after=_SOON)
        raise Ambiguous(unclear.code, unclear.detail)
    code = str(answer.get("errcode") or 0)
    if code == "0":
        return answer
    words = str(answer.get("errmsg") or "")
    if code in _LATER:
        raise TryLater(code, words, after=_LATER[code])
    raise Permanent(code, words)
