"""The plain sheet that pages made by the server are printed on: no script, no file but the desk's
mark, light and dark, readable on a phone.
"""

from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #56616f; --paper: #fff;
  --line: #dde2e8; --tint: #f4f6f8; --link: #0b5cad }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3adb9; --paper: #15191e;
  --line: #2f3740; --tint: #1e242b; --link: #7db7f5 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.7 -apple-system,
  "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif }
header, main { max-width: 56rem; margin: 0 auto; padding: 1rem 1.25rem }
header { display: flex; gap: 1rem; flex-wrap: wrap; align-items: baseline;
  border-bottom: 1px solid var(--line) }
header strong { flex: 1 }
a { color: var(--link) }
h1, h2, h3 { line-height: 1.3 }
h2 { margin-top: 2.2rem }
code, pre { font-family: ui-monospace, "SFMono-Regular", Consolas, monospace; font-size: .9em }
code { background: var(--tint); padding: .1em .3em; border-radius: 4px; overflow-wrap: anywhere }
pre { background: var(--tint); padding: .8rem 1rem; border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere }
pre code { background: none; padding: 0 }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100% }
td, th { border: 1px solid var(--line); padding: .35rem .7rem; text-align: left;
  vertical-align: top }
th { background: var(--tint) }
blockquote { margin: 0; padding: .2rem 1rem; border-left: 4px solid var(--line);
  color: var(--soft) }
img { max-width: 100% }
.soft { color: var(--soft) }
.verb { display: inline-block; min-width: 4.2em; font-weight: 600 }
details { border-bottom: 1px solid var(--line); padding: .4rem 0 }
summary { cursor: pointer }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
"""


def sheet(title: str, body: str, language: str, *, head: str = "") -> str:
    """A whole page. `body` and `head` are HTML; `title` is text."""
    tongue = "zh-CN" if language == "zh" else language
    return (
        f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" type="image/svg+xml" href="/assets/mark.svg">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<header><strong>{escape(title)}</strong>{head}</header><main>{body}</main></body></html>"
    )


def tongues(path: str, language: str) -> str:
    """The way to the same page in the other languages."""
    names = {"zh": "中文", "en": "English"}
    return " ".join(
        f'<a href="{escape(path)}?lang={code}" hreflang="{code}" lang="{code}">{name}</a>'
        for code, name in names.items()
        if code != language
    )
