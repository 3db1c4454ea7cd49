"""Duty in chat: 值班, 小休, 下班, 交接, 接手, 请假."""

from typing import cast

from bots.telling import moment
from bots.turn import Turn
from bots.working import done
from server.domain.leave_words import read_leave
from server.domain.people import Duty, Staff
from server.domain.phrase_parts import read_span
from server.domain.phrases import Phrase
from server.domain.ticket import Ticket
from server.storage.handovers import Handover
from server.storage.rosters import LeaveRow
from server.usecases import chat, handovers
from server.usecases import leave as leaves
from server.usecases.acts import Act
from server.usecases.chat import Said
from server.usecases.duty import USUAL_BREAK, say_duty
from server.usecases.handovers import take_one


async def duty(turn: Turn, phrase: Phrase, person: Staff) -> None:
    """值班, 小休, 下班."""
    span, wanted = read_span(phrase.text) or USUAL_BREAK, cast("Duty", phrase.verb)

    async def change(act: Act) -> Staff:
        return await say_duty(act, person, wanted, turn.talk.via, span)

    def said(after: Staff) -> Said:
        until, zone = after.break_until, turn.firm.profile.zone
        at = moment(turn.language, until, turn.now, zone) if until is not None else ""
        return turn.said(turn.say(after.duty, until=at))

    await chat.do(turn.desk, turn.talk, change, said)


async def take_over(turn: Turn, phrase: Phrase, person: Staff) -> None:
    """接手: what a colleague left at the end of his shift."""
    number = phrase.ticket or 0

    async def take(act: Act) -> Ticket:
        return await take_one(act, person, number, turn.talk.via)

    def said(after: Ticket) -> Said:
        return turn.said(done(turn, phrase, after), number)

    await chat.do(turn.desk, turn.talk, take, said, number)


async def hand_over(turn: Turn, _phrase: Phrase, person: Staff) -> None:
    """交接: his colleagues are asked to take what he holds."""

    async def begin(act: Act) -> Handover | None:
        return await handovers.begin(act, person.id, "shift_end", act.at)

    def said(begun: Handover | None) -> Said:
        if begun is None:
            return turn.said(turn.say("hand_over.nothing"))
        names = "、".join(turn.firm.name_of(one) or "" for one in begun.told)
        until = moment(turn.language, begun.due_at, turn.now, turn.firm.profile.zone)
        return turn.said(turn.say("hand_over.asked", names=names, until=until))

    await chat.do(turn.desk, turn.talk, begin, said)


async def leave(turn: Turn, phrase: Phrase, person: Staff) -> None:
    """请假: asked for; a leader decides."""
    zone = turn.firm.profile.zone
    asked = read_leave(phrase.text, turn.now, zone)
    if asked is None:
        await turn.answer("leave.when")
        return

    async def ask(act: Act) -> LeaveRow:
        return await leaves.ask(
            act,
            person,
            person.id,
            asked.reason,
            asked.starts_at,
            asked.ends_at,
            asked.note[:_LONGEST_NOTE],
            turn.talk.via,
        )

    def said(row: LeaveRow) -> Said:
        code = "approved" if row.state == "approved" else "asked"
        leaders = leaves.deciders(turn.firm, person.id)
        return turn.said(
            turn.say(
                f"leave.{code}",
                starts_at=moment(turn.language, row.starts_at, turn.now, zone),
                ends_at=moment(turn.language, row.ends_at, turn.now, zone),
                names="、".join(turn.firm.name_of(one) or "" for one in leaders),
            )
        )

    await chat.do(turn.desk, turn.talk, ask, said)


_LONGEST_NOTE = 500
