"""Hostile pages cost time in proportion to their size, and never give a false row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.platforms.okx import ArticlePage, HomePage, ListingPage, SearchPage, is_challenge, page_kind
from helpscraper.urls import is_key

HOST = "https://help.harbour.example"
SECTION = f"{HOST}/help/section/notices"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def with_state(context: object, body: str = "") -> str:
    text = json.dumps({"appContext": context}).replace("</", "<\\/")
    return f'<html lang="en"><body>{body}<script id="appState" type="application/json">{text}</script></body></html>'


def listing_state(rows: object, **more: Any) -> dict[str, Any]:
    return {"initialProps": {"sectionData": {"articleList": {"items": rows, **more}}}}


@settings(max_examples=150)
@given(JSON, JSON, JSON, JSON)
def test_a_state_of_any_shape_gives_good_rows_or_an_extraction_error(
    a: object, b: object, c: object, d: object
) -> None:
    row = {"slug": "tides", "title": "Tides", "publishTime": a, "updatedAt": b, "id": c, "sectionSlug": d}
    state = listing_state([row, a, {"slug": b, "title": c}], total=c, skip=d, limit=b)
    state["initialProps"]["sectionData"] |= {
        "allSections": [a, {"slug": "s", "subSections": b}],
        "currSection": c,
    }
    state["serverSideProps"] = {"page": a, "sectionOutline": b}
    page = ListingPage(SECTION, with_state(state))
    assert page.articles[0].key == "tides"
    assert all(is_key(article.key) and article.url.startswith(f"{HOST}/help/") for article in page.articles)
    assert all(is_key(section.slug) for section in page.sections)
    assert page.page >= 1
    assert page.pages is None or page.pages >= 1
    post = {"slug": "tides", "title": "Tides", "section": a, "publishTime": b, "richTextContent": c, "id": d}
    article = ArticlePage(
        f"{HOST}/help/tides", with_state({"serverSideProps": {"currentPost": post}})
    ).article
    assert article.title == "Tides"
    for page_class, field in ((SearchPage, "articles"), (HomePage, "categories")):
        try:
            getattr(page_class(f"{HOST}/help", with_state({"x": a, "categories": b, "hits": [c, d]})), field)
        except ExtractionError as error:
            assert error.url == f"{HOST}/help"


@settings(max_examples=150)
@given(st.text(alphabet="<>/ab \"'=!-&;ul1href", max_size=200))
def test_markup_of_any_shape_gives_rows_or_an_extraction_error(markup: str) -> None:
    for page_class, field in (
        (ListingPage, "articles"),
        (ArticlePage, "article"),
        (SearchPage, "articles"),
        (HomePage, "categories"),
    ):
        with pytest.raises(ExtractionError):
            getattr(page_class(f"{HOST}/help/tides", markup), field)


@pytest.mark.parametrize(
    "slug",
    [
        "../up",
        "..",
        "a/b",
        "A-b",
        "a..b",
        "",
        " ",
        "javascript:alert(1)",
        "a\u202eb",
        "x" * 201,
        "a\x00b",
        "ä",
    ],
)
def test_a_hostile_slug_is_rejected_and_counted(slug: str) -> None:
    rows = [
        {"slug": slug, "title": "T", "publishTime": 1},
        {"slug": "tides", "title": "Tides", "publishTime": 1},
    ]
    page = ListingPage(SECTION, with_state(listing_state(rows)))
    assert [row.key for row in page.articles] == ["tides"]
    assert page.outcomes["slug/rejected"] == 1


def test_a_listing_of_hostile_slugs_alone_is_an_error_and_not_empty() -> None:
    page = ListingPage(
        SECTION, with_state(listing_state([{"slug": "../up", "title": "T", "publishTime": 1}]))
    )
    with pytest.raises(ExtractionError) as caught:
        _ = page.is_empty
    assert caught.value.field == "list"


@pytest.mark.parametrize("where", ["state", "markup"])
def test_a_title_of_three_megabytes_is_an_error_that_says_so(where: str) -> None:
    title = "T" * 3_000_000
    post = {"slug": "tides", "title": title if where == "state" else "Tides", "publishTime": 1}
    body = f"<article><h1>{title if where == 'markup' else 'Tides'}</h1></article>"
    with pytest.raises(ExtractionError, match="3,000,000 characters") as caught:
        _ = ArticlePage(
            f"{HOST}/help/tides", with_state({"serverSideProps": {"currentPost": post}}, body)
        ).article
    assert caught.value.field == "title"
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    "script", ['{"a":' * 50_000, "[" * 100_000, '{"appContext": 1}', "9" * 100_000, "NaN", "null"]
)
def test_a_json_bomb_is_a_broken_state(script: str) -> None:
    html = f'<html><body><script id="appState" type="application/json">{script}</script></body></html>'
    page = ListingPage(SECTION, html)
    with pytest.raises(ExtractionError) as caught:
        _ = page.articles
    assert caught.value.field == "state"
    assert page.outcomes["state/broken"] == 1


def test_deeply_nested_state_and_sections_do_not_recurse() -> None:
    section: dict[str, Any] = {"slug": "s0", "title": "S"}
    node: dict[str, Any] = {"nodeType": "document", "content": []}
    document = node
    for depth in range(1, 300):
        section = {"slug": f"s{depth}", "title": "S", "subSections": [section]}
        child: dict[str, Any] = {"nodeType": "list-item", "data": {}, "content": []}
        node["content"].append(child)
        node = child
    node["content"].append({"nodeType": "text", "value": "deep", "marks": []})
    state = listing_state([], total=0)
    state["initialProps"]["sectionData"]["allSections"] = [section]
    assert len(ListingPage(SECTION, with_state(state)).sections) == 300
    post = {"slug": "tides", "title": "Tides", "richTextContent": document}
    article = ArticlePage(
        f"{HOST}/help/tides", with_state({"serverSideProps": {"currentPost": post}})
    ).article
    assert "deep" in (article.body_text or "")


@pytest.mark.parametrize(
    "body",
    [
        "<b>" * 1_500 + "x" * 100_000,
        "<ul><li>" * 800 + "x",
        "<i>a</i>" * 30_000,
        "x" + " " * 500_000 + "y",
        "<b>“x”</b>a<i>.</i>" * 10_000,
        "<pre>" + "<div>x</div><img src=/a>" * 10_000 + "</pre>",
        "<table><tr><td>" * 200 + "x" * 10_000,
        "<picture>" + "<source srcset='/a 1w'>" * 400 + "<img alt=a>" * 2_000 + "</picture>" + "x" * 10_000,
        "<ol>" + "<li value=7>x" * 10_000 + "</ol>",
        "x" + "\u200d\u0301" * 100_000,
    ],
    ids=[
        *("nested marks", "nested lists", "many marks", "white space", "marks that become tags"),
        *("pictures in code", "nested tables", "many sources", "numbered items", "joiners"),
    ],
)
def test_a_huge_body_is_written_in_bounded_space(body: str) -> None:
    inner = f'<h1>T</h1><div class="index_content__x">{body}</div>'
    html = f'<html><body><article aria-label="T">{inner}</article></body></html>'
    article = ArticlePage(f"{HOST}/help/tides", html).article
    assert (article.body_text or "").count("x") == body.count("x")
    assert len(article.body_markdown or "") < 3 * len(body)


def test_links_that_are_no_articles_of_this_site_are_no_rows() -> None:
    links = (
        "javascript:alert(1)",
        "//evil.example/help/tides",
        "https://evil.example/help/tides",
        "/help/../etc",
        "/help/a%2f..%2fb",
    )
    items = "".join(
        f'<li class="index_articleItem__x"><a href="{link}"><div>T</div></a></li>' for link in links
    )
    good = '<li class="index_articleItem__x"><a href="/help/tides?from=list#top"><div>Tides</div></a></li>'
    page = ListingPage(SECTION, f"<html><body><ul>{items}{good}</ul></body></html>")
    assert [(row.key, row.url) for row in page.articles] == [("tides", f"{HOST}/help/tides")]
    assert page.outcomes["slug/rejected"] == len(links)


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/help/section/notices/page/2",
        "javascript:x",
        "/help/section/notices",
        "/help/tides",
    ],
)
def test_a_next_link_that_leads_astray_is_not_followed(href: str) -> None:
    pager = f'<ul class="okui-pagination"><a class="okui-pagination-next" href="{href}"></a></ul>'
    page = ListingPage(SECTION, with_state(listing_state([{"slug": "a", "title": "A"}]), pager))
    assert page.next_url is None


def test_the_marks_of_a_challenge_on_a_page_that_was_let_through_prove_nothing() -> None:
    marks = '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    html = with_state(listing_state([{"slug": "a", "title": "A"}]), marks)
    assert not is_challenge(ListingPage(SECTION, html))
    assert page_kind(SECTION, html) == "listing"
    assert page_kind(SECTION, f"<html><body>{marks}</body></html>") == "challenge"


def test_an_article_called_access_denied_is_an_article() -> None:
    post = {"slug": "access-denied", "title": "Access denied: what now?"}
    html = with_state(
        {"serverSideProps": {"currentPost": post}}, "<title>Access denied: what now? | Harbour</title>"
    )
    assert ArticlePage(f"{HOST}/help/access-denied", html).article.title == "Access denied: what now?"
