"""Protocol clients: they know a platform and nothing of tickets.

What can go wrong with the outside is told apart by what the caller may do about it:

    Trouble
    ├── TryLater     nothing happened there; the same call may be made again after `after`
    ├── Permanent    nothing happened there, and nothing will until somebody changes something
    └── Ambiguous    it may have happened; only a call with an idempotency key may be repeated
"""

from datetime import timedelta
from typing import Final, Protocol

AFTER_NO_CONNECTION: Final = timedelta(seconds=5)
"""When a call is tried again that could not leave."""


class Activity(Protocol):
    """Who counts what is under way (decision 18): one token per call, given back at its end."""

    def begin(self) -> None:
        """Take a token."""
        ...

    def end(self) -> None:
        """Give it back."""
        ...


class Trouble(Exception):
    """The outside did not do what it was asked.

    `code` is stable and the platform's own where it has one; `detail` is for the log and for
    operators, and never holds a secret.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class TryLater(Trouble):
    """Nothing happened; the call may be repeated when `after` has passed."""

    def __init__(self, code: str, detail: str = "", *, after: timedelta) -> None:
        super().__init__(code, detail)
        self.after = after


class Permanent(Trouble):
    """Nothing happened; repeating is useless until somebody changes something."""


class Ambiguous(Trouble):
    """The call was sent and no clear answer came: it may have taken effect."""
