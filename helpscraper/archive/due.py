"""Which editions are due for a crawl, and since when.

Only the last committed whole crawl counts: an import, a crawl of a part and a refused or failed run leave
an edition due.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa

from helpscraper.archive.layout import Partition, run_path, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ArchiveError, CommandError
from helpscraper.sites import Site, Sites, host_of, is_shipped

__all__ = ["DUE_SCHEMA", "DueEdition", "Schedule", "due_table", "schedule"]

_INSTANT = pa.timestamp("us", tz="UTC")
# Run facts are small and each is a request to an object store.
_READ_AT_ONCE = 16

DUE_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string(), nullable=False),
        pa.field("locale", pa.string(), nullable=False),
        pa.field("host", pa.string(), nullable=False),
        pa.field("last_crawl", _INSTANT),
        pa.field("due_since", _INSTANT),
        pa.field("due_seconds", pa.int64()),
        pa.field("due_for", pa.string(), nullable=False),
    ]
)
"""One row for each due edition. ``last_crawl`` is the start of its last whole crawl that was committed; it,
``due_since`` and ``due_seconds`` are null for an edition that was never crawled."""


@dataclass(frozen=True, slots=True)
class DueEdition:
    """An edition to crawl from ``host``; ``last_crawl`` is None when it was never crawled whole."""

    edition: Partition
    host: str
    last_crawl: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The editions that are ``due``, the longest due first, of all that are to be ``kept``; ``notes`` are sentences."""

    due: tuple[DueEdition, ...]
    kept: int
    notes: tuple[str, ...] = field(default=())


def schedule(catalog: Catalog, sites: Sites, every: dt.timedelta, now: dt.datetime) -> Schedule:
    """Return the editions of ``catalog``'s site and locale that were not crawled within ``every`` before ``now``.

    The editions of a site are those of ``crawl_locales`` in its declaration, else those that the archive holds a crawl
    of. Without either it is that of the site's default locale, unless the site is a shipped one that nobody named.
    Raises ``CommandError`` for a named site that is not declared or cannot be crawled.
    """
    catalog = catalog.with_cached_listings()
    in_archive = catalog.partitions()
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        crawls = dict(
            zip(in_archive, pool.map(lambda each: _last_crawl(catalog, each, now), in_archive), strict=True)
        )
    crawled = [each for each, crawl in crawls.items() if crawl.tried]
    notes = [note for crawl in crawls.values() for note in crawl.notes]
    found = []
    for site in _sites(sites, catalog.site):
        locales = _locales(site, [each.locale for each in crawled if each.site == site.name], catalog)
        found += [
            DueEdition(edition, host_of(site.base_url) or site.base_url, crawl.at if crawl else None)
            for edition in (Partition(site.name, locale) for locale in locales)
            for crawl in [crawls.get(edition)]
        ]
    unknown = {each.site: each for each in crawled if each.site not in sites.by_name}
    notes += [f"{each}: no declaration names this site any more" for each in unknown.values()]
    due = [each for each in found if each.last_crawl is None or now - each.last_crawl >= every]
    due.sort(key=lambda each: (each.last_crawl is not None, each.last_crawl or now, each.edition))
    return Schedule(tuple(due), len(found), tuple(notes))


def due_table(due: Iterable[DueEdition], every: dt.timedelta, now: dt.datetime) -> pa.Table:
    """Return one row for each due edition with ``DUE_SCHEMA``."""
    rows = []
    for each in due:
        since = None if each.last_crawl is None else each.last_crawl + every
        late = None if since is None else dt.timedelta(seconds=int((now - since).total_seconds()))
        rows.append(
            {
                "site": each.edition.site,
                "locale": each.edition.locale,
                "host": each.host,
                "last_crawl": each.last_crawl,
                "due_since": since,
                "due_seconds": None if late is None else int(late.total_seconds()),
                "due_for": "never crawled" if late is None else str(late),
            }
        )
    return pa.Table.from_pylist(rows, DUE_SCHEMA)


def _sites(sites: Sites, name: str | None) -> Iterator[Site]:
    if name is None:
        yield from (site for site in sites.by_name.values() if site.crawled)
        return
    site = sites.get(name)
    if not site.crawled:
        raise CommandError(
            f"{name}: no list of it was ever seen, so it cannot be crawled",
            advice="captures of it can be imported",
        )
    yield site


def _locales(site: Site, crawled: Sequence[str], catalog: Catalog) -> Sequence[str]:
    """Return the locales of ``site`` to keep, of which ``crawled`` are in the archive."""
    if catalog.site and catalog.locale:
        _ = site.locale(catalog.locale)  # an unknown one is an error here
        return (catalog.locale,)
    if "crawl_locales" in site.declaration:
        locales = site.crawl_locales
    elif crawled or (is_shipped(site.name) and not catalog.site):
        locales = crawled
    else:
        locales = (site.default_locale,)
    return [each for each in locales if catalog.locale in (None, each)]


@dataclass(frozen=True, slots=True)
class _Crawl:
    """The start of an edition's last committed whole crawl; ``tried``: there was one, or a run that should be one."""

    at: dt.datetime | None
    tried: bool
    notes: Sequence[str] = ()


def _last_crawl(catalog: Catalog, edition: Partition, now: dt.datetime) -> _Crawl:
    notes = []
    latest = snapshot_id(now)
    committed = set(catalog.ids(edition))
    tried = False
    for name in sorted({*committed, *catalog.run_ids(edition)}, reverse=True):
        if name not in committed and tried:
            continue
        try:
            facts = _facts(catalog, edition, name)
        except ArchiveError as error:
            notes.append(error.message)
            continue
        if (facts.extraction_of or facts.kind) in {None, "crawl"} and facts.scope is None:
            tried = True
            if name not in committed:
                continue
            if name > latest:
                notes.append(f"{edition}:{name} is in the future and does not count: check the clock")
            else:
                return _Crawl(snapshot_instant(name), True, notes)
    return _Crawl(None, tried, notes)


def _facts(catalog: Catalog, edition: Partition, name: str) -> RunFacts:
    if catalog.store.exists(run_path(edition, name)):
        return catalog.run(edition, name)
    return catalog.facts(catalog.resolve(name, site=edition.site, locale=edition.locale))
