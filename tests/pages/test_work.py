"""Reading a page costs time in proportion to its size, whatever its shape."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.platforms.okx import ArticlePage, HomePage, ListingPage, SearchPage

HOST = "https://help.harbour.example"
SECTION = f"{HOST}/help/section/notices"
BODY = "<article><h1>T</h1><div class=index_content__x>"
RICH = "class=index_richTextContent__x"

Markup = Callable[[int], str]
Read = Callable[[str], object]


def articles(html: str) -> object:
    return ListingPage(SECTION, html).articles


def sections(html: str) -> object:
    page = ListingPage(SECTION, html)
    return page.sections, page.category


def next_url(html: str) -> object:
    return ListingPage(SECTION, html).next_url


def article(html: str) -> object:
    return ArticlePage(f"{HOST}/help/tides", html).article


def hits(html: str) -> object:
    return SearchPage(f"{HOST}/help/search", html).articles


def categories(html: str) -> object:
    return HomePage(f"{HOST}/help", html).categories


def shown(number: int) -> str:
    return f'<a href="/help/tide-{number}">T {number}</a><p data-testid=DateDisplay>3 May 2024</p><b>{number}</b>'


def item(number: int) -> str:
    return f"<li class=index_articleItem__x>{shown(number)}"


def link(kind: str) -> Markup:
    return lambda number: f"<a href=/help/{kind}/x-{number}>x</a>"


def nested(opened: str | Markup, row: str | Markup, front: str = "") -> Markup:
    """Return a page whose size and depth both grow with its number: ``row`` many times, deep inside ``opened``."""
    before, within = (part if callable(part) else str(part).format for part in (opened, row))
    return lambda size: (
        f"<html><body>{front}{''.join(map(before, range(size)))}{''.join(map(within, range(size, 9 * size)))}"
    )


SHAPES: dict[str, tuple[Read, Markup]] = {
    "items in items": (articles, nested(lambda n: f"<ul>{item(n)}<div>", lambda n: f"{item(n)}</li>")),
    "spans in items": (articles, nested(lambda n: f"<ul>{item(n)}<span>a</span><span>", "<b>x</b>")),
    "links in blocks": (articles, nested("<div>", lambda n: f"<p>{shown(n)}</p>")),
    "links to one article": (articles, nested("<div>", f"<p>{shown(1)}</p>")),
    "lists in an item": (articles, nested(f"<div><p>{shown(1)}</p><ul>", "<b>x</b>", shown(2))),
    "sections in navs": (sections, nested("<nav>", link("section"))),
    "sections in sections": (sections, nested(lambda n: f"{link('section')(n)[:-5]}<div>", "<b></b>")),
    "crumbs": (sections, nested("<div class=breadcrumb>", link("category"))),
    "categories in categories": (categories, nested(lambda n: f"{link('category')(n)[:-5]}<p>", "<b></b>")),
    "lines of pagers": (next_url, nested("<div class=index_paginationWrap__x><span>", "<b>1</b>")),
    "bodies": (article, nested(f"<div {RICH}>", f"<div {RICH}></div>", "<article><h1>T</h1>")),
}  # fmt: skip


def seconds(read: Read, html: str) -> float:
    """Return the time of this process for reading ``html``, of the quicker of two."""
    taken = []
    for _ in range(2):
        begun = time.process_time()
        with suppress(ExtractionError):
            read(html)
        taken.append(time.process_time() - begun)
    return min(taken)


def check_growth(read: Read, page: Markup, size: int) -> None:
    small, large = seconds(read, page(size)), seconds(read, page(4 * size))
    # Four times the page takes four times as long; where depth counts too, it takes sixteen times.
    assert large < 8 * max(small, 0.001), f"{large / small:.1f} times as long for 4 times the page"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_for_a_page_grows_with_its_size(shape: str) -> None:
    check_growth(*SHAPES[shape], size=40)


OPENED = (
    *("div", "nav", "ul", "article", "footer", "embed", "span", "table", "blockquote", "picture"),
    *(
        "li class=index_articleItem__x",
        "div class=breadcrumb",
        "a href=/help/tides",
        "ul class=okui-pagination",
    ),
    *("div class=index_richTextContent__x", "div class=index_paginationWrap__x", "div class=index_title__x"),
)
ROWS = ("x<b>y</b>", "<p>x", "<h1>T</h1>", "<img src=/a>", "<li class=index_articleItem__x>x", shown(1))


@pytest.mark.long
@given(
    st.sampled_from((articles, sections, next_url, article, hits, categories)),
    st.lists(st.sampled_from(OPENED), min_size=1, max_size=3),
    st.sampled_from((*ROWS, shown, item, link("section"), link("category"))),
    st.sampled_from(("", BODY, f"<ul>{item(0)}")),
)
def test_the_time_for_a_page_of_any_shape_grows_with_its_size(
    read: Read, opened: list[str], row: str | Markup, front: str
) -> None:
    check_growth(read, nested("".join(f"<{tag}>" for tag in opened), row, front), size=40)


def test_an_item_ends_where_another_begins_inside_it() -> None:
    begun = "<li class=index_articleItem__x><div><h2>Tide</h2>"
    rows = "".join(f"{begun}{shown(number)}" for number in range(3))
    page = ListingPage(SECTION, f"<html><body><ul>{rows}</ul></body></html>")
    found = [(row.key, row.title, row.published_text, row.view_count_text) for row in page.articles]
    assert found == [(f"tide-{number}", "Tide", "3 May 2024", str(number)) for number in range(3)]
