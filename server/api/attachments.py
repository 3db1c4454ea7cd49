"""Attachments are handed out by their ticket: to colleagues who see it, to the customer by his
link. Only pictures are shown in the browser; everything else is saved, and nothing is ever run.
"""

from typing import Final
from urllib.parse import quote

from server.api.calls import Call, FileAnswer, Handler
from server.api.portal import number_of
from server.domain.attachments import is_picture
from server.usecases import attachments
from server.usecases.attachments import Handed


async def read_attachment(call: Call) -> FileAnswer:
    """For a colleague."""
    number, attachment = call.number("number"), call.number("attachment")
    return _answer(await attachments.hand_out(call.desk, call.by, number, attachment))


async def read_public_attachment(call: Call) -> FileAnswer:
    """For the customer."""
    number, attachment = number_of(call), call.number("attachment")
    return _answer(await attachments.hand_out_to_customer(call.desk, number, attachment))


def _answer(handed: Handed) -> FileAnswer:
    found = handed.attachment
    picture = is_picture(found.type)
    way = "inline" if picture else "attachment"
    return FileAnswer(
        content=handed.content,
        type=found.type if picture else "application/octet-stream",
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        },
    )


HANDLERS: Final[dict[str, Handler]] = {
    "readAttachment": read_attachment,
    "readPublicAttachment": read_public_attachment,
}
