"""Addresses of the OKX help centre: the meaning and the edition of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import CommandError
from helpscraper.normalise.article import Context
from helpscraper.platforms import get_platform
from helpscraper.platforms.contract import Address
from helpscraper.platforms.okx import urls
from helpscraper.platforms.okx.urls import HelpUrl, home_url, parse_help_url
from helpscraper.sites import get_site
from helpscraper.urls import is_key, is_locale
from tests.okx import OKX

BASE = "https://www.okx.com"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("/help", HelpUrl("home", "en")),
        ("/help/", HelpUrl("home", "en")),
        ("/ar-ae/help", HelpUrl("home", "ar-ae")),
        ("/help/category/faq", HelpUrl("category", "en", "faq")),
        ("/help/section/faq-kyc", HelpUrl("section", "en", "faq-kyc")),
        ("/help/section/faq-kyc/page/12", HelpUrl("section", "en", "faq-kyc", 12)),
        ("/help/section/faq-kyc/page/0", HelpUrl("section", "en", "faq-kyc", 1)),
        ("/help/13974672356237", HelpUrl("article", "en", "13974672356237")),
        ("/zh-hans/help/a-b?x=1#y", HelpUrl("article", "zh-hans", "a-b")),
        ("/help/search?category=all&term=a+b", HelpUrl("search", "en", "all", query="a b")),
        ("/help/section/faq-kyc/page/x", HelpUrl("other", "en")),
        ("/help/section/faq-kyc/page/9999999999", HelpUrl("other", "en")),
        ("/help/a/b", HelpUrl("other", "en")),
        ("/help/category", HelpUrl("other", "en")),
        ("/help/%2e%2e%2fetc", HelpUrl("other", "en")),
        ("/help/%2e%2e/etc", HelpUrl("other", "en")),
        ("/help/UPPER", HelpUrl("other", "en")),
        ("/markets", HelpUrl("other", "en")),
        ("http://[", HelpUrl("other", "en")),
    ],
)
def test_what_a_link_means(url: str, meant: HelpUrl) -> None:
    assert parse_help_url(url) == meant
    if "[" not in url:
        assert parse_help_url(BASE + url) == meant


@given(st.text(max_size=120))
def test_any_text_is_read_and_a_slug_from_it_is_plain(text: str) -> None:
    for url in (text, f"/help/{text}", f"/help/section/{text}/page/2"):
        meant = parse_help_url(url)
        if meant.kind in {"article", "section", "category"}:
            assert meant.slug is not None
            assert is_key(meant.slug)
        assert is_locale(meant.locale)


PARTS = [
    ["", "https://okx.com", "http://www.okx.com:80", "http://okx.com:99999", "https://a@okx.com", "//okx.com",
     "http://[::1", "ftp:/"],
    ["", "/en", "/zh-hans", "/help", "/EN", "/zh-", "/", " "],
    ["/help/", "/help", "/help//", "/Help/", "/help/section/"],
    ["how-to-2fa", "a.b", "a..b", "..", "section", "search", "notice",
     "a%2eb", "A", "a/b", "a/", "a?x=1", "a#y", "a ", "\na", "\u0661"],
]  # fmt: skip


@given(st.tuples(*map(st.sampled_from, PARTS)).map("".join))
def test_a_plain_address_is_read_as_one_that_is_taken_apart(url: str) -> None:
    assert parse_help_url(url) == urls._taken_apart(url)


def test_the_address_of_an_edition() -> None:
    assert home_url(Context(OKX, "en")) == "https://www.okx.com/help"
    there = Context(OKX, "zh-hans", "http://127.0.0.1:8000/")
    assert home_url(there) == "http://127.0.0.1:8000/zh-hans/help"
    with pytest.raises(CommandError, match="okx"):
        get_site("okex")


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://www.okx.com/de/help/section/faq/page/3", Address("list", "de", "faq", 3)),
        ("https://www.okx.com/help/search?category=faq&term=a", Address("search", "en", "faq", query="a")),
        ("https://www.okx.com/help", Address("home", "en")),
        ("http://[", Address("other", "en")),
    ],
)
def test_an_address_of_the_platform(url: str, meant: Address) -> None:
    assert get_platform("okx").address(OKX, url) == meant


def test_an_edition_may_have_another_prefix_than_its_locale() -> None:
    turkish = get_site("okx-tr")
    for url, locale in (("https://tr.okx.com/help/a", "tr"), ("https://tr.okx.com/en/help/a", "en-tr")):
        address = get_platform("okx").address(turkish, url)
        assert address == Address("article", locale, "a")
        assert get_platform("okx").article_url(Context(turkish, locale), "a") == url
