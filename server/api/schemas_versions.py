"""The wire shapes of what was saved before: who changed a configured thing, and when."""

from typing import Annotated, Any

import msgspec

from server.api.schemas import Asked, Instant


class VersionShown(msgspec.Struct, frozen=True, kw_only=True):
    """One saved version of a configured thing, newest first in
    GET /api/v1/configuration/{kind}/{id}/versions. `by` names who saved it.
    """

    version: int
    at: Instant
    by: str
    doc: dict[str, Any]


class VersionsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of the saved versions: those `before` this one, the newest unless told."""

    before: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
