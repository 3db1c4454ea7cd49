"""Other systems that rungs tell (事件推送): their secrets, and a try."""

from typing import Final

import msgspec

from server.desk import Desk
from server.domain.errors import Invalid
from server.domain.events import Actor, ConfigurationSaved
from server.storage import outbox, webhooks
from server.usecases.acts import Act, change
from server.usecases.administration import UnknownConfiguration
from server.usecases.announcing import WEBHOOK
from server.usecases.recording import record_desk

TRIAL: Final = "trial"
"""The kind of a telling by which an administrator tries whether it arrives."""


async def find_secret(desk: Desk, webhook: str) -> str | None:
    """The secret as it is kept, encrypted."""
    with desk.activity.busy():
        return await webhooks.find_secret(desk.database, webhook)


async def list_with_secret(desk: Desk) -> list[str]:
    """The systems that have a secret."""
    with desk.activity.busy():
        return await webhooks.list_with_secret(desk.database)


async def list_told(desk: Desk, webhook: str, limit: int = 20) -> list[outbox.Delivery]:
    """What this system was told lately and what became of it, newest first. Refuses
    `UnknownConfiguration`.
    """
    if webhook not in (await desk.firm()).webhooks:
        raise UnknownConfiguration(kind="webhook", id=webhook)
    with desk.activity.busy():
        return await outbox.list_by_name(desk.database, WEBHOOK, webhook, limit)


@change
async def save_secret(act: Act, webhook: str, secret: str, by: Actor) -> None:
    """Keep a secret, which is encrypted already. Refuses `UnknownConfiguration`."""
    await _need(act, webhook)
    await webhooks.save_secret(act.unit, webhook, secret, act.at)
    await record_desk(
        act, ConfigurationSaved(of="webhook_secret", id=webhook, version=0, digest=""), by
    )


@change
async def try_out(act: Act, webhook: str) -> None:
    """Tell the system something that is no ticket. Refuses `UnknownConfiguration`, and
    `Invalid(secret)` while it has none.
    """
    await _need(act, webhook)
    if await webhooks.find_secret(act.unit, webhook) is None:
        raise Invalid(secret="missing")  # noqa: S106  # a field, not a secret
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=None,
        kind=TRIAL,
        channel=WEBHOOK,
        recipient=msgspec.json.encode({"webhook": webhook}).decode(),
        body="{}",
        repeat="keyed",
        key=f"trial:{webhook}:{act.draw()}",
        at=act.at,
        gather=webhook,
    )
    act.ring()


async def _need(act: Act, webhook: str) -> None:
    if webhook not in (await act.firm()).webhooks:
        raise UnknownConfiguration(kind="webhook", id=webhook)
