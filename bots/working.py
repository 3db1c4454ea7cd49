"""What a line changes: tickets, duty, binding. Each does it and answers, as one."""

from typing import Final, cast

from msgspec.structs import replace

from bots.attaching import collect, left_behind
from bots.orders import LONGEST_TEXT, Order, Place, Question, order_of
from bots.telling import due_line, priority_name, status_name, subject_of, where
from bots.turn import Turn, refusal_text
from server.domain import commands as c
from server.domain.errors import Refusal
from server.domain.people import Staff
from server.domain.phrases import Phrase
from server.domain.recall import Choice, Recall
from server.domain.ticket import Ticket
from server.usecases import chat, reading
from server.usecases.acts import Act
from server.usecases.chat import Done, Outcome, Said
from server.usecases.helping import help_with
from server.vault import digest
from server.words import say

_TELL_DUE: Final = frozenset({"claim", "take_over", "reply", "resume", "reopen", "priority"})
_SAYING: Final = frozenset({"reply", "note", "plan", "resolve"})
"""Verbs that say something, to which pictures and files belong."""
_MOST_AT_ONCE: Final = 20
"""So many tickets one line may name: its answer has to be read."""


async def order(turn: Turn, phrase: Phrase, person: Staff, chosen: int | None = None) -> None:
    """A command to a ticket. `chosen` is who was meant of several."""
    try:
        ticket = await reading.read_ticket(turn.desk, person, phrase.ticket or 0)
    except Refusal as refusal:
        await turn.refuse(refusal)
        return
    kept = await collect(turn) if phrase.verb in _SAYING else ()
    if kept and not phrase.text:
        phrase = replace(phrase, text=turn.say("see_attached"))
    elif phrase.verb not in _SAYING:
        turn.lost = len(turn.heard.attached)
    asked = _order(turn, phrase, ticket, chosen)
    if isinstance(asked, Question):
        await _ask(turn, phrase, ticket, asked)
        return
    caller = await _caller(turn, ticket) if isinstance(asked, c.Claim) else ""

    def said(outcomes: tuple[Outcome, ...]) -> Said:
        after = cast("Done", outcomes[0]).after
        text = done(turn, phrase, after) + caller + left_behind(turn)
        return turn.said(text, recall=_remembered(turn, after.number, outcomes))

    await chat.obey_line(turn.desk, turn.talk, (asked,), person, said, kept)


async def order_many(turn: Turn, phrase: Phrase, person: Staff, numbers: tuple[int, ...]) -> None:
    """The same to several tickets, each by itself: one answer tells what became of each."""
    if len(numbers) > _MOST_AT_ONCE:
        await turn.answer("ask.too_many", most=_MOST_AT_ONCE)
        return
    found, told = dict[int, Ticket](), dict[int, str]()
    for number in numbers:
        try:
            found[number] = await reading.read_ticket(turn.desk, person, number)
        except Refusal as refusal:
            told[number] = refusal_text(turn.language, refusal, number)
    orders = tuple(
        cast("c.AnyCommand", _order(turn, phrase, ticket, None)) for ticket in found.values()
    )
    if not orders:
        text = turn.fit("\n".join(told[number] for number in numbers))
        await chat.answer(turn.desk, turn.talk, Said(text=text))
        return

    def said(outcomes: tuple[Outcome, ...]) -> Said:
        last = None
        for number, outcome in zip(found, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                told[number] = refusal_text(turn.language, outcome, number)
            else:
                told[number] = done(turn, phrase, outcome.after)
                last = number
        text = "\n".join(told[number] for number in numbers)
        return turn.said(text, recall=_remembered(turn, last, outcomes))

    await chat.obey_line(turn.desk, turn.talk, orders, person, said)


def _remembered(turn: Turn, ticket: int | None, outcomes: tuple[Outcome, ...]) -> Recall:
    """The ticket that was spoken of last, and what can be taken back."""
    recall = turn.recall.speaks_of(ticket, turn.now) if ticket is not None else turn.recall
    back = (one.undoable for one in outcomes if isinstance(one, Done))
    return recall.did(tuple(one for one in back if one is not None), turn.now)


def _order(turn: Turn, phrase: Phrase, ticket: Ticket, chosen: int | None) -> Order:
    place = Place(
        firm=turn.firm,
        platform=turn.arrival.channel,
        named=turn.heard.named if chosen is None else (),
        now=turn.now,
        chosen=chosen,
    )
    return order_of(phrase, ticket, place)


async def _ask(turn: Turn, phrase: Phrase, ticket: Ticket, question: Question) -> None:
    """Something has to be said besides; of a few answers one may be chosen by its number."""
    lines = [turn.say(f"ask.{question.code}", ticket=ticket.number, **question.facts)]
    recall, choice = turn.recall.speaks_of(ticket.number, turn.now), None
    if question.options:
        lines += [f"{place}. {one.label}" for place, one in enumerate(question.options, start=1)]
        choice = Choice(phrase=phrase, options=question.options)
        recall = recall.asks_choice(choice, turn.now)
    text = turn.fit("\n".join(lines))
    said = Said(text=text, ticket=ticket.number, recall=recall, choice=choice)
    await chat.answer(turn.desk, turn.talk, said)


async def _caller(turn: Turn, ticket: Ticket) -> str:
    """Whom to call: said to him who claims."""
    customer = (await chat.read_brief(turn.desk, ticket)).customer
    reached = " ".join(part for part in (customer.name, customer.phone) if part)
    return "\n" + turn.say("customer", customer=reached) if reached else ""


def done(turn: Turn, phrase: Phrase, after: Ticket) -> str:
    """What was done, and how the ticket stands now."""
    text = turn.say(
        f"done.{phrase.verb}",
        ticket=after.number,
        subject=subject_of(after),
        where=where(turn.language, after, turn.firm),
        status=status_name(turn.language, after, turn.firm),
        priority=priority_name(turn.language, after),
        tags="、".join(after.tags) or turn.say("no_tags"),
        into=after.merged_into,
    )
    due = due_line(turn.language, after, turn.now, turn.firm.profile.zone)
    return f"{text}\n{due}" if due and phrase.verb in _TELL_DUE else text


async def assist(turn: Turn, phrase: Phrase, person: Staff) -> None:
    """协助: the answer of somebody who was asked for help, also where the ticket is not his."""
    number, text = phrase.ticket or 0, phrase.text
    if not text:
        await turn.answer("ask.assist", ticket=number)
        return
    if len(text) > LONGEST_TEXT:
        await turn.answer("ask.too_long", ticket=number, most=LONGEST_TEXT)
        return

    async def answer(act: Act) -> Ticket:
        return await help_with(act, person, number, text, turn.talk.via)

    def said(after: Ticket) -> Said:
        recall = turn.recall.speaks_of(number, turn.now).did((), turn.now)
        return turn.said(done(turn, phrase, after), recall=recall)

    await chat.do(turn.desk, turn.talk, answer, said, number)


async def bind(turn: Turn, phrase: Phrase) -> None:
    """绑定: the account says the code that the console showed."""
    account = turn.heard.user_id
    if not account:
        await turn.answer("no_identity")
        return

    def bound(staff: Staff) -> Said:
        return Said(text=turn.fit(say(staff.language, "chat.bound", name=staff.name)))

    # The console's codes are capital letters and digits; telephones write small ones.
    code = digest("".join(phrase.text.split()).upper())
    await chat.bind_line(turn.desk, turn.talk, code, account, bound)
