"""One line under way: who spoke, where, what is remembered of the talk, and how he is answered."""

from datetime import datetime
from typing import cast

import msgspec

from bots.heard import Fetch, Heard
from server.desk import Desk
from server.domain.errors import Invalid, Refusal
from server.domain.events import Via
from server.domain.firm import Firm
from server.domain.people import Staff
from server.domain.phrases import Phrase, read
from server.domain.privacy import mask_phones
from server.domain.recall import NOTHING, Recall
from server.storage.recalls import Spot
from server.usecases import chat
from server.usecases.chat import Arrival, Said, Talk
from server.words import LANGUAGES, say


class Turn:
    """A line and its way back. `person` is None while the account belongs to nobody; `about` is the
    ticket that the line is about, as far as that is known yet.
    """

    def __init__(
        self,
        desk: Desk,
        arrival: Arrival,
        heard: Heard,
        *,
        firm: Firm,
        recall: Recall,
        fetch: Fetch | None,
    ) -> None:
        self.desk = desk
        self.arrival = arrival
        self.heard = heard
        self.firm = firm
        self.recall = recall
        self.fetch = fetch
        self.lost = 0
        """So many of the files that came along could not be taken."""
        self.person = _person(firm, arrival.channel, heard)
        self.language = self.person.language if self.person is not None else LANGUAGES[0]
        self.phrase: Phrase | None = None if heard.withheld else read(heard.text)
        self.about: int | None = self.phrase.ticket if self.phrase is not None else None
        self.talk = Talk(
            arrival=arrival,
            # Every platform's name is one of the ways that an event can come.
            via=cast("Via", arrival.channel),
            recipient=heard.recipient,
            refused=lambda refusal: self.fit(refusal_text(self.language, refusal, self.about)),
            spot=spot_of(arrival.channel, heard),
            recall=recall,
        )

    @property
    def now(self) -> datetime:
        """The instant it is."""
        return self.desk.clock.now()

    def say(self, code: str, **facts: object) -> str:
        """A sentence in the reader's language."""
        return say(self.language, f"chat.{code}", **facts)

    def fit(self, text: str) -> str:
        """The text as it may be said here."""
        return text if self.heard.private else mask_phones(text)

    def said(self, text: str, ticket: int | None = None, recall: Recall | None = None) -> Said:
        """An answer; the ticket that it is about is remembered unless `recall` says otherwise."""
        if recall is None:
            recall = self.recall.speaks_of(ticket, self.now) if ticket else self.recall.answered()
        about = ticket or self.about
        return Said(text=self.fit(text), ticket=about, recall=recall)

    async def answer(self, code: str, **facts: object) -> None:
        """Say a sentence and nothing else; nothing is remembered of it."""
        said = Said(text=self.fit(self.say(code, **facts)), ticket=self.about)
        await chat.answer(self.desk, self.talk, said)

    async def refuse(self, refusal: Refusal) -> None:
        """Say why not."""
        said = Said(text=self.talk.refused(refusal), ticket=self.about)
        await chat.answer(self.desk, self.talk, said)


def spot_of(platform: str, heard: Heard) -> Spot | None:
    """Who spoke, and where; None of people whom the platform does not vouch for."""
    if heard.user_id is None:
        return None
    return Spot(platform, heard.conversation, heard.user_id)


async def begin(desk: Desk, arrival: Arrival, heard: Heard, fetch: Fetch | None = None) -> Turn:
    """Take up a line."""
    firm = await desk.firm()
    spot = spot_of(arrival.channel, heard)
    recall = await chat.read_recall(desk, spot) if spot is not None else NOTHING
    return Turn(desk, arrival, heard, firm=firm, recall=recall, fetch=fetch)


def _person(firm: Firm, platform: str, heard: Heard) -> Staff | None:
    number = firm.reach.staff_of(platform, heard.user_id) if heard.user_id else None
    person = firm.staff.get(number) if number is not None else None
    return person if person is not None and person.active else None


def refusal_text(language: str, refusal: Refusal, ticket: int | None) -> str:
    """A refusal as a sentence, with the ticket's number in front."""
    if isinstance(refusal, Invalid):
        fields = msgspec.convert(refusal.facts["fields"], dict[str, str])
        text = " ".join(say(language, f"field.{code}") for code in fields.values())
    else:
        text = say(language, f"refusal.{refusal.code}", **refusal.facts)
    mark = f"#{ticket}"
    return text if ticket is None or mark in text else f"{mark} {text}"
