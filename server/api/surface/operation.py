"""What an operation of the HTTP API is, and the groups of roles that may call one."""

from typing import Any, Final, Literal

import msgspec

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
    of the state of the desk. `created`: answers 201 with a Location. `file`: answers with bytes.
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
    file: bool = False
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
        return 200 if self.answer is not None or self.stream or self.file else 204
