"""Paging through a listing: whether there is a next page, and whether the list changed meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Collection

from helpscraper.platforms.contract import Findings

__all__ = ["MAX_LISTING_PAGES", "goes_on", "has_moved"]

# The longest real listing has about 150 pages; a pager that goes on is a trap or a defect.
MAX_LISTING_PAGES = 2000


def goes_on(found: Findings, page: int, *, fresh: int) -> bool:
    """Tell whether to read the page that follows page ``page`` of a list.

    ``fresh`` is the number of articles on this page that no earlier one showed. A page without new
    articles ends the list, unless the stated number of pages says that more follow. A cursor says so too: the site
    states it, while the number of a next page may be a guess.

    >>> from helpscraper.platforms.contract import Address, Link
    >>> link = Link("https://help.example/list?page=2", Address("list", "en", "all", 2))
    >>> goes_on(Findings(next=link), 1, fresh=15), goes_on(Findings(next=link), 2, fresh=0)
    (True, False)
    """
    if found.next is None or page >= MAX_LISTING_PAGES:
        return False
    if found.next.address.cursor is not None:
        return True
    return bool(fresh) or (found.pages is not None and page < found.pages)


def has_moved(totals: Collection[int], seen: int, total: int | None) -> bool:
    """Tell whether articles came or went while a listing was read, so that some may have been missed.

    ``totals`` are the different totals that its pages stated, ``total`` the last of them, ``seen`` counts the
    different articles that were shown.
    """
    return len(totals) > 1 or (total is not None and seen < total)
