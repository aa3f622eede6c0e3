"""Recognise the page of a bot check or a block, on any site."""

from __future__ import annotations

from helpscraper.html.base import Page, collapse, inline_text

__all__ = ["MARKS", "TITLES", "challenge_title"]

TITLES = ("just a moment", "attention required", "access denied", "verifying you are human", "403 forbidden")
MARKS = (
    "[class*='cf-browser-verification'], #challenge-form, #cf-wrapper, #challenge-running, #cf-error-details,"
    " #challenge-error-text, script[src*='/cdn-cgi/challenge-platform/'], script:contains('_cf_chl_opt')"
)
_FEW_WORDS = 60


def challenge_title(page: Page) -> str | None:
    """Return the title of a block or challenge page, None for any other page.

    Such a page has few words, and one of the known titles or marks; pages that were let through have the marks too.
    Raises ``ExtractionError`` for a page that cannot be parsed.
    """
    title = collapse(page.selector.css("title::text").get(""))[:100]
    body = page.root.find("body")
    if body is not None and len(inline_text(body).split()) > _FEW_WORDS:
        return None
    return title if title.lower().startswith(TITLES) or page.selector.css(MARKS) else None
