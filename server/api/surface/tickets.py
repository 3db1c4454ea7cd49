"""Tickets: lists, one ticket, commands."""

from typing import Final

from server.api import schemas as s
from server.api.surface.operation import EVERYBODY, HELPING, WORKING, Operation
from server.domain.commands import AnyCommand

TICKETS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/firm",
        id="readFirm",
        summary="What menus need: teams, colleagues, statuses, categories",
        roles=EVERYBODY,
        answer=s.FirmShown,
    ),
    Operation(
        method="GET",
        path="/api/v1/tickets",
        id="listTickets",
        summary="One page of a view, only what is in sight",
        roles=EVERYBODY,
        query=s.TicketsAsked,
        answer=s.TicketsPage,
    ),
    Operation(
        method="POST",
        path="/api/v1/tickets",
        id="fileTicket",
        summary="File a ticket for a customer",
        roles=WORKING,
        created=True,
        body=s.TicketWanted,
        answer=s.Done,
    ),
    Operation(
        method="GET",
        path="/api/v1/counters",
        id="readCounters",
        summary="How many tickets each view holds",
        roles=EVERYBODY,
        answer=s.Counters,
    ),
    Operation(
        method="GET",
        path="/api/v1/tickets/{number:int}",
        id="readTicket",
        summary="A ticket with its timeline, clocks and routing reason",
        roles=EVERYBODY,
        answer=s.TicketShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/tickets/{number:int}/commands",
        id="performCommand",
        summary="Do something to a ticket",
        roles=HELPING,
        conflicts=True,
        keyed=True,
        body=AnyCommand,
        answer=s.Done,
    ),
    Operation(
        method="GET",
        path="/api/v1/live",
        id="followLive",
        summary="What changes, as server-sent events",
        roles=EVERYBODY,
        query=s.LiveAsked,
        answer=s.LiveStep,
        stream=True,
    ),
)
