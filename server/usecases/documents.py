"""Whether a configuration document fits its kind: what is wrong is told with the place inside."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from server.domain import priority, rules, statuses
from server.domain.conditions import Condition
from server.domain.errors import Invalid
from server.domain.faults import Fault
from server.domain.firm import Firm
from server.domain.people import Team
from server.domain.queues import Queue
from server.domain.rosters import Roster
from server.domain.rules import Known, Rule, Rules
from server.domain.stores import Store
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


def fit(kind: str, doc: object, firm: Firm, item: str = "") -> Any:  # noqa: ANN401 - see its kind
    """The document as its kind's struct, naming only what there is. Refuses `Invalid`, with the
    place of what is wrong.
    """
    found = read(kind, doc)
    if item and isinstance(found, statuses.Status):
        found = msgspec.structs.replace(found, id=item)
    faults = _faults(found, firm)
    if faults:
        raise BadDocument(faults)
    return found


def read(kind: str, doc: object) -> Any:  # noqa: ANN401 - the kind says what it is
    """The document as its kind's struct, whatever it names. Refuses like `fit`."""
    try:
        return msgspec.convert(doc, type=KINDS[kind], str_keys=True)
    except msgspec.ValidationError as error:
        place, said = _place(kind, doc, str(error))
        raise Invalid(**{place: said}) from error
    except Invalid as error:
        # Of the struct's own rules, which know nothing of the request that it stands in.
        fields: Any = error.facts["fields"]
        error.facts["fields"] = {f"{_WHOLE}.{name}": code for name, code in fields.items()}
        raise


def _faults(found: object, firm: Firm) -> tuple[Fault, ...]:
    if isinstance(found, Rules):
        return rules.faults(found, known_of(firm))
    if isinstance(found, priority.Matrix):
        return priority.faults(found)
    if isinstance(found, statuses.Status):
        return statuses.faults(found)
    known: dict[str, Collection[Any]] = {
        "team": firm.teams,
        "calendar": firm.calendars,
        "colleague": firm.staff,
    }
    return tuple(
        Fault(path=path, code=f"no_{what}", facts={"value": str(value)})
        for path, what, value in _names(found)
        if value and value not in known[what]
    )


def _names(found: object) -> Iterator[tuple[str, str, str | int | None]]:
    """What a document names: where it stands, of what kind it is, and its id."""
    match found:
        case Queue(team=team, shed=shed, caps=caps):
            yield "team", "team", team
            yield from _each("shed.teams", "team", shed.teams)
            yield from ((f"caps.people.{one}", "colleague", one) for one in caps.people)
        case Store(team=team, hours=hours):
            yield "team", "team", team
            yield "hours", "calendar", hours
        case Roster(teams=teams, calendar=calendar, lines=lines, on_call=on_call):
            yield from _each("teams", "team", teams)
            yield "calendar", "calendar", calendar
            people = enumerate(line.staff for line in lines)
            yield from ((f"lines[{place}].staff", "colleague", one) for place, one in people)
            yield from _each("on_call.staff", "colleague", on_call.staff if on_call else ())
        case Team(members=members, leaders=leaders, parent=parent):
            yield from _each("members", "colleague", members)
            yield from _each("leaders", "colleague", leaders)
            yield "parent", "team", parent
        case _:
            pass


def _each(path: str, what: str, every: Iterable[str | int]) -> Iterator[tuple[str, str, str | int]]:
    return ((f"{path}[{place}]", what, one) for place, one in enumerate(every))


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
