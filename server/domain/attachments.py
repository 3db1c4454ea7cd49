"""附件: pictures and files that come with what is said. What a file is follows from its bytes,
never from what its name says.
"""

import re
from typing import Final

import msgspec

MOST_BYTES: Final = 20 * 1024 * 1024
"""As much as the chat platforms take."""
MOST_AT_ONCE: Final = 20
_LONGEST_NAME: Final = 120
_PLAIN_BYTES: Final = "application/octet-stream"

_BEGINS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"GIF87a", "image/gif", ".gif"),
    (b"GIF89a", "image/gif", ".gif"),
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"PK\x03\x04", "application/zip", ".zip"),
    (b"#!AMR", "audio/amr", ".amr"),
    (b"OggS", "audio/ogg", ".ogg"),
)
_INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_BAD: Final = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069]+')


class Kept(msgspec.Struct, frozen=True):
    """A file that is kept under its digest, before anybody says which message it belongs to."""

    digest: str
    name: str
    type: str
    size: int


def type_of(content: bytes) -> str:
    """The media type, by how the bytes begin."""
    for begin, kind, _ in _BEGINS:
        if content.startswith(begin):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return _PLAIN_BYTES


def name_of(name: str, kind: str) -> str:
    """A name that is safe in every folder; nameless files are called after what they are."""
    plain = _BAD.sub(" ", name).strip(" .")
    if not plain or plain.endswith(".file"):
        ending = next((end for _, one, end in _BEGINS if one == kind), "")
        stem = plain.removesuffix(".file").strip(" .") or kind.split("/", maxsplit=1)[0]
        plain = f"{stem}{ending or _ENDINGS.get(kind, '')}"
    stem, dot, ending = plain.rpartition(".")
    most = _LONGEST_NAME - len(ending) - 1
    return f"{stem[:most]}.{ending}" if dot and most > 0 else plain[:_LONGEST_NAME]


_ENDINGS: Final = {"image/webp": ".webp", "video/mp4": ".mp4"}


def is_picture(kind: str) -> bool:
    """Whether a browser may show it; everything else is only handed out to be saved."""
    return kind in _INLINE
