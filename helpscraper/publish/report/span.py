"""Choose the snapshots of each edition that a report covers: one range of days for all editions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.ranges import range_told
from helpscraper.archive.reader import Catalog
from helpscraper.archive.references import day_range
from helpscraper.errors import CommandError

__all__ = ["spans"]


def spans(
    catalog: Catalog, partitions: Sequence[Partition], lead: Partition, first: str | None, last: str | None
) -> dict[Partition, tuple[str, str]]:
    """Return the ids of the first and the last snapshot of each edition that has any from ``first`` to ``last``.

    The bounds are those of ``archive.ranges``. A range from a date or a time begins with the last snapshot before it,
    whose state it starts from; an edition that began later begins with its first. Names of snapshots are of the
    ``lead`` edition and mean their day in the others. Raises what ``Catalog.resolve`` raises, and ``CommandError`` for
    an empty range.
    """
    now = dt.datetime.now(dt.UTC)
    days = [day_range(bound, now) if bound is not None else None for bound in (first, last)]
    names = [
        catalog.resolve(bound, site=lead.site, locale=lead.locale).id
        if bound is not None and day is None
        else None
        for bound, day in zip((first, last), days, strict=True)
    ]
    found = {}
    for partition in partitions:
        ids = catalog.ids(partition)
        exact = partition == lead
        start = ids[0]
        if day := days[0]:
            start = _last(ids, day[0], before=True) or ids[0]
        elif name := names[0]:
            start = _at(ids, name, exact=exact) or ids[0]
        end: str | None = ids[-1]
        if day := days[1]:
            end = _last(ids, day[1])
        elif name := names[1]:
            end = _at(ids, name, exact=exact)
        if end is not None and start <= end and end >= (days[0] or ("",))[0]:
            found[partition] = (start, end)
        elif exact and names[0] and end is not None and start > end:
            raise CommandError(
                f"{catalog.store.uri}: no snapshot from {first} to {last}: {last} is earlier than {first}",
                advice="give the earlier snapshot with --from and the later one with --to",
            )
    if not found:
        raise CommandError(
            f"{catalog.store.uri}: no snapshot {range_told(first, last, now)}",
            advice="choose snapshots that `helpscraper log` lists",
        )
    return found


def _at(ids: Sequence[str], name: str, *, exact: bool) -> str | None:
    """Return the snapshot ``name``, or the last of another edition up to the end of its day."""
    if exact and name in ids:
        return name
    return _last(ids, f"{snapshot_instant(name):%Y%m%d}T235959Z")


def _last(ids: Sequence[str], bound: str, *, before: bool = False) -> str | None:
    """Return the last of ``ids`` up to ``bound``, or before it; None when all are later."""
    return next((each for each in reversed(ids) if each < bound or (each == bound and not before)), None)
