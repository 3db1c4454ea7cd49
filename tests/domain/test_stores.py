"""Stores: distances, regions, and which one is nearest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.stores import (
    EARTH_KM,
    Store,
    kilometres,
    lies_in,
    nearest,
    region_parts,
    shared_parts,
)

DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((31.2304, 121.4737), (39.9042, 116.4074), 1067),
        ((22.5431, 114.0579), (23.1291, 113.2644), 104),
        ((0, 179.9), (0, -179.9), 22.2),
        ((90, 0), (-90, 0), 20015),
    ],
    ids=["Shanghai to Beijing", "Shenzhen to Guangzhou", "over the date line", "pole to pole"],
)
def test_distances_are_those_of_the_map(one, other, expected):
    assert kilometres(*one, *other) == pytest.approx(expected, rel=0.01)


@given(DEGREES, DEGREES)
def test_a_distance_is_the_same_both_ways_and_not_longer_than_half_the_earth(one, other):
    there, back = kilometres(*one, *other), kilometres(*other, *one)
    assert there == pytest.approx(back, abs=1e-3)
    assert 0 <= there <= EARTH_KM * 3.1416
    assert kilometres(*one, *one) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("广东省/深圳市/南山区", ("广东", "深圳", "南山")),
        ("广东 深圳 南山", ("广东", "深圳", "南山")),
        ("广东省深圳市南山区", ("广东", "深圳", "南山")),
        ("上海市浦东新区", ("上海", "浦东新")),
        ("新疆维吾尔自治区/乌鲁木齐市", ("新疆", "乌鲁木齐")),
        ("吉林省吉林市", ("吉林", "吉林")),
        ("Berlin / Mitte", ("Berlin", "Mitte")),
        ("", ()),
    ],
)
def test_a_region_may_be_written_in_several_ways(written, parts):
    assert region_parts(written) == parts


def test_a_region_lies_in_every_wider_one():
    here = "广东省/深圳市/南山区"
    assert lies_in(here, "广东")
    assert lies_in(here, here)
    assert not lies_in("广东", here)
    assert not lies_in("", "广东")
    assert shared_parts(here, "广东/广州") == 1


def test_the_nearest_store_is_found_by_distance_within_its_radius_else_by_region():
    near = Store(id="near", name="近", latitude=22.55, longitude=114.06)
    far = Store(id="far", name="远", latitude=23.13, longitude=113.26)
    small = Store(id="small", name="小", latitude=22.60, longitude=114.06, radius=1)
    here = Store(id="here", name="同区", region="广东/深圳/福田")
    gone = Store(id="gone", name="关了", latitude=22.54, longitude=114.06, active=False)
    stores = (far, here, small, gone, near)
    found = nearest(stores, latitude=22.54, longitude=114.06, region="广东省深圳市")
    assert [one.store.id for one in found] == ["near", "far", "here"]
    assert found[0].distance == pytest.approx(1.1, abs=0.1)
    assert [one.store.id for one in nearest(stores, region="广东 深圳")] == ["here"]
    assert nearest(stores) == ()
