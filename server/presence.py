"""Who has which ticket open in the console: by the live connections of this process, not by
anybody's word. What a colleague is looking at need not be told him.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Presence:
    """Open live connections by colleague and ticket."""

    def __init__(self) -> None:
        self._open: Counter[tuple[int, int]] = Counter()

    def looks_at(self, staff: int, ticket: int) -> bool:
        """Whether this colleague has this ticket on a screen now."""
        return self._open[staff, ticket] > 0

    @contextmanager
    def looking(self, staff: int, ticket: int | None) -> Iterator[None]:
        """While a connection lasts that shows this ticket."""
        if ticket is None:
            yield
            return
        self._open[staff, ticket] += 1
        try:
            yield
        finally:
            self._open[staff, ticket] -= 1
            if not self._open[staff, ticket]:
                del self._open[staff, ticket]
