"""Pictures and files that came with messages."""

from typing import Final

from server.api.surface.operation import EVERYBODY, Operation

ATTACHMENTS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/tickets/{number:int}/attachments/{attachment:int}",
        id="readAttachment",
        summary="A picture or file that came with a message",
        roles=EVERYBODY,
        file=True,
    ),
    Operation(
        method="GET",
        path="/api/v1/portal/tickets/{token:str}/attachments/{attachment:int}",
        id="readPublicAttachment",
        summary="A picture or file that came with a public message",
        roles=None,
        limit="portal_read",
        file=True,
    ),
)
