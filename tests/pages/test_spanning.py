"""Elements that hold paragraphs and tables hold them after parsing too, as in a browser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from helpscraper.html.base import Page
from helpscraper.html.spanning import renamed
from tests.pages.test_bodies import BASE, forms

AROUND = ["b", "i", "u", "s", "small", "h2", "h4", "div", "em"]
NESTED = st.recursive(
    st.sampled_from(["<p>rope</p>", "knot", "<p>a <b>bow</b></p>"]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(AROUND),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("<b>all <p>one</p><p>two <i>x</i></p></b>none", "**all**\n\n**one**\n\n**two *x***\n\nnone"),
        ("<h2 class=x><p>Title</p></h2><p>text</p>", "## Title\n\ntext"),
        ("<I>\n<P>one</P></I>", "*one*"),
        ("<a href=/x><table><tr><td>c</table></a>", "| [c](https://harbour.example/x) |\n| --- |"),
        ("<ul><li><s>x<p>y</p></s></ul>", "- ~~x~~\n\n  ~~y~~"),
    ],
)
def test_a_mark_a_heading_and_a_link_span_blocks(markup: str, markdown: str) -> None:
    assert forms(markup).markdown == markdown


def test_the_page_says_nothing_of_other_names() -> None:
    said = "<b><p>x</p></b>"
    page = f"<p title='{said}'>&lt;b> <b id=k>k<p>x</p></b></p><script>'{said}'</script><textarea>{said}</textarea>"
    root = Page(BASE, page).root
    assert root.find(".//p").get("title") == said
    assert root.findtext(".//script") == f"'{said}'"
    assert root.findtext(".//textarea") == said
    assert "renamed" not in etree.tostring(root, encoding="unicode")


def test_a_page_without_such_elements_is_left_as_it_is() -> None:
    for page in (
        "<h2>a</h2><p><b>x</b></p><p><a href=/>y</a></p>",
        "<b>x<p>y</p><p>z",
        b"<p>x</p></b><b>y</b>",
    ):
        assert renamed(page) is page


@given(NESTED)
def test_what_stands_in_an_element_stands_in_it_after_parsing(markup: str) -> None:
    for page in (f"<body>{markup}</body>", f"<meta charset=utf-8><body>{markup}</body>".encode()):
        body = Page(BASE, page).root.find("body")
        assert body is not None
        assert etree.tostring(body, encoding="unicode", method="html") == f"<body>{markup}</body>"
