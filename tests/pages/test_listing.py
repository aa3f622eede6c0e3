"""Paging, and the difference between the end of a list and a broken page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.platforms.okx import PAST_THE_END, ListingPage, SearchPage

HOST = "https://help.harbour.example"
SECTION = f"{HOST}/help/section/notices"


def page_of(
    number: int,
    *,
    rows: int = 15,
    total: int | None = None,
    size: int | None = 15,
    key: str = "items",
    body: str = "",
) -> str:
    listed = [{"slug": f"n{number}-{row}", "title": f"N {row}", "publishTime": 1} for row in range(rows)]
    holder: dict[str, Any] = {key: listed}
    if total is not None:
        holder["total"] = total
    if size is not None:
        holder |= {"limit": size, "skip": (number - 1) * size}
    state = {"appContext": {"initialProps": {"sectionData": {"articleList": holder}}}}
    return f'<html><body>{body}<script id="appState">{json.dumps(state)}</script></body></html>'


def pager(current: int, last: int) -> str:
    cells = "".join(
        f'<div class="okui-pagination-item-active" data-testid="okd-pagination-pager">{number}</div>'
        if number == current
        else f'<a data-testid="okd-pagination-pager" href="/help/section/notices/page/{number}">{number}</a>'
        for number in range(1, last + 1)
    )
    following = f'<a class="okui-pagination-next" href="/help/section/notices/page/{current + 1}"></a>'
    return f'<ul class="okui-pagination">{cells}{following if current < last else ""}</ul>'


@given(st.integers(1, 8), st.integers(0, 7))
def test_the_pager_leads_through_every_page_and_ends(last: int, offset: int) -> None:
    current = min(1 + offset, last)
    page = ListingPage(f"{SECTION}/page/{current}", page_of(current, size=None, body=pager(current, last)))
    assert (page.page, page.pages) == (current, last)
    assert page.next_url == (f"{SECTION}/page/{current + 1}" if current < last else None)


@given(
    st.integers(1, 70), st.integers(1, 20),
    st.sets(st.sampled_from(("pageNum", "pageSize", "total", "server", "pager"))),
    st.integers(1, 9), st.integers(1, 9), st.booleans(),
)  # fmt: skip
@example(total=51, size=15, keys={"total", "pageNum", "pageSize"}, asked=4, offset=1, guessed=False)
def test_a_page_answers_for_itself_alone(
    total: int, size: int, keys: set[str], asked: int, offset: int, guessed: bool
) -> None:
    last = -(-total // size)
    answered = min(offset, last)
    stated = {"pageNum": answered, "pageSize": size, "total": total}
    holder = {"list": [{"slug": f"n{answered}", "title": "N", "publishTime": 1}]}
    state = {
        "initialProps": {
            "sectionData": {"articleList": holder | {k: stated[k] for k in sorted(keys & stated.keys())}}
        },
        "serverSideProps": {"page": answered} if "server" in keys else {},
    }
    bar = pager(answered, last) if "pager" in keys else ""
    html = f'<html>{bar}<script id="appState">{json.dumps({"appContext": state})}</script></html>'
    page = ListingPage(f"{SECTION}/page/{asked}", html)
    told = bool(keys & {"pageNum", "server", "pager"})
    assert page.page == (answered if told else asked)
    assert page.page_size == (size if "pageSize" in keys else None)
    assert page.total == (total if "total" in keys else None)
    by_total = -(-total // (size if "pageSize" in keys else 15)) if "total" in keys else None
    known = [n for n in (by_total, last if "pager" in keys else None) if n is not None]
    assert page.pages == max(known, default=None)
    if not told or answered == asked:
        page.check_answers(asked, guessed=guessed)
        assert [row.key for row in page.articles] == [f"n{answered}"]
        return
    with pytest.raises(ExtractionError, match=f"page {answered} of the list, not {asked}") as caught:
        page.check_answers(asked, guessed=guessed)
    ended = asked > max(known) if known else guessed
    assert caught.value.field == (PAST_THE_END if ended else "page")


def test_the_lists_own_word_stands_before_that_of_the_page_around_it() -> None:
    state = {
        "initialProps": {
            "sectionData": {"articleList": {"list": [], "pageNum": 1, "total": 51, "pageSize": 15}}
        },
        "serverSideProps": {"page": 4},
    }
    html = f'<html><script id="appState">{json.dumps({"appContext": state})}</script></html>'
    assert ListingPage(f"{SECTION}/page/4", html).page == 1


@pytest.mark.parametrize("href", ["/help/section/notices", f"{SECTION}/page/2", f"{SECTION}/page/3#more"])
def test_a_next_link_that_does_not_lead_on_is_no_way_on(href: str) -> None:
    bar = f'<ul class="okui-pagination"><a class="okui-pagination-next" href="{href}"></a></ul>'
    page = ListingPage(f"{SECTION}/page/3", page_of(3, body=bar))
    assert page.next_url is None
    assert page.outcomes["next/backwards"] == 1


@pytest.mark.parametrize(
    ("number", "total", "pages", "following"),
    [(1, 31, 3, 2), (3, 31, 3, None), (1, 15, 1, None), (1, 16, 2, 2)],
)
def test_totals_lead_where_there_is_no_pager(
    number: int, total: int, pages: int, following: int | None
) -> None:
    page = ListingPage(SECTION, page_of(number, total=total))
    assert (page.page, page.pages) == (number, pages)
    assert page.next_url == (f"{SECTION}/page/{following}" if following else None)


def test_a_total_that_is_not_stated_is_none_and_not_zero() -> None:
    page = ListingPage(SECTION, page_of(1, size=None))
    assert (page.total, page.pages, page.page_size, page.next_url) == (None, None, None, None)


@pytest.mark.parametrize(
    ("line", "page", "size"),
    [
        ("Showing 1-15 of 31", 1, 15),
        ("Showing 31-31 of 31", 3, 15),
        ("Showing 1-7 of 7", 1, None),
        ("31 / 1 - 15", 1, 15),
    ],
)
def test_the_total_line_is_read_by_its_numbers(line: str, page: int, size: int | None) -> None:
    item = '<a class="index_articleItem__x" href="/help/a">A</a>'
    html = f'<html><body>{item}<span id="help-load-more-desc">{line}</span></body></html>'
    listing = ListingPage(SECTION if page == 1 else f"{SECTION}/page/{page}", html)
    assert listing.total == (7 if "7" in line else 31)
    assert listing.page_size == size


def test_a_page_past_the_end_is_empty_and_a_broken_page_within_is_an_error() -> None:
    assert ListingPage(f"{SECTION}/page/9", page_of(9, rows=0, total=31)).is_empty
    with pytest.raises(ExtractionError) as caught:
        _ = ListingPage(f"{SECTION}/page/2", page_of(2, rows=0, total=31)).is_empty
    assert caught.value.field == "list"
    assert "31" in caught.value.detail


def test_an_unknown_list_key_is_recovered_and_counted() -> None:
    page = ListingPage(SECTION, page_of(1, key="records", rows=3))
    assert len(page.articles) == 3
    assert page.outcomes["list/drift"] == 1


def test_two_lists_that_look_alike_are_ambiguous() -> None:
    rows = [{"slug": "a", "title": "A", "publishTime": 1}]
    state = {
        "appContext": {"initialProps": {"sectionData": {"articleList": {"records": rows, "pinned": rows}}}}
    }
    page = ListingPage(
        SECTION, f'<html><body><script id="appState">{json.dumps(state)}</script></body></html>'
    )
    with pytest.raises(ExtractionError):
        _ = page.articles


def test_one_article_listed_twice_is_one_row() -> None:
    item = '<li class="index_articleItem__x"><a href="/help/tides"><div>Tides</div></a></li>'
    assert len(ListingPage(SECTION, f"<html><body><ul>{item * 3}</ul></body></html>").articles) == 1


def one_item(title: str, row: str) -> str:
    link = f'<div class="index_title__y">{title}</div><div class="index_detailsRow__z">{row}</div>'
    return f'<html><body><ul><li class="index_articleItem__x"><a href="/help/a">{link}</a></li></ul></body></html>'


@pytest.mark.parametrize("count", ["728", "3,208", "14 182", "147.473", "٢٬٣٨٣", "0"])
@pytest.mark.parametrize("testid", ['data-testid="DateDisplay"', 'class=""'])
def test_the_view_count_is_the_lone_integer_of_the_row(count: str, testid: str) -> None:
    row = f"<span {testid}>Published on Jun 10, 2025</span><span>2 min read</span><span>{count}</span>"
    (article,) = ListingPage(SECTION, one_item("39 tokens of 2026", row)).articles
    assert (article.view_count_text, article.reading_text) == (count, "2 min read")
    assert (article.title, article.published_text) == ("39 tokens of 2026", "Published on Jun 10, 2025")


def test_no_count_is_none_and_not_the_reading_time() -> None:
    row = "<span>Publicado em 12 de fev. de 2026</span><span>Atualizado em 13 de fev. de 2026</span>"
    row += "<span>2 min de leitura</span>"
    (article,) = ListingPage(SECTION, one_item("A", row)).articles
    assert article.view_count_text is None
    assert article.updated_text == "Atualizado em 13 de fev. de 2026"


def test_search_hits_keep_a_highlighted_title_whole() -> None:
    hits = "".join(
        f'<li><a href="/help/a{n}"><h3><span>My </span><b>berth</b><span> {n}</span></h3><p>x <em>berth</em> y</p>'
        "<div><span>Published on Sep 4, 2024</span><span>FAQ</span></div></a></li>"
        for n in range(2)
    )
    page = SearchPage(
        f"{HOST}/help/search?term=berth", f"<html><body><main><ul>{hits}</ul></main></body></html>"
    )
    assert [row.title for row in page.articles] == ["My berth 0", "My berth 1"]
    assert page.articles[0].snippet == "x berth y"
    assert page.articles[0].category_title == "FAQ"


def test_a_list_of_refused_slugs_says_so_and_blames_no_layout() -> None:
    state = {"slug": "../../etc/passwd", "title": "A", "publishTime": 1}
    html = page_of(1, rows=1, total=1).replace(
        json.dumps([{"slug": "n1-0", "title": "N 0", "publishTime": 1}]), json.dumps([state])
    )
    with pytest.raises(ExtractionError) as caught:
        _ = ListingPage(SECTION, html).articles
    assert caught.value.field == "list"
    assert "none of 1 entries has a slug" in caught.value.detail
    assert "layout" not in (caught.value.advice or "")


def test_a_stray_refused_link_does_not_excuse_a_list_that_cannot_be_read() -> None:
    stray = '<div><a href="/help/No%20Slug">x</a></div>'
    with pytest.raises(ExtractionError) as caught:
        _ = ListingPage(SECTION, page_of(1, rows=0, total=31, body=stray)).articles
    assert (caught.value.field, "layout" in (caught.value.advice or "")) == ("list", True)


def test_broken_state_json_is_named_as_such() -> None:
    html = '<html><body><p>x</p><script id="appState" type="application/json">{"appContext": {</script></body></html>'
    with pytest.raises(ExtractionError) as caught:
        _ = ListingPage(SECTION, html).articles
    assert "broken JSON" in caught.value.detail
    assert "again" in (caught.value.advice or "")


def test_the_name_of_a_section_can_be_stored_whatever_the_state_says() -> None:
    sections = [
        {"slug": "notices", "title": "half \ud83d a pair", "contentType": "tag\udfff"},
        {"slug": "news", "title": "News", "contentType": "tag" * 100},
    ]
    state = {"appContext": {"initialProps": {"sectionData": {"allSections": sections}}}}
    page = ListingPage(
        SECTION, f'<html><body><script id="appState">{json.dumps(state)}</script></body></html>'
    )
    first, second = page.sections
    assert (first.title, first.content_type) == ("half \ufffd a pair", "tag\ufffd")
    assert second.content_type == ("tag" * 100)[:40]


@pytest.mark.parametrize(
    ("stated", "total"), [(2**63 - 1, 2**63 - 1), (2**63, None), (2**64, None), (10**30, None)]
)
def test_a_total_that_no_table_holds_is_none(stated: int, total: int | None) -> None:
    assert ListingPage(SECTION, page_of(1, total=stated)).total == total
