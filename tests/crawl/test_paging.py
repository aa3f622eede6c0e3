"""Every listing is read to its end, and no pager leads on for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpscraper.crawl.paging import MAX_LISTING_PAGES, goes_on, has_moved
from helpscraper.platforms.contract import Address, Findings, Link


def link(page: int) -> Link:
    return Link(f"https://help.example/list/{page}", Address("list", "en", "faq", page))


@given(n=st.integers(0, 200), size=st.integers(1, 30), stated=st.booleans())
def test_every_article_is_reached(n: int, size: int, stated: bool) -> None:
    """A list names the next page, or its platform guesses one behind a full page."""
    last = max(1, -(-n // size))
    page, more, seen, read = 0, True, set[int](), []
    while more:
        page += 1
        read.append(page)
        shown = set(range((page - 1) * size, min(n, page * size)))
        fresh = len(shown - seen)
        seen |= shown
        following = link(page + 1) if (page < last if stated else len(shown) == size) else None
        found = Findings(next=following, pages=last if stated else None)
        more = goes_on(found, page, fresh=fresh)
    assert seen == set(range(n))
    # Where nothing says that a full page is the last one, one more is asked for.
    assert read in ([*range(1, last + 1)], [*range(1, last + 2)])


def test_a_list_that_goes_on_with_nothing_new_is_left() -> None:
    assert not goes_on(Findings(next=link(8)), 7, fresh=0)
    assert not goes_on(Findings(next=link(8), pages=7), 7, fresh=0)
    assert goes_on(Findings(next=link(8), pages=8), 7, fresh=0)
    assert not goes_on(Findings(next=link(2001), pages=10**9), MAX_LISTING_PAGES, fresh=15)


def test_a_page_without_articles_does_not_end_a_list_by_cursor() -> None:
    following = Link("https://help.example/list?after=b", Address("list", "en", "faq", cursor="b"))
    assert goes_on(Findings(next=following), 2, fresh=0)
    assert not goes_on(Findings(next=following), MAX_LISTING_PAGES, fresh=15)


def test_a_list_that_moved() -> None:
    assert not has_moved({30}, 30, 30)
    assert not has_moved(set(), 30, None)
    assert has_moved({31, 30}, 30, 30)
    assert has_moved({30}, 29, 30)
