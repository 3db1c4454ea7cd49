"""Stores (门店、网点): where a firm is, who works there, what lies near. Distances are kilometres
as the crow flies (haversine); a region is 省/市/区, the widest part first.
"""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Final

import msgspec

EARTH_KM: Final = 6371.0088
"""The earth's mean radius."""

Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Store(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """门店、网点. `hours` is the calendar of its opening hours, `radius` how far from it its people
    go, in kilometres (0: no bound).
    """

    id: str
    version: int = 0
    name: str
    team: str | None = None
    region: Annotated[str, msgspec.Meta(max_length=120)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    hours: str | None = None
    radius: Annotated[float, msgspec.Meta(ge=0, le=20_000)] = 0.0
    active: bool = True


# Distance


def kilometres(latitude: float, longitude: float, other: float, other_longitude: float) -> float:
    """Between two places in degrees."""
    north, south = math.radians(latitude), math.radians(other)
    across = math.radians(other_longitude - longitude)
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def distance(store: Store, latitude: float | None, longitude: float | None) -> float | None:
    """From a place to a store, or None where either is not known in degrees."""
    if None in {latitude, longitude} or store.latitude is None or store.longitude is None:
        return None
    return kilometres(latitude or 0.0, longitude or 0.0, store.latitude, store.longitude)


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """A store, and how far it is; None where only its region is known."""

    store: Store
    distance: float | None = None


def nearest(
    stores: Iterable[Store],
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    region: str = "",
) -> tuple[Near, ...]:
    """The stores that a customer may be sent to, nearest first: by distance, within each store's
    radius, where that is known; then by how much of the region is the same, more of it first.
    Stores of which neither is known are not among them. Equal ones go by id.
    """
    found: list[tuple[tuple[int, float, str], Near]] = []
    for store in stores:
        if not store.active:
            continue
        far = distance(store, latitude, longitude)
        if far is not None:
            if not store.radius or far <= store.radius:
                found.append(((0, far, store.id), Near(store=store, distance=far)))
            continue
        shared = shared_parts(region, store.region)
        if shared:
            found.append(((1, -shared, store.id), Near(store=store)))
    found.sort(key=lambda pair: pair[0])
    return tuple(near for _, near in found)


# Regions

_BREAK: Final = re.compile(r"[/／、,，>\s·-]+")
_PARTS: Final = re.compile(
    r"(?P<first>[^/]{2,}?(?:特别行政区|自治区|省)|北京市?|上海市?|天津市?|重庆市?)?"
    r"(?P<second>[^/]{2,}?(?:自治州|地区|盟|市))?"
    r"(?P<third>[^/]{1,}(?:自治县|区|县|市|旗))?"
)
_ENDING: Final = re.compile(
    r"(?:特别行政区|(?:维吾尔|壮族|回族)?自治区|自治州|自治县|地区|省|市|区|县|盟|旗)$"
)
_SHORTEST: Final = 2


@lru_cache(maxsize=8192)
def region_parts(region: str) -> tuple[str, ...]:
    """省, 市, 区 as they are compared: 广东省/深圳市/南山区, 广东 深圳 南山 and 广东省深圳市南山区
    are the same place.
    """
    pieces = [piece for piece in _BREAK.split(region.strip()) if piece]
    if len(pieces) == 1:
        whole = _PARTS.fullmatch(pieces[0])
        parts = [part for part in whole.groups() if part] if whole is not None else []
        pieces = parts or pieces
    return tuple(_bare(piece) for piece in pieces)


def _bare(part: str) -> str:
    shorter = _ENDING.sub("", part)
    return shorter if len(shorter) >= _SHORTEST else part


def shared_parts(one: str, other: str) -> int:
    """How many parts two regions have in common, from the widest on."""
    count = 0
    for mine, theirs in zip(region_parts(one), region_parts(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def lies_in(region: str, wider: str) -> bool:
    """Whether a region is another one, or a part of it. An empty one lies in an empty one alone."""
    wanted = region_parts(wider)
    found = region_parts(region)
    return found[: len(wanted)] == wanted if wanted else not found
