"""What an administrator may make of statuses, and in which order menus show them."""

import msgspec
import pytest

from server.domain.events import StatusCategory
from server.domain.statuses import STATUSES, Status, faults, in_order

PARTS = Status(
    id="parts", category=StatusCategory.WAITING_THIRD, public_step=2, label={"zh": "待配件"}
)


def changed(status: Status, **fields: object) -> Status:
    return msgspec.structs.replace(status, **fields)


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        pytest.param(PARTS, [], id="a new one that waits"),
        pytest.param(STATUSES["open"], [], id="the desk's own, as it is"),
        pytest.param(changed(STATUSES["open"], label={"zh": "在办"}), [], id="renamed"),
        pytest.param(
            changed(STATUSES["open"], category=StatusCategory.NEW),
            ["fixed_category"],
            id="the desk's own, meaning something else",
        ),
        pytest.param(
            changed(STATUSES["closed"], active=False), ["always_active"], id="switched off"
        ),
        pytest.param(
            changed(PARTS, category=StatusCategory.RESOLVED),
            ["waiting_only"],
            id="a new one that nobody could set",
        ),
        pytest.param(changed(PARTS, label={"zh": " "}), ["no_words"], id="without a name"),
        pytest.param(changed(PARTS, public_step=5), ["public_step"], id="a fifth step"),
    ],
)
def test_what_a_status_may_be(status: Status, codes: list[str]):
    assert [one.code for one in faults(status)] == codes


def test_a_new_status_stands_after_the_desks_own_of_its_category_until_it_is_moved():
    def order(*more: Status) -> list[str]:
        return [one.id for one in in_order([*more, *STATUSES.values()])]

    assert order(PARTS)[3:6] == ["waiting_third", "parts", "waiting_internal"]
    assert order(changed(PARTS, position=15))[:3] == ["new", "parts", "open"]
    assert order() == list(STATUSES)
