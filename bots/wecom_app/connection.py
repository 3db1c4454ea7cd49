"""A desk's connection to a self-built app: WeCom calls back with lines, notices go out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

import msgspec

from bots.conversation import reader_of
from bots.heard import Attached, Heard
from bots.wecom_app import Secrets, WeComAppSettings
from bots.wecom_app.lines import ChatLine, Unreadable, read_fields, read_line
from bots.wecom_app.send import WeComAppSender
from server.clients import Permanent, Trouble
from server.clients.http import Http
from server.clients.wecom_app import UNTRUSTED_ADDRESS, URL, WeComApp, address_in
from server.clients.wecom_crypto import BadEnvelope, BadKey, Envelope, Sealed
from server.desk import BadChannel, Desk, NotGenuine, Reader, Sender
from server.usecases import chat
from server.words import LANGUAGES, say

KIND: Final = "wecom_app"
_AUTHORIZE: Final = "https://open.weixin.qq.com/connect/oauth2/authorize"
_AGAIN: Final = timedelta(minutes=1)
_RARELY: Final = timedelta(minutes=30)
_FRESH: Final = timedelta(hours=2)
"""WeCom's nonces are its own for two hours (facts/wecom 1.3): what is older is somebody's copy."""
_MENU: Final = (
    ("waiting", ()),
    ("mine", ()),
    ("more", ("on_duty", "break", "off_duty", "help")),
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ChatLine).decode


class WeComAppConnection:
    """One app of one firm. It frees its connections when `run` ends."""

    def __init__(self, desk: Desk, settings: WeComAppSettings, secrets: Secrets) -> None:
        """Refuses `BadChannel`."""
        self._desk = desk
        self._settings = settings
        self._envelope = _envelope_of(settings, secrets)
        own = settings.url.rstrip("/") != URL
        self._http = Http(desk.activity, allowed=[settings.host] if own else ())
        self._client = WeComApp(
            self._http,
            desk.clock,
            corp_id=settings.corp_id,
            app_id=int(settings.app_id),
            secret=secrets.secret,
            url=settings.url,
        )
        self._connected = False
        self._trouble = ""
        self._called = False
        self._call_trouble = ""
        self._sender = WeComAppSender(desk, self._client, self._hear_refusal)
        self._reader = reader_of(heard_of)

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
        return "connected" if self._connected else "connecting"

    @property
    def trouble(self) -> str:
        """A code of `[bot.trouble]`, with the address to be trusted behind it; or empty."""
        return self._trouble or self._call_trouble

    async def run(self) -> None:
        """See from time to time whether WeCom takes our calls, until cancelled."""
        try:
            while True:
                with self._desk.activity.busy():
                    again_at = self._desk.clock.now() + await self._try_out()
                while self._desk.clock.now() < again_at:
                    await self._desk.clock.sleep_until(again_at)
        finally:
            await self._http.close()

    async def _try_out(self) -> timedelta:
        """Offer the menu: a call that needs all that a message needs, and can be repeated."""
        try:
            await self._client.offer_menu(_menu())
        except Trouble as trouble:
            self._hear_trouble(trouble)
            return _RARELY if trouble.code in _CREDENTIALS else _AGAIN
        self._connected, self._trouble = True, ""
        return _RARELY

    def _hear_refusal(self, refused: Permanent | None) -> None:
        """Trouble of the whole app is shown; that of one notice is shown with the notice."""
        if refused is None:
            self._connected, self._trouble = True, ""
        elif refused.code in _ADVICE:
            self._hear_trouble(refused)

    def _hear_trouble(self, trouble: Trouble) -> None:
        self._connected = False
        advice = _ADVICE.get(trouble.code, "wecom_app_refused")
        address = address_in(trouble.detail) if trouble.code == UNTRUSTED_ADDRESS else ""
        self._trouble = f"{advice}:{address}" if address else advice

    # Called back

    def confirm(self, query: Mapping[str, str]) -> str:
        """What WeCom asks for when the administrator saves the address (1.2). Refuses
        `NotGenuine`.
        """
        return self._open(query, query.get("echostr", ""))

    async def take(self, query: Mapping[str, str], body: bytes) -> str:
        """Make durable what WeCom tells; the empty answer is its acknowledgement (1.7). Refuses
        `NotGenuine`.
        """
        try:
            sealed = read_fields(body.decode()).get("Encrypt", "")
            fields = read_fields(self._open(query, sealed))
        except (Unreadable, UnicodeDecodeError):
            raise NotGenuine("unreadable") from None
        line = read_line(fields)
        if line is not None:
            await chat.accept(self._desk, KIND, line.key, _encode(line).decode())
        return ""

    def proof(self, name: str) -> str | None:
        """The content of the file by which WeCom has the domain proved, if that is its name."""
        proof = self._settings.proof
        return proof if proof and name == f"WW_verify_{proof}.txt" else None

    def way_in(self, back: str, state: str) -> str:
        """WeCom's silent sign-in, inside its own browser; the fragment is required (5.1)."""
        query = urlencode(
            {
                "appid": self._settings.corp_id,
                "redirect_uri": back,
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
                "agentid": self._settings.app_id,
            }
        )
        return f"{_AUTHORIZE}?{query}#wechat_redirect"

    async def who_is(self, code: str) -> str | None:
        """The member behind a code; one that is over is not asked for twice. Refuses
        `NotGenuine`.
        """
        try:
            return await self._client.who_is(code)
        except Trouble as trouble:
            if trouble.code in _ADVICE:
                self._hear_trouble(trouble)
            raise NotGenuine(trouble.code) from None

    def _open(self, query: Mapping[str, str], text: str) -> str:
        if self._envelope is None:
            raise NotGenuine("no_token")
        timestamp = query.get("timestamp", "")
        sealed = Sealed(text, query.get("msg_signature", ""), timestamp, query.get("nonce", ""))
        try:
            opened = self._envelope.open(sealed)
        except BadEnvelope as bad:
            raise self._not_genuine(bad.code) from None
        if not self._is_fresh(timestamp):
            raise self._not_genuine("timestamp")
        self._called, self._call_trouble = True, ""
        return opened

    def _not_genuine(self, code: str) -> NotGenuine:
        """Told to the administrator while no genuine call has come; later on it is somebody
        else's attempt, and no news.
        """
        if not self._called:
            self._call_trouble = _CALLS.get(code, "wecom_app_token")
        return NotGenuine(code)

    def _is_fresh(self, timestamp: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):  # noqa: PLR2004
            return False
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
        return abs(self._desk.clock.now() - sent_at) < _FRESH


_CREDENTIALS: Final = frozenset({"40001", "40013", "40056", "301002"})
_ADVICE: Final = dict.fromkeys(_CREDENTIALS, "wecom_app_credentials") | {
    UNTRUSTED_ADDRESS: "wecom_app_address",
    "60011": "wecom_app_range",
    "50003": "wecom_app_disabled",
    "48002": "wecom_app_disabled",
    "no_connection": "wecom_app_unreachable",
    "no_answer": "wecom_app_unreachable",
    "address_refused": "wecom_app_unreachable",
    "45009": "wecom_often",
}
_CALLS: Final = {
    "signature": "wecom_app_token",
    "receiver": "wecom_app_corp",
    "timestamp": "wecom_app_clock",
    "padding": "wecom_app_key",
    "length": "wecom_app_key",
    "base64": "wecom_app_key",
}


def _envelope_of(settings: WeComAppSettings, secrets: Secrets) -> Envelope | None:
    if not secrets.token:
        return None
    try:
        return Envelope(secrets.token, secrets.aes_key, settings.corp_id)
    except BadKey:
        raise BadChannel("aes_key", "bad_aes_key") from None


def _menu() -> list[dict[str, Any]]:
    """A press on a button says its name, as if it had been typed."""
    return [_button(name, below) for name, below in _MENU]


def _button(name: str, below: tuple[str, ...]) -> dict[str, Any]:
    words = say(LANGUAGES[0], f"chat.menu.{name}")
    if below:
        return {"name": words, "sub_button": [_button(one, ()) for one in below]}
    return {"type": "click", "name": words, "key": words}


def heard_of(body: str) -> Heard:
    """What was kept of a line, without WeCom's ways."""
    line = _decode(body)
    return Heard(
        conversation=line.sender_id,
        private=True,
        user_id=line.sender_id,
        text=line.text,
        recipient={"person": line.sender_id},
        attached=tuple(Attached(kind=one.kind, code=one.media_id) for one in line.attachments),
    )
