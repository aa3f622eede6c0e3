"""Categories and sections by any name that the site gives them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.locales import LOCALES
from helpscraper.normalise.categories import CATEGORIES, category_slug, section_slug
from helpscraper.normalise.phrases import PHRASES

CASES = [
    ("en", "Product documents", "product-documentation"),
    ("en", "Product documentation", "product-documentation"),
    ("en", "FAQ", "faq"),
    ("en", "faq", "faq"),
    ("en", "  announcements\u200b ", "announcements"),
    ("en", "product-documentation", "product-documentation"),
    ("fr", "Documentation de produit", "product-documentation"),
    ("fr", "Documentation produit", "product-documentation"),
    ("sv", "Produktdokument", "product-documentation"),
    ("sv", "Produktdokumentation", "product-documentation"),
    ("ar", "الإعلامات", "announcements"),
    ("ar", "الإعلانات", "announcements"),
    ("pt-pt", "Comunicados", "announcements"),
    ("pt-pt", "Announcement", "announcements"),
    ("zh-hant", "常見問題", "faq"),
    ("en", "Annonces", "announcements"),
    ("tr", "ÜRÜN BELGELERİ", "product-documentation"),
    ("tr", "SIKÇA SORULAN SORULAR", "faq"),
    ("en", "sikça sorulan sorular", "faq"),
    ("en", "All", None),
    ("en", "face", None),
    ("en", "", None),
    ("en", None, None),
    ("en", "Academy", None),
]


@pytest.mark.parametrize(("locale", "label", "expected"), CASES)
def test_case_table(locale: str, label: str | None, expected: str | None) -> None:
    assert category_slug(label, locale) == expected


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_every_label_of_a_language_has_one_meaning(language: str) -> None:
    prefix = next(prefix for prefix, locale in LOCALES.items() if locale.language == language)
    phrases = PHRASES[language]
    for slug, words in zip(CATEGORIES, (phrases.announcements, phrases.faq, phrases.products), strict=True):
        assert {category_slug(word, prefix) for word in words} == {slug}
        assert {
            category_slug(word.upper(), prefix) for word in words if word.upper().lower() == word.lower()
        } <= {slug}


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_what_is_marked_as_inferred_is_there(language: str) -> None:
    phrases = PHRASES[language]
    words = {word for name in phrases.__slots__ if name != "inferred" for word in getattr(phrases, name)}
    assert phrases.inferred <= words


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("announcements-new-listings", "announcements-new-listings"),
        ("trading-updates-us-aus", "trading-updates-us-aus"),
        ("Delistings", "announcements-delistings"),
        ("P2P trading", "announcements-p2p-trading"),
        ("Neue Notierungen", None),
        ("../etc", None),
        ("", None),
        (None, None),
    ],
)
def test_sections(label: str | None, expected: str | None) -> None:
    assert section_slug(label, "en") == expected


@settings(deadline=None)
@given(st.text(max_size=500), st.sampled_from(sorted(LOCALES)))
def test_any_text_gives_a_canonical_slug_or_none(text: str, prefix: str) -> None:
    assert category_slug(text, prefix) in (*CATEGORIES, None)
    section_slug(text, prefix)
