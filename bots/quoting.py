"""A message of ours that somebody quotes names the ticket; what he writes is about it.

Words to it are a note, which only colleagues read. In private, words to what the customer wrote are
a reply to him, held for a moment. DingTalk tells which message is quoted; WeCom tells only its
words, which is why every message of ours carries the number (facts/dingtalk 3.1, facts/wecom 4.3).
"""

from typing import Final

import msgspec

from bots.attaching import collect, left_behind
from bots.orders import LONGEST_TEXT
from bots.telling import subject_of
from bots.turn import Turn
from bots.working import assist
from server.domain import commands as c
from server.domain.attachments import Kept
from server.domain.errors import Refusal
from server.domain.people import Staff
from server.domain.phrases import Phrase, number_in, spoken
from server.domain.ticket import Ticket
from server.usecases import chat, held_replies, reading
from server.usecases.acts import Act
from server.usecases.chat import Outcome, Said
from server.usecases.held_replies import Held
from server.words import LANGUAGES, find, say

_CUSTOMERS: Final = ("customer_wrote", "disputed")
"""The kinds of notice that show what the customer wrote."""
_HELP: Final = "help_asked"


class Quoted(msgspec.Struct, frozen=True):
    """The ticket that a quoted message is about, and the kind of notice that it is, as far as that
    matters: one that shows what the customer wrote, or one that asks for help.
    """

    ticket: int
    kind: str


async def find_quoted(turn: Turn) -> Quoted | None:
    """What is quoted, or None: nothing, or nothing that is about a ticket."""
    heard = turn.heard
    if heard.quoted is not None:
        sent = await chat.find_quoted(turn.desk, turn.arrival.channel, heard.quoted)
        if sent is not None and sent.ticket is not None:
            return Quoted(sent.ticket, sent.kind)
    number = number_in(heard.quoted_text)
    return Quoted(number, _kind_of(heard.quoted_text, number)) if number is not None else None


def _kind_of(text: str, number: int) -> str:
    """The kind of one of our notices, by how it begins."""
    for kind in (*_CUSTOMERS, _HELP):
        for language in LANGUAGES:
            if say(language, f"notice.{kind}", ticket=number, subject="").strip() in text:
                return kind
    return ""


async def answer(turn: Turn, person: Staff, quoted: Quoted) -> None:
    """Words to a message of ours."""
    turn.about = quoted.ticket
    kept = await collect(turn)
    text = spoken(turn.heard.text) or (turn.say("see_attached") if kept else "")
    if not text or len(text) > LONGEST_TEXT:
        code = "ask.too_long" if text else "ask.note"
        await turn.answer(code, ticket=quoted.ticket, most=LONGEST_TEXT)
        return
    if quoted.kind == _HELP:
        await assist(turn, Phrase(verb="assist", ticket=quoted.ticket, text=text), person)
        return
    try:
        ticket = await reading.read_ticket(turn.desk, person, quoted.ticket)
    except Refusal as refusal:
        await turn.refuse(refusal)
        return
    if quoted.kind in _CUSTOMERS and turn.heard.private:
        await _reply(turn, person, ticket, text, kept)
    else:
        await _note(turn, person, ticket, text, kept)


async def _note(
    turn: Turn, person: Staff, ticket: Ticket, text: str, kept: tuple[Kept, ...]
) -> None:
    def said(_outcomes: tuple[Outcome, ...]) -> Said:
        worded = turn.say("done.note", ticket=ticket.number, subject=subject_of(ticket))
        recall = turn.recall.speaks_of(ticket.number, turn.now)
        return turn.said(worded + left_behind(turn), recall=recall.did((), turn.now))

    note = c.Note(ticket=ticket.number, text=text)
    await chat.obey_line(turn.desk, turn.talk, (note,), person, said, kept)


async def _reply(
    turn: Turn, person: Staff, ticket: Ticket, text: str, kept: tuple[Kept, ...]
) -> None:
    """To the customer, in a moment."""
    customer = (await chat.read_brief(turn.desk, ticket)).customer

    async def hold(act: Act) -> Held:
        via, recipient = turn.talk.via, turn.heard.recipient
        return await held_replies.hold_reply(act, person, ticket.number, text, via, recipient, kept)

    def said(held: Held) -> Said:
        worded = turn.say(
            "reply_held",
            customer=customer.name or turn.say("the_customer"),
            channel=find(turn.language, f"channel.{ticket.channel}") or ticket.channel,
            ticket=ticket.number,
            subject=subject_of(ticket),
        )
        recall = turn.recall.speaks_of(ticket.number, turn.now).holds(held.id, turn.now)
        return turn.said(worded + left_behind(turn), recall=recall)

    await chat.do(turn.desk, turn.talk, hold, said, ticket.number)
