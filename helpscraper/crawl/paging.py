"""From one page of a listing to the next, and whether the list stood still meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["MAX_LISTING_PAGES", "has_moved", "next_page"]

# A pager that never ends is a trap or a defect; the real site has some 150 pages in its longest listing.
MAX_LISTING_PAGES = 2000


def next_page(
    page: int, *, pages: int | None, has_next: bool, shown: int, fresh: int, page_size: int
) -> int | None:
    """Return the number of the page to read after ``page``, or None on the last one.

    ``pages`` is the number of pages as stated, ``has_next`` whether the pager leads on, ``shown`` the number of
    articles on this page and ``fresh`` that of those not shown before. The stated number decides, then the pager;
    where neither is there, a full page that showed something new may have another one behind it. A pager that goes on
    without anything new is not followed.

    >>> next_page(1, pages=3, has_next=True, shown=15, fresh=15, page_size=15)
    2
    >>> next_page(3, pages=3, has_next=True, shown=15, fresh=0, page_size=15) is None
    True
    """
    if page >= MAX_LISTING_PAGES:
        return None
    if pages is not None and page < pages:
        return page + 1
    if has_next:
        return page + 1 if fresh else None
    return page + 1 if pages is None and fresh and shown >= page_size else None


def has_moved(totals: Collection[int], seen: int, total: int | None) -> bool:
    """Tell whether articles came or went while a listing was read, so that some may have slid past the reader.

    ``totals`` are the different totals that its pages stated, ``total`` the last of them, ``seen`` counts the
    different articles that were shown.
    """
    return len(totals) > 1 or (total is not None and seen < total)
