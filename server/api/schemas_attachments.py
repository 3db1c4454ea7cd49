"""The wire contract of attachments."""

import msgspec


class AttachmentShown(msgspec.Struct, frozen=True, kw_only=True):
    """A picture or file that came with a message. `size` in bytes; `picture`: a browser shows it.
    `link` is where it is handed out.
    """

    id: int
    name: str
    type: str
    size: int
    picture: bool
    link: str
