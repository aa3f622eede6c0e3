"""Categories and sections: one slug for every way in which the site names them."""

from __future__ import annotations

from functools import lru_cache

from helpscraper.locales import get_locale
from helpscraper.normalise.phrases import PHRASES
from helpscraper.normalise.titles import caseless, normalise_title
from helpscraper.urls import is_slug

__all__ = ["CATEGORIES", "category_slug", "section_slug"]

CATEGORIES = ("announcements", "faq", "product-documentation")
"""The canonical slugs of categories."""

# Slugs seen in state and URLs, or the English tab and label written as a slug.
_CATEGORY_SLUGS = {
    "announcements": "announcements",
    "announcement": "announcements",
    "faq": "faq",
    "faqs": "faq",
    "product-documentation": "product-documentation",
    "product-documents": "product-documentation",
}

# English section titles as shown, 2024-2026; other languages' titles come with the slug in the page's own
# state.
_SECTION_TITLES = {
    "latest announcements": "announcements-latest-announcements",
    "latest events": "announcements-latest-announcements",
    "new listings": "announcements-new-listings",
    "delistings": "announcements-delistings",
    "trading updates": "announcements-trading-updates",
    "deposit/withdrawal suspension/resumption": "announcements-deposit-withdrawal-suspension-resumption",
    "deposit/withdrawal suspension": "announcements-deposit-withdrawal-suspension-resumption",
    "p2p trading": "announcements-p2p-trading",
    "web3": "announcements-web3",
    "earn": "announcements-earn",
    "earn and loan": "announcements-earn",
    "jumpstart": "announcements-jumpstart",
    "api": "announcements-api",
    "okb buy-back & burn": "announcements-okb-buy-back-burn",
    "okb burn": "announcements-okb-buy-back-burn",
    "others": "announcements-others",
}


# Characters of a label that are looked at; the longest real one has some fifty.
_LONGEST = 200


def _key(text: str) -> str:
    return caseless(normalise_title(text[:_LONGEST])).rstrip(" :")


@lru_cache(maxsize=64)
def _labels(language: str) -> dict[str, str]:
    """Return label -> slug: the language's own first, then English, then all others."""
    table: dict[str, str] = {}
    for key in (language, "en", *PHRASES):
        phrases = PHRASES[key]
        for slug, words in zip(
            CATEGORIES, (phrases.announcements, phrases.faq, phrases.products), strict=True
        ):
            for word in words:
                table.setdefault(_key(word), slug)
    return table


def category_slug(label_or_slug: str | None, locale: str) -> str | None:
    """Return the canonical category of a tab's word, a row's label or a slug; None when unknown.

    >>> category_slug("Documentation produit", "fr"), category_slug("Announcement", "pt-pt")
    ('product-documentation', 'announcements')
    """
    language = get_locale(locale).language
    if not label_or_slug:
        return None
    return _category(label_or_slug[:_LONGEST], language)


# A site has a dozen of them and names one in every row.
@lru_cache(maxsize=1024)
def _category(label: str, language: str) -> str | None:
    key = _key(label)
    return _CATEGORY_SLUGS.get(key) or _labels(language).get(key)


def section_slug(label_or_slug: str | None, locale: str) -> str | None:
    """Return the slug of a section named by its slug or by its English title; None when unknown.

    A section's slug differs by region and time, so one that has the form of a slug is taken as it stands.

    >>> section_slug("Delistings", "en"), section_slug("trading-updates-us-aus", "en-us")
    ('announcements-delistings', 'trading-updates-us-aus')
    """
    get_locale(locale)
    if not label_or_slug:
        return None
    return _section(label_or_slug[:_LONGEST]) or (label_or_slug if is_slug(label_or_slug) else None)


@lru_cache(maxsize=1024)
def _section(label: str) -> str | None:
    return _SECTION_TITLES.get(_key(label))
