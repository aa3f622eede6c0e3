"""Read ``llms.txt``: headings for the parts of a site, and one line with a link for each published page."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from urllib.parse import urljoin, urlsplit

from helpscraper.errors import ExtractionError
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Findings
from helpscraper.platforms.gitbook import addresses
from helpscraper.urls import key_of, same_site

__all__ = ["read_index"]

_ITEM = re.compile(r"\s*[-*+] +\[")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LONGEST = 1000


def read_index(url: str, payload: Payload, context: Context) -> Findings:
    """Return a row for each page of the site; raises ``ExtractionError`` for an answer that lists none.

    The heading of level two above a page is its category, the page above it in the tree of paths its section.
    """
    found = Findings(content_type="tag", rules=["list.articles/llms-txt"])
    left_out: Counter[str] = Counter()
    first: dict[str, str] = {}
    heading: str | None = None
    lines = payload.data.decode("utf-8-sig", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            heading = _text(line[3:]) or None
        if not (item := _ITEM.match(line)):
            continue
        title, link, rest = line[item.end() :].partition("](")
        place, end, _ = rest.partition(")")
        if not link and number < len(lines):
            continue  # a description of several lines, with a list in it
        if not end:
            found.holes.append(f"line {number} is no whole link: {line.strip()[:200]!r}")
            continue
        try:
            page = urljoin(url, place.strip("<>"))
            why = _why_not(page, context)
        except ValueError:
            page, why = place, "no address"
        if why:
            left_out[why] += 1
            first.setdefault(why, page[:200])
            continue
        key = addresses.address_of(context.site, page).key or ""
        row = RawArticle(kind="listing", key=key, url=page, title=_text(title))
        row.category = row.category_title = heading
        found.articles.append(row)
    if not found.articles:
        raise ExtractionError(url, "list", "no page is listed", selector="- [title](address.md)")
    _set_sections(found.articles, context)
    found.left_out = [f"{n} × {why}, the first: {first[why]}" for why, n in sorted(left_out.items())]
    return found


def _text(markdown: str) -> str:
    return unescape(_ESCAPED.sub(r"\1", markdown)).strip()[:_LONGEST]


def _why_not(page: str, context: Context) -> str | None:
    """Return why an address gives no row; None for a page of this site."""
    if not same_site(page, context.root) and not context.site.serves(page):
        return "an address of another site"
    if not urlsplit(page).path.endswith(addresses.MARKDOWN):
        return "an address that is no page in Markdown"
    kind = addresses.address_of(context.site, page).kind
    return None if kind == "article" else "an address that is no page of this help centre"


def _set_sections(rows: list[RawArticle], context: Context) -> None:
    """Set the section of each page below another page's path: that path, and the title of that page."""
    folder = addresses.folder_of(context.site).rstrip("/")
    titles = {row.key: row.title for row in rows}
    for row in rows:
        path = urlsplit(row.url).path.removesuffix(addresses.MARKDOWN)
        above = path.rpartition("/")[0]
        if above != folder and above:
            row.section = key_of(above)
            row.section_title = titles.get(row.section)
