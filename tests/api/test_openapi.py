"""The OpenAPI document: current, whole, and what the desk really answers with."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.api.openapi import openapi_document, openapi_text
from server.api.surface import OPERATIONS
from tests.support.world import World

ROOT = Path(__file__).parents[2]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(references(one) for one in value))
    return set()


def test_the_exported_document_is_current():
    exported = (ROOT / "web" / "openapi.json").read_text("utf-8")
    assert exported == openapi_text(), "run: python -m server.api.openapi web/openapi.json"


def test_every_reference_leads_somewhere():
    document = openapi_document()
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in place, reference
            place = place[part]


def test_every_operation_is_described_once_with_its_errors():
    document = openapi_document()
    found = [one for item in document["paths"].values() for one in item.values()]
    ids = [one["operationId"] for one in found]
    assert sorted(ids) == sorted(operation.id for operation in OPERATIONS)
    assert len(set(ids)) == len(ids)
    for one in found:
        assert "500" in one["responses"]
        assert one["summary"]
        assert one["tags"]
    assert document["openapi"].startswith("3.1")


def test_every_placeholder_of_a_path_is_a_parameter():
    for path, item in openapi_document()["paths"].items():
        for one in item.values():
            named = {p["name"] for p in one.get("parameters", ()) if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_commands_are_told_apart_by_their_name():
    union = openapi_document()["components"]["schemas"]["AnyCommand"]
    assert union["discriminator"]["propertyName"] == "command"
    assert len(union["anyOf"]) == len(union["discriminator"]["mapping"])


@pytest.mark.anyio
async def test_the_document_is_served(world: World):
    answer = await (await world.customer()).get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(openapi_text())
