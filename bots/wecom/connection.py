"""A desk's connection to WeCom's bot: lines in, notices out, and how it goes."""

import contextlib
from datetime import timedelta
from typing import Any, Final, Literal

import msgspec

from bots.conversation import reader_of
from bots.heard import Attached, Heard
from bots.presses import Windows, kept_press, press, pressed_of
from bots.wecom import WeComSettings
from bots.wecom.lines import ChatLine, read_line, read_press
from bots.wecom.render import template_card
from bots.wecom.send import WeComSender
from server.clients import Permanent, Trouble
from server.clients.http import Http
from server.clients.wecom import BAD_SECRET, Frame, WeComBot, event_of
from server.clients.wecom_crypto import BadEnvelope, decrypt, key_of
from server.desk import Desk, Reader, Sender
from server.domain.attachments import MOST_BYTES
from server.domain.events import DESK
from server.usecases import administration, cards, chat
from server.usecases.chat import Arrival
from server.words import LANGUAGES, say

KIND: Final = "wecom"
_WELCOME: Final = timedelta(seconds=5)
_FETCHING: Final = timedelta(seconds=60)
_PADDING: Final = 32
_WINDOW: Final = timedelta(seconds=4)
"""Of the five seconds for a card's update; the last one is for the way."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ChatLine).decode


class WeComConnection:
    """One bot of one organisation."""

    def __init__(self, desk: Desk, settings: WeComSettings, secret: str) -> None:
        self._desk = desk
        self._bot = WeComBot(
            desk.clock,
            desk.activity,
            self._hear,
            bot_id=settings.bot_id,
            secret=secret,
            url=settings.url,
        )
        self._met: set[str] = set()
        self._sender = WeComSender(desk, self._bot)
        self._windows = Windows()
        # Files come from hosts of WeCom's own choosing; a private one only where it is rehearsed.
        self._http = Http(desk.activity, allowed=settings.hosts)
        self._lines = reader_of(heard_of, self._fetch)
        self._reader: Reader = self._read

    @property
    def sender(self) -> Sender:
        """The way out."""
        return self._sender

    @property
    def reader(self) -> Reader:
        """Works on what came in: lines, and buttons that were pressed."""
        return self._reader

    @property
    def state(self) -> Literal["connecting", "connected", "trouble"]:
        """How it goes now."""
        if self.trouble:
            return "trouble"
        return "connected" if self._bot.connected_at is not None else "connecting"

    @property
    def trouble(self) -> str:
        """A code of `[bot.trouble]`, or empty."""
        trouble = self._bot.last_trouble
        if trouble is not None and self._bot.connected_at is None:
            return _advice(trouble)
        return ""

    async def run(self) -> None:
        """Receive until cancelled."""
        try:
            await self._bot.run()
        finally:
            await self._http.close()

    async def _fetch(self, attached: Attached) -> bytes:
        """A picture or file: encrypted with a key of its own, and gone in five minutes (4.6)."""
        file = await self._http.request(
            "GET", attached.code, within=_FETCHING, most_bytes=MOST_BYTES + _PADDING
        )
        if file.status != 200:  # noqa: PLR2004
            raise Permanent("file_gone", f"HTTP {file.status}")
        try:
            return decrypt(key_of(attached.key), file.body) if attached.key else file.body
        except BadEnvelope as error:
            raise Permanent("bad_file", str(error)) from error

    async def _hear(self, frame: Frame) -> None:
        if frame.cmd == "aibot_msg_callback":
            await self._accept(read_line(frame.body, frame.req_id))
        elif event_of(frame) == "enter_chat":
            await self._welcome(frame)
        elif event_of(frame) == "template_card_event":
            await self._press(frame)

    async def _read(self, desk: Desk, arrival: Arrival) -> None:
        pressed = pressed_of(arrival.body)
        if pressed is None:
            await self._lines(desk, arrival)
        else:
            self._windows.tell(arrival.key, await press(desk, arrival, pressed))

    async def _press(self, frame: Frame) -> None:
        """A button: durable first, then done, and shown on the card within WeCom's five seconds
        (facts/wecom 4.4). There is no other way to change the card later.
        """
        key, pressed = read_press(frame.body, frame.req_id)
        left = _WINDOW - (self._desk.clock.now() - frame.received_at)
        body = kept_press(pressed)
        shown = await self._windows.shown(self._desk, KIND, key, body, left.total_seconds())
        if shown is None:
            return
        told: dict[str, Any] = {
            "response_type": "update_template_card",
            "template_card": template_card(shown.card, pressed.card),
        }
        if not shown.everyone and pressed.user_id is not None:
            told["userids"] = [pressed.user_id]
        with contextlib.suppress(Trouble):  # what the card does not show is written into the chat
            await self._bot.ask("aibot_respond_update_msg", told, frame.req_id)
            await cards.note_answered(self._desk, shown.talk)

    async def _accept(self, line: ChatLine) -> None:
        """Make a line durable, before anything else is done about it."""
        await chat.accept(self._desk, KIND, line.key, _encode(line).decode())
        if not line.private and line.chat_id not in self._met:
            await administration.meet_group(self._desk, KIND, line.chat_id, "", None, DESK)
            self._met.add(line.chat_id)

    async def _welcome(self, frame: Frame) -> None:
        """Somebody opened the chat with the bot: a greeting, or nothing when it comes too late."""
        if self._desk.clock.now() - frame.received_at > _WELCOME:
            return
        text = {"content": say(LANGUAGES[0], "chat.greeting")}
        with contextlib.suppress(Trouble):  # a greeting that did not arrive is no loss
            await self._bot.ask(
                "aibot_respond_welcome_msg", {"msgtype": "text", "text": text}, frame.req_id
            )


def _advice(trouble: Trouble) -> str:
    """The code of what to do about it, by the platform's code."""
    return _ADVICE.get(trouble.code, "wecom_refused")


_ADVICE: Final = {
    str(BAD_SECRET): "wecom_credentials",
    "taken": "wecom_taken",
    "45009": "wecom_often",
    "unreachable": "wecom_unreachable",
    "bad_address": "wecom_unreachable",
    "no_answer": "wecom_unreachable",
    "socket_ended": "wecom_unreachable",
    "not_connected": "wecom_unreachable",
}


def heard_of(body: str) -> Heard:
    """What was kept of a line, without WeCom's ways."""
    line = _decode(body)
    recipient = {"reply": line.req_id}
    if line.sender_id is not None:
        recipient["person"] = line.sender_id
    if not line.private:
        recipient["group"] = line.chat_id
    return Heard(
        conversation=line.chat_id,
        private=line.private,
        user_id=line.sender_id,
        text=line.text,
        recipient=recipient,
        quoted_text=line.quoted,
        attached=tuple(
            Attached(kind=one.kind, code=one.url, key=one.key) for one in line.attachments
        ),
    )
