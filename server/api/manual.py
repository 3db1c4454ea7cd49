"""The manual: `web/help/NAME.LANGUAGE.md` as pages that open without signing in."""

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from server.api.calls import UnknownPath
from server.api.sheet import aside, sheet, tongues
from server.words import LANGUAGES, say

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

FIRST: Final = "index"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_LINK: Final = re.compile(r'href="(?:\./)?([a-z0-9][a-z0-9-]*)(?:\.[a-z]{2})?\.md(#[^"]*)?"')
_GROUP: Final = re.compile(r"^## (.+)$|^- \[(.+?)\]\(([a-z0-9-]+)\.[a-z]{2}\.md\)", re.MULTILINE)
_TITLE: Final = re.compile(r"^#\s+(.+)$", re.MULTILINE)


@cache
def _markdown() -> "MarkdownIt":
    # Here and not above: most desks live long before somebody opens the manual.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def help_folder() -> Path:
    """Where the manual lies: beside this package, in the checkout as in the wheel."""
    return Path(__file__).parents[2] / "web" / "help"


@cache
def page(name: str, language: str) -> str:
    """A page as HTML; a page that is not translated is shown in the language it has. Refuses
    `UnknownPath`.
    """
    if not _NAME.fullmatch(name):
        raise UnknownPath
    if name == FIRST and _text(FIRST, language) is None:
        return _contents(language)
    text = _text(name, language)
    if text is None:
        raise UnknownPath
    html = _LINK.sub(rf'href="/help/\1?lang={language}\2"', _markdown().render(text))
    return sheet(
        _title(text, name),
        html + _turn(name, language),
        language,
        head=_head(language) + tongues("/help" if name == FIRST else f"/help/{name}", language),
        side=aside(language, _links(name, language)),
    )


def _head(language: str) -> str:
    """The ways to the manual and to the API's description."""
    return (
        f'<a href="/help?lang={language}">{escape(say(language, "page.help"))}</a>'
        f'<a href="/api/docs?lang={language}">{escape(say(language, "page.api_short"))}</a>'
    )


def _way(name: str, title: str, language: str, more: str = "") -> str:
    return f'<a href="/help/{name}?lang={language}"{more}>{escape(title)}</a>'


def _order(language: str) -> list[tuple[str, str, str]]:
    """The contents in order: a group's title alone, or a page's name and title."""
    return [
        (match[1] or "", match[3] or "", match[2] or "")
        for match in _GROUP.finditer(_text(FIRST, language) or "")
    ]


def _links(here: str, language: str) -> str:
    """The contents as they stand beside every page."""
    return "".join(
        f"<b>{escape(group)}</b>"
        if group
        else _way(name, title, language, ' aria-current="page"' if name == here else "")
        for group, name, title in _order(language)
    )


def _turn(here: str, language: str) -> str:
    """The pages before and after this one."""
    pages = [(name, title) for _, name, title in _order(language) if name]
    place = next((at for at, (name, _) in enumerate(pages) if name == here), None)
    if place is None:
        return ""
    before = pages[place - 1] if place else (FIRST, say(language, "page.help"))
    after = pages[place + 1] if place + 1 < len(pages) else None
    ways = _way(before[0], f"← {before[1]}", language)
    if after is not None:
        ways += _way(after[0], f"{after[1]} →", language)
    return f'<nav class="turn" aria-label="{escape(say(language, "page.turn"))}">{ways}</nav>'


def _text(name: str, language: str) -> str | None:
    for one in (language, *LANGUAGES):
        file = help_folder() / f"{name}.{one}.md"
        if file.is_file():
            return file.read_text("utf-8")
    return None


def _title(text: str, name: str) -> str:
    found = _TITLE.search(text)
    return found.group(1).strip() if found is not None else name


def _contents(language: str) -> str:
    """All pages by title."""
    names = sorted({file.name.split(".")[0] for file in help_folder().glob("*.md")})
    items = "".join(
        f'<li><a href="/help/{name}?lang={language}">'
        f"{escape(_title(_text(name, language) or '', name))}</a></li>"
        for name in names
    )
    body = f"<ul>{items}</ul>" if items else f"<p>{escape(say(language, 'page.help_empty'))}</p>"
    title = say(language, "page.help")
    body = f"<h1>{escape(title)}</h1>{body}"
    return sheet(title, body, language, head=tongues("/help", language))
