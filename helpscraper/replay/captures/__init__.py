"""Captures of other web archives become snapshots at the times when they were taken.

The history then reaches back before the first crawl. Captures are grouped by day (UTC); each group is one
snapshot, never complete, whose records are copied into the archive, so that it can be verified and
re-extracted like a crawl. Captures that a snapshot holds already are left out; the others of a day make a further one.

select      find the captures of a help centre in files; count and name everything else
revisits    find the payload of a revisit
held        the captures, bodies and recordings that the archive holds already
days        make one snapshot of captures of one day
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings.sources import path_of
from helpscraper.archive.redirects import Redirect, add_redirects
from helpscraper.crawl.lock import EditionLock
from helpscraper.normalise.article import Context
from helpscraper.platforms import address_at
from helpscraper.replay.captures.days import Day
from helpscraper.replay.captures.held import Held
from helpscraper.replay.captures.select import CaptureReport, Place, order, select
from helpscraper.replay.plan import is_ours
from helpscraper.replay.workers import WorkerPool
from helpscraper.sites import DEFAULT, Site, Sites, sites_at

__all__ = ["CaptureReport", "import_captures"]


def import_captures(
    archive_uri: str,
    paths: Sequence[Path],
    site: str | None = None,
    locale: str | None = None,
    *,
    base_url: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    report: CaptureReport | None = None,
) -> CaptureReport:
    """Import every capture in ``paths`` of ``site`` (default: all known sites) in ``locale`` (default: all locales).

    ``paths`` are WARC, WET, WACZ or CDXJ files. ``base_url`` is where the site was captured, if not on one of its own
    hosts. ``report`` is filled in instead of a new one. Importing the same captures twice is harmless. Raises
    ``CommandError`` for the arguments, ``InputError`` for a file that cannot be opened, ``LockHeldError`` while one of
    the locales is crawled, and ``ArchiveError`` for the archive.
    """
    sites = sites_at(archive_uri)
    if locale is not None:
        _ = sites.get(DEFAULT if site is None else site).locale(locale)
    catalog = Catalog(archive_uri).with_cached_listings()
    report = CaptureReport() if report is None else report
    owner_of = _owner(sites, site, base_url)
    groups: defaultdict[tuple[Partition, dt.date], list[Place]] = defaultdict(list)
    for place in select(paths, owner_of, locale, report):
        groups[Partition(place.site, place.locale), place.at.date()].append(place)
    with ExitStack() as stack:
        # A running crawl still writes its recordings, so they cannot be indexed.
        partitions = sorted({partition for partition, _ in groups})
        locks = {each: stack.enter_context(EditionLock(catalog.store, each, "import")) for each in partitions}
        for partition in partitions:
            found = [each for (group, _), places in groups.items() if group == partition for each in places]
            report.redirects += _keep_redirects(catalog, partition, found, owner_of)
        held = {each: Held(catalog, each) for each in partitions}
        workers = stack.enter_context(WorkerPool(catalog.store.uri))
        for number, ((partition, day), places) in enumerate(sorted(groups.items()), start=1):
            locks[partition].check()
            owner = sites.get(partition.site)
            context = Context(owner, partition.locale, base_url or owner.base_url)
            for run in held[partition].new(sorted(places, key=order), report):
                Day(held[partition], context, run, report, workers).commit()
            if progress is not None:
                progress(f"{partition} {day}", number, len(groups))
    return report


def _keep_redirects(
    catalog: Catalog, partition: Partition, places: Iterable[Place], owner_of: Callable[[str], Site | None]
) -> int:
    """Store the redirects from one article of the edition to another; return how many there are."""
    found = []
    for place in places:
        site = owner_of(place.location) if place.location else None
        if site is None or site.name != partition.site:
            continue
        old, new = address_at(site, place.url), address_at(site, place.location)
        if old.kind == new.kind == "article" and new.locale == partition.locale and old.key != new.key:
            keys, urls = (old.key or "", new.key or ""), (place.url, place.location)
            found.append(Redirect.found(keys, place.at, urls, [place.status], path_of(place.file).name))
    if found:
        add_redirects(catalog.store, partition, found)
    return len(found)


def _owner(sites: Sites, name: str | None, base_url: str | None) -> Callable[[str], Site | None]:
    """Return the function that gives the site of a URL; None where its captures are not wanted."""
    wanted = sites.get(name) if name is not None else None
    if base_url is not None:
        owner = wanted or sites.get(DEFAULT)
        return lambda url: owner if is_ours(url, base_url, owner) else None
    return lambda url: site if (site := sites.find(url)) and wanted in {None, site} else None
