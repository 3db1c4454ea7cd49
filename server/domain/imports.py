"""Tickets from another desk (导入, R20): what a line of a file says, and what is wrong with it.

Instants carry a zone, or are the firm's local time; they must stand in the order in which things
happen, and none may lie in the future.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Literal

import msgspec

from server.domain.events import Priority

Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=20_000)]


class OldMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was said: by the customer, by us to the customer, or a note."""

    at: Short
    by: Literal["customer", "staff", "note"] = "customer"
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class OldTicket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ticket. `key` is what the other desk calls it: the same key is the same ticket, however
    often it is imported. `team` is an id, `assignee` a colleague's e-mail.
    """

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    created_at: Short
    text: Long = ""
    phone: Short = ""
    email: Short = ""
    company: Short = ""
    level: Short = "normal"
    category: Short = ""
    priority: Priority = Priority.NORMAL
    status: Literal["new", "open", "resolved", "closed", "cancelled"] = "new"
    team: Short = ""
    assignee: Short = ""
    first_reply_at: Short = ""
    resolved_at: Short = ""
    closed_at: Short = ""
    tags: tuple[Short, ...] = ()
    messages: tuple[OldMessage, ...] = ()


class BadLine(msgspec.Struct, frozen=True):
    """What is wrong with a line: the field, and a code of `[field]`."""

    line: int
    field: str
    code: str


def instant_of(text: str, zone: tzinfo) -> datetime | None:
    """An instant, or None for what is none."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def wrong_with(
    one: OldTicket,
    *,
    zone: tzinfo,
    now: datetime,
    teams: Collection[str],
    emails: Collection[str],
) -> Iterator[tuple[str, str]]:
    """Fields and what is wrong with them."""
    if one.team and one.team not in teams:
        yield "team", "no_such"
    if one.assignee and one.assignee.lower() not in emails:
        yield "assignee", "no_such"
    if one.assignee and not one.team:
        yield "team", "missing"
    yield from _instants(one, zone, now)


def _instants(one: OldTicket, zone: tzinfo, now: datetime) -> Iterator[tuple[str, str]]:
    said = [(f"messages[{place}].at", each.at) for place, each in enumerate(one.messages)]
    order = [("created_at", one.created_at), *said]
    order += [(name, getattr(one, name)) for name in ("resolved_at", "closed_at")]
    latest: datetime | None = None
    for field, text in order:
        if not text and field in {"resolved_at", "closed_at"}:
            continue
        at = instant_of(text, zone)
        if at is None:
            yield field, "instant"
        elif at > now:
            yield field, "in_the_future"
        elif latest is not None and at < latest:
            yield field, "out_of_order"
        latest = at or latest
    yield from _ends(one)
    if one.first_reply_at:
        yield from _first_reply(one, zone)


def _ends(one: OldTicket) -> Iterator[tuple[str, str]]:
    if one.status == "resolved" and not one.resolved_at:
        yield "resolved_at", "missing"
    if one.status in {"closed", "cancelled"} and not one.closed_at:
        yield "closed_at", "missing"


def _first_reply(one: OldTicket, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """With messages it follows from them."""
    at, filed_at = instant_of(one.first_reply_at, zone), instant_of(one.created_at, zone)
    ended_at = instant_of(one.resolved_at or one.closed_at, zone)
    if one.messages:
        yield "first_reply_at", "not_with_messages"
    elif at is None:
        yield "first_reply_at", "instant"
    elif (filed_at is not None and at < filed_at) or (ended_at is not None and at > ended_at):
        yield "first_reply_at", "out_of_order"
