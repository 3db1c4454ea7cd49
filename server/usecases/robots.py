"""Robots of group chats: a team's notices go out by one, and nothing comes in.

A robot is known by its key alone, so all keys are kept together as the secret of their channel,
encrypted, by the number under which their group is listed.
"""

from typing import Final

import msgspec

from server import vault
from server.domain.errors import NotFound, UnknownTeam
from server.domain.events import Actor, ConfigurationSaved
from server.domain.people import Staff
from server.storage import policies
from server.storage.policies import Channel, ChatGroup
from server.usecases.acts import Act, change
from server.usecases.recording import record_desk

KIND: Final = "wecom_robot"
_NUMBER: Final = 16


class UnknownRobot(NotFound):
    """No such robot."""


def number_of(key: str) -> str:
    """Under which a robot's group is listed; it does not tell the key."""
    return f"robot-{vault.digest(key)[:_NUMBER]}"


@change
async def add_robot(act: Act, by: Staff, key: str, title: str, team: str) -> ChatGroup:
    """Have a robot tell a team's notices in its group; a known one may change its team. Refuses
    `UnknownTeam`.
    """
    if team not in (await act.firm()).teams:
        raise UnknownTeam(team=team)
    group = ChatGroup(KIND, number_of(key), title, team)
    keys = await _read_keys(act) | {group.conversation_id: key}
    await _save_keys(act, keys, Actor("staff", by.id))
    await policies.save_group(act.unit, group, act.at)
    saved = ConfigurationSaved(of="chat_group", id=group.conversation_id, version=0, digest="")
    await record_desk(act, saved, Actor("staff", by.id))
    return group


@change
async def remove_robot(act: Act, by: Staff, number: str) -> None:
    """Forget a robot and its key. Refuses `UnknownRobot`."""
    known = [one for one in await policies.list_groups(act.unit) if one.platform == KIND]
    if number not in {one.conversation_id for one in known}:
        raise UnknownRobot(robot=number)
    keys = await _read_keys(act)
    keys.pop(number, None)
    await policies.remove_group(act.unit, KIND, number)
    await _save_keys(act, keys, Actor("staff", by.id))


async def _read_keys(act: Act) -> dict[str, str]:
    """Keys that were kept under another secret of the desk are lost: nobody can read them."""
    channels = await policies.list_channels(act.unit)
    kept = next((one.secret for one in channels if one.kind == KIND), None)
    if kept is None:
        return {}
    try:
        return msgspec.json.decode(vault.decrypt(act.desk.secret, kept), type=dict[str, str])
    except (vault.WrongKey, msgspec.DecodeError):
        return {}


async def _save_keys(act: Act, keys: dict[str, str], by: Actor) -> None:
    secret = vault.encrypt(act.desk.secret, msgspec.json.encode(keys).decode())
    channels = await policies.list_channels(act.unit)
    doc = next((one.doc for one in channels if one.kind == KIND), "{}")
    channel = Channel(kind=KIND, enabled=bool(keys), doc=doc, secret=secret)
    await policies.save_channel(act.unit, channel, act.at)
    saved = ConfigurationSaved(of="channel", id=KIND, version=0, digest=vault.digest(secret))
    await record_desk(act, saved, by)
