"""Answers what is asked of other systems that rungs tell."""

from typing import Final

from server import vault
from server.api import schemas_webhooks as s
from server.api.calls import Call, Handler
from server.api.render import delivery_shown
from server.api.schemas_care import DeliveryShown
from server.domain.events import Actor
from server.usecases import webhooks


async def list_webhooks(call: Call) -> tuple[s.WebhookState, ...]:
    """Every configured one."""
    firm = await call.desk.firm()
    known = set(await webhooks.list_with_secret(call.desk))
    return tuple(
        s.WebhookState(id=item, has_secret=item in known) for item in sorted(firm.webhooks)
    )


async def list_told(call: Call) -> tuple[DeliveryShown, ...]:
    """The last twenty."""
    found = await webhooks.list_told(call.desk, call.text("id"))
    return tuple(delivery_shown(one) for one in found)


async def save_secret(call: Call, asked: s.SecretWanted) -> None:
    """Encrypted before it is kept."""
    secret = vault.encrypt(call.desk.secret, asked.secret)
    await webhooks.save_secret(call.desk, call.text("id"), secret, Actor("staff", call.by.id))


async def try_out(call: Call) -> None:
    """Queue a trial."""
    await webhooks.try_out(call.desk, call.text("id"))


HANDLERS: Final[dict[str, Handler]] = {
    "listWebhooks": list_webhooks,
    "listWebhookDeliveries": list_told,
    "saveWebhookSecret": save_secret,
    "tryWebhook": try_out,
}
