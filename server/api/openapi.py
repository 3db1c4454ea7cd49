"""The OpenAPI 3.1 document, made of the surface and of the structs that requests are decoded with:
what the document says is what the desk checks. No running desk is needed.

    python -m server.api.openapi web/openapi.json
"""

import re
import sys
from collections.abc import Iterable
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import msgspec

from server.api import schemas as s
from server.api.surface import OPERATIONS, Operation
from server.domain.commands import AnyCommand

_REF: Final = "#/components/schemas/{name}"
_PLACEHOLDER: Final = re.compile(r"\{(\w+):(\w+)\}")
_KINDS: Final = {"int": {"type": "integer", "minimum": 0}, "str": {"type": "string"}}

_ERRORS: Final = {
    400: "The request cannot be read; `fields` says why",
    401: "Nobody is signed in",
    403: "This person, or this token, may not do it",
    404: "It does not exist, or is out of sight",
    409: "The state of the desk does not allow it now",
    413: "The request is larger than 1 MiB",
    422: "A value breaks a rule; `fields` says which and why",
    429: "Too many tries; `Retry-After` says when to come again",
    500: "A fault of the desk; `incident` is the number in its log",
    503: "Too much at once; `Retry-After` says when to come again",
}


def openapi_path(path: str) -> str:
    """A route's path as OpenAPI writes it: without the types of placeholders."""
    return _PLACEHOLDER.sub(r"{\1}", path)


@cache
def openapi_document() -> dict[str, Any]:
    """The whole document."""
    asked = [one for op in OPERATIONS for one in (op.body, op.query) if one is not None]
    given = [op.answer for op in OPERATIONS if op.answer is not None]
    schemas, components = _components(asked, [*given, s.Problem])
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        item = paths.setdefault(openapi_path(operation.path), {})
        item[operation.method.lower()] = _operation(operation, schemas, components)
    for query in {op.query.__name__ for op in OPERATIONS if op.query is not None}:
        del components[query]
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Paidan",
            "summary": "The HTTP API of a ticket desk",
            "version": "1",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "responses": _problems(),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "paidan_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def openapi_text() -> str:
    """The document as it is served and exported."""
    return msgspec.json.format(msgspec.json.encode(openapi_document()), indent=2).decode() + "\n"


def _components(
    asked: list[Any], given: list[Any]
) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """The schema of each type by its id, and the named ones."""
    types = [*asked, *given]
    shown, components = msgspec.json.schema_components(types, ref_template=_REF)
    # An answer always holds all its fields; msgspec only knows that they have defaults.
    _, needed = msgspec.json.schema_components(asked, ref_template=_REF)
    for name, schema in components.items():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
        if name not in needed and "properties" in schema:
            schema["required"] = list(schema["properties"])
    by_type = {id(kind): schema for kind, schema in zip(types, shown, strict=True)}
    components["AnyCommand"] = {"title": "AnyCommand", **by_type[id(AnyCommand)]}
    return by_type | {id(AnyCommand): {"$ref": _REF.format(name="AnyCommand")}}, components


def _operation(
    operation: Operation, schemas: dict[int, dict[str, Any]], components: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": _who(operation),
        "tags": [_tag(operation.path)],
    }
    parameters = [*_path_parameters(operation), *_query_parameters(operation, components)]
    if operation.keyed:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Sent again with the same key, a command changes nothing.",
                "schema": {"type": "string", "minLength": 8, "maxLength": 100},
            }
        )
    if operation.stream:
        parameters.append(
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "description": "Goes on after this event.",
                "schema": {"type": "string"},
            }
        )
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": schemas[id(operation.body)]}}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = _responses(operation, schemas)
    if operation.roles is None:
        found["security"] = []
    elif operation.in_person:
        found["security"] = [{"session": []}]
    return found


def _who(operation: Operation) -> str:
    if operation.roles is None:
        return "Open to all."
    roles = ", ".join(role.value for role in sorted(operation.roles))
    return f"For: {roles}." + (" Not with a token." if operation.in_person else "")


def _tag(path: str) -> str:
    return path.removeprefix("/api/v1/").split("/")[0]


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _KINDS[kind]}
        for name, kind in _PLACEHOLDER.findall(operation.path)
    ]


def _query_parameters(operation: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    properties: dict[str, Any] = components[operation.query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
        for name, schema in properties.items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query says nothing by leaving a parameter out."""
    if schema.get("default", "") is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
    options = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def _responses(operation: Operation, schemas: dict[int, dict[str, Any]]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done"}
    if operation.answer is not None:
        kind = "text/event-stream" if operation.stream else "application/json"
        success["content"] = {kind: {"schema": schemas[id(operation.answer)]}}
    if operation.file:
        schema = {"type": "string", "format": "binary"}
        success["content"] = {"application/octet-stream": {"schema": schema}}
    if operation.created:
        success["headers"] = {
            "Location": {"description": "Where it is", "schema": {"type": "string"}}
        }
    found = {str(operation.status): success}
    for status in sorted(_statuses(operation)):
        found[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    return found


def _statuses(operation: Operation) -> Iterable[int]:
    reasons: tuple[tuple[bool, set[int]], ...] = (
        (operation.roles is not None or operation.same_origin, {401, 403}),
        (_PLACEHOLDER.search(operation.path) is not None, {404}),
        (operation.query is not None, {400, 422}),
        (operation.body is not None, {400, 413, 422}),
        (operation.method != "GET", {503}),
        (operation.conflicts, {409}),
        (operation.limit is not None, {429}),
    )
    return {500}.union(*(statuses for holds, statuses in reasons if holds))


def _name(status: int) -> str:
    return f"Problem{status}"


def _problems() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {
        _name(status): {"description": words, "content": content}
        for status, words in _ERRORS.items()
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(openapi_text(), encoding="utf-8")
