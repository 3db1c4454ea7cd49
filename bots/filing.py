"""Tickets that are filed in chat: at once, step by step (报修), or from what was forwarded for a
customer (代客建单). Strangers, whom no colleague's account is bound to, may do the first two and
nothing else: they are the customers then.
"""

from typing import Final

from bots.attaching import collect, left_behind
from bots.telling import cut, progress_link, subject_of, where
from bots.turn import Turn
from server.domain.attachments import Kept
from server.domain.errors import Refusal
from server.domain.firm import Firm
from server.domain.people import Staff
from server.domain.phrases import Phrase, spoken
from server.domain.recall import Recall
from server.domain.sketches import (
    Form,
    Sketch,
    changed,
    gathered,
    is_open,
    joins,
    read_wish,
    tells_of_trouble,
)
from server.usecases import chat
from server.usecases.acts import Act
from server.usecases.attachments import attach
from server.usecases.chat import Said
from server.usecases.intake import Filed, Filing, open_filing

_SUBJECT: Final = 200
_NOWHERE: Final = frozenset({"跳过", "不知道", "没有", "无", "skip", "-"})
_DROPS: Final = frozenset({"取消", "算了", "不报了", "cancel"})


async def file(turn: Turn, phrase: Phrase, person: Staff | None) -> None:
    """新建 with words files at once; without, the bot asks."""
    if not phrase.text:
        recall = turn.recall.fills(Form(asked_at=turn.now))
        await _say(turn, turn.say("form.what"), recall)
        return
    kept = await collect(turn)
    await _submit(turn, _filing(turn, phrase.text, person), turn.recall.answered(), kept=kept)


def is_answer(phrase: Phrase | None) -> bool:
    """Whether a line answers the form, and is no command of its own."""
    if phrase is None or phrase.bare or not phrase.apart:
        return True
    return phrase.verb == "cancel" and phrase.ticket is None


async def fill(turn: Turn, form: Form, person: Staff | None) -> None:
    """The next answer to the form."""
    text = spoken(turn.heard.text)
    if text.lower() in _DROPS:
        await _say(turn, turn.say("form.dropped"), turn.recall.fills(None))
    elif not text:
        await _say(turn, turn.say("form.where" if form.what else "form.what"), turn.recall)
    elif not form.what:
        recall = turn.recall.fills(Form(what=text, asked_at=turn.now))
        await _say(turn, turn.say("form.where"), recall)
    else:
        place = "" if text.lower() in _NOWHERE else turn.say("form.place", place=text)
        whole = "\n".join(one for one in (form.what, place) if one)
        await _submit(turn, _filing(turn, whole, person), turn.recall.fills(None))


async def listen_to_stranger(turn: Turn) -> None:
    """Somebody whom the desk does not know: he may file tickets of his own."""
    phrase, form = turn.phrase, turn.recall.open_form(turn.now)
    if turn.heard.user_id is None:
        await turn.answer("no_identity")
    elif form is not None and (phrase is None or phrase.verb != "file"):
        await fill(turn, form, None)
    elif phrase is not None and phrase.verb == "file":
        await file(turn, phrase, None)
    else:
        await turn.answer("unbound")


def _filing(turn: Turn, text: str, person: Staff | None) -> Filing:
    """A ticket of whoever says it: his own, as a customer of the desk."""
    first, _, _ = text.strip().partition("\n")
    account = turn.heard.user_id or ""
    return Filing(
        channel=turn.arrival.channel,
        key=f"file:{turn.arrival.key}",
        subject=cut(first, _SUBJECT),
        text=text,
        name=person.name if person is not None else turn.heard.name or account,
        email=person.email if person is not None else "",
        account=None if person is not None else (turn.arrival.channel, account),
        via=turn.talk.via,
        by=person,
    )


async def _submit(
    turn: Turn,
    filing: Filing,
    recall: Recall,
    code: str = "done.file",
    kept: tuple[Kept, ...] = (),
) -> None:
    if filing.account is not None:
        try:
            turn.desk.limits.spend("stranger", " ".join(filing.account), turn.now)
        except Refusal as refusal:
            await turn.refuse(refusal)
            return

    async def open_it(act: Act) -> tuple[Filed, Firm]:
        filed = await open_filing(act, filing)
        if not filed.repeated:
            await attach(act, filed.ticket.number, kept)
        return filed, await act.firm()

    def said(found: tuple[Filed, Firm]) -> Said:
        ticket = found[0].ticket
        lines = [
            turn.say(
                code,
                ticket=ticket.number,
                subject=subject_of(ticket),
                where=where(turn.language, ticket, found[1]),
            )
        ]
        link = progress_link(turn.desk, ticket.number)
        if code == "sketch.filed":
            lines.append(_to_paste(turn, ticket.number, link))
        elif filing.by is None and link:
            lines.append(turn.say("progress", link=link))
        text = "\n".join(lines) + left_behind(turn)
        return turn.said(text, recall=recall.speaks_of(ticket.number, turn.now).undone())

    await chat.do(turn.desk, turn.talk, open_it, said)


def _to_paste(turn: Turn, number: int, link: str) -> str:
    """What the colleague can send to the customer as it is."""
    code = "sketch.paste" if link else "sketch.paste_without_link"
    return turn.say(code, ticket=number, link=link)


# --- for a customer


def takes(turn: Turn) -> bool:
    """Whether what was said is forwarded for a customer: in private, and long enough or together
    with something that is.
    """
    heard = turn.heard
    if not heard.private or not (heard.text or heard.attached):
        return False
    begun = joins(turn.recall.sketch, turn.now) or tells_of_trouble(heard.text)
    return begun or (bool(heard.attached) and not heard.text)


async def gather(turn: Turn) -> None:
    """One more text of a customer's."""
    kept = await collect(turn)
    text = turn.heard.text.strip()
    if not text and not kept and not joins(turn.recall.sketch, turn.now):
        await turn.answer("attachments_left", count=turn.lost)
        return
    await _show(turn, gathered(turn.recall.sketch, text, turn.now, kept))


async def decide(turn: Turn, person: Staff) -> bool:
    """建单, 改, 取消: whether it was that."""
    sketch = turn.recall.sketch
    wish = read_wish(turn.heard.text)
    if wish is None or sketch is None or not turn.heard.private or not is_open(sketch, turn.now):
        return False
    match wish.what:
        case "drop":
            await _say(turn, turn.say("sketch.dropped"), turn.recall.sketches(None))
        case "how":
            await _say(turn, turn.say("sketch.how"), turn.recall)
        case "file":
            await _file(turn, sketch, person)
        case "change" if wish.field is not None:
            await _show(turn, changed(sketch, wish.field, wish.value, turn.now))
    return True


async def _file(turn: Turn, sketch: Sketch, person: Staff) -> None:
    address = turn.say("form.place", place=sketch.address) if sketch.address else ""
    known = sketch.address in sketch.text
    text = sketch.text if known or not address else f"{sketch.text}\n{address}"
    filing = Filing(
        channel=turn.arrival.channel,
        key=f"file:{turn.arrival.key}",
        subject=cut(sketch.subject, _SUBJECT) or turn.say("sketch.pictures"),
        text=text or turn.say("see_attached"),
        name=sketch.name or sketch.phone or turn.say("sketch.nobody"),
        phone=sketch.phone,
        via=turn.talk.via,
        by=person,
    )
    await _submit(turn, filing, turn.recall.sketches(None), "sketch.filed", sketch.kept)


async def _show(turn: Turn, sketch: Sketch) -> None:
    unknown = turn.say("sketch.unknown")
    text = turn.say(
        "sketch.shown",
        subject=cut(sketch.subject, _SUBJECT) or unknown,
        name=sketch.name or unknown,
        phone=sketch.phone or unknown,
        address=sketch.address or unknown,
        count=len(sketch.texts),
        files=len(sketch.kept),
    )
    await _say(turn, text + left_behind(turn), turn.recall.sketches(sketch))


async def _say(turn: Turn, text: str, recall: Recall) -> None:
    await chat.answer(turn.desk, turn.talk, Said(text=turn.fit(text), recall=recall))
