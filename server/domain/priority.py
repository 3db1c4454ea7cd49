"""The priority of a ticket (优先级): a matrix of customer level and urgency, raised by nudges and
by words. It is weighed anew at every change, unless a colleague set it by hand.
"""

from typing import Annotated, Final

import msgspec

from server.domain.events import Priority
from server.domain.faults import Fault
from server.domain.matching import folded

ORDER: Final = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
"""Least pressing first."""

ANY: Final = "*"
"""The line of the matrix for levels that have none of their own."""

Steps = Annotated[int, msgspec.Meta(ge=1, le=3)]
Count = Annotated[int, msgspec.Meta(ge=1, le=100)]


class OnNudges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From so many nudges (催单) on it is so many steps higher."""

    count: Count
    steps: Steps = 1


class OnWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one of the words stands in the subject or in what the customer wrote it is so many
    steps higher, or at least `to`.
    """

    words: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=200)]
    steps: Annotated[int, msgspec.Meta(ge=0, le=3)] = 1
    to: Priority | None = None


class Matrix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Customer level → urgency → priority; `*` is for the other levels. What stands nowhere is as
    pressing as it is urgent. `most` is the highest that nudges and words can raise to. Of several
    lines about nudges, or words, the one that raises most counts.
    """

    id: str = "default"
    version: int = 0
    cells: dict[str, dict[Priority, Priority]] = {}
    nudges: tuple[OnNudges, ...] = ()
    words: tuple[OnWords, ...] = ()
    most: Priority = Priority.URGENT


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """The priority, and why: terms such as `customer_level=vip`, `urgency=high`, `nudges=2`,
    `keyword=漏水`, `rule=…`.
    """

    priority: Priority
    why: tuple[str, ...] = ()


def weigh(
    matrix: Matrix,
    *,
    level: str,
    urgency: Priority,
    nudges: int = 0,
    text: str = "",
    ruled: tuple[Priority, str] | None = None,
) -> Weighed:
    """The priority of a ticket. `ruled` is what a routing rule says, with its name, in place of
    the matrix; nudges and words raise that, too. `text` is folded already (matching.folded).
    """
    if ruled is not None:
        start, why = ruled[0], [f"rule={ruled[1]}"]
    else:
        start, why = _cell(matrix, level, urgency)
    by_nudges = max(
        (one for one in matrix.nudges if nudges >= one.count),
        key=lambda one: one.steps,
        default=None,
    )
    raised = start
    if by_nudges is not None:
        raised = _above(start, by_nudges.steps, matrix.most)
        why += [f"nudges={nudges}"] if raised is not start else []
    said = _said(matrix, text, raised)
    if said is not None:
        word, to = said
        raised = to
        why.append(f"keyword={word}")
    return Weighed(priority=raised, why=tuple(why))


def _cell(matrix: Matrix, level: str, urgency: Priority) -> tuple[Priority, list[str]]:
    line = matrix.cells.get(level) or matrix.cells.get(ANY) or {}
    return line.get(urgency, urgency), [f"customer_level={level}", f"urgency={urgency.value}"]


def _above(start: Priority, steps: int, most: Priority) -> Priority:
    """So many steps higher, but not above `most`; what is above it already stays."""
    place = ORDER.index(start)
    return ORDER[max(place, min(place + steps, ORDER.index(most)))]


def _said(matrix: Matrix, text: str, start: Priority) -> tuple[str, Priority] | None:
    best: tuple[str, Priority] | None = None
    for one in matrix.words:
        word = next((word for word in one.words if folded(word).strip() in text), None)
        if word is None:
            continue
        to = _above(start, one.steps, matrix.most)
        if one.to is not None and ORDER.index(one.to) > ORDER.index(to):
            to = one.to
        if ORDER.index(to) > ORDER.index(best[1] if best is not None else start):
            best = (word, to)
    return best


def faults(matrix: Matrix) -> tuple[Fault, ...]:
    """What cannot be: words that say nothing, lines that raise nothing."""
    found: list[Fault] = []
    for place, one in enumerate(matrix.words):
        path = f"words[{place}]"
        if one.steps == 0 and one.to is None:
            found.append(Fault(path=f"{path}.steps", code="does_nothing"))
        found += (
            Fault(path=f"{path}.words[{number}]", code="missing")
            for number, word in enumerate(one.words)
            if not folded(word).strip()
        )
    return tuple(found)
