"""Nothing that runs, loads, submits, styles or names an element passes."""

# ruff: noqa: E501  (payloads read better whole)
from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.publish.sanitise import clean_html, safe_url
from tests.report.hostile import BODY, PAYLOAD

BASE = "https://help.example/help/a"
ALLOWED = {"dir", "lang", "href", "rel", "colspan", "rowspan", "scope", "start", "class"}
FRAGMENTS = st.sampled_from(
    [
        "<p>", "</p>", "<a href='javascript:x()'>", "<a href=\"/help/b\">", "</a>", "<img alt='<img>'>", "<img>", "<svg>",
        "<style>", "<math><mtext>", "<table><td colspan='9'>", "text", "&lt;script&gt;", "<script>x()</script>", "<!--", "-->",
        "<p lang='\"><script>x()'>", "<b onclick=x()>", "<template>", "<form><input>", "]]>", "<p dir=evil>", "\x00", PAYLOAD,
    ]
)  # fmt: skip


def judge(html: str) -> None:
    """Parse as a browser would inside a page and look at every element."""
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    for element in root.iter():
        assert isinstance(element.tag, str), "no comments, no instructions"
        assert element.tag not in {
            "script",
            "style",
            "svg",
            "math",
            "iframe",
            "form",
            "input",
            "img",
            "template",
            "base",
            "meta",
        }
        assert set(element.attrib) <= ALLOWED
        assert element.get("class", "picture") == "picture"
        assert element.get("href", "https://").startswith(("https://", "http://", "mailto:"))


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_whatever_comes_in(html: str) -> None:
    judge(clean_html(html, BASE))


def test_the_hostile_body() -> None:
    cleaned = clean_html(BODY, BASE)
    judge(cleaned)
    assert "192.0.2.1" not in cleaned
    assert '<p dir="rtl" lang="ar">d</p>' in cleaned


def test_what_an_article_is_made_of_stays() -> None:
    html = '<h2>A</h2><ul><li>b <strong>c</strong></li></ul><table><tr><th scope="col">d</th></tr></table><a href="/help/e">f</a>'
    cleaned = clean_html(html, BASE)
    for part in (
        "<h2>A</h2>",
        "<li>b <strong>c</strong></li>",
        '<th scope="col">d</th>',
        'href="https://help.example/help/e"',
    ):
        assert part in cleaned


def test_pictures_leave_their_description() -> None:
    assert (
        clean_html('<img src="https://x.example/a.png" alt="A &quot;b&quot;">', BASE)
        == '<span class="picture">picture: A &quot;b&quot;</span>'
    )
    assert clean_html("<img src=x>", "") == '<span class="picture">picture</span>'


def test_a_link_that_stands_twice_is_shown_once() -> None:
    link = '<a href="/help/b">Support</a>'
    once = clean_html(f"<p>{link}</p>", BASE)
    assert clean_html(f"<p>{link} {link}\n{link}</p>", BASE) == once and once.count("<a ") == 1
    assert clean_html(f'<p>{link} <a href="/help/c">Support</a></p>', BASE).count("<a ") == 2, "another page"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:x",
        " https://a.example",
        "java\nscript:x",
        "data:text/html,x",
        "//a.example",
        "/a",
        "https://",
        "http://[",
        "",
        None,
        "file:///x",
    ],
)
def test_addresses_that_are_not_linked(url: str | None) -> None:
    assert safe_url(url) is None


@given(st.text())
def test_an_address_is_given_back_as_it_is_or_not_at_all(url: str) -> None:
    assert safe_url(url) in (None, url)
