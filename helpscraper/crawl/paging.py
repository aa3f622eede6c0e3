"""From one page of a listing to the next, and whether the list stood still meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Collection

from helpscraper.platforms.contract import Findings

__all__ = ["MAX_LISTING_PAGES", "goes_on", "has_moved"]

# A pager that never ends is a trap or a defect; the real site has some 150 pages in its longest listing.
MAX_LISTING_PAGES = 2000


def goes_on(found: Findings, page: int, *, fresh: int) -> bool:
    """Tell whether the next page that a list names after page ``page`` is to be read.

    ``fresh`` is the number of articles on this page that no earlier one showed. The stated number of pages decides;
    where it does not, a list that goes on without anything new is not followed.

    >>> from helpscraper.platforms.contract import Address, Link
    >>> link = Link("https://help.example/list?cursor=b", Address("list", "en", "all", cursor="b"))
    >>> goes_on(Findings(next=link), 1, fresh=15), goes_on(Findings(next=link), 2, fresh=0)
    (True, False)
    """
    if found.next is None or page >= MAX_LISTING_PAGES:
        return False
    return bool(fresh) or (found.pages is not None and page < found.pages)


def has_moved(totals: Collection[int], seen: int, total: int | None) -> bool:
    """Tell whether articles came or went while a listing was read, so that some may have slid past the reader.

    ``totals`` are the different totals that its pages stated, ``total`` the last of them, ``seen`` counts the
    different articles that were shown.
    """
    return len(totals) > 1 or (total is not None and seen < total)
