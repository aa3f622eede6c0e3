"""Choose the snapshots of a range in time: ``--from`` and ``--to`` of ``log``, ``diff`` and ``report``.

A bound is a date, a month (``2026-11``), ``today``, ``yesterday``, a time back from now (``12h``, ``7d``, ``2w``), or
the name of a snapshot; in Python also a ``datetime.date`` or an instant (``datetime``; UTC without a zone).
Days begin and end in UTC, and both bounds belong to the range.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.references import day_range, match_reference
from helpscraper.errors import ReferenceNotFoundError

__all__ = ["Picked", "pick"]


@dataclass(frozen=True, slots=True)
class Picked:
    """The ids of a range, oldest first and never empty, and the snapshot whose state the range begins with.

    ``base`` is the last snapshot before a date or time, or the first one of the range where a snapshot bounds it; None
    when the archive begins inside the range.
    """

    ids: tuple[str, ...]
    base: str | None

    def begins_late(self, where: str, first: str | None) -> str | None:
        """Return the sentence that says that the archive begins only inside the range, or None."""
        if first is None or self.base is not None:
            return None
        return f"{where} begins with {self.ids[0]}: nothing is known of the time from {_told(first)} to then"


def _told(bound: str | dt.date) -> str:
    """Return a bound as a sentence needs it: ``7d`` is a time ago."""
    back = isinstance(bound, str) and bound[:-1].isdigit() and bound[-1] in "hdw"
    return f"{bound} ago" if back else str(bound)


def pick(
    ids: Sequence[str],
    first: str | dt.date | None,
    last: str | dt.date | None,
    *,
    where: str = "archive",
    now: dt.datetime | None = None,
) -> Picked:
    """Return the snapshots of ``ids`` (oldest first) from ``first`` to ``last``; None leaves a side open.

    Raises ``ReferenceNotFoundError`` for a bound that means nothing and for a range without a snapshot.

    >>> pick(["20261119T060000Z", "20261121T060000Z"], "2026-11-20", None)
    Picked(ids=('20261121T060000Z',), base='20261119T060000Z')
    """
    now = now or dt.datetime.now(dt.UTC)
    low, high = (_span(bound, now) for bound in (first, last))
    begin = low[0] if low else match_reference(first, ids, where=where) if first is not None else ""
    end = high[1] if high else match_reference(last, ids, where=where) if last is not None else "~"
    place = bisect_left(ids, begin)
    inside = tuple(ids[place : bisect_right(ids, end)])
    if not inside:
        told = " ".join(
            f"{word} {_told(bound)}" for word, bound in (("from", first), ("to", last)) if bound is not None
        )
        span = f"its snapshots are from {ids[0]} to {ids[-1]}" if ids else "make one with `helpscraper crawl`"
        raise ReferenceNotFoundError(f"{where}: no snapshot {told}", advice=span)
    if first is None or low is None:
        return Picked(inside, inside[0])
    return Picked(inside, ids[place - 1] if place else None)


def _span(bound: str | dt.date | None, now: dt.datetime) -> tuple[str, str] | None:
    """Return the ids that a snapshot of the first and of the last second of a date or time would have, else None."""
    if isinstance(bound, dt.datetime) and (bound.tzinfo or bound.time() != dt.time()):
        instant = snapshot_id(bound if bound.tzinfo else bound.replace(tzinfo=dt.UTC))
        return instant, instant
    if isinstance(bound, dt.date):
        bound = f"{bound:%Y-%m-%d}"
    return None if bound is None else day_range(bound, now)
