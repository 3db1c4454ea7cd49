"""Event bodies: a closed union whose released shapes are read for ever."""

import msgspec
import pytest

from server.domain import errors
from server.domain.events import CONFIGURING, Actor, AnyBody, Opened, Priority, StatusCategory

DECODE = msgspec.json.Decoder(AnyBody).decode


def test_every_kind_has_its_own_tag_in_snake_case():
    tags = [one.__struct_config__.tag for one in AnyBody.__args__]
    assert len(set(tags)) == len(tags)
    assert all(tag == tag.lower() and tag.isascii() for tag in tags)
    assert set(CONFIGURING) <= set(AnyBody.__args__)


def test_a_body_is_read_as_it_was_written():
    body = Opened(
        subject="打印机卡纸",
        priority=Priority.HIGH,
        queue="default",
        category=None,
        customer=1,
        customer_level="vip",
        channel="form",
        message=7,
    )
    assert DECODE(msgspec.json.encode(body)) == body


@pytest.mark.parametrize("actor", [Actor("desk"), Actor("staff", 3), Actor("customer", 12)])
def test_an_actor_is_text_and_back(actor):
    assert Actor.parse(str(actor)) == actor


def test_categories_are_closed():
    assert [one.value for one in StatusCategory] == [
        "new", "open", "waiting_customer", "waiting_third", "waiting_internal", "resolved",
        "closed", "cancelled", "merged",
    ]  # fmt: skip


def test_a_refusal_has_a_stable_code_a_status_and_facts():
    refusal = errors.AlreadyClaimed(ticket=12, assignee="小赵")
    assert (refusal.code, refusal.status) == ("already_claimed", 409)
    assert refusal.facts == {"ticket": 12, "assignee": "小赵"}
    assert errors.Invalid(email="taken").facts == {"fields": {"email": "taken"}}
