"""Read an article from a page's Markdown.

GitBook writes a quoted line above each page, which names ``llms.txt``, and on some sites a part named "Agent
Instructions" below it. Both are the same on every page and change with GitBook, not with the page. Its own blocks
(hints, tabs, embedded pages) are between lines such as ``{% hint style="info" %}``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, collapse
from helpscraper.html.bodies import write_fragment
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Findings
from helpscraper.platforms.gitbook import addresses

__all__ = ["index_of", "is_html", "read_page"]

_HTML = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_TAG = re.compile(r"\{%.*%\}\s*")
_SHOWN = re.compile(r'\{%\s*(?:(?:tab|code)\b.*?\btitle|(embed)\b.*?\burl)="([^"]*)"')
# Real pages have some 100 KB at most, and paragraphs of some 2,000 characters; emphasis takes time by the square of it.
_LONGEST_PAGE = 1 << 20
_LONGEST_PARAGRAPH = 5_000
# Brackets that nothing closes take time by the square of their number too.
_MOST_BRACKETS = 200
# GitBook's answer for an address without a page: it may come with status 200.
_NOT_FOUND = re.compile(r"Page Not Found\s+The URL `[^`\n]*` does not exist\b")
_AGENTS = "Agent Instructions"
_NAMED = re.compile(r"\[llms\.txt\]\(([^()\s]+)\)")


def is_html(payload: Payload) -> bool:
    """Tell whether a page is HTML."""
    return _HTML.match(payload.data[:1000].decode("utf-8", "replace").lstrip("\ufeff")) is not None


def index_of(payload: Payload) -> str | None:
    """Return the address of the index that GitBook's own line above a page names; None where there is no such line."""
    line = payload.data[:2000].decode("utf-8-sig", "replace").lstrip().partition("\n")[0]
    if not line.startswith("> ") or "is available as [Markdown](" not in line:
        return None
    found = _NAMED.search(line)
    return found[1] if found else None


def read_page(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return the article of a page; raises ``ExtractionError`` naming the missing part."""
    landed = addresses.address_of(context.site, url)
    if (landed.kind, landed.key) != ("article", asked.key):
        raise ExtractionError(url, "article", f"article {asked.key} leads to another page")
    if is_html(payload):
        title = collapse(Page(url, payload).selector.css("title::text").get(""))[:100]
        raise ExtractionError(
            url,
            "markdown",
            f"HTML came instead of Markdown ({title!r})",
            advice="read the page's address with .md",
        )
    text = payload.data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > _LONGEST_PAGE:
        raise ExtractionError(
            url, "markdown", f"{len(text):,} characters of Markdown; the bound is {_LONGEST_PAGE:,}"
        )
    environment: dict[str, object] = {}
    tokens = _reader().parse(text, environment)
    top, rules = 0, ["article.article/markdown"]
    if tokens and tokens[0].type == "blockquote_open":
        close = next(n for n, each in enumerate(tokens) if each.type == "blockquote_close" and not each.level)
        if any(_NAMED.search(each.content) for each in tokens[:close]):
            top = close + 1
            rules.append("article.body/without-index-line")
    heading = next((n for n, each in enumerate(tokens) if n >= top and _is_title(each)), None)
    title = _shown(tokens[heading + 1]) if heading is not None else ""
    if heading is None or not title:
        raise ExtractionError(url, "title", "no heading on the page", selector="# title")
    if _NOT_FOUND.match("\n".join([title, *(each.content for each in tokens[heading + 3 : heading + 6])])):
        raise ExtractionError(url, "article", f"the page says that there is none ({title!r})")
    end = _end(tokens, heading + 3)
    parts = [*tokens[top:heading], *tokens[heading + 3 : end]]
    html = _reader().renderer.render(parts, _reader().options, environment)
    forms = write_fragment(html, url)
    raw = RawArticle(
        kind="article", key=asked.key or "", url=url, title=title,
        body_html=forms.html, body_text=forms.text,
        body_markdown=_without(text, tokens[0] if top else None, tokens[heading], tokens[end:]),
    )  # fmt: skip
    return Findings(articles=[raw], rules=rules)


@cache
def _reader() -> MarkdownIt:
    """Return a reader of CommonMark with GFM's tables and strikethrough, as GitBook writes it."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    ends = ["paragraph", "reference", "blockquote", "list"]
    reader.block.ruler.before("lheading", "gitbook", _tag, {"alt": ends})
    reader.core.ruler.before("inline", "bound", _bound)
    return reader


def _bound(state: StateCore) -> None:
    """Read a paragraph of hostile length, or of hostile brackets, as plain text."""
    for token in state.tokens:
        if token.type == "inline" and (
            len(token.content) > _LONGEST_PARAGRAPH or token.content.count("[") > _MOST_BRACKETS
        ):
            token.type = "text"


def _tag(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    """Read a line that opens or closes one of GitBook's own blocks: only a title or an address in it is shown."""
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    if not text.startswith("{%") or not _TAG.fullmatch(text):
        return False
    if not silent:
        shown = _SHOWN.match(text)
        token = state.push("html_block", "", 0)
        if shown and shown[1]:
            link = escape(shown[2].strip("<>"))
            token.content = f'<p><a href="{link}">{link}</a></p>\n'
        elif shown:
            token.content = f"<p>{escape(shown[2])}</p>\n"
        token.map = [line, line + 1]
        state.line = line + 1
    return True


def _is_title(token: Token) -> bool:
    return token.type == "heading_open" and token.tag == "h1" and not token.level


def _shown(token: Token) -> str:
    return collapse("".join(each.content for each in token.children or () if each.type != "html_inline"))


def _end(tokens: Sequence[Token], first: int) -> int:
    """Return the place of GitBook's part for programs: a line across the page and a heading, the last of their kind."""
    for n in range(len(tokens) - 3, first - 1, -1):
        if tokens[n].type == "hr" and _is_title(tokens[n + 1]) and tokens[n + 2].content.startswith(_AGENTS):
            return n
    return len(tokens)


def _without(text: str, quoted: Token | None, title: Token, after: Sequence[Token]) -> str:
    """Return the Markdown of a page without GitBook's own parts and the title."""
    lines = text.split("\n")
    top = quoted.map[1] if quoted is not None and quoted.map else 0
    first, last = title.map or (top, top)
    end = after[0].map[0] if after and after[0].map else len(lines)
    return "\n".join([*lines[top:first], *lines[last:end]]).strip("\n")
