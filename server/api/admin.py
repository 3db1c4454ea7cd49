"""What administrators and supervisors look after: configuration, channels, groups, and what did
not arrive.
"""

from typing import Final, Literal

import msgspec

from server import vault
from server.api import schemas_care as s
from server.api.calls import Call, Handler
from server.api.reading import Refused
from server.api.render import delivery_shown
from server.desk import BadChannel
from server.domain.errors import NotFound, UnknownTeam
from server.domain.events import Actor
from server.storage.firm import KINDS
from server.storage.inbound import Inbound
from server.storage.policies import Channel, Version
from server.usecases import administration, deliveries, groups, reading
from server.words import find, say

_LONGEST_ID: Final = 60
_NOTHING: Final = Channel(kind="", enabled=False, doc="{}", secret=None)


class UnknownChannel(NotFound):
    """The desk knows no such channel."""


class UnknownGroup(NotFound):
    """The bot was never spoken to in this group chat."""


async def list_configuration(call: Call) -> tuple[s.Document, ...]:
    """All of a kind."""
    kind = call.text("kind")
    if kind not in KINDS:
        raise administration.UnknownConfiguration(kind=kind)
    return tuple(_document(one) for one in await administration.list_configuration(call.desk, kind))


async def read_configuration(call: Call) -> s.Document:
    """One of a kind."""
    return _document(
        await administration.find_configuration(call.desk, call.text("kind"), call.text("id"))
    )


async def save_configuration(call: Call, asked: s.DocumentWanted) -> s.Document:
    """A new version; the use case checks that it fits the kind and was edited on the newest."""
    item = call.text("id")
    if not item.strip() or len(item) > _LONGEST_ID:
        raise Refused({"id": ("too_long", {"most": _LONGEST_ID})})
    version = await administration.save_configuration(
        call.desk, call.by, call.text("kind"), item, asked.doc, asked.seen_version
    )
    return _document(version)


def _document(version: Version) -> s.Document:
    return s.Document(
        kind=version.kind,
        id=version.id,
        version=version.version,
        doc=msgspec.json.decode(version.doc, type=dict[str, object]),
    )


async def list_channels(call: Call) -> tuple[s.ChannelShown, ...]:
    """Every channel that this desk can have, also those that were never switched on."""
    known = await administration.list_channels(call.desk)
    kinds = dict.fromkeys([*call.desk.platforms, *known])
    return tuple(_channel(call, kind, known.get(kind, _NOTHING)) for kind in kinds)


async def save_channel(call: Call, asked: s.ChannelWanted) -> s.ChannelShown:
    """Settings that could not be used are refused before they are saved; a channel that is
    switched off may be incomplete.
    """
    kind = call.text("kind")
    connect = call.desk.platforms.get(kind)
    if connect is None:
        raise UnknownChannel(kind=kind)
    known = (await administration.list_channels(call.desk)).get(kind, _NOTHING)
    wanted = _wanted(call, asked, known)
    if asked.enabled:
        try:
            connect(call.desk, asked.doc, _kept(call, known) if wanted is None else wanted)
        except BadChannel as bad:
            known_problem = find(call.language, f"field.{bad.problem}") is not None
            code = bad.problem if known_problem else "setting"
            raise Refused({bad.key: (code, {"problem": bad.problem})}) from bad
    secret = vault.encrypt(call.desk.secret, wanted) if wanted is not None else None
    await administration.save_channel(
        call.desk, Actor("staff", call.by.id), kind, asked.doc, secret, asked.enabled
    )
    saved = (await administration.list_channels(call.desk))[kind]
    return _channel(call, kind, saved)


def _wanted(call: Call, asked: s.ChannelWanted, known: Channel) -> str | None:
    """The secret to be kept from now on; None: the old one. Several are one JSON object."""
    if asked.secrets is None:
        return asked.secret
    named = _named(_kept(call, known)) | asked.secrets
    return msgspec.json.encode({key: value for key, value in named.items() if value}).decode()


def _named(secret: str) -> dict[str, str]:
    """Several secrets by name; none where there is one without a name."""
    try:
        return msgspec.json.decode(secret, type=dict[str, str])
    except msgspec.DecodeError:
        return {}


def _kept(call: Call, known: Channel) -> str:
    """The old secret. Refuses `Invalid(secret)` when it was kept with another key than the desk
    has now.
    """
    if known.secret is None:
        return ""
    try:
        return vault.decrypt(call.desk.secret, known.secret)
    except vault.WrongKey:
        raise Refused({"secret": ("secret_again", {})}) from None


def _channel(call: Call, kind: str, channel: Channel) -> s.ChannelShown:
    state: Literal["off", "connecting", "connected", "trouble"] = "off"
    trouble = ""
    if channel.enabled:
        connection = call.desk.connections.get(kind)
        health = call.desk.loops.get(f"receiver:{kind}")
        crashed = health is not None and health.state == "pausing"
        trouble = call.desk.troubles.get(kind, "") or ("crashed" if crashed else "")
        state = "trouble" if trouble else "connecting"
        if connection is not None:
            state, trouble = connection.state, connection.trouble
    return s.ChannelShown(
        kind=kind,
        enabled=channel.enabled,
        doc=msgspec.json.decode(channel.doc, type=dict[str, str]),
        has_secret=channel.secret is not None,
        secrets=_names(call, channel),
        state=state,
        trouble=trouble,
        advice=_advice(call, kind, trouble),
    )


def _names(call: Call, channel: Channel) -> tuple[str, ...]:
    try:
        return tuple(sorted(_named(_kept(call, channel))))
    except Refused:
        return ()


def _advice(call: Call, kind: str, trouble: str) -> str:
    """What to do about a trouble. A setting that cannot be used is named after its code."""
    if not trouble:
        return ""
    code, _, key = trouble.partition(":")
    health = call.desk.loops.get(f"receiver:{kind}")
    incident = health.incident if health is not None else None
    words = find(call.language, f"bot.trouble.{code}", key=key, incident=incident)
    return words or say(call.language, "bot.trouble.refused")


async def list_groups(call: Call) -> tuple[s.GroupShown, ...]:
    """Every group chat that the bot knows."""
    return tuple(
        s.GroupShown(
            platform=one.platform,
            conversation_id=one.conversation_id,
            title=one.title,
            team=one.team,
        )
        for one in await groups.list_groups(call.desk)
    )


async def save_group(call: Call, asked: s.GroupWanted) -> s.GroupShown:
    """The team whose group this is from now on."""
    platform, conversation_id = call.text("platform"), call.text("conversation_id")
    if asked.team not in (await call.desk.firm()).teams:
        raise UnknownTeam(team=asked.team)
    known = {
        (one.platform, one.conversation_id): one for one in await groups.list_groups(call.desk)
    }
    group = known.get((platform, conversation_id))
    if group is None:
        raise UnknownGroup
    by = Actor("staff", call.by.id)
    await administration.meet_group(
        call.desk, platform, conversation_id, group.title, asked.team, by
    )
    return s.GroupShown(
        platform=platform, conversation_id=conversation_id, title=group.title, team=asked.team
    )


async def list_deliveries(call: Call) -> tuple[s.DeliveryShown, ...]:
    """Newest first."""
    asked = call.query(s.DeliveriesAsked)
    found = await reading.list_deliveries(call.desk, asked.state, asked.limit)
    return tuple(delivery_shown(one) for one in found)


async def retry_delivery(call: Call) -> None:
    """Send it again."""
    await deliveries.retry(call.desk, call.number("id"))


async def list_arrivals(call: Call) -> tuple[s.ArrivalShown, ...]:
    """Newest first."""
    asked = call.query(s.ArrivalsAsked)
    found = await reading.list_inbound(call.desk, asked.state, asked.limit)
    return tuple(_arrival(one) for one in found)


def _arrival(arrival: Inbound) -> s.ArrivalShown:
    return s.ArrivalShown(
        id=arrival.id,
        channel=arrival.channel,
        received_at=arrival.received_at,
        tries=arrival.tries,
        error=arrival.error,
    )


async def replay_arrival(call: Call) -> None:
    """Work on it again."""
    await administration.replay(call.desk, call.number("id"))


HANDLERS: Final[dict[str, Handler]] = {
    "listConfiguration": list_configuration,
    "readConfiguration": read_configuration,
    "saveConfiguration": save_configuration,
    "listChannels": list_channels,
    "saveChannel": save_channel,
    "listGroups": list_groups,
    "saveGroup": save_group,
    "listDeliveries": list_deliveries,
    "retryDelivery": retry_delivery,
    "listArrivals": list_arrivals,
    "replayArrival": replay_arrival,
}
