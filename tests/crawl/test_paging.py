"""Every listing is read to its end, and no pager leads on for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpscraper.crawl.paging import MAX_LISTING_PAGES, has_moved, next_page


@given(n=st.integers(0, 200), size=st.integers(1, 30), stated=st.booleans(), pager=st.booleans())
def test_every_article_is_reached(n: int, size: int, stated: bool, pager: bool) -> None:
    last = max(1, -(-n // size))
    page: int | None = 1
    seen: set[int] = set()
    read = []
    while page is not None:
        read.append(page)
        shown = set(range((page - 1) * size, min(n, page * size)))
        fresh = len(shown - seen)
        seen |= shown
        page = next_page(
            page,
            pages=last if stated else None,
            has_next=pager and page < last,
            shown=len(shown),
            fresh=fresh,
            page_size=size,
        )
    assert seen == set(range(n))
    # Where nothing says that a full page is the last one, one more is asked for.
    assert read in ([*range(1, last + 1)], [*range(1, last + 2)])


@given(shown=st.integers(0, 30))
def test_a_pager_that_goes_on_with_nothing_new_is_left(shown: int) -> None:
    assert next_page(7, pages=None, has_next=True, shown=shown, fresh=0, page_size=15) is None
    assert next_page(MAX_LISTING_PAGES, pages=10**9, has_next=True, shown=15, fresh=15, page_size=15) is None


def test_a_list_that_moved() -> None:
    assert not has_moved({30}, 30, 30)
    assert not has_moved(set(), 30, None)
    assert has_moved({31, 30}, 30, 30)
    assert has_moved({30}, 29, 30)
