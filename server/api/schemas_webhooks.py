"""What the API says of other systems that rungs tell."""

from typing import Annotated

import msgspec


class SecretWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/webhooks/{id}/secret: with it what is sent is signed. It is never shown again."""

    secret: Annotated[str, msgspec.Meta(min_length=16, max_length=500)]


class WebhookState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a system that rungs tell has a secret; without one nothing is sent."""

    id: str
    has_secret: bool
