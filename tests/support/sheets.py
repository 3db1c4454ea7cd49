"""How a reference page is written: tables, words of the glossary, shapes of structs."""

import re
import tomllib
import types
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from server import words

ROOT = Path(__file__).resolve().parent.parent.parent
HELP = ROOT / "web" / "help"
GLOSSARY = ROOT / "server" / "domain" / "README.md"
LANGUAGES = words.LANGUAGES
WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("reference.toml").read_text("utf-8")
)

Page = Callable[[str], Iterator[str]]


def pick(language: str, zh: str, en: str) -> str:
    return zh if language == "zh" else en


def code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


def table(*heads: str) -> Iterator[str]:
    yield row(*heads)
    yield row(*("---" for _ in heads))


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def made(language: str) -> str:
    return pick(
        language,
        "本页由程序生成，与当前版本的代码一致。",
        "This page is made of the code of this version.",
    )


# --- the glossary, as data


def glossary() -> list[tuple[str, str, tuple[str, ...]]]:
    """English, Chinese and the names in code of every row that has names in code."""
    found = []
    for line in GLOSSARY.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| ") or len(cells) != 5 or cells[0] == "English":
            continue
        names = tuple(part.strip().strip("`") for part in cells[2].split(",") if "`" in part)
        found.append((cells[0], cells[1], names))
    return found


def word_of(language: str, name: str) -> str:
    """What the glossary calls a class, without what it explains or lists."""
    for english, chinese, names in glossary():
        if name in names:
            return re.split(r" \(|：|: ", pick(language, chinese, english))[0]
    msg = f"{name} is not in the glossary"
    raise LookupError(msg)


# --- shapes


def members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind)


def shape(kind: Any) -> str:  # noqa: PLR0911
    """A type as a reader of JSON wants it."""
    origin = get_origin(kind)
    if origin is Annotated:
        return shape(get_args(kind)[0]) + _bounds(get_args(kind)[1])
    if origin is Literal:
        return " / ".join(map(str, get_args(kind)))
    if origin in (Union, types.UnionType):
        return " / ".join(shape(one) for one in get_args(kind))
    if origin is tuple:
        inner = [one for one in get_args(kind) if one is not Ellipsis]
        return f"[{', '.join(shape(one) for one in inner)}{', …' if ... in get_args(kind) else ''}]"
    if origin is dict:
        key, value = get_args(kind)
        return f"{{{shape(key)}: {shape(value)}}}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " / ".join(str(one.value) for one in kind)
    return {"NoneType": "null"}.get(kind.__name__, kind.__name__)


def _bounds(meta: msgspec.Meta) -> str:
    parts = [
        f"{sign} {value}"
        for sign, value in (
            ("≥", meta.ge),
            ("≤", meta.le),
            ("≥", meta.min_length),
            ("≤", meta.max_length),
        )
        if value is not None
    ]
    return f" ({', '.join(parts)})" if parts else ""


def fields(struct: Any) -> str:
    """The fields of a struct, in order; a question mark follows those that may be left out."""
    hints = get_type_hints(struct, include_extras=True)
    shown = [
        f"`{field.encode_name}{'' if field.required else '?'}`: {shape(hints[field.name])}"
        for field in msgspec.structs.fields(struct)
    ]
    return ", ".join(shown) or "–"


# --- pages
