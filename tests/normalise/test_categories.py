"""Categories and sections by any name that a site gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context, categories
from helpscraper.normalise.categories import Vocabulary, label_key
from tests.okx import OKX, PREFIXES, WORDS

CATEGORIES = ("announcements", "faq", "product-documentation")
OWN = replace(OKX, categories=Vocabulary(), sections=Vocabulary())


def read(site: object, locale: str = "en", **stated: str | None) -> tuple[str | None, str | None]:
    """Return the category and the section of a raw article that states ``stated``."""
    raw = RawArticle(kind="article", key="a", url="https://www.okx.com/help/a", **stated)
    columns = categories(raw, Context(site, locale)).columns
    return columns["category"], columns["section"]


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
    assert read(OKX, locale, category=label)[0] == expected
    assert read(OKX, locale, category_title=label)[0] == expected


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_label_of_a_language_has_one_meaning(language: str) -> None:
    words = WORDS[language]
    for slug, labels in zip(CATEGORIES, (words.announcements, words.faq, words.products), strict=True):
        assert {OKX.categories.find(label, language) for label in labels} == {slug}
        same = [label for label in labels if label.upper().lower() == label.lower()]
        assert {OKX.categories.find(label.upper(), language) for label in same} <= {slug}


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
    assert read(OKX, section=label)[1] == expected


def test_a_section_tells_its_category() -> None:
    assert read(OKX, section="faq-kyc") == ("faq", "faq-kyc")
    assert read(OWN, section="faq-kyc") == (None, "faq-kyc")


def test_a_site_without_names_of_its_own_keeps_its_own_keys() -> None:
    assert read(OWN, category="Academy", section="115000123") == ("Academy", "115000123")
    assert read(OWN, category_title="Academy", section_title="Billing") == (None, None)
    assert read(OWN, category="x" * 300)[0] == "x" * 200
    assert read(OWN, category=" \u200b") == (None, None)


def test_a_declaration_maps_the_keys_of_a_site() -> None:
    vocabulary = Vocabulary({"news": {"keys": ["360001234"], "titles": {"de": ["Neues"], "fr": ["Guide"]}},
                             "faq": {"titles": {"en": ["Guide"]}}})  # fmt: skip
    site = replace(OKX, categories=vocabulary)
    assert read(site, category="360001234")[0] == "news"
    assert read(site, category_title="NEUES:")[0] == "news"
    assert read(site, category="Academy")[0] is None
    # The same word in two languages: the edition's own language decides.
    assert [read(site, locale, category="Guide")[0] for locale in ("en", "fr", "de")] == [
        "faq",
        "news",
        "faq",
    ]


def test_two_hundred_characters_of_a_label_are_compared() -> None:
    assert label_key("x" * 199) != label_key("x" * 200) == label_key("x" * 201)


def test_two_equal_vocabularies_are_one_key_of_a_dictionary() -> None:
    one, other = (Vocabulary({"faq": {"keys": ["360001234"]}}) for _ in range(2))
    assert {one: "known"}[other] == "known"


@settings(deadline=None)
@given(st.text(max_size=500), st.sampled_from(sorted(PREFIXES)))
def test_any_text_gives_a_canonical_key_or_none(text: str, prefix: str) -> None:
    assert read(OKX, prefix, category=text)[0] in (*CATEGORIES, None)
    category, section = read(OWN, prefix, category=text, section=text)
    assert category == section
    assert category is None or (0 < len(category) <= 200)
