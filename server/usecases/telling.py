"""Why a clock stands as it does, in words, the same for console, API and chat."""

from collections.abc import Mapping
from datetime import datetime

from server.domain.firm import Firm
from server.domain.sla import Strip
from server.words import find, say


def why(part: Strip, statuses: Mapping[datetime, str], firm: Firm, language: str) -> str:
    """What a stretch of the clock strip stood still for: 「待客户回复（已回复客户）」; empty for a
    stretch that ran.
    """
    if part.kind == "ran":
        return ""
    if part.kind == "closed":
        return say(language, "clock_strip.closed")
    if part.kind == "excused":
        return say(language, "clock_strip.excused", reason=part.reason)
    reason = find(language, f"event.reason_{part.reason}") or part.reason
    status = status_words(statuses.get(part.from_at, ""), firm, language)
    if not status:
        return reason
    return say(language, "clock_strip.waiting", status=status, reason=reason) if reason else status


def status_words(id_: str, firm: Firm, language: str) -> str:
    """A status in the administrator's words, or in ours."""
    status = firm.statuses.get(id_)
    own = status.label.get(language) if status is not None else None
    return own or find(language, f"status.{id_}") or id_
