"""A line from a colleague: who is it, what does he want, do it, answer. No platform in here.

Whatever is said gets one answer, and it carries the ticket's number; a refusal is an answer. In a
group only a clear command does anything, and telephone numbers are hidden.
"""

from collections.abc import Callable
from typing import Final, cast

import msgspec

from bots import asking
from bots.heard import Heard
from bots.orders import ORDERS, Place, Question, order_of
from bots.telling import cut, due_line, moment, priority_name, status_name, subject_of, where
from server.desk import Desk, Reader
from server.domain import commands as c
from server.domain.errors import Invalid, Refusal
from server.domain.events import Via
from server.domain.firm import Firm
from server.domain.people import Duty, Staff
from server.domain.phrases import NEEDS_NUMBER, Phrase, names_several, nearest, read, read_span
from server.domain.privacy import mask_phones
from server.domain.ticket import Ticket
from server.usecases import chat, reading
from server.usecases.chat import Arrival, Talk
from server.usecases.duty import USUAL_BREAK
from server.usecases.intake import Filed, Filing
from server.vault import digest
from server.words import LANGUAGES, say

_SUBJECT: Final = 200


async def hear(desk: Desk, arrival: Arrival, heard: Heard) -> None:
    """Work on one line: settles its arrival with exactly one answer."""
    firm = await desk.firm()
    platform = arrival.channel
    number = firm.reach.staff_of(platform, heard.user_id) if heard.user_id else None
    person = firm.staff.get(number) if number is not None else None
    turn = _Turn(desk, arrival, heard, firm, person if person and person.active else None)
    await turn.take()


class _Turn:
    """One line under way. `person` is None while the account belongs to nobody."""

    def __init__(
        self, desk: Desk, arrival: Arrival, heard: Heard, firm: Firm, person: Staff | None
    ) -> None:
        self.desk = desk
        self.arrival = arrival
        self.heard = heard
        self.firm = firm
        self.person = person
        self.language = person.language if person is not None else LANGUAGES[0]
        self.phrase: Phrase | None = None if heard.withheld else read(heard.text)
        number = self.phrase.ticket if self.phrase is not None else None
        self.talk = Talk(
            arrival=arrival,
            # Every platform's name is one of the ways that an event can come.
            via=cast("Via", arrival.channel),
            recipient=heard.recipient,
            refused=lambda refusal: self.fit(refusal_text(self.language, refusal, number)),
        )

    async def take(self) -> None:
        """Find out what is to be done."""
        phrase = self.phrase
        if self.heard.withheld:
            await self.answer("withheld")
        elif phrase is not None and phrase.verb == "bind":
            await self.bind(phrase)
        elif self.person is None:
            await self.answer("unbound" if self.heard.user_id else "no_identity")
        elif phrase is None:
            await self.not_understood()
        else:
            await self.carry_out(phrase, self.person)

    async def carry_out(self, phrase: Phrase, person: Staff) -> None:
        """Do what a known colleague said."""
        if phrase.verb in NEEDS_NUMBER and phrase.ticket is None:
            await self.answer("ask.number", verb=self.say(f"verb.{phrase.verb}"))
        elif names_several(phrase):
            await self.answer("ask.one_at_a_time", ticket=phrase.ticket)
        elif phrase.verb in ORDERS:
            await self.order(phrase, person)
        elif phrase.verb in ("on_duty", "off_duty", "break"):
            await self.duty(phrase, person)
        elif phrase.verb == "take_over":
            await self.take_over(phrase, person)
        elif phrase.verb == "file":
            await self.file(phrase, person)
        else:
            await self.inform(phrase, person)

    async def inform(self, phrase: Phrase, person: Staff) -> None:
        """Questions: nothing changes."""
        asked = asking.Asked(
            desk=self.desk,
            firm=self.firm,
            person=person,
            private=self.heard.private,
            phrase=phrase,
        )
        try:
            text = await asking.ANSWERS[phrase.verb](asked)
        except Refusal as refusal:
            text = self.talk.refused(refusal)
        await chat.answer(self.desk, self.talk, self.fit(text), ticket=phrase.ticket)

    async def order(self, phrase: Phrase, person: Staff) -> None:
        """A command to a ticket."""
        try:
            ticket = await reading.read_ticket(self.desk, person, phrase.ticket or 0)
        except Refusal as refusal:
            await chat.answer(self.desk, self.talk, self.talk.refused(refusal), phrase.ticket)
            return
        place = Place(
            firm=self.firm,
            platform=self.arrival.channel,
            named=self.heard.named,
            now=self.desk.clock.now(),
        )
        order = order_of(phrase, ticket, place)
        if isinstance(order, Question):
            await self.answer(f"ask.{order.code}", ticket=ticket.number, **order.facts)
            return
        caller = await self._caller(ticket) if isinstance(order, c.Claim) else ""

        def done(after: Ticket) -> str:
            return self.fit(self.done(phrase, after) + caller + self._left_behind())

        await chat.obey_line(self.desk, self.talk, order, person, done)

    async def _caller(self, ticket: Ticket) -> str:
        """Whom to call: said to him who claims."""
        customer = (await chat.read_brief(self.desk, ticket)).customer
        reached = " ".join(part for part in (customer.name, customer.phone) if part)
        return "\n" + self.say("customer", customer=reached) if reached else ""

    def done(self, phrase: Phrase, after: Ticket) -> str:
        """What was done, and how the ticket stands now."""
        now, zone = self.desk.clock.now(), self.firm.profile.zone
        text = self.say(
            f"done.{phrase.verb}",
            ticket=after.number,
            subject=subject_of(after),
            where=where(self.language, after, self.firm),
            status=status_name(self.language, after, self.firm),
            priority=priority_name(self.language, after),
        )
        due = due_line(self.language, after, now, zone)
        return f"{text}\n{due}" if due and phrase.verb in _TELL_DUE else text

    async def file(self, phrase: Phrase, person: Staff) -> None:
        """新建: a colleague files a ticket of his own."""
        first, _, _ = phrase.text.strip().partition("\n")
        filing = Filing(
            channel=self.arrival.channel,
            key=f"file:{self.arrival.key}",
            subject=cut(first, _SUBJECT),
            text=phrase.text,
            name=person.name,
            email=person.email,
            via=self.talk.via,
            by=person,
        )

        def filed(found: Filed, firm: Firm) -> str:
            ticket = found.ticket
            return self.fit(
                self.say(
                    "done.file",
                    ticket=ticket.number,
                    subject=subject_of(ticket),
                    where=where(self.language, ticket, firm),
                )
                + self._left_behind()
            )

        await chat.file_line(self.desk, self.talk, filing, filed)

    async def duty(self, phrase: Phrase, person: Staff) -> None:
        """值班, 小休, 下班."""

        def said(after: Staff) -> str:
            zone = self.firm.profile.zone
            now, until = self.desk.clock.now(), after.break_until
            at = moment(self.language, until, now, zone) if until is not None else ""
            return self.fit(self.say(after.duty, until=at))

        span = read_span(phrase.text) or USUAL_BREAK
        duty = cast("Duty", phrase.verb)
        await chat.duty_line(self.desk, self.talk, person, duty, said, span)

    async def take_over(self, phrase: Phrase, person: Staff) -> None:
        """接手: what a colleague left at the end of his shift."""

        def done(after: Ticket) -> str:
            return self.fit(self.done(phrase, after))

        await chat.take_line(self.desk, self.talk, person, phrase.ticket or 0, done)

    async def bind(self, phrase: Phrase) -> None:
        """绑定: the account says the code that the console showed."""
        if not self.heard.user_id:
            await self.answer("no_identity")
            return

        def bound(staff: Staff) -> str:
            return say(staff.language, "chat.bound", name=staff.name)

        # The console's codes are capital letters and digits; telephones write small ones.
        code = digest("".join(phrase.text.split()).upper())
        await chat.bind_line(self.desk, self.talk, code, self.heard.user_id, bound)

    async def not_understood(self) -> None:
        """Nothing is done; the nearest command is offered."""
        if self.heard.attached and not self.heard.text:
            await self.answer("only_text")
            return
        if not self.heard.text:
            await self.answer("greeting")
            return
        near = nearest(self.heard.text)
        if near is not None:
            await self.answer("did_you_mean", phrase=near)
        else:
            await self.answer("not_understood")

    def _left_behind(self) -> str:
        """Pictures that came along with a command stay in the chat: say so."""
        return "\n" + self.say("attachments_left") if self.heard.attached else ""

    async def answer(self, code: str, **facts: object) -> None:
        """Say a sentence and nothing else."""
        number = self.phrase.ticket if self.phrase is not None else None
        await chat.answer(self.desk, self.talk, self.fit(self.say(code, **facts)), number)

    def say(self, code: str, **facts: object) -> str:
        """A sentence in the reader's language."""
        return say(self.language, f"chat.{code}", **facts)

    def fit(self, text: str) -> str:
        """The text as it may be said here."""
        return text if self.heard.private else mask_phones(text)


_TELL_DUE: Final = frozenset({"claim", "take_over", "reply", "resume", "reopen", "priority"})


def refusal_text(language: str, refusal: Refusal, ticket: int | None) -> str:
    """A refusal as a sentence, with the ticket's number in front."""
    if isinstance(refusal, Invalid):
        fields = msgspec.convert(refusal.facts["fields"], dict[str, str])
        text = " ".join(say(language, f"field.{code}") for code in fields.values())
    else:
        text = say(language, f"refusal.{refusal.code}", **refusal.facts)
    mark = f"#{ticket}"
    return text if ticket is None or mark in text else f"{mark} {text}"


def reader_of(translate: Callable[[str], Heard]) -> Reader:
    """A platform's reader: `translate` makes a line of what was kept of it."""

    async def read_arrival(desk: Desk, arrival: Arrival) -> None:
        await hear(desk, arrival, translate(arrival.body))

    return read_arrival
