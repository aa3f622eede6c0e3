"""Choose the snapshots of each edition that a report covers: one range of days for all editions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.errors import CommandError

__all__ = ["spans"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def spans(
    catalog: Catalog, partitions: Sequence[Partition], lead: Partition, first: str | None, last: str | None
) -> dict[Partition, tuple[str, str]]:
    """Return the ids of the first and the last snapshot of each edition that has any from ``first`` to ``last``.

    A date means the last snapshot of each edition up to that day; an edition that began later begins with its first.
    Other references name a snapshot of the ``lead`` edition and mean its day in the others. Raises what
    ``Catalog.resolve`` raises, and ``CommandError`` for an empty range.
    """
    low, high = (_day_or_id(catalog, lead, reference) for reference in (first, last))
    whole = catalog.ids(lead)
    bounds = [_at(whole, each, exact=True) if each else None for each in (low, high)]
    if bounds[0] and bounds[1] and bounds[0] > bounds[1]:
        raise CommandError(
            f"{catalog.store.uri}: no snapshot from {first} to {last}: {last} is earlier than {first}",
            advice="give the earlier snapshot with --from and the later one with --to",
        )
    found = {}
    for partition in partitions:
        ids = catalog.ids(partition)
        start = _at(ids, low, exact=partition == lead) if low else ids[0]
        end = _at(ids, high, exact=partition == lead) if high else ids[-1]
        if end is not None and (start is None or start <= end):
            found[partition] = (start or ids[0], end)
    if not found:
        raise CommandError(
            f"{catalog.store.uri}: no snapshot from {first or 'the first'} to {last or 'latest'}",
            advice="choose snapshots that `helpscraper log` lists",
        )
    return found


def _day_or_id(catalog: Catalog, lead: Partition, reference: str | None) -> str | None:
    """Return a reference as a date if it is one, else as the id of a snapshot of the lead edition."""
    if reference is None:
        return None
    if _DATE.fullmatch(reference):
        try:
            dt.date.fromisoformat(reference)
        except ValueError:
            raise CommandError(
                f"{reference}: there is no such day", advice="give a date such as 2026-11-22"
            ) from None
        return reference
    return catalog.resolve(reference, site=lead.site, locale=lead.locale).id


def _at(ids: Sequence[str], wanted: str, *, exact: bool) -> str | None:
    """Return the last of ``ids`` up to that time, None when all are later."""
    if exact and wanted in ids:
        return wanted
    day = wanted.replace("-", "") if _DATE.fullmatch(wanted) else f"{snapshot_instant(wanted):%Y%m%d}"
    return next((each for each in reversed(ids) if each <= f"{day}T235959Z"), None)
