"""事件推送: what a rung of the ladder tells another system, over HTTP.

    POST url
    X-Paidan-Delivery    the same for every try of one telling: whoever got it already ignores it
    X-Paidan-Timestamp   seconds since 1970, when this try was made
    X-Paidan-Signature   v1=HMAC-SHA256(secret, timestamp "." body), in hex

An answer of 2xx settles it; 408, 425, 429, 5xx and silence are tried again, later and later; other
answers, redirects among them, are final. Addresses in private networks are refused unless the
setting `webhook_hosts` names host and port.
"""

import hashlib
import hmac
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import msgspec

from server import vault
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.http import Http, Response
from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown
from server.domain.ladders import Webhook
from server.usecases import webhooks

CHANNEL: Final = "webhook"
LONGEST_WAIT: Final = timedelta(hours=1)
"""A system that asks for more patience than this is asked again after it."""
_AGAIN: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class _Address(msgspec.Struct, frozen=True):
    webhook: str


class WebhookSender:
    """Sends to every configured system."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._http = Http(desk.activity, allowed=desk.settings.private_hosts)

    async def close(self) -> None:
        """Let go of what is open."""
        await self._http.close()

    async def send(self, parcel: Parcel) -> Outcome:
        """One telling of one ticket."""
        address = msgspec.json.decode(parcel.delivery.recipient, type=_Address)
        webhook = parcel.firm.webhooks.get(address.webhook)
        if webhook is None or not webhook.enabled:
            return Never(why="switched_off")
        kept = await webhooks.find_secret(self._desk, webhook.id)
        try:
            secret = vault.decrypt(self._desk.secret, kept or "")
        except vault.WrongKey:
            return Never(why="no_secret" if kept is None else "wrong_key")
        return await self._post(webhook, secret, parcel)

    async def _post(self, webhook: Webhook, secret: str, parcel: Parcel) -> Outcome:
        body = msgspec.json.encode(_told(parcel, self._desk.settings.public_url))
        stamp = str(int(self._desk.clock.now().timestamp()))
        headers = {
            "content-type": "application/json",
            "x-paidan-delivery": parcel.delivery.idempotency_key,
            "x-paidan-timestamp": stamp,
            "x-paidan-signature": f"v1={signature(secret, stamp, body)}",
        }
        try:
            answer = await self._http.request(
                "POST", webhook.url, json=msgspec.Raw(body), headers=headers
            )
        except TryLater as trouble:
            return Later(why=trouble.code)
        except Ambiguous as trouble:
            return Unknown(why=trouble.code)
        except Permanent as trouble:
            return Never(why=trouble.code)
        return _outcome(answer)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What proves that the desk sent this body at this time."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _outcome(answer: Response) -> Outcome:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Sent()
    why = f"http_{answer.status}"
    if answer.status in _AGAIN or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait = answer.headers.get("retry-after", "")
        after = timedelta(seconds=int(wait)) if wait.isdecimal() else None
        return Later(why=why, after=None if after is None else min(after, LONGEST_WAIT))
    return Never(why=why)


def _told(parcel: Parcel, public_url: str) -> dict[str, Any]:
    """What is said: the rung, and the ticket as it is now. The customer is not named."""
    facts = msgspec.json.decode(parcel.delivery.body, type=dict[str, Any])
    told: dict[str, Any] = {
        "event": "rung_reached" if parcel.delivery.ticket is not None else "trial",
        "kind": parcel.delivery.kind,
        "rung": {name: value for name, value in facts.items() if value is not None},
    }
    ticket, firm = parcel.ticket, parcel.firm
    if ticket is not None:
        told["ticket"] = {
            "number": ticket.number,
            "subject": ticket.subject,
            "priority": ticket.priority,
            "status": ticket.status,
            "queue": ticket.queue,
            "team": firm.team_name(ticket.team),
            "assignee": firm.name_of(ticket.assignee),
            "due_at": ticket.next_due_at,
            "breached": ticket.breached,
            "url": f"{public_url}/console/tickets/{ticket.number}" if public_url else None,
        }
    return told
