"""The surface of the HTTP API: every operation, who may call it, what it takes and gives.

One table. The routes, the check of who may, the OpenAPI document and the tests are made of it;
what an operation does stands in the module named after its subject.
"""

from typing import Any, Final, Literal

import msgspec

from server.api import schemas as s
from server.domain.commands import AnyCommand
from server.domain.people import Role
from server.limits import Limit

Method = Literal["GET", "POST", "PUT", "DELETE"]

EVERYBODY: Final = frozenset(Role)
LEADING: Final = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
LOOKING: Final = LEADING | {Role.AUDITOR}
WORKING: Final = LEADING | {Role.STAFF}
HELPING: Final = WORKING | {Role.COLLABORATOR}
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `roles` None: open to all, also without signing in. `knows` tells an open
    operation who is there, if somebody is. `in_person`: only for a signed-in browser, no token.
    `limit` names the bucket that slows repeated calls down. `conflicts`: it may be refused because
    of the state of the desk. `created`: answers 201 with a Location.
    """

    method: Method
    path: str
    id: str
    summary: str
    roles: frozenset[Role] | None
    body: Any = None
    query: type[msgspec.Struct] | None = None
    answer: Any = None
    created: bool = False
    stream: bool = False
    knows: bool = False
    in_person: bool = False
    same_origin: bool = False
    conflicts: bool = False
    keyed: bool = False
    limit: Limit | None = None

    @property
    def status(self) -> int:
        """The HTTP status of success."""
        if self.created:
            return 201
        return 200 if self.answer is not None or self.stream else 204


_SESSION: Final = (
    Operation(
        method="GET",
        path="/api/v1/session",
        id="readSession",
        summary="Who is signed in, and whether the desk has been set up",
        roles=None,
        knows=True,
        answer=s.SessionState,
    ),
    Operation(
        method="POST",
        path="/api/v1/session",
        id="signIn",
        summary="Sign a browser in with e-mail and password",
        roles=None,
        same_origin=True,
        limit="sign_in",
        body=s.SignIn,
        answer=s.SessionState,
    ),
    Operation(
        method="DELETE",
        path="/api/v1/session",
        id="signOut",
        summary="Sign this browser out",
        roles=None,
        knows=True,
    ),
    Operation(
        method="POST",
        path="/api/v1/setup",
        id="setUp",
        summary="First set-up: the firm and its administrator, with the printed one-time code",
        roles=None,
        same_origin=True,
        limit="sign_in",
        conflicts=True,
        body=s.SetUp,
        answer=s.SessionState,
    ),
    Operation(
        method="PUT",
        path="/api/v1/me",
        id="saveMe",
        summary="Change one's own language, or one's own password with the old one",
        roles=EVERYBODY,
        in_person=True,
        body=s.MeWanted,
        answer=s.Me,
    ),
    Operation(
        method="PUT",
        path="/api/v1/duty",
        id="setDuty",
        summary="Go on duty or off duty",
        roles=EVERYBODY,
        body=s.DutyWanted,
        answer=s.Me,
    ),
    Operation(
        method="POST",
        path="/api/v1/bindings",
        id="offerBinding",
        summary="A one-time code that binds a chat account to oneself",
        roles=EVERYBODY,
        in_person=True,
        answer=s.BindingCode,
    ),
    Operation(
        method="GET",
        path="/api/v1/tokens",
        id="listTokens",
        summary="One's own API tokens",
        roles=EVERYBODY,
        answer=tuple[s.TokenShown, ...],
    ),
    Operation(
        method="POST",
        path="/api/v1/tokens",
        id="addToken",
        summary="A new API token; it is shown this once",
        roles=EVERYBODY,
        in_person=True,
        created=True,
        body=s.TokenWanted,
        answer=s.TokenShown,
    ),
    Operation(
        method="DELETE",
        path="/api/v1/tokens/{id:int}",
        id="revokeToken",
        summary="Revoke one of one's own API tokens",
        roles=EVERYBODY,
        in_person=True,
    ),
)

_TICKETS: Final = (
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

_CARE: Final = (
    Operation(
        method="GET",
        path="/api/v1/configuration/{kind:str}",
        id="listConfiguration",
        summary="The current versions of one kind of configuration",
        roles=LOOKING,
        answer=tuple[s.Document, ...],
    ),
    Operation(
        method="GET",
        path="/api/v1/configuration/{kind:str}/{id:str}",
        id="readConfiguration",
        summary="The current version of one configured thing",
        roles=LOOKING,
        answer=s.Document,
    ),
    Operation(
        method="PUT",
        path="/api/v1/configuration/{kind:str}/{id:str}",
        id="saveConfiguration",
        summary="Save a new version of one configured thing",
        roles=LEADING,
        conflicts=True,
        body=s.DocumentWanted,
        answer=s.Document,
    ),
    Operation(
        method="POST",
        path="/api/v1/staff",
        id="addStaff",
        summary="Add a colleague",
        roles=ADMINISTRATORS,
        created=True,
        body=s.ColleagueWanted,
        answer=s.ColleagueShown,
    ),
    Operation(
        method="PUT",
        path="/api/v1/staff/{id:int}",
        id="saveStaff",
        summary="Change a colleague, or set a new password",
        roles=ADMINISTRATORS,
        conflicts=True,
        body=s.ColleagueWanted,
        answer=s.ColleagueShown,
    ),
    Operation(
        method="GET",
        path="/api/v1/channels",
        id="listChannels",
        summary="The channels that this desk can have, and how they go",
        roles=ADMINISTRATORS,
        answer=tuple[s.ChannelShown, ...],
    ),
    Operation(
        method="PUT",
        path="/api/v1/channels/{kind:str}",
        id="saveChannel",
        summary="Switch a channel on or off and save its settings",
        roles=ADMINISTRATORS,
        body=s.ChannelWanted,
        answer=s.ChannelShown,
    ),
    Operation(
        method="GET",
        path="/api/v1/groups",
        id="listGroups",
        summary="Group chats that the bot was spoken to in",
        roles=LEADING,
        answer=tuple[s.GroupShown, ...],
    ),
    Operation(
        method="PUT",
        path="/api/v1/groups/{platform:str}/{conversation_id:str}",
        id="saveGroup",
        summary="Give a group chat to a team",
        roles=LEADING,
        body=s.GroupWanted,
        answer=s.GroupShown,
    ),
    Operation(
        method="GET",
        path="/api/v1/deliveries",
        id="listDeliveries",
        summary="Notices by what became of them",
        roles=LOOKING,
        query=s.DeliveriesAsked,
        answer=tuple[s.DeliveryShown, ...],
    ),
    Operation(
        method="POST",
        path="/api/v1/deliveries/{id:int}/retry",
        id="retryDelivery",
        summary="Send a notice that was given up again",
        roles=LEADING,
    ),
    Operation(
        method="GET",
        path="/api/v1/arrivals",
        id="listArrivals",
        summary="What arrived, by what became of it",
        roles=LOOKING,
        query=s.ArrivalsAsked,
        answer=tuple[s.ArrivalShown, ...],
    ),
    Operation(
        method="POST",
        path="/api/v1/arrivals/{id:int}/replay",
        id="replayArrival",
        summary="Work on an arrival that was set aside again",
        roles=LEADING,
    ),
)

_PORTAL: Final = (
    Operation(
        method="GET",
        path="/api/v1/portal",
        id="readPortal",
        summary="The face of the firm, and what its form offers",
        roles=None,
        limit="portal_read",
        answer=s.PortalShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/portal/tickets",
        id="fileRequest",
        summary="A customer files a ticket; the same key again gives the same answer",
        roles=None,
        limit="portal_write",
        created=True,
        body=s.Request,
        answer=s.Receipt,
    ),
    Operation(
        method="GET",
        path="/api/v1/portal/tickets/{token:str}",
        id="readProgress",
        summary="The customer's progress page",
        roles=None,
        limit="portal_read",
        answer=s.ProgressShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/portal/tickets/{token:str}/messages",
        id="writeAsCustomer",
        summary="The customer writes",
        roles=None,
        limit="portal_write",
        body=s.CustomerSays,
        answer=s.ProgressShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/portal/tickets/{token:str}/confirm",
        id="confirmSolution",
        summary="The customer accepts the solution",
        roles=None,
        limit="portal_write",
        conflicts=True,
        answer=s.ProgressShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/portal/tickets/{token:str}/dispute",
        id="disputeSolution",
        summary="The customer says that it is not solved",
        roles=None,
        limit="portal_write",
        conflicts=True,
        body=s.DisputeWanted,
        answer=s.ProgressShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/portal/tickets/{token:str}/nudge",
        id="nudge",
        summary="The customer asks to hurry",
        roles=None,
        limit="portal_write",
        conflicts=True,
        answer=s.ProgressShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/portal/tickets/{token:str}/rating",
        id="rate",
        summary="The customer rates the work, 1 to 5",
        roles=None,
        limit="portal_write",
        conflicts=True,
        body=s.RatingGiven,
        answer=s.ProgressShown,
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (*_SESSION, *_TICKETS, *_CARE, *_PORTAL)
