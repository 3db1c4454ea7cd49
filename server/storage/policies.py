"""What an administrator edits, as immutable versions, and the firm that they make up."""

from datetime import datetime

import msgspec

from server.storage.database import Reading, Statement, Unit


class Version(msgspec.Struct, frozen=True):
    """One version of one configured thing; `seq` is the event since which it is current."""

    kind: str
    id: str
    version: int
    doc: str
    seq: int


class Saved(msgspec.Struct, frozen=True):
    """A version with who saved it (an actor, as text) and when."""

    version: int
    doc: str
    saved_at: datetime
    actor: str


class SavedAt(msgspec.Struct, frozen=True):
    """When the current version of something was saved."""

    id: str
    saved_at: datetime


class ChatGroup(msgspec.Struct, frozen=True):
    """A group chat and the team it belongs to."""

    platform: str
    conversation_id: str
    title: str
    team: str | None


class Channel(msgspec.Struct, frozen=True):
    """A channel's settings; `secret` is encrypted."""

    kind: str
    enabled: bool
    doc: str
    secret: str | None


_ALL = Statement(
    "SELECT kind, id, version, doc, seq FROM config ORDER BY kind, id, version", Version
)
_CURRENT = Statement(
    "SELECT kind, id, version, doc, seq FROM config WHERE kind = :kind AND id = :id"
    " ORDER BY version DESC LIMIT 1",
    Version,
)
_SAVED = Statement(
    "SELECT config.version, config.doc, config.saved_at, event.actor FROM config"
    " JOIN event ON event.seq = config.seq"
    " WHERE config.kind = :kind AND config.id = :id AND config.version < :before"
    " ORDER BY config.version DESC LIMIT 20",
    Saved,
)
_SAVED_AT = Statement(
    "SELECT id, MAX(saved_at) AS saved_at FROM config WHERE kind = :kind GROUP BY id", SavedAt
)
_ADD = Statement[None](
    "INSERT INTO config (kind, id, version, doc, seq, saved_at)"
    " VALUES (:kind, :id, :version, :doc, :seq, :saved_at)"
)
_GROUPS = Statement("SELECT platform, conversation_id, title, team FROM chat_group", ChatGroup)
_SAVE_GROUP = Statement[None](
    "INSERT INTO chat_group (platform, conversation_id, title, team, bound_at)"
    " VALUES (:platform, :conversation_id, :title, :team, :bound_at)"
    " ON CONFLICT (platform, conversation_id) DO UPDATE SET title = excluded.title,"
    " team = excluded.team, bound_at = excluded.bound_at"
)
_REMOVE_GROUP = Statement[None](
    "DELETE FROM chat_group WHERE platform = :platform AND conversation_id = :conversation_id"
)
_CHANNELS = Statement("SELECT kind, enabled, doc, secret FROM channel", Channel)
_SAVE_CHANNEL = Statement[None](
    "INSERT INTO channel (kind, enabled, doc, secret, saved_at)"
    " VALUES (:kind, :enabled, :doc, :secret, :saved_at)"
    " ON CONFLICT (kind) DO UPDATE SET enabled = excluded.enabled, doc = excluded.doc,"
    " secret = COALESCE(excluded.secret, channel.secret), saved_at = excluded.saved_at"
)


async def list_versions(db: Reading) -> list[Version]:
    """Every version of everything, oldest first."""
    return await db.all(_ALL)


async def find_current(db: Reading, kind: str, item: str) -> Version | None:
    """The newest version of one thing."""
    return await db.one(_CURRENT, kind=kind, id=item)


async def list_saved(db: Reading, kind: str, item: str, before: int) -> list[Saved]:
    """Who saved the versions of one thing before this one, newest first, twenty at most."""
    return await db.all(_SAVED, kind=kind, id=item, before=before)


async def list_saved_at(db: Reading, kind: str) -> dict[str, datetime]:
    """When the current version of each thing of a kind was saved."""
    return {one.id: one.saved_at for one in await db.all(_SAVED_AT, kind=kind)}


async def add_version(unit: Unit, version: Version, at: datetime) -> None:
    """Save a version; versions are never changed."""
    await unit.run(_ADD, saved_at=at, **msgspec.structs.asdict(version))


async def list_groups(db: Reading) -> list[ChatGroup]:
    """All group chats that the bot knows."""
    return await db.all(_GROUPS)


async def save_group(unit: Unit, group: ChatGroup, at: datetime) -> None:
    """Remember a group chat, and which team it belongs to."""
    await unit.run(_SAVE_GROUP, bound_at=at, **msgspec.structs.asdict(group))


async def remove_group(unit: Unit, platform: str, conversation_id: str) -> None:
    """Forget a group chat."""
    await unit.run(_REMOVE_GROUP, platform=platform, conversation_id=conversation_id)


async def list_channels(db: Reading) -> list[Channel]:
    """All configured channels."""
    return await db.all(_CHANNELS)


async def save_channel(unit: Unit, channel: Channel, at: datetime) -> None:
    """Save a channel's settings; without a new secret the old one is kept."""
    await unit.run(_SAVE_CHANNEL, saved_at=at, **msgspec.structs.asdict(channel))
