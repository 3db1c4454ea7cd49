"""A line from a colleague: who is it, what does he want, do it, answer. No platform in here.

Whatever is said gets one answer, and it carries the ticket's number; a refusal is an answer. In a
group only a clear command does anything, and telephone numbers are hidden.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from bots import asking, filing, looking, quoting, shifting, taking_back, working
from bots.heard import Fetch, Heard
from bots.orders import ORDERS
from bots.turn import Turn, begin
from server.desk import Desk, Reader
from server.domain.errors import Refusal
from server.domain.people import Staff
from server.domain.phrases import Phrase, nearest, numbers_of, option_in
from server.domain.sayings import NEEDS_NUMBER, TAKES_TEXT, Verb
from server.domain.sketches import is_cut
from server.storage.cards import Kind
from server.usecases import chat
from server.usecases.chat import Arrival, Said

_OTHERS: Final = {
    "on_duty": shifting.duty,
    "off_duty": shifting.duty,
    "break": shifting.duty,
    "take_over": shifting.take_over,
    "hand_over": shifting.hand_over,
    "leave": shifting.leave,
    "assist": working.assist,
    "file": filing.file,
    "undo": taking_back.undo,
}
"""What changes something besides tickets in hand."""
_ANSWERS: Final = asking.ANSWERS | {
    "search": looking.search,
    "stats": looking.stats,
    "who": looking.who,
}
"""What changes nothing."""
_MANY: Final[frozenset[Verb]] = ORDERS - TAKES_TEXT
"""Verbs that take several tickets at once."""


_CARDS: Final[dict[Verb, Kind]] = {"waiting": "waiting", "mine": "mine", "show": "ticket"}
"""Questions whose answer can be a card with buttons."""


async def hear(desk: Desk, arrival: Arrival, heard: Heard, fetch: Fetch | None = None) -> None:
    """Work on one line: settles its arrival with exactly one answer."""
    turn = await begin(desk, arrival, heard, fetch)
    if heard.withheld:
        await turn.answer("withheld")
    elif turn.phrase is not None and turn.phrase.verb == "bind":
        await working.bind(turn, turn.phrase)
    elif turn.person is None:
        await filing.listen_to_stranger(turn)
    elif not await _choose(turn, turn.person):
        await _listen(turn, turn.person)


async def _choose(turn: Turn, person: Staff) -> bool:
    """「2」 answers the question which of several was meant; whether it was that."""
    choice = turn.recall.open_choice(turn.now)
    place = option_in(turn.heard.text)
    if choice is None or place is None or not 1 <= place <= len(choice.options):
        return False
    turn.phrase, turn.about = choice.phrase, choice.phrase.ticket
    turn.recall = turn.recall.answered()
    await working.order(turn, choice.phrase, person, choice.options[place - 1].staff)
    return True


async def _listen(turn: Turn, person: Staff) -> None:
    """What a known colleague said: a command, words to a message of ours, something forwarded for a
    customer, or neither.
    """
    if turn.heard.private and (turn.heard.cut or is_cut(turn.heard.text)):
        await turn.answer("sketch.cut_off")
        return
    form, phrase = turn.recall.open_form(turn.now), turn.phrase
    if await filing.decide(turn, person):
        return
    if form is not None and filing.is_answer(phrase):
        await filing.fill(turn, form, person)
        return
    quoted = await quoting.find_quoted(turn)
    if quoted is not None and (phrase is None or not phrase.apart):
        await quoting.answer(turn, person, quoted)
    elif (phrase is None or not phrase.apart) and filing.takes(turn):
        await filing.gather(turn)
    elif phrase is None:
        await _not_understood(turn)
    else:
        await _carry_out(turn, _completed(turn, phrase, quoted), person)


def _completed(turn: Turn, phrase: Phrase, quoted: quoting.Quoted | None) -> Phrase:
    """The phrase with the number that it lacks, if it is clear which one that is."""
    lacking = turn.recall.open_lack(turn.now)
    if phrase.verb == "show" and phrase.bare and lacking is not None:
        phrase = replace(lacking, ticket=phrase.ticket)
    elif phrase.verb in NEEDS_NUMBER and phrase.ticket is None:
        number = turn.recall.ticket_for(phrase, turn.now) if quoted is None else quoted.ticket
        phrase = replace(phrase, ticket=number)
    turn.phrase, turn.about = phrase, phrase.ticket
    return phrase


async def _carry_out(turn: Turn, phrase: Phrase, person: Staff) -> None:
    numbers = numbers_of(phrase)
    if phrase.verb in NEEDS_NUMBER and phrase.ticket is None:
        await _ask_number(turn, phrase)
    elif len(numbers) > 1 and phrase.verb not in _MANY:
        await turn.answer("ask.one_at_a_time", ticket=phrase.ticket)
    elif len(numbers) > 1:
        await working.order_many(turn, phrase, person, numbers)
    elif phrase.verb in ORDERS:
        await working.order(turn, phrase, person)
    elif phrase.verb in _OTHERS:
        await _OTHERS[phrase.verb](turn, phrase, person)
    else:
        await _inform(turn, phrase, person)


async def _ask_number(turn: Turn, phrase: Phrase) -> None:
    text = turn.say("ask.number", verb=turn.say(f"verb.{phrase.verb}"))
    recall = turn.recall.asks_number(phrase, turn.now)
    await chat.answer(turn.desk, turn.talk, Said(text=text, recall=recall))


async def _inform(turn: Turn, phrase: Phrase, person: Staff) -> None:
    """Questions: nothing changes."""
    asked = asking.Asked(
        desk=turn.desk,
        firm=turn.firm,
        person=person,
        private=turn.heard.private,
        phrase=phrase,
    )
    try:
        text = await _ANSWERS[phrase.verb](asked)
    except Refusal as refusal:
        await turn.refuse(refusal)
    else:
        said = replace(turn.said(text, phrase.ticket), card=_CARDS.get(phrase.verb))
        await chat.answer(turn.desk, turn.talk, said)


async def _not_understood(turn: Turn) -> None:
    """Nothing is done; the nearest command is offered."""
    heard = turn.heard
    if not heard.text:
        await turn.answer("only_in_private" if heard.attached else "greeting")
        return
    near = nearest(heard.text)
    if near is not None:
        await turn.answer("did_you_mean", phrase=near)
    else:
        await turn.answer("not_understood")


def reader_of(translate: Callable[[str], Heard], fetch: Fetch | None = None) -> Reader:
    """A platform's reader: `translate` makes a line of what was kept of it, `fetch` gets what came
    along.
    """

    async def read_arrival(desk: Desk, arrival: Arrival) -> None:
        await hear(desk, arrival, translate(arrival.body), fetch)

    return read_arrival
