"""Recognise the kind of a page by its content. A block page with status 200 must not pass as an empty listing."""

from __future__ import annotations

from typing import Literal, TypeAlias

from helpscraper.errors import ExtractionError
from helpscraper.html.base import inside
from helpscraper.html.challenge import MARKS, TITLES
from helpscraper.platforms.okx.page import OkxPage, is_article
from helpscraper.platforms.okx.state import dig

__all__ = ["PageKind", "is_challenge", "is_of_okx", "page_kind"]

PageKind: TypeAlias = Literal["article", "listing", "search", "home", "challenge", "empty", "unknown"]

_OURS = (
    "[class*='index_articleItem__'], [class*='index_richTextContent__'], [class*='index_markdownContent__'],"
    " #article-container, [aria-describedby='help-load-more-desc']"
)


def is_of_okx(page: OkxPage) -> bool:
    """Tell whether ``page`` has a mark of this help centre: its state, or its own class names and ids."""
    return bool(page.state or page.selector.css(_OURS))


def is_challenge(page: OkxPage) -> bool:
    """Tell whether ``page`` is a challenge or block page: it has one of their titles or marks, and none of the site's.

    The marks alone prove nothing: pages that were let through carry the same scripts.
    """
    if is_of_okx(page):
        return False
    return page.head_title.lower().startswith(TITLES) or bool(page.selector.css(MARKS))


def page_kind(url: str, html: str | bytes) -> PageKind:
    """Return the kind of a response by its content; the URL only distinguishes listing, search and home page."""
    page = OkxPage(url, html)
    try:
        ours = bool(page.selector.css(_OURS))
    except ExtractionError:
        return "empty"
    if is_challenge(page):
        return "challenge"
    if dig(page.state, "serverSideProps", "currentPost") or (
        ours and any(True for _ in inside(page.selector.css("h1"), is_article))
    ):
        return "article"
    if isinstance(dig(page.state, "initialProps", "sectionData"), dict):
        return "listing"
    if not (page.state or ours):
        return "unknown"
    match page.here.kind:
        case "section" | "category":
            return "listing"
        case "search":
            return "search"
        case "home":
            return "home"
    return "listing" if ours else "unknown"
