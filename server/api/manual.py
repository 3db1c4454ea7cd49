"""The manual: `web/help/NAME.LANGUAGE.md` as pages that open without signing in."""

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

from server.api.calls import UnknownPath
from server.api.sheet import sheet, tongues
from server.words import LANGUAGES, say

FIRST: Final = "index"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_LINK: Final = re.compile(r'href="(?:\./)?([a-z0-9][a-z0-9-]*)(?:\.[a-z]{2})?\.md(#[^"]*)?"')
_TITLE: Final = re.compile(r"^#\s+(.+)$", re.MULTILINE)

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


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
    html = _LINK.sub(rf'href="/help/\1?lang={language}\2"', _markdown.render(text))
    back = f'<a href="/help?lang={language}">{escape(say(language, "page.help"))}</a>'
    return sheet(_title(text, name), html, language, head=back + tongues(f"/help/{name}", language))


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
    return sheet(say(language, "page.help"), body, language, head=tongues("/help", language))
