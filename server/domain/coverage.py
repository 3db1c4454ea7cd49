"""Which policies take which tickets: policies that can never apply because earlier ones take all
that they would take (dead), and pairs that take some tickets in common, where only their order
decides (R11).

Exact: what a policy matches is a box over the attributes, with the values that any policy names
and one for all others; earlier boxes are cut out of it until nothing is left, or something is.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

import msgspec

from server.domain.events import Priority
from server.domain.law import Policy

OTHER: Final = "\0other"
"""Stands for every value that no policy names."""

_MOST_PIECES: Final = 20_000

Box = dict[str, frozenset[str]]


class DeadPolicy(msgspec.Struct, frozen=True):
    """A policy that can never apply, and the earlier ones that take its tickets."""

    policy: Policy
    taken_by: tuple[Policy, ...]


class OverlappingPolicies(msgspec.Struct, frozen=True):
    """Two policies that have tickets in common, none of them taking all of the other's."""

    earlier: Policy
    later: Policy


def find_dead(
    policies: Sequence[Policy], named: frozenset[str] = frozenset()
) -> tuple[DeadPolicy, ...]:
    """Dead policies among those that are tried in this order. A policy that a routing rule names
    (`named`) applies whatever the order.
    """
    every = _values(policies)
    found: list[DeadPolicy] = []
    for place, policy in enumerate(policies):
        if policy.id in named:
            continue
        takers = _takers(_box(policy, every), policies[:place], every)
        if takers is not None:
            found.append(DeadPolicy(policy, takers))
    return tuple(found)


def find_overlaps(policies: Sequence[Policy]) -> tuple[OverlappingPolicies, ...]:
    """Pairs of which neither contains the other; what everybody else falls under is no overlap."""
    every = _values(policies)
    boxes = [(one, _box(one, every)) for one in policies]
    return tuple(
        OverlappingPolicies(earlier, later)
        for (earlier, one), (later, other) in combinations(boxes, 2)
        if _meet(one, other) and not _within(one, other) and not _within(other, one)
    )


def _values(policies: Iterable[Policy]) -> Box:
    """All values of each attribute that a policy reads."""
    found: dict[str, set[str]] = {}
    for policy in policies:
        for attribute, values in policy.match.items():
            found.setdefault(attribute, {OTHER}).update(values)
    if "priority" in found:
        found["priority"] = {one.value for one in Priority}
    return {attribute: frozenset(values) for attribute, values in found.items()}


def _box(policy: Policy, every: Mapping[str, frozenset[str]]) -> Box:
    return {
        attribute: frozenset(policy.match[attribute]) & values
        if attribute in policy.match
        else values
        for attribute, values in every.items()
    }


def _meet(one: Box, other: Box) -> bool:
    return all(one[attribute] & other[attribute] for attribute in one)


def _within(one: Box, other: Box) -> bool:
    return all(one[attribute] <= other[attribute] for attribute in one)


def _takers(
    box: Box, earlier: Sequence[Policy], every: Mapping[str, frozenset[str]]
) -> tuple[Policy, ...] | None:
    """The earlier policies that together take the whole box, or None when something is left (or
    the cutting grows beyond reason).
    """
    left = [box] if all(box.values()) else []
    takers: list[Policy] = []
    for policy in earlier:
        if not left:
            break
        other = _box(policy, every)
        if any(_meet(piece, other) for piece in left):
            takers.append(policy)
        left = [rest for piece in left for rest in _cut(piece, other)]
        if len(left) > _MOST_PIECES:
            return None
    return tuple(takers) if not left else None


def _cut(piece: Box, other: Box) -> Iterable[Box]:
    """What of a box lies outside another, in disjoint boxes."""
    if not _meet(piece, other):
        yield piece
        return
    inside = dict(piece)
    for attribute, values in piece.items():
        outside = values - other[attribute]
        if outside:
            yield inside | {attribute: outside}
        inside[attribute] = values & other[attribute]
