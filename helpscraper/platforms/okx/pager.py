"""The pager below a list: which page this is, how many there are, what follows.

The current page is not a link, so the last link of the last page is one short; and the line "Showing 16-30 of
2131" is worded per language, so it is read by its three numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree

from helpscraper.html.base import elements, inline_text, integers
from helpscraper.platforms.okx.page import OkxPage, has_class
from helpscraper.urls import parse_help_url, same_site

__all__ = ["Pager", "read_pager"]

_PAGERS = (
    elements("id('help-load-more-desc')/preceding-sibling::ul[1]"),
    elements("(//ul[contains(@class, 'okui-pagination')])[last()]"),
    elements("(//*[@data-testid='okd-pagination-pager'])[last()]/.."),
    elements(f"(//*[{has_class('paginationWrap')}])[last()]"),
)
_REL_NEXT = elements("(//link[@rel='next'][@href])[1]")
_LINES = (elements("id('help-load-more-desc')"), elements(f"//*[{has_class('paginationWrap')}]/span"))


@dataclass(frozen=True, slots=True)
class Pager:
    """What the pager states; None where it does not. ``first`` and ``last`` are the numbers of the shown items."""

    page: int | None = None
    pages: int | None = None
    next_url: str | None = None
    first: int | None = None
    last: int | None = None
    total: int | None = None


def _line(page: OkxPage) -> tuple[int | None, int | None, int | None]:
    for line in _LINES[0](page.root) or _LINES[1](page.root):
        numbers = sorted(integers(inline_text(line)))
        if len(numbers) == 3:
            return numbers[0], numbers[1], numbers[2]
        page.count("total", "unreadable")
    return None, None, None


def read_pager(page: OkxPage) -> Pager:
    """Read the pager of ``page``; a link that leads off the site, or not further, is not followed."""
    first, last, total = _line(page)
    found = next((bars for path in _PAGERS if (bars := path(page.root))), [])
    if not found:
        return Pager(next_url=_next(page, _REL_NEXT(page.root), None), first=first, last=last, total=total)
    active, links, shown = None, [], []
    for item in found[0].iter("a", "div", "li", "span", "button"):
        style = item.get("class", "")
        number = _page_number(item)
        if number:
            shown.append(number)
        if active is None and ("pagination-item-active" in style or item.get("aria-current") == "page"):
            active = number
        if item.get("href") and item.get("aria-disabled") != "true" and _is_next(item, style):
            links.append(item)
    return Pager(
        page=active,
        pages=max(shown, default=None),
        next_url=_next(page, links or _REL_NEXT(page.root), active),
        first=first,
        last=last,
        total=total,
    )


def _is_next(item: etree._Element, style: str) -> bool:
    return (
        item.get("data-testid") == "okd-pagination-next-icon"
        or item.get("rel") == "next"
        or "okui-pagination-next" in style.split()
    )


def _page_number(item: etree._Element) -> int | None:
    stated = item.get("data-e2e-okd-pagination-pager") or (item.text or "" if len(item) == 0 else "")
    stated = stated.strip()
    return int(stated) if stated.isdecimal() and len(stated) < 7 and int(stated) > 0 else None


def _next(page: OkxPage, links: list[etree._Element], active: int | None) -> str | None:
    for link in links:
        url = urljoin(page.url, (link.get("href") or "").strip())
        target = parse_help_url(url)
        if not same_site(url, page.url) or target.kind not in ("section", "category", "search"):
            page.count("next", "rejected")
        elif target.kind != "search" and target.page <= (active or page.here.page):
            page.count("next", "backwards")
        elif url != page.url:
            return url
    return None
