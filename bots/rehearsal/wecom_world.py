"""What there is in the rehearsed WeCom: messages, lines under way, bots, and what goes wrong."""

from datetime import datetime

import msgspec

from bots.rehearsal.wecom_cards import CardOnWall


class Seen(msgspec.Struct, kw_only=True):
    """One message as it stands in a chat window."""

    id: str
    at: datetime
    chat: str
    sender: str
    sender_id: str
    from_robot: bool = False
    kind: str = "text"
    text: str = ""
    card: CardOnWall | None = None


class Line(msgspec.Struct, frozen=True, eq=False):
    """What somebody wrote, and whether the bot's connection has it."""

    seen: Seen
    handed: list[bool] = []

    @property
    def acked(self) -> bool:
        """WeCom asks for no acknowledgement: it has been handed over, or never will be."""
        return bool(self.handed)


class Faults(msgspec.Struct):
    """What goes wrong next. `answers`: error codes for the next frames of a command; `cut`: so
    many frames of it take effect, and the socket ends before the answer.
    """

    lose_next: int = 0
    duplicate_next: int = 0
    answers: dict[str, list[int]] = msgspec.field(default_factory=dict)
    cut: dict[str, int] = msgspec.field(default_factory=dict)

    def answer_next(self, cmd: str, code: int) -> None:
        """Refuse the next frame of this command with this code."""
        self.answers.setdefault(cmd, []).append(code)

    def lose_answer_of_next(self, cmd: str) -> None:
        """The next frame of this command takes effect, and its answer is lost."""
        self.cut[cmd] = self.cut.get(cmd, 0) + 1


class Bot(msgspec.Struct, frozen=True):
    """An AI bot of the organisation."""

    id: str
    secret: str
    name: str
