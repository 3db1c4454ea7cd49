"""What an administrator saves: teams, calendars, policies, rules, channels.

Configuration is immutable versions with an event each (decision 10).
"""

import hashlib
from typing import Final

import msgspec

from server.desk import Desk
from server.domain import errors
from server.domain.events import Actor, ConfigurationSaved
from server.domain.people import Role, Staff
from server.storage import inbound, policies, timers
from server.storage.firm import KINDS
from server.storage.policies import Channel, ChatGroup, Version
from server.usecases.acts import Act, change
from server.usecases.documents import fit
from server.usecases.recording import record_desk

_encode = msgspec.json.Encoder(order="deterministic").encode
_EVERY: Final = 2**31 - 1
_SUPERVISED = frozenset(
    {"rules", "calendar", "policy", "metric", "team", "queue", "status", "roster", "ladder"}
    | {"matrix", "store"}
)


class UnknownConfiguration(errors.NotFound):
    """No such kind of configuration, or no such item."""


@change
async def save_configuration(  # noqa: PLR0917
    act: Act, by: Staff, kind: str, item: str, doc: object, seen_version: int
) -> Version:
    """Save a new version. Refuses `ChangedMeanwhile` when `seen_version` is not the current one
    (0: there is none yet), and `Invalid` what does not fit the kind, with the place inside `doc`.
    """
    if kind not in KINDS:
        raise UnknownConfiguration(kind=kind)
    if by.role is not Role.ADMINISTRATOR and not (
        by.role is Role.SUPERVISOR and kind in _SUPERVISED
    ):
        raise errors.NotAllowed
    fitting = fit(kind, doc, await act.firm(), item)
    known = await policies.find_current(act.unit, kind, item)
    if (known.version if known else 0) != seen_version:
        raise errors.ChangedMeanwhile(version=known.version if known else 0)
    return await save_document(act, kind, item, fitting, Actor("staff", by.id))


async def save_document(act: Act, kind: str, item: str, doc: object, by: Actor) -> Version:
    """Save a new version inside another unit."""
    known = await policies.find_current(act.unit, kind, item)
    number = known.version + 1 if known else 1
    text = _encode(msgspec.to_builtins(doc, str_keys=True)).decode()
    digest = hashlib.sha256(text.encode()).hexdigest()
    saved = ConfigurationSaved(of=kind, id=item, version=number, digest=digest)
    event = await record_desk(act, saved, by)
    version = Version(kind, item, number, text, event.seq)
    await policies.add_version(act.unit, version, act.at)
    if kind == "ladder":
        # Open tickets climb it from now on: their timers are made anew, some at a time.
        await timers.order(act.unit, "ladders", "0", act.at)
    return version


async def find_configuration(desk: Desk, kind: str, item: str) -> Version:
    """The current version. Refuses `UnknownConfiguration`."""
    with desk.activity.busy():
        known = await policies.find_current(desk.database, kind, item)
    if known is None:
        raise UnknownConfiguration(kind=kind, id=item)
    return known


async def list_configuration(desk: Desk, kind: str) -> list[Version]:
    """The current versions of a kind."""
    with desk.activity.busy():
        versions = await policies.list_versions(desk.database)
    newest = {one.id: one for one in versions if one.kind == kind}
    return list(newest.values())


async def list_versions(
    desk: Desk, kind: str, item: str, before: int | None = None
) -> list[policies.Saved]:
    """Who saved one thing, when and as what, newest first, twenty at a time. Refuses
    `UnknownConfiguration`.
    """
    with desk.activity.busy():
        saved = await policies.list_saved(desk.database, kind, item, before or _EVERY)
    if not saved and before is None:
        raise UnknownConfiguration(kind=kind, id=item)
    return saved


async def list_channels(desk: Desk) -> dict[str, Channel]:
    """The configured channels by kind; secrets are encrypted."""
    with desk.activity.busy():
        return {one.kind: one for one in await policies.list_channels(desk.database)}


@change
async def save_channel(  # noqa: PLR0917
    act: Act,
    by: Actor,
    kind: str,
    doc: dict[str, str],
    secret: str | None,
    enabled: bool,  # noqa: FBT001
) -> None:
    """Save a channel's settings; `secret` is encrypted already, None keeps the old one."""
    text = _encode(doc).decode()
    await policies.save_channel(
        act.unit, Channel(kind=kind, enabled=enabled, doc=text, secret=secret), act.at
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    await record_desk(act, ConfigurationSaved(of="channel", id=kind, version=0, digest=digest), by)


@change
async def meet_group(  # noqa: PLR0917
    act: Act, platform: str, conversation_id: str, title: str, team: str | None, by: Actor
) -> None:
    """A group chat spoke to the bot, or was bound to a team."""
    known = {
        (one.platform, one.conversation_id): one for one in await policies.list_groups(act.unit)
    }
    before = known.get((platform, conversation_id))
    after = ChatGroup(platform, conversation_id, title, team or (before.team if before else None))
    if after == before:
        return
    await policies.save_group(act.unit, after, act.at)
    event = ConfigurationSaved(of="chat_group", id=conversation_id, version=0, digest="")
    await record_desk(act, event, by)


@change
async def replay(act: Act, arrival: int) -> None:
    """Work on a poison arrival again. Refuses `UnknownInbound`."""
    if not await inbound.replay(act.unit, arrival, act.at):
        raise errors.UnknownInbound(inbound=arrival)
    act.ring()
