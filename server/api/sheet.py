"""The sheet that pages made by the server are printed on: the manual, the API's description, what
is said when there is no page. No script, no file but the desk's mark; light and dark, readable on
a phone, dressed as the other pages are (the colours are those of web/src/shared/tokens.css).
"""

from html import escape
from typing import Final

from server.words import say

_STYLE: Final = """
:root { color-scheme: light dark; --ground: #f4f5f4; --surface: #ffffff; --sunken: #eceeed;
  --hover: #eff2f1; --selected: #e3efed; --line: #e0e4e2; --line-strong: #c3cac7; --text: #1b2321;
  --text-soft: #4d5855; --text-faint: #626d6a; --accent: #0f6a61; --accent-tint: #e1f0ed }
@media (prefers-color-scheme: dark) { :root { --ground: #121615; --surface: #191e1d;
  --sunken: #0e1211; --hover: #212826; --selected: #1d3430; --line: #2b3331;
  --line-strong: #45504d; --text: #e6ebe9; --text-soft: #b3bdba; --text-faint: #94a09c;
  --accent: #6ccabb; --accent-tint: #17332f } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 72px }
body { margin: 0; background: var(--surface); color: var(--text); font: 15px/1.75 -apple-system,
  BlinkMacSystemFont, "PingFang SC", "Hiragino Sans GB", "Segoe UI", "Microsoft YaHei UI",
  "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", Roboto, Arial, sans-serif;
  overflow-wrap: break-word; -webkit-font-smoothing: antialiased }
a { color: var(--accent); text-underline-offset: 3px }
header { position: sticky; z-index: 1; top: 0; display: flex; align-items: center; gap: 20px;
  height: 56px; padding: 0 24px; border-bottom: 1px solid var(--line);
  background: var(--surface) }
header a { color: var(--text-soft); font-size: 14px; text-decoration: none; white-space: nowrap }
header a:hover { color: var(--accent) }
.brand { display: flex; flex: 1; align-items: center; gap: 8px }
header .jump { display: none }
header .brand { color: var(--text); font-size: 15px; font-weight: 600 }
.frame { display: grid; grid-template-columns: 248px minmax(0, 1fr) }
.side { position: sticky; top: 56px; align-self: start; max-height: calc(100vh - 56px);
  padding: 20px 12px 32px; border-right: 1px solid var(--line); overflow-y: auto }
.side b { display: block; padding: 16px 12px 4px; color: var(--text-faint); font-size: 12px;
  font-weight: 400 }
.side b:first-of-type { padding-top: 0 }
.side a { display: block; padding: 4px 12px; border-radius: 6px; color: var(--text-soft);
  font-size: 14px; text-decoration: none }
.side a:hover { background: var(--hover); color: var(--text) }
.side [aria-current] { background: var(--selected); color: var(--text); font-weight: 600 }
main { width: 100%; max-width: 816px; min-height: calc(100vh - 56px); padding: 32px 48px 64px }
.frame main { justify-self: start }
.alone { margin: 0 auto }
.center { display: grid; align-content: center; justify-items: center; max-width: 480px;
  min-height: calc(100vh - 56px); margin: 0 auto; padding: 24px; text-align: center }
.center h1 { font-size: 18px }
h1, h2, h3 { line-height: 1.4; font-weight: 600 }
h1 { margin: 0 0 16px; font-size: 24px }
h2 { margin: 40px 0 12px; font-size: 18px }
h3 { margin: 28px 0 8px; font-size: 15px }
p, ul, ol, table, pre, blockquote { margin: 0 0 16px }
ul, ol { padding-left: 24px }
li { margin: 4px 0 }
li::marker { color: var(--text-faint) }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  font-size: 13px }
code { padding: 2px 5px; border-radius: 4px; background: var(--ground); overflow-wrap: anywhere }
pre { padding: 12px 16px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--ground); line-height: 1.6; white-space: pre-wrap; overflow-wrap: anywhere }
pre code { padding: 0; background: none }
table { display: block; max-width: 100%; border-collapse: collapse; font-size: 14px;
  line-height: 1.6; overflow-x: auto }
td:first-child code { padding-left: 0; background: none; overflow-wrap: break-word }
td, th { padding: 8px 16px 8px 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top }
th { color: var(--text-faint); font-size: 12px; font-weight: 400; white-space: nowrap }
blockquote { padding: 8px 16px; border-radius: 6px; background: var(--accent-tint) }
blockquote p { margin: 0 }
img { max-width: 100% }
.soft { color: var(--text-soft) }
.btn { display: inline-flex; align-items: center; min-height: 36px; padding: 0 16px;
  border: 1px solid var(--line-strong); border-radius: 6px; color: var(--text);
  font-size: 14px; text-decoration: none }
.btn:hover { background: var(--hover) }
.turn { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 12px;
  margin-top: 48px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 14px }
.turn a { color: var(--text-soft); text-decoration: none }
.turn a:hover { color: var(--accent) }
.verb { display: inline-block; min-width: 60px; color: var(--accent); font-size: 12px;
  font-weight: 600 }
main details { border-bottom: 1px solid var(--line); padding: 8px 0 }
summary { cursor: pointer }
main summary code { background: none; padding-left: 0 }
:focus-visible { border-radius: 4px; outline: 2px solid var(--accent); outline-offset: 2px }
@media (max-width: 900px) {
  header { gap: 16px; padding: 0 16px }
  header .jump { display: inline }
  .frame { display: flex; flex-direction: column }
  .side { position: static; order: 2; max-height: none; padding: 24px 4px 48px; border: 0;
    border-top: 1px solid var(--line) }
  .side a { padding: 10px 12px }
  main { min-height: 0; padding: 24px 16px 48px }
}
@media print { header, .side, .turn { display: none } }
"""


def sheet(
    title: str, body: str, language: str, *, head: str = "", side: str = "", kind: str = "alone"
) -> str:
    """A whole page. `body`, `head` (links at the top) and `side` (the way to other pages) are
    HTML; `title` is text; `kind` is how a page without a side stands: "alone" or "center".
    """
    tongue = "zh-CN" if language == "zh" else language
    home = escape(say(language, "page.home"))
    jump = f'<a class="jump" href="#contents">{escape(say(language, "page.contents"))}</a>'
    inner = (
        f'<div class="frame">{side}<main>{body}</main></div>'
        if side
        else f'<main class="{kind}">{body}</main>'
    )
    return (
        f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" type="image/svg+xml" href="/assets/mark.svg">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<header><a class="brand" href="/" title="{home}">'
        '<img src="/assets/mark.svg" width="24" height="24" alt="">'
        f"{escape(say(language, 'page.brand'))}</a>{jump if side else ''}{head}</header>"
        f"{inner}</body></html>"
    )


def aside(language: str, links: str) -> str:
    """Links at the left; on a phone they stand below the page, and its head leads there."""
    contents = escape(say(language, "page.contents"))
    return f'<nav class="side" id="contents" aria-label="{contents}">{links}</nav>'


def tongues(path: str, language: str) -> str:
    """The way to the same page in the other languages."""
    names = {"zh": "中文", "en": "English"}
    return " ".join(
        f'<a href="{escape(path)}?lang={code}" hreflang="{code}" lang="{code}">{name}</a>'
        for code, name in names.items()
        if code != language
    )
