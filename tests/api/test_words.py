"""Every code that a reader can meet has words, in both languages, with the same placeholders."""

import re
from typing import get_args

import server.api.application  # noqa: F401 - every refusal has to be there
from server.api import admin, calls, errors, guards, reading  # noqa: F401 - defines refusals
from server.api.timeline import _TELL
from server.domain.conditions import Facts
from server.domain.errors import Refusal
from server.domain.events import AnyBody, Priority
from server.domain.law import METRICS
from server.domain.people import Role
from server.domain.statuses import STATUSES
from server.usecases import administration  # noqa: F401 - defines a refusal
from server.words import word_list

OWN = (
    "refusal",
    "field",
    "status",
    "public_step",
    "priority",
    "role",
    "metric",
    "channel",
    "customer_level",
    "routing",
    "event",
    "page",
)


def codes(language: str, table: str) -> set[str]:
    start = f"{table}."
    return {code.removeprefix(start) for code in word_list(language) if code.startswith(start)}


def refusals(kind: type[Refusal] = Refusal) -> set[type[Refusal]]:
    return {kind}.union(*(refusals(one) for one in kind.__subclasses__()))


def test_both_languages_have_the_same_codes():
    for table in OWN:
        assert codes("zh", table) == codes("en", table)
        assert codes("zh", table)


def test_both_languages_fill_the_same_placeholders():
    zh, en = word_list("zh"), word_list("en")
    differing = [
        code
        for code in zh
        if code.split(".")[0] in OWN
        and set(re.findall(r"\{(\w+)\}", zh[code])) != set(re.findall(r"\{(\w+)\}", en[code]))
    ]
    assert differing == []


def test_every_refusal_has_its_sentence():
    found = {one.code for one in refusals() if one.__module__.startswith("server.")}
    assert found - codes("zh", "refusal") == set()
    known = found | set(errors.PLAIN_CODES) | {"comma"}
    assert codes("zh", "refusal") - known == set()


def test_every_event_has_its_line():
    kinds = {str(body.__struct_config__.tag) for body in get_args(AnyBody)}
    assert kinds - codes("zh", "event") <= {"routed"}
    assert {"routed_to_staff", "routed_to_team", "routed_nowhere"} <= codes("zh", "event")
    assert set(_TELL) <= set(get_args(AnyBody))


def test_every_fixed_value_has_its_word():
    assert codes("zh", "status") == set(STATUSES)
    assert codes("zh", "priority") == {one.value for one in Priority}
    assert codes("zh", "role") == {one.value for one in Role}
    assert codes("zh", "metric") == set(METRICS)
    assert codes("zh", "public_step") == {"1", "2", "3", "4"}
    facts = {f"on_{name}" for name in Facts.__struct_fields__}
    assert facts | {"on_keyword"} <= codes("zh", "routing")
    assert {"skill", "off_duty", "full", "inactive"} <= codes("zh", "routing")


def test_words_to_customers_say_nin_and_words_to_colleagues_say_ni():
    zh = word_list("zh")
    for code in ("refusal.unknown_link", "refusal.too_many_tries", "field.phone", "field.reach"):
        assert "你" not in zh[code]
