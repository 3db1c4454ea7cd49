"""The conformance vectors V1–V13 of the SLA law, as one table."""

import pytest

from server.domain.events import Breached
from server.domain.sla import Law, fold, judge, law_of
from tests.support.clockwork import (
    ASKED,
    CLAIMED,
    HOUR,
    MINUTE,
    NOTED,
    OFFICE,
    OPENED,
    RELEASED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    URGENT,
    WAITING,
    at,
    clock_of,
    history,
    law_with,
    minutes_used,
    policy,
    seen,
)

VECTORS = {
    "V1": (
        {"first": HOUR},
        [("11:30", OPENED)],
        "13:45",
        {("first", 1): {"used": 45, "due": "14:00"}},
    ),
    "V2": (
        {"resolve": 4 * HOUR, "next": HOUR},
        [("09:00", OPENED), ("09:30", REPLIED, WAITING), ("14:00", RESUMED, ASKED)],
        "14:00",
        {("resolve", 1): {"due": "17:30"}, ("next", 1): {"due": "15:00"}},
    ),
    "V3": (
        {"next": HOUR},
        [
            ("09:00", OPENED),
            ("09:10", REPLIED),
            ("10:00", ASKED),
            ("10:20", ASKED),
            ("10:50", ASKED),
        ],
        "10:50",
        {("next", 1): {"due": "11:00", "state": "running"}},
    ),
    "V4": (
        {"resolve": 4 * HOUR},
        [("09:00", OPENED), ("10:00", REPLIED, RESOLVED), ("18 09:00", ASKED, REOPENED)],
        "18 09:30",
        {("resolve", 1): {"used": 90, "due": "18 12:00", "verdict": "none"}},
    ),
    "V5": (
        {"first": HOUR},
        [("09:00", OPENED), ("09:20", NOTED), ("09:40", RESOLVED)],
        "10:00",
        {("first", 1): {"used": 40, "verdict": "met", "state": "stopped"}},
    ),
    "V6": (
        {"accept": 10 * MINUTE},
        [("09:00", OPENED), ("09:05", CLAIMED), ("10:00", RELEASED), ("10:12", CLAIMED)],
        "10:12",
        {
            ("accept", 1): {"used": 5, "verdict": "met"},
            ("accept", 2): {"used": 12, "verdict": "breached", "breached": "10:10"},
        },
    ),
    "V7": (
        {"first": 30 * MINUTE},
        [("2026-02-14 08:00", OPENED)],
        "2026-02-14 08:00",
        {("first", 1): {"due": "2026-02-14 09:30"}},
    ),
    "V8": (
        {"resolve": HOUR},
        [("09:00", OPENED), ("11:00", WAITING)],
        "17:00",
        {("resolve", 1): {"state": "paused", "verdict": "breached", "breached": "10:00"}},
    ),
    "V9": (
        {"resolve": 4 * HOUR},
        [("2026-02-13 17:30", OPENED)],
        "2026-02-13 17:30",
        {("resolve", 1): {"due": "2026-02-14 14:00"}},
    ),
    "V10": (
        {"resolve": {"*": 8 * HOUR, "urgent": 30 * MINUTE}},
        [("09:00", OPENED), ("09:50", URGENT)],
        "09:50",
        {
            ("resolve", 1): {
                "used": 50,
                "verdict": "breached",
                "breached": "09:50",
                "by_retarget": True,
                "told": [0],
            }
        },
    ),
    "V11": (
        law_of(
            [policy({"resolve": 4 * HOUR}), policy({"resolve": 2 * HOUR}, version=2)],
            [OFFICE],
            {("policy", "p", 2): 2},
        ),
        [("09:00", OPENED), ("10:00", REPLIED), ("10:30", URGENT)],
        "10:30",
        {("resolve", 1): {"target": 4 * HOUR, "due": "14:30", "verdict": "none"}},
    ),
    "V12": (
        {"first": 165 * MINUTE},
        [("09:00", OPENED)],
        "12:00",
        {
            ("first", 1): {
                "due": "11:45",
                "verdict": "breached",
                "breached": "11:45",
                "told": [900],
            }
        },
    ),
    "V13 an answer at noon": (
        {"first": 180 * MINUTE},
        [("09:00", OPENED), ("12:40", REPLIED)],
        "12:40",
        {("first", 1): {"used": 180, "due": "12:00", "verdict": "met"}},
    ),
    "V13 no answer": (
        {"first": 180 * MINUTE},
        [("09:00", OPENED)],
        "13:30",
        {("first", 1): {"due": "12:00", "verdict": "breached", "breached": "13:30"}},
    ),
}


@pytest.mark.parametrize(
    ("promised", "happened", "now", "expected"), VECTORS.values(), ids=VECTORS.keys()
)
def test_vector(promised, happened, now, expected):
    law = promised if isinstance(promised, Law) else law_with(promised)
    before = fold(history(*happened), law)
    told = [body for body in judge(before, law, at(now)) if isinstance(body, Breached)]
    state = seen(before, law, now)
    assert {(one.metric, one.instance) for one in state.clocks} == set(expected)
    for (metric, instance), facts in expected.items():
        clock = clock_of(state, metric, instance)
        for name, value in facts.items():
            match name:
                case "used":
                    assert minutes_used(clock, law, now) == value
                case "due":
                    assert clock.due_at == at(value)
                case "breached":
                    assert clock.breached_at == at(value)
                case "told":
                    assert [one.late_by for one in told if one.metric == metric] == value
                case _:
                    assert getattr(clock, name) == value
    assert judge(state, law, at(now)) == ()
