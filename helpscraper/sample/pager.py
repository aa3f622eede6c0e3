"""The pager of a listing, and the line with the numbers of the listed articles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from helpscraper.sample.model import PAGE_SIZE

__all__ = ["pager"]


def pager(href: Callable[[int], str], current: int, total: int, showing: str) -> dict[str, Any]:
    """Return the pager: up to five numbers around the current one, then a jump and the last page.

    ``href`` gives the URL of a page; ``showing`` is the phrase of the line, empty if no total is stated.
    """
    last = max(1, -(-total // PAGE_SIZE))
    near = [n for n in range(1, last + 1) if n <= 2 or abs(n - current) <= 2]
    pages = [{"number": n, "href": href(n), "current": n == current, "jump": False} for n in near]
    if last not in near:
        pages.append({"number": 0, "href": href(min(last, current + 3)), "current": False, "jump": True})
        pages.append({"number": last, "href": href(last), "current": False, "jump": False})
    return {
        "last": last,
        "pages": pages,
        "prev": href(current - 1) if current > 1 else "",
        "next": href(current + 1) if current < last else "",
        "showing": _showing(showing, current, total) if showing else "",
    }


def _showing(phrase: str, current: int, total: int) -> Markup:
    """Return the line under the list, with a comment before and after each value as React writes them."""
    first, last = (current - 1) * PAGE_SIZE + 1, min(current * PAGE_SIZE, total)
    values = {"first": first, "last": last, "total": total}
    marked = {key: Markup("<!-- -->{}<!-- -->").format(value) for key, value in values.items()}
    return escape(phrase).format(**marked, gap=Markup("<!-- -->"))
