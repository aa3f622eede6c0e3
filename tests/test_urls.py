"""URLs: what a link means, and whether it may be followed or become a name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper import urls
from helpscraper.errors import CommandError
from helpscraper.sites import get_site
from helpscraper.urls import HelpUrl, canonical_url, is_locale, is_slug, origin, parse_help_url, same_site
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


@pytest.mark.parametrize(
    "url",
    [
        "http://www.okx.com/help/a", "https://www.okx.com:8443/help/a", "https://okx.com/help/a",
        "https://www.okx.com.evil.example/help", "https://www.okx.com@evil.example/help", "https://127.0.0.1/help",
        "https://user@www.okx.com/help", "file:///etc/passwd", "javascript:alert(1)", "//evil.example/help", "http://[",
    ],
)  # fmt: skip
def test_what_is_off_the_site(url: str) -> None:
    assert not same_site(url, BASE)
    assert same_site(f"{BASE}/anything?x", BASE)


@given(st.text(max_size=80))
def test_nothing_that_is_no_plain_name_passes(text: str) -> None:
    for check in (is_slug, is_locale):
        if check(text):
            assert text.isascii()
            assert not set(text) & set("/\\\0 %?#:")
            assert ".." not in text
            assert text == text.lower()


@given(st.text(max_size=120))
def test_any_text_is_read_and_a_slug_from_it_is_plain(text: str) -> None:
    for url in (text, f"/help/{text}", f"/help/section/{text}/page/2"):
        meant = parse_help_url(url)
        if meant.kind in {"article", "section", "category"}:
            assert meant.slug is not None
            assert is_slug(meant.slug)
        assert is_locale(meant.locale)


PIECES = st.sampled_from(
    [
        "http:",
        "HTTPS:",
        "//",
        "/",
        "\\",
        "okx.com",
        "@",
        ":80",
        ":x",
        "[",
        "]",
        "::1",
        "?",
        "#",
        " ",
        "\t",
        "\n",
        "\u2100",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=10).map("".join)))
def test_an_origin_says_all_that_decides_whose_a_url_is(url: str) -> None:
    def taken_apart(text: str) -> Any:
        try:
            parts = urlsplit(text)
            return parts.scheme, parts.netloc, parts.hostname, parts.port, parts.username
        except ValueError:
            return None

    assert taken_apart(origin(url)) == taken_apart(url)


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


@given(st.sampled_from(["/help/a", "/help/a/", "/help/a?x=1", "/help/a#b", "help/a"]))
def test_a_canonical_url_is_its_own(url: str) -> None:
    once = canonical_url(url, f"{BASE}/")
    assert once == "https://www.okx.com/help/a"
    assert canonical_url(once) == once


def test_the_address_of_an_edition() -> None:
    assert OKX.help_url("en") == "https://www.okx.com/help"
    assert OKX.help_url("zh-hans", "http://127.0.0.1:8000/") == "http://127.0.0.1:8000/zh-hans/help"
    with pytest.raises(CommandError, match="okx"):
        get_site("okex")
