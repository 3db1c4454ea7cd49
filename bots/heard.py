"""What a colleague wrote, whatever the platform: platforms translate into this, nothing else."""

from collections.abc import Awaitable, Callable

import msgspec


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, sound or file that came along; `code` is the platform's way to fetch it."""

    kind: str
    code: str
    name: str | None = None
    key: str = ""
    """What opens it, where the platform locks its files."""


Fetch = Callable[[Attached], Awaitable[bytes]]
"""Gets the bytes of what came along. Raises `Trouble`."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One line.

    `user_id` is the platform's verified account, None for people it does not vouch for.
    `named` are the accounts that were mentioned with @. `recipient` is where answers go, in the
    platform's own terms. `withheld`: the platform gave the line without its content. `quoted` is
    the platform's reference of one of our own messages, `quoted_text` the words of what is quoted.
    """

    conversation: str
    private: bool
    user_id: str | None
    name: str = ""
    text: str = ""
    named: tuple[str, ...] = ()
    recipient: dict[str, str] = {}
    attached: tuple[Attached, ...] = ()
    withheld: bool = False
    quoted: str | None = None
    quoted_text: str = ""
    cut: bool = False
    """A forwarded conversation, of which the platform gives nothing or only the beginning."""
