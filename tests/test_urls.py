"""URLs: the target of a link, and whether it may be followed or become a name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.urls import canonical_url, is_key, is_locale, origin, same_site

BASE = "https://www.okx.com"


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
    for check in (is_key, is_locale):
        if check(text):
            assert text.isascii()
            assert not set(text) & set("/\\\0 %?#:")
            assert ".." not in text
            assert text == text.lower()


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


@given(st.sampled_from(["/help/a", "/help/a/", "/help/a?x=1", "/help/a#b", "/help/a?#"]))
def test_a_canonical_url_is_its_own(url: str) -> None:
    once = canonical_url(BASE + url)
    assert once == "https://www.okx.com/help/a"
    assert canonical_url(once) == once
