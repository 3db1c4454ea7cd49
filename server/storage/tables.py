"""Every table, on one page; those of duty and of budgets stand on pages beside it.

The numbered steps of `migrations/` make the schema; a test compares what they made with this page
on both engines. Instants are aware UTC; structures are canonical JSON in text columns; text is
`COLLATE "C"` on PostgreSQL, so that both engines sort alike.
"""

from piccolo.columns import BigInt, Boolean, DoublePrecision, Integer, Text, Timestamptz
from piccolo.table import Table

from server.storage.tables_budget import BUDGET_TABLES
from server.storage.tables_duty import (
    HandoverTable,
    HandoverTicket,
    LeaveTable,
    ShiftTurn,
    SwapTable,
)

TABLES: list[type[Table]] = []


class Ledger(Table, tablename="ledger"):
    """One row: the head of the event log. Locked by every batch on PostgreSQL (decision 2)."""

    id = Integer(primary_key=True)
    seq = BigInt()
    hash = Text()
    firm_seq = BigInt()  # seq of the last event that made cached configuration stale


class Counter(Table, tablename="counter"):
    """Numbers that are never reused, such as the ticket number."""

    name = Text(primary_key=True)
    last = BigInt()


class EventRow(Table, tablename="event"):
    """The event log: append only, chained by hashes (decision 7)."""

    seq = BigInt(primary_key=True)
    ticket = BigInt(null=True)
    ticket_seq = Integer(null=True)
    kind = Text()
    v = Integer()
    recorded_at = Timestamptz()
    effective_at = Timestamptz()
    actor = Text()
    via = Text()
    cause_seq = BigInt(null=True)
    body = Text(null=True)
    salt = Text(null=True)
    body_digest = Text()
    hash = Text()


class Config(Table, tablename="config"):
    """Immutable versions of what an administrator edits (decision 10)."""

    kind = Text()
    id = Text(primary_key=True)  # part of (kind, id, version)
    version = Integer()
    doc = Text()
    seq = BigInt()  # of the event since which this version is current
    saved_at = Timestamptz()


class StaffRow(Table, tablename="staff"):
    """Colleagues."""

    id = BigInt(primary_key=True)
    name = Text()
    email = Text()
    password_hash = Text(null=True)
    role = Text()
    skills = Text()
    on_duty = Boolean()
    active = Boolean()
    language = Text()
    created_at = Timestamptz()
    break_until = Timestamptz(null=True)
    store = Text(null=True)
    region = Text()


class IdentityRow(Table, tablename="identity"):
    """Chat accounts that speak for colleagues."""

    platform = Text()
    user_id = Text(primary_key=True)  # part of (platform, user_id)
    staff = BigInt()
    bound_at = Timestamptz()


class OneTimeCode(Table, tablename="one_time_code"):
    """Codes for first set-up and for binding a chat account; single use."""

    digest = Text(primary_key=True)
    purpose = Text()
    staff = BigInt(null=True)
    expires_at = Timestamptz()


class SessionRow(Table, tablename="session"):
    """Signed-in browsers; the token itself is not stored."""

    digest = Text(primary_key=True)
    staff = BigInt()
    created_at = Timestamptz()
    seen_at = Timestamptz()
    expires_at = Timestamptz()


class ApiToken(Table, tablename="api_token"):
    """Tokens for programs; the token itself is not stored."""

    id = BigInt(primary_key=True)
    staff = BigInt()
    name = Text()
    digest = Text()
    scopes = Text()
    created_at = Timestamptz()
    last_used_at = Timestamptz(null=True)
    revoked_at = Timestamptz(null=True)


class CustomerRow(Table, tablename="customer"):
    """Customers."""

    id = BigInt(primary_key=True)
    name = Text()
    level = Text()
    language = Text()
    company = Text()
    created_at = Timestamptz()


class CustomerAddress(Table, tablename="customer_address"):
    """How a customer is reached and recognised: e-mail, phone, chat account."""

    kind = Text()
    value = Text(primary_key=True)  # part of (kind, value)
    customer = BigInt()


class TicketRow(Table, tablename="ticket"):
    """Tickets; written by `usecases.recording.record` alone."""

    number = BigInt(primary_key=True)
    version = Integer()
    ticket_seq = Integer()
    subject = Text()
    category = Text(null=True)
    status = Text()
    status_category = Text()
    priority = Text()
    queue = Text()
    team = Text(null=True)
    assignee = BigInt(null=True)
    customer = BigInt()
    customer_level = Text()
    channel = Text()
    created_at = Timestamptz()
    updated_at = Timestamptz()
    first_reply_at = Timestamptz(null=True)
    last_customer_at = Timestamptz(null=True)
    last_reply_at = Timestamptz(null=True)
    resolved_at = Timestamptz(null=True)
    closed_at = Timestamptz(null=True)
    wake_at = Timestamptz(null=True)
    reopen_count = Integer()
    nudge_count = Integer()
    message_count = Integer()
    rating = Integer(null=True)
    next_due_at = Timestamptz(null=True)
    next_due_metric = Text(null=True)
    warned = Boolean()
    breached = Boolean()
    promised = Boolean()  # whether a policy holds for it; without one it has no clocks (R11)
    continues = BigInt(null=True)  # the ticket whose reopen window had passed (R16)
    continued_by = BigInt(null=True)
    queued_at = Timestamptz(null=True)
    held_at = Timestamptz(null=True)
    touched_at = Timestamptz(null=True)
    accept_by = Timestamptz(null=True)
    touch_by = Timestamptz(null=True)
    passed_on = Integer()
    urgency = Text()
    region = Text()
    product = Text()
    language = Text()
    store = Text()
    latitude = DoublePrecision(null=True)
    longitude = DoublePrecision(null=True)
    tags = Text()
    skills = Text()
    policy = Text()
    priority_by = Text()
    pinned = Boolean()
    merged_into = BigInt(null=True)  # the ticket in which it goes on (R19)
    split_from = BigInt(null=True)


class MessageRow(Table, tablename="message"):
    """What was said: public or internal, in or out. Events refer to rows here, never copy them."""

    id = BigInt(primary_key=True)
    ticket = BigInt()
    visibility = Text()
    direction = Text()
    author = Text()
    via = Text()
    body = Text()
    created_at = Timestamptz()


class AttachmentRow(Table, tablename="attachment"):
    """Pictures and files that came with messages; the bytes lie on disk, by their digest."""

    id = BigInt(primary_key=True)
    ticket = BigInt()
    message = BigInt()
    digest = Text()
    name = Text()
    type = Text()
    size = BigInt()
    created_at = Timestamptz()


class SlaRow(Table, tablename="sla"):
    """The folded SLA state of a ticket: a cache of the event log (R1)."""

    ticket = BigInt(primary_key=True)
    state = Text()
    climbs = Text(default="{}")


class OutcomeRow(Table, tablename="outcome"):
    """How a ticket's clocks ended (R22); kept by `record()`, read by reports."""

    ticket = BigInt(primary_key=True)  # part of (ticket, metric, instance)
    metric = Text()
    instance = Integer()
    policy = Text()
    team = Text(null=True)
    assignee = BigInt(null=True)
    started_at = Timestamptz()
    ended_at = Timestamptz()
    verdict = Text()
    promised = Text()
    target = BigInt()
    used = BigInt()
    wall = BigInt()
    paused = BigInt()
    excused = BigInt()
    by_retarget = Boolean()
    imported = Boolean()
    pauses = Text()


class TimerRow(Table, tablename="timer"):
    """What falls due (decision 9); deleted in the unit that acts."""

    due_at = Timestamptz()
    kind = Text()
    key = Text(primary_key=True)  # part of (kind, key)
    ticket = BigInt(null=True)


class Tally(Table, tablename="tally"):
    """Counters by team, assignee and status, kept by `record()`: no page counts tickets."""

    cell = Text(primary_key=True)
    team = Text(null=True)
    assignee = BigInt(null=True)
    status_category = Text()
    breached = Boolean()
    promised = Boolean(default=True)
    tickets = Integer()


class StandingRow(Table, tablename="standing"):
    """What routing knows of a colleague, kept by `record()` (domain/standings.py)."""

    staff = BigInt(primary_key=True)
    doc = Text()


class WaitingRow(Table, tablename="waiting"):
    """Tickets that nobody holds and somebody should, in the order in which they are routed again;
    kept by `record()`. `need` tells alike what nobody was free for.
    """

    ticket = BigInt(primary_key=True)
    automatic = Boolean()
    rank = Integer()
    queued_at = Timestamptz()
    need = Text()


class GrabRow(Table, tablename="grab"):
    """抢单 by day, queue and colleague: how often it was tried and won, and how fast."""

    day = Text(primary_key=True)  # part of (day, queue, staff)
    queue = Text()
    staff = BigInt()
    tries = Integer()
    grabs = Integer()
    spans = Text()


class OutboxRow(Table, tablename="outbox"):
    """Notices waiting to be sent, their tries, and the ones given up on (decision 8)."""

    id = BigInt(primary_key=True)
    event_seq = BigInt(null=True)
    ticket = BigInt(null=True)
    kind = Text()
    channel = Text()
    recipient = Text()
    body = Text()
    repeat = Text()
    idempotency_key = Text()
    state = Text()
    tries = Integer()
    next_at = Timestamptz()
    created_at = Timestamptz()
    settled_at = Timestamptz(null=True)
    reference = Text(null=True)
    error = Text(null=True)
    gather = Text(null=True)


class WebhookRow(Table, tablename="webhook"):
    """The secret of a system that rungs of a ladder tell, encrypted."""

    id = Text(primary_key=True)
    secret = Text()
    saved_at = Timestamptz()


class InboundRow(Table, tablename="inbound"):
    """What arrived: durable before it is acknowledged, with a key that outlives a restart."""

    id = BigInt(primary_key=True)
    channel = Text()
    key = Text()
    body = Text()
    state = Text()
    tries = Integer()
    next_at = Timestamptz()
    received_at = Timestamptz()
    settled_at = Timestamptz(null=True)
    ticket = BigInt(null=True)
    error = Text(null=True)


class RecallRow(Table, tablename="recall"):
    """What the bot remembers of one person in one chat, and when he spoke there last."""

    platform = Text()
    conversation = Text()
    person = Text(primary_key=True)  # part of (platform, conversation, person)
    doc = Text()
    spoke_at = Timestamptz()


class HeldReplyRow(Table, tablename="held_reply"):
    """Replies that are held for a moment, in which they can be withdrawn; `due_at` is a timer."""

    id = BigInt(primary_key=True)
    ticket = BigInt()
    staff = BigInt()
    via = Text()
    body = Text()
    recipient = Text()
    state = Text()
    said_at = Timestamptz()
    due_at = Timestamptz()
    files = Text(default="[]")


class ChatGroup(Table, tablename="chat_group"):
    """Group chats that the bot was spoken to in, and the team they belong to."""

    platform = Text()
    conversation_id = Text(primary_key=True)  # part of (platform, conversation_id)
    title = Text()
    team = Text(null=True)
    bound_at = Timestamptz()


class ChannelRow(Table, tablename="channel"):
    """A channel's settings; its keys are encrypted with the desk's secret key."""

    kind = Text(primary_key=True)
    enabled = Boolean()
    doc = Text()
    secret = Text(null=True)
    saved_at = Timestamptz()


class CardTable(Table, tablename="card"):
    """Cards with buttons that were sent by chat. `presses` is a document: which buttons did
    something, by whom, when.
    """

    id = BigInt(primary_key=True)
    key = Text(unique=True)
    channel = Text()
    kind = Text()
    chat = Text()
    private = Boolean()
    reader = BigInt(null=True)
    ticket = BigInt(null=True)
    handover = BigInt(null=True)
    reference = Text(null=True)
    shown = Text()
    presses = Text()
    made_at = Timestamptz()
    shown_at = Timestamptz(null=True)


class LawJobRow(Table, tablename="law_job"):
    """Jobs on promises: policies and calendars applied to open clocks, time excused (R13, R14).
    `reached` is the last ticket that was worked on.
    """

    id = BigInt(primary_key=True)
    doc = Text()
    state = Text()
    staff = BigInt()
    order_seq = BigInt()  # of the event that ordered it
    as_of = BigInt()  # of the event up to which configuration is applied
    reached = BigInt()
    through = BigInt()
    result = Text()
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True)
    until_at = Timestamptz(null=True)  # of excused time: it holds for tickets filed before then


TABLES += [
    Ledger,
    Counter,
    EventRow,
    Config,
    StaffRow,
    IdentityRow,
    OneTimeCode,
    SessionRow,
    ApiToken,
    CustomerRow,
    CustomerAddress,
    TicketRow,
    MessageRow,
    AttachmentRow,
    SlaRow,
    OutcomeRow,
    TimerRow,
    Tally,
    StandingRow,
    WaitingRow,
    GrabRow,
    OutboxRow,
    WebhookRow,
    InboundRow,
    RecallRow,
    HeldReplyRow,
    ChatGroup,
    ChannelRow,
    ShiftTurn,
    LeaveTable,
    SwapTable,
    HandoverTable,
    HandoverTicket,
    CardTable,
    LawJobRow,
    *BUDGET_TABLES,
]
