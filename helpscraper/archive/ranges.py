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

from helpscraper.archive.layout import snapshot_id, snapshot_instant
from helpscraper.archive.references import day_range, match_reference, span
from helpscraper.errors import CommandError, ReferenceNotFoundError

__all__ = ["Picked", "pick", "range_told"]


@dataclass(frozen=True, slots=True)
class Picked:
    """The ids of a range, oldest first and never empty, and the snapshot whose state the range begins with.

    ``base`` is the last snapshot before a date or time, or the first one of the range where a snapshot bounds it; None
    when the archive begins inside the range.
    """

    ids: tuple[str, ...]
    base: str | None
    since: str = ""
    """The begin of the range as a sentence states it, empty for an open one."""

    def begins_late(self, where: str) -> str | None:
        """Return the sentence that says that the archive begins only inside the range, or None."""
        if self.base is not None:
            return None
        first = snapshot_instant(self.ids[0])
        return (
            f"{where} begins with {self.ids[0]}: nothing is known of the time"
            f" from {self.since} until {first:%Y-%m-%d %H:%M} UTC"
        )


def _bound_told(bound: str | dt.date, now: dt.datetime) -> str:
    """Return a bound as a sentence states it: a time back from now with its instant.

    >>> _bound_told("7d", dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)), _bound_told("latest", dt.datetime.now(dt.UTC))
    ('2026-11-15 06:00 UTC (7d ago)', 'latest')
    """
    try:
        return f"{now - span(str(bound)):%Y-%m-%d %H:%M} UTC ({bound} ago)"
    except CommandError:
        return str(bound)
    except OverflowError:
        return f"{bound} ago"


def range_told(first: str | dt.date | None, last: str | dt.date | None, now: dt.datetime) -> str:
    """Return the bounds of a range as a sentence states them.

    >>> range_told("2026-11-20", None, dt.datetime.now(dt.UTC))
    'from 2026-11-20'
    """
    bounds = (("from", first), ("to", last))
    return " ".join(f"{word} {_bound_told(bound, now)}" for word, bound in bounds if bound is not None)


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
    Picked(ids=('20261121T060000Z',), base='20261119T060000Z', since='2026-11-20')
    """
    now = now or dt.datetime.now(dt.UTC)
    low, high = (_span(bound, now) for bound in (first, last))
    begin = low[0] if low else match_reference(first, ids, where=where) if first is not None else ""
    end = high[1] if high else match_reference(last, ids, where=where) if last is not None else "~"
    place = bisect_left(ids, begin)
    inside = tuple(ids[place : bisect_right(ids, end)])
    if not inside:
        known = (
            f"its snapshots are from {ids[0]} to {ids[-1]}" if ids else "make one with `helpscraper crawl`"
        )
        raise ReferenceNotFoundError(f"{where}: no snapshot {range_told(first, last, now)}", advice=known)
    if first is None or low is None:
        return Picked(inside, inside[0])
    return Picked(inside, ids[place - 1] if place else None, _bound_told(first, now))


def _span(bound: str | dt.date | None, now: dt.datetime) -> tuple[str, str] | None:
    """Return the ids that a snapshot of the first and of the last second of a date or time would have, else None."""
    if isinstance(bound, dt.datetime) and (bound.tzinfo or bound.time() != dt.time()):
        instant = snapshot_id(bound if bound.tzinfo else bound.replace(tzinfo=dt.UTC))
        return instant, instant
    if isinstance(bound, dt.date):
        bound = f"{bound:%Y-%m-%d}"
    return None if bound is None else day_range(bound, now)
