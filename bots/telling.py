"""Tickets in words: one line, a few lines, the working time that is left. No markup."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.desk import Desk
from server.domain.firm import Firm
from server.domain.sla import Clock, Law, SlaState, remaining
from server.domain.ticket import Ticket
from server.storage.tickets import Listed
from server.vault import link_token
from server.words import find, metric_title, say

LONGEST_SUBJECT: Final = 60
_MINUTE: Final = 60
_HOUR: Final = 3600


def subject_of(ticket: Ticket | Listed, most: int = LONGEST_SUBJECT) -> str:
    """The subject on one line, cut to size."""
    return cut(ticket.subject, most)


def cut(text: str, most: int) -> str:
    """Any text on one line, cut to size."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def span(language: str, seconds: int) -> str:
    """A length of working time, to the minute; less than one counts as one."""
    minutes = max(-(-abs(seconds) // _MINUTE), 1)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say(language, "chat.span.minutes", minutes=rest)
    if not rest:
        return say(language, "chat.span.hours", hours=hours)
    return say(language, "chat.span.both", hours=hours, minutes=rest)


def moment(language: str, at: datetime, now: datetime, zone: str) -> str:
    """When, as people say it: 今天 16:30, 明天 09:00, 11-27 09:00."""
    there = ZoneInfo(zone)
    local, today = at.astimezone(there), now.astimezone(there).date()
    clock = f"{local:%H:%M}"
    for name, days in (("today", 0), ("tomorrow", 1), ("yesterday", -1)):
        if local.date() == today + timedelta(days=days):
            return say(language, f"chat.moment.{name}", time=clock)
    return say(language, "chat.moment.day", day=f"{local:%m-%d}", time=clock)


def pressing(state: SlaState) -> Clock | None:
    """The clock to look at: the first running one to fall due, else a paused one."""
    running = [one for one in state.clocks if one.state == "running" and one.due_at is not None]
    if running:
        return min(running, key=lambda one: one.due_at or one.since_at)
    return next((one for one in state.clocks if one.state == "paused"), None)


def countdown(language: str, clock: Clock | None, law: Law, now: datetime) -> str:
    """「首次响应剩 42分」, 「解决已超时 1小时」, 「解决暂停,剩 3小时」; empty without a clock."""
    if clock is None:
        return ""
    left = remaining(clock, law, now)
    kind = "over" if left <= 0 else "paused" if clock.state == "paused" else "left"
    return say(
        language,
        f"chat.countdown.{kind}",
        metric=metric_title(clock.metric, law, language),
        span=span(language, left),
    )


def time_left(language: str, clock: Clock | None, law: Law, now: datetime, zone: str) -> str:
    """The countdown and the instant that it runs to: 「首次响应剩 42分（最晚 今天 10:00）」."""
    text = countdown(language, clock, law, now)
    if clock is None or clock.due_at is None:
        return text
    code = "chat.clock.was_due" if clock.due_at <= now else "chat.clock.until"
    return say(language, code, countdown=text, at=moment(language, clock.due_at, now, zone))


def status_name(language: str, ticket: Ticket, firm: Firm) -> str:
    """The status in the administrator's words, or in ours."""
    status = firm.statuses.get(ticket.status)
    own = status.label.get(language) if status is not None else None
    return own or find(language, f"status.{ticket.status}") or ticket.status


def priority_name(language: str, ticket: Ticket | Listed) -> str:
    """紧急, 高 …"""
    return say(language, f"priority.{ticket.priority.value}")


def team_name(language: str, ticket: Ticket, firm: Firm) -> str:
    """The team that has the ticket."""
    team = firm.teams.get(ticket.team or "")
    return team.name if team is not None else say(language, "chat.no_team")


def holder_name(language: str, ticket: Ticket, firm: Firm) -> str:
    """Who holds the ticket."""
    return firm.name_of(ticket.assignee) or say(language, "chat.nobody")


def where(language: str, ticket: Ticket, firm: Firm) -> str:
    """The team and, where there is one, the colleague: 「二线 · 小赵」."""
    name, team = firm.name_of(ticket.assignee), team_name(language, ticket, firm)
    return f"{team} · {name}" if name else team


def due_line(
    language: str, ticket: Ticket, now: datetime, zone: str, law: Law | None = None
) -> str:
    """By when the next promise has to be kept; empty when none runs."""
    if ticket.next_due_at is None or ticket.next_due_metric is None:
        return ""
    code = "chat.due_over" if ticket.next_due_at <= now else "chat.due"
    return say(
        language,
        code,
        metric=metric_title(ticket.next_due_metric, law or Law(), language),
        at=moment(language, ticket.next_due_at, now, zone),
    )


def progress_link(desk: Desk, number: int) -> str:
    """The customer's page of a ticket; empty while the desk has no address of its own."""
    address = desk.settings.public_url
    return f"{address}/portal/t/{link_token(desk.secret, number)}" if address else ""


def link_to(public_url: str, number: int) -> str:
    """The ticket's page in the console; empty while the desk has no address of its own."""
    return f"{public_url}/console/tickets/{number}" if public_url else ""
