"""Other systems that rungs of the ladder tell. What they are called and where they listen is
configuration of the kind `webhook`.
"""

from typing import Final

from server.api import schemas_webhooks as s
from server.api.schemas_care import DeliveryShown
from server.api.surface.operation import ADMINISTRATORS, LOOKING, Operation

WEBHOOKS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/webhooks",
        id="listWebhooks",
        summary="Which systems that rungs tell have a secret",
        roles=LOOKING,
        answer=tuple[s.WebhookState, ...],
    ),
    Operation(
        method="PUT",
        path="/api/v1/webhooks/{id:str}/secret",
        id="saveWebhookSecret",
        summary="The secret with which what a system is told is signed",
        roles=ADMINISTRATORS,
        in_person=True,
        body=s.SecretWanted,
    ),
    Operation(
        method="GET",
        path="/api/v1/webhooks/{id:str}/deliveries",
        id="listWebhookDeliveries",
        summary="What a system was told lately and what became of it, newest first",
        roles=LOOKING,
        answer=tuple[DeliveryShown, ...],
    ),
    Operation(
        method="POST",
        path="/api/v1/webhooks/{id:str}/trial",
        id="tryWebhook",
        summary="Tell a system something that is no ticket, to see whether it arrives",
        roles=ADMINISTRATORS,
    ),
)
