"""The edition of a page, by its address, its canonical link, its language, its breadcrumb and its state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context
from helpscraper.platforms.okx import ArticlePage, OkxPage, check_edition, other_edition
from helpscraper.platforms.okx.urls import home_url
from helpscraper.sites import get_site
from tests.okx import OKX, PREFIXES

ROOT = "https://www.okx.com"


def page(
    url: str, lang: str = "", canonical: str = "", crumb: str = "", site: str = "", state: bool = True
) -> OkxPage:
    parts = [f'<link rel="canonical" href="{canonical}">' if canonical else ""]
    parts.append(f'<div class="index_breadcrumb__a"><a href="{crumb}">A</a></div>' if crumb else "")
    region = json.dumps({"site": {"subSite": site}}) if site else ""
    parts.append(f'<script id="_okGlobal">{region}</script>' if site else "")
    parts.append('<script id="appState">{"appContext":{"initialProps":{}}}</script>' if state else "")
    return OkxPage(url, f'<html lang="{lang}"><body>{"".join(parts)}<p>text</p></body></html>')


def named(found: OkxPage, locale: str) -> str | None:
    other = other_edition(found, OKX, locale)
    return other.locale if other else None


def at(locale: str) -> str:
    return f"{home_url(Context(OKX, locale))}/section/faq"


@given(st.sampled_from(sorted(PREFIXES)), st.sampled_from(sorted(PREFIXES)))
def test_every_sign_alone_names_the_edition(served: str, asked: str) -> None:
    one = PREFIXES[served].bcp47 == PREFIXES[asked].bcp47
    for found in (
        page(at(served)),
        page(at(asked), canonical=at(served)),
        page(at(asked), canonical=at(served).removeprefix(ROOT)),
        page(at(asked), crumb=at(served).removeprefix(ROOT)),
    ):
        assert named(found, asked) == (None if one else served)
    by_language = named(page(at(asked), lang=PREFIXES[served].bcp47), asked)
    if one:
        assert by_language is None
    elif PREFIXES[served].language != PREFIXES[asked].language:
        assert by_language is not None
    # All signs of the edition that was asked for agree with each other.
    whole = page(
        at(asked), lang=PREFIXES[asked].bcp47, canonical=at(asked), crumb=at(asked).removeprefix(ROOT)
    )
    assert named(whole, asked) is None


@pytest.mark.parametrize(
    ("lang", "asked", "other"),
    [
        ("en", "en-eu", None), ("es", "es-la", None), ("es-419", "es-la", None), ("pt", "pt-br", None),
        ("ua", "ua", None), ("zh-CN", "zh-hans", None), ("en-AT", "en", None), ("no", "nb", None), ("", "en", None),
        ("en-us", "en", "en-us"), ("en-US", "en-eu", "en-us"), ("zh-Hans", "en", "zh-hans"),
        ("zh-hant", "zh-hans", "zh-hant"), ("ja", "en", "ja"),
    ],
)  # fmt: skip
def test_a_language_that_says_less_does_not_contradict(lang: str, asked: str, other: str | None) -> None:
    assert named(page(at(asked), lang=lang), asked) == other


def test_an_article_that_is_not_translated_is_of_its_edition() -> None:
    untranslated = page(at("de"), lang="en", canonical=at("de"))
    assert other_edition(untranslated, OKX, "de", all_signs=False) is None
    assert named(untranslated, "de") == "en"
    for told in (page(at("de"), lang="en"), page(at("en"), lang="en-us", canonical=at("en"))):
        assert other_edition(told, OKX, told.here.locale, all_signs=False) is not None


def test_a_regional_site_is_the_edition_of_its_own_language() -> None:
    assert named(page(at("en"), site="OKX_US"), "en") == "en-us"
    assert named(page(at("en-us"), site="OKX_US"), "en-us") is None
    assert named(page(at("en"), site="OKX_GLOBAL"), "en") is None
    # Whether the regional site serves other languages is not known.
    assert named(page(at("zh-hans"), site="OKX_US"), "zh-hans") is None
    assert other_edition(page("https://app.okx.com/help/a", site="OKX_US"), get_site("okx-us"), "en") is None


def test_an_error_page_of_the_network_is_of_no_edition() -> None:
    assert named(page(at("en"), lang="en-US", state=False), "en") is None
    # The address that answered is a sign by itself.
    assert named(page(at("en-us"), state=False), "en") == "en-us"
    challenge = f'<html lang="en-US"><title>Just a moment...</title><p>{"wait" * 9}</p></html>'
    assert named(OkxPage(at("en-us"), challenge), "en") is None


def test_a_link_to_another_site_says_nothing() -> None:
    for link in (
        "https://elsewhere.example/de/help/a",
        "https://tr.okx.com/help/a",
        "//x/de/help",
        "/de/about",
    ):
        assert named(page(at("en"), canonical=link), "en") is None
        assert named(page(at("en"), canonical=link, crumb="/de/help/category/faq"), "en") == "de"
    assert named(page(at("en"), canonical="https://web3.okx.com/de/help/a"), "en") == "de"


def test_real_pages_are_of_their_own_edition(shared: Path) -> None:
    for name, url, locale in (
        ("okx_article_with_images_2026-07.html", "/zh-hans/help/x-basic-order-types", "zh-hans"),
        ("article_init_perpetual_2025-04.html", "/help/okx-to-list-perpetual-futures-for-init-crypto", "en"),
        ("article_2026-10_en-us_help_okx-to-delist-selected-usd.html", "/en-us/help/a", "en-us"),
        ("section_latest_announcements_page2_2025-04.html", "/help/section/a/page/2", "en"),
    ):
        data = (shared / "okx" / name).read_bytes()
        assert other_edition(OkxPage(ROOT + url, data), OKX, locale) is None, name
    url = f"{ROOT}/help/x-basic-order-types"
    with pytest.raises(ExtractionError, match="of the edition zh-hans, not of en: its canonical link"):
        check_edition(
            ArticlePage(url, (shared / "okx/okx_article_with_images_2026-07.html").read_bytes()), OKX, "en"
        )
