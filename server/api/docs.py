"""The API's pages at /api/docs: every operation and every shape, printed from the OpenAPI
document. No script and no other host: a firm without internet reads them as well.
"""

from functools import cache
from html import escape
from inspect import cleandoc
from typing import Any, Final

import msgspec

from server.api.openapi import openapi_document
from server.api.sheet import aside, sheet, tongues
from server.words import say

_VERBS: Final = ("get", "post", "put", "delete")


@cache
def page(language: str) -> str:
    """The whole page."""
    document = openapi_document()
    title = say(language, "page.api")
    intro = (
        f"<h1>{escape(title)}</h1><p>{escape(say(language, 'page.api_intro'))}"
        ' <a href="/api/openapi.json">openapi.json</a></p>'
        f"<pre><code>{escape(_EXAMPLE)}</code></pre>"
    )
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for verb in _VERBS:
            if verb in item:
                operation = item[verb]
                shown = _operation(path, verb, operation, language)
                groups.setdefault(operation["tags"][0], []).append(shown)
    body = intro + "".join(
        f'<h2 id="{escape(name)}">{escape(name)}</h2>{"".join(operations)}'
        for name, operations in groups.items()
    )
    body += f'<h2 id="shapes">{escape(say(language, "page.api_shapes"))}</h2>' + "".join(
        _shape(name, schema) for name, schema in document["components"]["schemas"].items()
    )
    shapes = say(language, "page.api_shapes")
    links = "".join(
        f'<a href="#{escape(where)}">{escape(name)}</a>'
        for where, name in [*((name, name) for name in groups), ("shapes", shapes)]
    )
    manual = f'<a href="/help?lang={language}">{escape(say(language, "page.help"))}</a>'
    return sheet(
        title,
        body,
        language,
        head=manual + tongues("/api/docs", language),
        side=aside(language, links),
    )


_EXAMPLE: Final = 'curl -H "Authorization: Bearer pd_…" https://desk.example.com/api/v1/tickets'


def _operation(path: str, verb: str, operation: dict[str, Any], language: str) -> str:
    parts = [f"<p>{escape(operation['description'])}</p>"]
    parameters = operation.get("parameters", [])
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
            f"<td>{_kind(one['schema'])}</td></tr>"
            for one in parameters
        )
        parts.append(f"<table>{rows}</table>")
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts.append(f"<p>{escape(say(language, 'page.api_takes'))} {_kind(schema)}</p>")
    for status, response in operation["responses"].items():
        parts.append(_response(status, response))
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="verb">{verb.upper()}</span><code>{escape(path)}</code>'
        f' <span class="soft">{escape(operation["summary"])}</span></summary>'
        f"{''.join(parts)}</details>"
    )


def _response(status: str, response: dict[str, Any]) -> str:
    if "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        response = openapi_document()["components"]["responses"][name]
    kinds = " ".join(_kind(one["schema"]) for one in response.get("content", {}).values())
    return f"<p><strong>{escape(status)}</strong> {escape(response['description'])} {kinds}</p>"


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, with links to the named ones."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items') or {})}]"
    limits = {
        key: schema[key]
        for key in ("format", "minimum", "maximum", "minLength", "maxLength", "default")
        if key in schema
    }
    shown = "".join(
        f' <span class="soft">{key} {escape(msgspec.json.encode(value).decode())}</span>'
        for key, value in limits.items()
    )
    return f"<code>{escape(str(schema.get('type', 'any')))}</code>{shown}"


def _shape(name: str, schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in needed else ''}</td>"
        f"<td>{_kind(kind)}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    inside = f"<table>{rows}</table>" if rows else f"<p>{_kind(schema)}</p>"
    note = cleandoc(schema.get("description", ""))
    said = f"<p>{escape(note)}</p>" if note else ""
    return (
        f'<details id="shape-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"{said}{inside}</details>"
    )
