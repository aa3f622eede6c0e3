"""Read the pager below a list: the page's number, the number of pages, the next page.

The current page is no link, so on the last page the highest link is one short of the number of pages. The line "Showing
16-30 of 2131" differs by language, so only its three numbers are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from parsel import Selector, SelectorList

from helpscraper.html.base import inline_text, integers
from helpscraper.platforms.okx.page import OkxPage
from helpscraper.platforms.okx.urls import parse_help_url
from helpscraper.urls import same_site

__all__ = ["Pager", "read_pager"]

_PAGERS = (
    "id('help-load-more-desc')/preceding-sibling::ul[1]",
    "(//ul[contains(@class, 'okui-pagination')])[last()]",
    "(//*[@data-testid='okd-pagination-pager'])[last()]/..",
    "(//*[contains(@class, 'index_paginationWrap__')])[last()]",
)
# A page shows one line; each is read whole, and lines may be nested.
_MAX_LINES = 20
_ITEMS = "descendant-or-self::*[self::a or self::div or self::li or self::span or self::button]"


@dataclass(frozen=True, slots=True)
class Pager:
    """The statements of a pager; None for each that it lacks. ``first`` and ``last`` number the shown items."""

    page: int | None = None
    pages: int | None = None
    next_url: str | None = None
    first: int | None = None
    last: int | None = None
    total: int | None = None


def _line(page: OkxPage) -> tuple[int | None, int | None, int | None]:
    lines = page.selector.xpath("id('help-load-more-desc')")
    for line in (lines or page.selector.css("[class*='index_paginationWrap__'] > span"))[:_MAX_LINES]:
        numbers = sorted(integers(inline_text(line.root)))
        if len(numbers) == 3:
            return numbers[0], numbers[1], numbers[2]
        page.count("total", "unreadable")
    return None, None, None


def read_pager(page: OkxPage) -> Pager:
    """Read the pager of ``page``; a link off the site, or to no later page, is ignored."""
    first, last, total = _line(page)
    bars = next((bars for path in _PAGERS if (bars := page.selector.xpath(path))), SelectorList())
    active, links, shown = None, [], []
    for item in bars[:1].xpath(_ITEMS):
        stated = item.attrib
        number = _page_number(item)
        if number:
            shown.append(number)
        is_active = (
            "pagination-item-active" in stated.get("class", "") or stated.get("aria-current") == "page"
        )
        if active is None and is_active:
            active = number
        if stated.get("href") and stated.get("aria-disabled") != "true" and _is_next(stated):
            links.append(stated["href"])
    return Pager(
        page=active,
        pages=max(shown, default=None),
        next_url=_next(page, links or page.selector.css("link[rel=next]::attr(href)").getall()[:1], active),
        first=first,
        last=last,
        total=total,
    )


def _is_next(stated: Mapping[str, str]) -> bool:
    return (
        stated.get("data-testid") == "okd-pagination-next-icon"
        or stated.get("rel") == "next"
        or "okui-pagination-next" in stated.get("class", "").split()
    )


def _page_number(item: Selector) -> int | None:
    stated = item.attrib.get("data-e2e-okd-pagination-pager") or item.xpath("self::*[not(*)]/text()").get("")
    stated = stated.strip()
    return int(stated) if stated.isdecimal() and len(stated) < 7 and int(stated) > 0 else None


def _next(page: OkxPage, links: list[str], active: int | None) -> str | None:
    for link in links:
        url = urljoin(page.url, link.strip())
        target = parse_help_url(url)
        if not same_site(url, page.url) or target.kind not in ("section", "category", "search"):
            page.count("next", "rejected")
        elif target.kind != "search" and target.page <= (active or page.here.page):
            page.count("next", "backwards")
        elif url != page.url:
            return url
    return None
