"""Rule sets as version 0.1 wrote them, in today's shape. Versions are never changed, so that old
ones are read for ever.
"""

from typing import Any


def modernised(doc: dict[str, Any]) -> dict[str, Any]:
    """A rule set's document. A rule had `keywords` (one was enough), `where` (field → values, all
    of them had to hold), a team, skills and a mode of its own.
    """
    rules: list[dict[str, Any]] = doc.get("rules", [])
    if "most_open" not in doc and all("then" in one for one in rules):
        return doc
    kept = {name: value for name, value in doc.items() if name != "most_open"}
    return kept | {"rules": [one if "then" in one else _modernised(one) for one in rules]}


def _modernised(rule: dict[str, Any]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        _where(field, values) for field, values in rule.get("where", {}).items()
    ]
    if rule.get("keywords"):
        parts.append({"if": "says", "words": rule["keywords"]})
    then = {"team": rule["team"], "mode": rule.get("mode", "automatic")}
    if rule.get("skills"):
        then["skills"] = dict.fromkeys(rule["skills"], 1)
    found = {"id": rule["id"], "name": rule["name"], "then": then}
    return found | ({"when": {"if": "all", "of": parts}} if parts else {})


def _where(field: str, values: list[str]) -> dict[str, Any]:
    """Subject and text were compared as a whole, too; nobody can have meant that."""
    if field in {"subject", "text"}:
        return {"if": "says", "words": [one for one in values if one], "in": [field]}
    return {"if": "is", "field": field, "values": values}
