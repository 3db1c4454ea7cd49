"""「时效 12」: a ticket's clocks as one readable text: how each stands and why, in working time and
by the wall.
"""

from datetime import datetime
from typing import Final

import msgspec

from bots.telling import moment, span, time_left
from server.domain.clocks import used_at
from server.domain.sla import Clock, Retarget, Strip, strip
from server.domain.strips import late_by, waits_of
from server.usecases.reading import TicketPage
from server.usecases.telling import why
from server.words import find, metric_title, say

_STRETCHES: Final = 8
"""So many of a clock's stretches are told, the newest."""
_NOTICED: Final = 60
"""Seconds after a breach that are worth a word."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket's page, and who reads it."""

    page: TicketPage
    language: str

    def words(self, code: str, **facts: object) -> str:
        """Words under `[chat.clock]`."""
        return say(self.language, f"chat.clock.{code}", **facts)

    def at(self, instant: datetime) -> str:
        """An instant as people say it."""
        page = self.page
        return moment(self.language, instant, page.now, page.firm.profile.zone)

    def span(self, seconds: int) -> str:
        """A length of time; nothing is nothing."""
        return span(self.language, seconds) if seconds else say(self.language, "chat.span.none")


def clock_lines(page: TicketPage, language: str) -> list[str]:
    """The policy, then each clock; empty for a ticket without clocks."""
    told = Told(page=page, language=language)
    lines: list[str] = []
    pin, law = page.sla.pin, page.firm.law
    if pin is not None:
        policy, calendar = law.policy_of(pin), law.calendar_of(pin)
        lines.append(
            told.words(
                "under",
                policy=policy.name or policy.id,
                version=pin.policy_version,
                calendar=calendar.name or calendar.id,
            )
        )
    for clock in page.sla.clocks:
        lines += _lines(told, clock)
    return lines


def _lines(told: Told, clock: Clock) -> list[str]:
    page, law = told.page, told.page.firm.law
    used = used_at(clock, law, page.now)
    facts = {
        "metric": metric_title(clock.metric, law, told.language),
        "used": told.span(used),
        "target": told.span(clock.target),
    }
    if clock.imported:
        return [told.words("imported", **facts)]
    parts = strip(clock, law, page.now)
    if clock.is_open:
        head = time_left(told.language, clock, law, page.now, page.firm.profile.zone)
        head = told.words("running", head=head, **facts)
    else:
        verdict = clock.verdict if clock.verdict != "none" else clock.state
        head = told.words(verdict, **facts)
    if not clock.is_open and len(parts) <= 1 and not clock.retargets and clock.verdict == "met":
        return [head]
    waits = waits_of(page.events)
    return [
        head,
        *_remarks(told, clock),
        *(
            f"  {_stretch(told, part, why(part, waits, page.firm, told.language))}"
            for part in parts[-_STRETCHES:]
        ),
        *(f"  {_former(told, one)}" for one in clock.retargets),
    ]


def _remarks(told: Told, clock: Clock) -> list[str]:
    found: list[str] = []
    if clock.manual is not None:
        found.append(told.words("manual", reason=clock.manual.reason))
    if clock.provisional:
        found.append(told.words("provisional"))
    if clock.verdict == "breached" and clock.breached_at is not None:
        code = "breached_by_retarget" if clock.by_retarget else "breached_since"
        found.append(told.words(code, at=told.at(clock.breached_at)))
        noticed = late_by(clock, told.page.events)
        if noticed is not None and noticed >= _NOTICED:
            found.append(told.words("noticed", late=told.span(noticed)))
    return [f"  {one}" for one in found]


def _stretch(told: Told, part: Strip, reason: str) -> str:
    end = told.words("now") if part.to_at >= told.page.now else told.at(part.to_at)
    return told.words(
        part.kind if part.wall == part.working else f"{part.kind}_apart",
        start=told.at(part.from_at),
        end=end,
        working=told.span(part.working),
        wall=told.span(part.wall),
        why=reason,
    )


def _former(told: Told, one: Retarget) -> str:
    why_ = find(told.language, f"retarget.{one.cause}") or one.cause
    if one.due_at is not None:
        return told.words("former_due", at=told.at(one.at), why=why_, due=told.at(one.due_at))
    return told.words("former", at=told.at(one.at), why=why_, target=told.span(one.target))
