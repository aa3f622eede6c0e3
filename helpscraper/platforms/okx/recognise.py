"""What kind of page is this, really? A block page with status 200 must not pass for an empty listing."""

from __future__ import annotations

from typing import Literal, TypeAlias

from helpscraper.errors import ExtractionError
from helpscraper.html.base import truth
from helpscraper.platforms.okx.page import OkxPage, has_class
from helpscraper.platforms.okx.state import dig

__all__ = ["PageKind", "is_challenge", "is_of_okx", "page_kind"]

PageKind: TypeAlias = Literal["article", "listing", "search", "home", "challenge", "empty", "unknown"]

_TITLES = ("just a moment", "attention required", "access denied", "verifying you are human", "403 forbidden")
_MARKS = truth(
    "boolean(//*[contains(@class, 'cf-browser-verification') or @id='challenge-form' or @id='cf-wrapper'"
    " or @id='challenge-running' or @id='cf-error-details' or @id='challenge-error-text']"
    " | //script[contains(@src, '/cdn-cgi/challenge-platform/') or contains(., '_cf_chl_opt')])"
)
_OURS = truth(
    f"boolean(//*[{has_class('articleItem')} or {has_class('richTextContent')}"
    f" or {has_class('markdownContent')} or @id='article-container'"
    " or @aria-describedby='help-load-more-desc'])"
)
_ARTICLE = truth("boolean(//article//h1)")


def is_of_okx(page: OkxPage) -> bool:
    """Tell whether ``page`` bears a mark of this help centre: its state, or a list or body under its own names."""
    return bool(page.state) or _OURS(page.root)


def is_challenge(page: OkxPage) -> bool:
    """Tell whether ``page`` is a challenge or block page: one of their titles or marks, and nothing of the
    site's own.

    The marks alone prove nothing, for the same scripts stand on pages that were let through.
    """
    if is_of_okx(page):
        return False
    return page.head_title.lower().startswith(_TITLES) or bool(_MARKS(page.root))


def page_kind(url: str, html: str | bytes) -> PageKind:
    """Say what a response is by its content; the URL only tells a listing from a search or the home page."""
    page = OkxPage(url, html)
    try:
        ours = bool(_OURS(page.root))
    except ExtractionError:
        return "empty"
    if is_challenge(page):
        return "challenge"
    if dig(page.state, "serverSideProps", "currentPost") or (ours and _ARTICLE(page.root)):
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
