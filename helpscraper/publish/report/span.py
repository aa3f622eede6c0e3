"""Which snapshots of each edition a report covers: one range in time, whatever instants the crawls have."""

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

    A date means the last snapshot of that day in each edition, as everywhere; an edition that began later begins
    with its own first. Other references are of the ``lead`` edition and stand for their day in the others, whose
    crawls have other ids. Raises what ``Catalog.resolve`` raises, and ``CommandError`` when nothing is left.
    """
    low, high = (_told(catalog, lead, reference) for reference in (first, last))
    whole = catalog.ids(lead)
    bounds = [_at(whole, told, exact=True) if told else None for told in (low, high)]
    if bounds[0] and bounds[1] and bounds[0] > bounds[1]:
        # Another edition may have a crawl of that day: no answer to a question asked the wrong way round.
        raise CommandError(
            f"{catalog.store.uri}: no snapshot from {first} to {last}: that one is the earlier",
            advice="--from names the earlier snapshot, --to the later one",
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
            advice="`helpscraper log` lists the snapshots",
        )
    return found


def _told(catalog: Catalog, lead: Partition, reference: str | None) -> str | None:
    """Return a reference as a date, where it is one, or as the id of a snapshot of the lead edition."""
    if reference is None:
        return None
    if _DATE.fullmatch(reference):
        try:
            dt.date.fromisoformat(reference)
        except ValueError:
            raise CommandError(
                f"{reference}: there is no such day", advice="dates look like 2026-11-22"
            ) from None
        return reference
    return catalog.resolve(reference, site=lead.site, locale=lead.locale).id


def _at(ids: Sequence[str], told: str, *, exact: bool) -> str | None:
    """Return the last of ``ids`` at that time, None where they begin later."""
    if exact and told in ids:
        return told
    day = told.replace("-", "") if _DATE.fullmatch(told) else f"{snapshot_instant(told):%Y%m%d}"
    return next((each for each in reversed(ids) if each <= f"{day}T235959Z"), None)
