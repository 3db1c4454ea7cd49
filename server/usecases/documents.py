"""Whether a configuration document fits its kind: what is wrong is told with the place inside."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from server.domain import priority, rules
from server.domain.conditions import Condition
from server.domain.errors import Invalid
from server.domain.faults import Fault
from server.domain.firm import Firm
from server.domain.rules import Known, Rule, Rules
from server.storage.firm import KINDS


class BadDocument(Invalid):
    """A document that cannot be: `fields` maps places to codes of `[field]` with their facts."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        places = {f"doc.{one.path}" if one.path else "doc": one for one in faults}
        super().__init__(**{place: one.code for place, one in places.items()})
        self.fields: dict[str, tuple[str, dict[str, str]]] = {
            place: (one.code, one.facts) for place, one in places.items()
        }


BadDocument.code = Invalid.code


def fit(kind: str, doc: object, firm: Firm) -> Any:  # noqa: ANN401 - the kind says what it is
    """The document as its kind's struct. Refuses `Invalid`, with the place of what is wrong."""
    try:
        found = msgspec.convert(doc, type=KINDS[kind], str_keys=True)
    except msgspec.ValidationError as error:
        place, said = _place(kind, doc, str(error))
        raise Invalid(**{place: said}) from error
    faults = _faults(found, firm)
    if faults:
        raise BadDocument(faults)
    return found


def _faults(found: object, firm: Firm) -> tuple[Fault, ...]:
    if isinstance(found, Rules):
        return rules.faults(found, known_of(firm))
    if isinstance(found, priority.Matrix):
        return priority.faults(found)
    return ()


def known_of(firm: Firm) -> Known:
    """What rules may refer to."""
    epoch = firm.law.epoch()
    return Known(
        teams=frozenset(firm.teams),
        queues=frozenset({*firm.queues, "default"}),
        policies=frozenset(one.id for one in epoch.policies),
        calendars=frozenset(epoch.calendars),
        stores=frozenset(firm.stores),
    )


_WHOLE: Final = "doc"


def _place(kind: str, doc: object, said: str) -> tuple[str, str]:
    """Msgspec does not say which one of a list it is: look for it, rule by rule and condition by
    condition.
    """
    if kind != "rules" or not isinstance(doc, Mapping):
        return _WHOLE, said
    every = doc.get("rules")
    for place, rule in enumerate(every if isinstance(every, list) else ()):
        wrong = _why_not(rule, Rule)
        if wrong is None:
            continue
        path = f"{_WHOLE}.rules[{place}]"
        when = rule.get("when") if isinstance(rule, Mapping) else None
        if "$.when" in wrong:
            return _inside(when, f"{path}.when", wrong)
        return path, wrong
    return _WHOLE, said


def _inside(condition: object, path: str, said: str) -> tuple[str, str]:
    own = _why_not(condition, Condition)
    if own is None:
        return path, said
    parts = condition.get("of") if isinstance(condition, Mapping) else None
    if isinstance(parts, Mapping) and _why_not(parts, Condition) is not None:
        return _inside(parts, f"{path}.of", own)
    for place, part in enumerate(parts if isinstance(parts, list) else ()):
        if _why_not(part, Condition) is not None:
            return _inside(part, f"{path}.of[{place}]", own)
    return path, own


def _why_not(doc: object, kind: Any) -> str | None:  # noqa: ANN401 - a union is no class
    try:
        msgspec.convert(doc, type=kind, str_keys=True)
    except msgspec.ValidationError as error:
        return str(error)
    return None
