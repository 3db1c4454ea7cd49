"""Answers who saved a configured thing, and when."""

from typing import Final

import msgspec

from server.api import schemas_versions as s
from server.api.calls import Call, Handler
from server.domain.events import Actor
from server.usecases import administration
from server.words import say


async def list_versions(call: Call) -> tuple[s.VersionShown, ...]:
    """The newest first, twenty at a time."""
    asked = call.query(s.VersionsAsked)
    firm = await call.desk.firm()
    saved = await administration.list_versions(
        call.desk, call.text("kind"), call.text("id"), asked.before
    )
    desk = say(call.language, "event.desk")
    return tuple(
        s.VersionShown(
            version=one.version,
            at=one.saved_at,
            by=firm.name_of(Actor.parse(one.actor).id) or desk,
            doc=msgspec.json.decode(one.doc, type=dict[str, object]),
        )
        for one in saved
    )


HANDLERS: Final[dict[str, Handler]] = {"listVersions": list_versions}
