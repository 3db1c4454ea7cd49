"""Who and what is in the rehearsed WeCom of a self-built app: members, the app, group robots."""

from datetime import datetime
from typing import Any, Protocol

import msgspec

from server.clients.wecom_crypto import Envelope


class Seen(msgspec.Struct, kw_only=True):
    """One message as it stands in a chat window."""

    at: datetime
    chat: str
    sender: str
    from_robot: bool = False
    kind: str = "text"
    text: str = ""


class Line(msgspec.Struct, frozen=True, eq=False):
    """What somebody wrote, and what the desk's address said to it: a status for each try."""

    seen: Seen
    statuses: list[int] = []
    ended: list[bool] = []

    @property
    def acked(self) -> bool:
        """It was taken, or WeCom gave it up."""
        return bool(self.ended)


class Faults(msgspec.Struct):
    """What goes wrong next: error codes for the next calls of a path, callbacks that are sent
    twice, and the address from which calls are not trusted.
    """

    answers: dict[str, list[int]] = msgspec.field(default_factory=dict)
    duplicate_next: int = 0
    untrusted: str = ""

    def answer_next(self, path: str, code: int) -> None:
        """Refuse the next call of this path with this code."""
        self.answers.setdefault(path, []).append(code)


class App(msgspec.Struct):
    """A self-built app, and where WeCom calls back to."""

    corp_id: str
    id: int
    secret: str
    callback_url: str = ""
    envelope: Envelope | None = None
    menu: list[dict[str, Any]] = []


class Rehearsed(Protocol):
    """What people do, the rehearsal carries out."""

    messages: list[Seen]

    def call_back(
        self, person: "Person", fields: dict[str, str], text: str, *, message: bool
    ) -> Line:
        """Something happens in a person's chat with the app."""
        ...

    def keep(self, content: bytes) -> str:
        """The media id of a file."""
        ...


class Person:
    """A member whom the app can see."""

    def __init__(self, wecom: Rehearsed, user_id: str, name: str) -> None:
        self._wecom = wecom
        self.id = user_id
        self.name = name

    def says(self, text: str) -> Line:
        """Write to the app; nobody else reads it."""
        fields = {"MsgType": "text", "Content": text}
        return self._wecom.call_back(self, fields, text, message=True)

    def sends_picture(self, content: bytes) -> Line:
        """A picture, kept for three days under its media id."""
        media_id = self._wecom.keep(content)
        fields = {"MsgType": "image", "PicUrl": "https://wework.example/p", "MediaId": media_id}
        return self._wecom.call_back(self, fields, "", message=True)

    def presses_menu(self, key: str) -> Line:
        """Press a button of the app's menu."""
        fields = {"MsgType": "event", "Event": "click", "EventKey": key}
        return self._wecom.call_back(self, fields, f"[{key}]", message=False)

    @property
    def private_messages(self) -> list[Seen]:
        """What stands in this person's chat with the app."""
        return [one for one in self._wecom.messages if one.chat == self.id]


class Robot(msgspec.Struct):
    """A group with a robot in it; who has the key writes in the group."""

    key: str
    title: str
    messages: list[Seen] = []
    removed: bool = False
