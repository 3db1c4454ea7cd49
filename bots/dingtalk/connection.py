"""A desk's connection to DingTalk: lines in, notices out, and how it goes.

It opens its own HTTP connections and its own socket, and closes them when `run` ends.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from bots.conversation import reader_of
from bots.dingtalk import DingTalkSettings
from bots.dingtalk.lines import ChatLine
from bots.dingtalk.meters import AT_ONCE, OVER_QUOTA, Meters
from bots.dingtalk.render import parameters
from bots.dingtalk.send import DingTalkSender
from bots.dingtalk.stream import Receiver
from bots.heard import Attached, Heard
from bots.presses import Press, Windows, kept_press, press, pressed_of
from server.clients.dingtalk import DingTalk
from server.clients.dingtalk_errors import ADVICE
from server.clients.dingtalk_hosts import API_URL, OAPI_URL
from server.clients.http import Http
from server.desk import Desk, Reader, Sender
from server.domain.events import DESK
from server.usecases import administration, cards, chat
from server.usecases.chat import Arrival

KIND: Final = "dingtalk"
_WINDOW: Final = timedelta(seconds=1.5)
"""Of the two seconds for a click's answer; the rest is for the way."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ChatLine).decode


class DingTalkConnection:
    """One application of one organisation."""

    def __init__(self, desk: Desk, settings: DingTalkSettings, secret: str) -> None:
        self._desk = desk
        # DingTalk's own hosts need no exception: only what an administrator typed may be private.
        own = {settings.api_url, settings.oapi_url} - {API_URL, OAPI_URL}
        self._http = Http(desk.activity, allowed=settings.hosts if own else ())
        self._meters = Meters(desk, KIND, settings.limits)
        client = DingTalk(
            self._http,
            _Waiting(desk),
            client_id=settings.client_id,
            client_secret=secret,
            api_url=settings.api_url,
            oapi_url=settings.oapi_url,
            metered=self._meters.count,
        )
        self._receiver = Receiver(
            self._http,
            desk.clock,
            desk.activity,
            self._accept,
            client_id=settings.client_id,
            client_secret=secret,
            api_url=settings.api_url,
            accept_press=self._accept_press,
            metered=self._meters.count,
        )
        self._send_trouble = ""
        self._met: dict[str, str] = {}
        self._sender = DingTalkSender(desk, client, settings, self._meters, self._hear_refusal)
        self._windows = Windows()
        self._client, self._robot_code = client, settings.robot_code
        self._lines = reader_of(heard_of, self._fetch)
        self._reader: Reader = self._read

    @property
    def sender(self) -> Sender:
        """The way out."""
        return self._sender

    @property
    def reader(self) -> Reader:
        """Works on what came in."""
        return self._reader

    @property
    def state(self) -> Literal["connecting", "connected", "trouble"]:
        """How it goes now."""
        if self.trouble:
            return "trouble"
        return "connected" if self._receiver.connected_at is not None else "connecting"

    @property
    def trouble(self) -> str:
        """A code of `[bot.trouble]`, or empty. What keeps the socket shut comes first."""
        refused = self._receiver.last_trouble
        if refused is not None and self._receiver.connected_at is None:
            return _advice(refused.code)
        return self._send_trouble

    async def run(self) -> None:
        """Receive until cancelled; frees everything it opened."""
        try:
            await self._receiver.run()
        finally:
            await asyncio.shield(self._meters.keep())
            await self._http.close()

    async def _accept(self, line: ChatLine) -> None:
        """Make a line durable; only then is it acknowledged."""
        if line.over_quota:
            await self._meters.hear(OVER_QUOTA)
        await self._meters.keep(at_least=AT_ONCE)
        await chat.accept(self._desk, KIND, line.key, _encode(line).decode())
        title = line.title or ""
        if not line.private and self._met.get(line.conversation_id) != title:
            await administration.meet_group(
                self._desk, KIND, line.conversation_id, title, None, DESK
            )
            self._met[line.conversation_id] = title

    async def _read(self, desk: Desk, arrival: Arrival) -> None:
        pressed = pressed_of(arrival.body)
        if pressed is None:
            await self._lines(desk, arrival)
        else:
            self._windows.tell(arrival.key, await press(desk, arrival, pressed))

    async def _accept_press(self, key: str, pressed: Press) -> dict[str, Any]:
        """A button: durable first, then done, and shown to whoever pressed within DingTalk's two
        seconds. What all see is changed afterwards, from the outbox (facts/dingtalk 5.6).
        """
        body, within = kept_press(pressed), _WINDOW.total_seconds()
        shown = await self._windows.shown(self._desk, KIND, key, body, within)
        if shown is None:
            return {}
        await cards.note_answered(self._desk, shown.talk)
        return {
            "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
            "cardData": {"cardParamMap": parameters(shown.card)},
        }

    async def _fetch(self, attached: Attached) -> bytes:
        """Costs one of the month's calls; codes die soon (facts/dingtalk 3.2)."""
        return await self._client.download_file(self._robot_code, attached.code)

    def _hear_refusal(self, code: str | None) -> None:
        """Trouble of the whole connection is shown; that of one notice is shown with the notice."""
        if code is None:
            self._send_trouble = ""
        elif code in ADVICE:
            self._send_trouble = _advice(code)


class _Waiting:
    """The desk's clock for one who holds a token of its activity: the token is given back while he
    waits for his turn, or a clock that is moved by hand would wait for him, and he for it.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def now(self) -> datetime:
        """The instant it is."""
        return self._desk.clock.now()

    async def sleep_until(self, at: datetime) -> None:
        """Return when `at` has come, or earlier."""
        self._desk.activity.end()
        try:
            await self._desk.clock.sleep_until(at)
        finally:
            self._desk.activity.begin()


def _advice(code: str) -> str:
    away = code in _UNREACHABLE or code.startswith("http_5")
    return ADVICE.get(code, "unreachable" if away else "refused")


_UNREACHABLE: Final = frozenset({"no_connection", "no_answer", "bad_address", "address_refused"})


_CUT: Final = frozenset({"chatRecord", "unknownMsgType"})
"""What forwarded conversations come as (facts/dingtalk 3)."""


def heard_of(body: str) -> Heard:
    """What was kept of a line, without DingTalk's ways."""
    line = _decode(body)
    recipient = {"person": line.sender_id, "session": line.session_webhook}
    if not line.private:
        recipient["group"] = line.conversation_id
    if line.session_webhook_expires_at is not None:
        recipient["session_until"] = line.session_webhook_expires_at.isoformat()
    return Heard(
        conversation=line.conversation_id,
        private=line.private,
        user_id=line.sender_id,
        name=line.sender_name,
        text=line.text,
        named=tuple(line.at_ids),
        recipient={key: value for key, value in recipient.items() if value is not None},
        attached=tuple(
            Attached(kind=one.kind, code=one.download_code, name=one.name)
            for one in line.attachments
        ),
        withheld=line.over_quota,
        quoted=line.quoted["ref"] if line.quoted else None,
        quoted_text=(line.quoted["text"] or "") if line.quoted else "",
        cut=str(line.raw.get("msgtype")) in _CUT,
    )
