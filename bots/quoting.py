"""A message of ours that somebody quotes names the ticket; what he writes is about it.

Words to it are a note, which only colleagues read. In private, words to what the customer wrote are
a reply to him, held for a moment. DingTalk tells which message is quoted; WeCom tells only its
words, which is why every message of ours carries the number (facts/dingtalk 3.1, facts/wecom 4.3).
"""

from typing import Final

import msgspec

from bots.orders import LONGEST_TEXT
from bots.telling import subject_of
from bots.turn import Turn
from server.domain import commands as c
from server.domain.errors import Refusal
from server.domain.people import Staff
from server.domain.phrases import number_in, spoken
from server.domain.ticket import Ticket
from server.usecases import chat, held_replies, reading
from server.usecases.acts import Act
from server.usecases.chat import Outcome, Said
from server.usecases.held_replies import Held
from server.words import LANGUAGES, find, say

_CUSTOMERS: Final = ("customer_wrote", "disputed")
"""The kinds of notice that show what the customer wrote."""


class Quoted(msgspec.Struct, frozen=True):
    """The ticket that a quoted message is about, and whether it shows the customer's words."""

    ticket: int
    customers: bool


async def find_quoted(turn: Turn) -> Quoted | None:
    """What is quoted, or None: nothing, or nothing that is about a ticket."""
    heard = turn.heard
    if heard.quoted is not None:
        sent = await chat.find_quoted(turn.desk, turn.arrival.channel, heard.quoted)
        if sent is not None and sent.ticket is not None:
            return Quoted(sent.ticket, sent.kind in _CUSTOMERS)
    number = number_in(heard.quoted_text)
    return Quoted(number, _shows_customer(heard.quoted_text)) if number is not None else None


def _shows_customer(text: str) -> bool:
    """Whether a message begins as our notices of what the customer wrote begin."""
    number = number_in(text)
    begins = (
        say(language, f"notice.{kind}", ticket=number, subject="").strip()
        for kind in _CUSTOMERS
        for language in LANGUAGES
    )
    return any(one in text for one in begins)


async def answer(turn: Turn, person: Staff, quoted: Quoted) -> None:
    """Words to a message of ours."""
    turn.about = quoted.ticket
    text = spoken(turn.heard.text)
    if not text:
        await turn.answer("ask.note", ticket=quoted.ticket)
        return
    if len(text) > LONGEST_TEXT:
        await turn.answer("ask.too_long", ticket=quoted.ticket, most=LONGEST_TEXT)
        return
    try:
        ticket = await reading.read_ticket(turn.desk, person, quoted.ticket)
    except Refusal as refusal:
        await turn.refuse(refusal)
        return
    if quoted.customers and turn.heard.private:
        await _reply(turn, person, ticket, text)
    else:
        await _note(turn, person, ticket, text)


async def _note(turn: Turn, person: Staff, ticket: Ticket, text: str) -> None:
    def said(_outcomes: tuple[Outcome, ...]) -> Said:
        worded = turn.say("done.note", ticket=ticket.number, subject=subject_of(ticket))
        recall = turn.recall.speaks_of(ticket.number, turn.now)
        return turn.said(worded, recall=recall.did((), turn.now))

    note = c.Note(ticket=ticket.number, text=text)
    await chat.obey_line(turn.desk, turn.talk, (note,), person, said)


async def _reply(turn: Turn, person: Staff, ticket: Ticket, text: str) -> None:
    """To the customer, in a moment."""
    customer = (await chat.read_brief(turn.desk, ticket)).customer

    async def hold(act: Act) -> Held:
        via, recipient = turn.talk.via, turn.heard.recipient
        return await held_replies.hold_reply(act, person, ticket.number, text, via, recipient)

    def said(held: Held) -> Said:
        worded = turn.say(
            "reply_held",
            customer=customer.name or turn.say("the_customer"),
            channel=find(turn.language, f"channel.{ticket.channel}") or ticket.channel,
            ticket=ticket.number,
            subject=subject_of(ticket),
        )
        recall = turn.recall.speaks_of(ticket.number, turn.now).holds(held.id, turn.now)
        return turn.said(worded, recall=recall)

    await chat.do(turn.desk, turn.talk, hold, said, ticket.number)
