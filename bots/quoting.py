"""A message of ours that somebody quotes names the ticket; what he writes is about it.

DingTalk tells which message that was; WeCom tells only its words, which is why every message of
ours carries the number (facts/dingtalk 3.1, facts/wecom 4.3).
"""

import msgspec

from bots.orders import LONGEST_TEXT
from bots.telling import subject_of
from bots.turn import Turn
from server.domain import commands as c
from server.domain.errors import Refusal
from server.domain.people import Staff
from server.domain.phrases import number_in, spoken
from server.usecases import chat, reading
from server.usecases.chat import Outcome, Said


class Quoted(msgspec.Struct, frozen=True):
    """The ticket that a quoted message is about."""

    ticket: int


async def find(turn: Turn) -> Quoted | None:
    """What is quoted, or None: nothing, or nothing that is about a ticket."""
    heard = turn.heard
    if heard.quoted is not None:
        sent = await chat.find_quoted(turn.desk, turn.arrival.channel, heard.quoted)
        if sent is not None and sent.ticket is not None:
            return Quoted(sent.ticket)
    number = number_in(heard.quoted_text)
    return Quoted(number) if number is not None else None


async def answer(turn: Turn, person: Staff, quoted: Quoted) -> None:
    """Words to a message of ours: a note, which only colleagues read."""
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

    def noted(_outcomes: tuple[Outcome, ...]) -> Said:
        said = turn.say("done.note", ticket=ticket.number, subject=subject_of(ticket))
        return turn.said(said, ticket.number)

    note = c.Note(ticket=ticket.number, text=text)
    await chat.obey_line(turn.desk, turn.talk, (note,), person, noted)
