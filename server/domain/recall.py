"""What the bot remembers of one person in one chat, so that half a sentence is understood.

The last ticket counts for ten minutes, a question that is still open just as long. A ticket that
nobody named is never replied to, closed, cancelled or merged: a word to the wrong customer cannot
be taken back.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain.phrases import Phrase
from server.domain.sayings import Verb
from server.domain.sketches import Form, Sketch
from server.domain.undoing import UNDO_WITHIN, Undoable

REMEMBERED_FOR: Final = timedelta(minutes=10)
NAMED_ONLY: Final[frozenset[Verb]] = frozenset({"reply", "close", "cancel", "merge"})
"""Verbs for which the number has to be said, or a message of ours quoted."""


class Option(msgspec.Struct, frozen=True):
    """One of several that are meant by a name: what tells him from the others, and who he is."""

    label: str
    staff: int


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A question with a few answers: which of these colleagues did the phrase mean?"""

    phrase: Phrase
    options: tuple[Option, ...]


class Recall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ticket` is the one that was spoken of at `ticket_at`. `lacking` is a phrase without its
    number, `choice` one whose name fits several: asked at `asked_at`. What was `done` at `done_at`,
    or is `held`, can be taken back for a minute. `sketch` is a ticket that waits to be filed for a
    customer, `form` one that is asked for step by step.
    """

    ticket: int | None = None
    ticket_at: datetime | None = None
    lacking: Phrase | None = None
    choice: Choice | None = None
    asked_at: datetime | None = None
    done: tuple[Undoable, ...] = ()
    held: int | None = None
    done_at: datetime | None = None
    sketch: Sketch | None = None
    form: Form | None = None

    def sketches(self, sketch: Sketch | None) -> "Recall":
        """What is gathered now for a customer; None: nothing."""
        return replace(self.answered(), sketch=sketch, form=None)

    def fills(self, form: Form | None) -> "Recall":
        """The form that is being filled now; None: none."""
        return replace(self.answered(), form=form)

    def open_form(self, now: datetime) -> Form | None:
        """The form that still waits for an answer."""
        return self.form if self.form is not None and _fresh(self.form.asked_at, now) else None

    def did(self, done: tuple[Undoable, ...], at: datetime) -> "Recall":
        """These commands were done now; they can be taken back together."""
        return replace(self, done=done, held=None, done_at=at if done else None)

    def holds(self, reply: int, at: datetime) -> "Recall":
        """The reply is held since now."""
        return replace(self, done=(), held=reply, done_at=at)

    def undone(self) -> "Recall":
        """There is nothing to be taken back any more."""
        return replace(self, done=(), held=None, done_at=None)

    def can_undo(self, now: datetime) -> bool:
        """Whether the last act was a moment ago."""
        return self.done_at is not None and now - self.done_at <= UNDO_WITHIN

    def speaks_of(self, ticket: int, at: datetime) -> "Recall":
        """The ticket was spoken of now; whatever was asked is settled."""
        return replace(self.answered(), ticket=ticket, ticket_at=at)

    def answered(self) -> "Recall":
        """Nothing is asked any more."""
        return replace(self, lacking=None, choice=None, asked_at=None)

    def asks_number(self, phrase: Phrase, at: datetime) -> "Recall":
        """The phrase lacks its number."""
        return replace(self.answered(), lacking=phrase, asked_at=at)

    def asks_choice(self, choice: Choice, at: datetime) -> "Recall":
        """One of these has to be chosen."""
        return replace(self.answered(), choice=choice, asked_at=at)

    def ticket_for(self, phrase: Phrase, now: datetime) -> int | None:
        """The ticket that a phrase without a number is about, or None: it has to be named."""
        if phrase.verb in NAMED_ONLY or not phrase.apart or not _fresh(self.ticket_at, now):
            return None
        return self.ticket

    def open_choice(self, now: datetime) -> Choice | None:
        """The choice that is still open."""
        return self.choice if _fresh(self.asked_at, now) else None

    def open_lack(self, now: datetime) -> Phrase | None:
        """The phrase that still waits for its number."""
        return self.lacking if _fresh(self.asked_at, now) else None


NOTHING: Final = Recall()


def _fresh(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at <= REMEMBERED_FOR
