"""Read from the archive before a crawl: each article's newest row, the last runs, the good crawls."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.arrow import release_memory
from helpscraper.archive.bodies import BodyIndex
from helpscraper.archive.layout import Partition, snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts
from helpscraper.errors import ArchiveError

__all__ = ["EarlierRows", "KnownRows", "crawls_alike", "good_crawls", "newest_run", "read_earlier_rows"]

logger = logging.getLogger(__name__)

# A year of daily crawls; older crawls are not part of the baseline.
_LOOK_BACK = 366

_CRAWLS = 10
"""The number of crawls whose start times show the schedule."""


class KnownRows(Mapping[str, dict[str, Any]]):
    """Rows of snapshots by article id, kept as columns: as Python objects they would take ten times the memory."""

    def __init__(self, tables: Iterable[pa.Table] = ()) -> None:
        """Hold ``tables``, which have ``SNAPSHOT_SCHEMA`` and together one row for each article."""
        self._batches = [batch for table in tables for batch in table.to_batches() if batch.num_rows]
        self._ends = list(accumulate(batch.num_rows for batch in self._batches))
        # A dictionary of the ids would take half as much memory as the rows.
        hashes = np.fromiter(map(hash, self), np.int64, self._ends[-1] if self._ends else 0)
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]

    def __getitem__(self, article_id: str) -> dict[str, Any]:
        first, end = (np.searchsorted(self._hashes, hash(article_id), side) for side in ("left", "right"))
        for place in self._order[first:end]:
            number = bisect_right(self._ends, place)
            batch = self._batches[number]
            row = int(place) - self._ends[number]  # from the end of the batch
            if batch.column("article_id")[row].as_py() == article_id:
                return dict(
                    zip(batch.schema.names, (column[row].as_py() for column in batch.columns), strict=True)
                )
        raise KeyError(article_id)

    def __iter__(self) -> Iterator[str]:
        for batch in self._batches:
            yield from batch.column("article_id").to_pylist()

    def __len__(self) -> int:
        return len(self._order)

    def pairs(self, name: str) -> Iterator[tuple[str, Any]]:
        """Iterate over (article id, value of the column ``name``)."""
        for batch in self._batches:
            yield from zip(
                batch.column("article_id").to_pylist(), batch.column(name).to_pylist(), strict=True
            )


@dataclass(frozen=True, slots=True)
class EarlierRows:
    """``rows`` by article id, of the articles believed to exist, and the extractor versions that read them.

    ``kept`` names the extractor of each row that a re-extraction kept from an older one.
    """

    rows: KnownRows = field(default_factory=KnownRows)
    extractors: frozenset[str] = frozenset()
    kept: dict[str, str] = field(default_factory=dict)


def read_earlier_rows(catalog: Catalog, partition: Partition) -> EarlierRows:
    """Return the newest row of every article that is believed to exist.

    The newest complete snapshot holds every article; snapshots after it, which saw only a part, add to it and
    update it. Articles whose own page has answered 404 or 410 since then are left out. A row whose body can no longer
    be read has a null ``body_sha256``, so its page is fetched again. A damaged snapshot is logged and skipped.
    """
    tables: list[pa.Table] = []
    extractors: set[str] = set()
    kept: dict[str, str] = {}
    decided = pa.chunked_array([], pa.string())
    for table, facts in _believed(catalog, partition):
        extractors |= {str(facts.extractor), *facts.kept.values()}
        decided = pa.chunked_array([*decided.chunks, pa.array(list(facts.gone), pa.string())])
        older = pc.is_in(table.column("article_id"), value_set=decided)
        rows = table.filter(pc.invert(older)) if pc.any(older).as_py() else table
        ids = rows.column("article_id")
        decided = pa.chunked_array([*decided.chunks, *ids.chunks])
        names = pa.array(list(facts.kept), pa.string())
        kept = {
            name: facts.kept[name] for name in names.filter(pc.is_in(names, value_set=ids)).to_pylist()
        } | kept
        tables.append(_readable(rows, catalog.body_index(partition)))
        release_memory()
    return EarlierRows(KnownRows(tables[::-1]), frozenset(extractors), kept)


def _readable(rows: pa.Table, index: BodyIndex) -> pa.Table:
    """Return ``rows`` without the keys of bodies that ``index`` lacks."""
    key = rows.column("body_sha256")
    lost = index.missing(key.drop_null())
    if not len(lost):
        return rows
    readable = pc.if_else(pc.is_in(key, value_set=lost), pa.scalar(None, key.type), key)
    return rows.set_column(rows.schema.get_field_index("body_sha256"), "body_sha256", readable)


def _believed(catalog: Catalog, partition: Partition) -> Iterator[tuple[pa.Table, RunFacts]]:
    """Yield the rows of the newest snapshots down to a complete one, newest first, with their facts."""
    for snapshot in reversed(catalog.snapshots(partition)):
        try:
            facts, crawl = catalog.facts(snapshot), catalog.facts(_as_crawled(snapshot))
            if crawl.kind == "import":
                continue  # a saved page does not show which articles exist today
            yield catalog.load_table(snapshot), facts
        except ArchiveError as error:
            logger.warning("An earlier snapshot cannot be read and is skipped: %s", error)
            continue
        if crawl.complete:
            return


def good_crawls(catalog: Catalog, partition: Partition, count: int) -> list[RunFacts]:
    """Return the facts of the committed crawls that the next one is compared with, newest first.

    These are the last ``count`` crawls and, before them, more complete ones until there are ``count`` of those:
    persistent holes must not evict the last complete crawls from the baseline. When a person accepted a refused
    crawl, crawls before it no longer count. A damaged file is logged and skipped.
    """
    found: list[RunFacts] = []
    seen = complete = 0
    for snapshot in reversed(catalog.snapshots(partition)[-_LOOK_BACK:]):
        if complete >= count:
            break
        try:
            facts = catalog.facts(_as_crawled(snapshot))
        except ArchiveError as error:
            logger.warning("An earlier snapshot cannot be read and is not part of the baseline: %s", error)
            continue
        if facts.kind != "crawl":
            continue
        seen += 1
        complete += facts.complete is True
        if seen <= count or facts.complete is True:
            found.append(facts)
        if facts.accepted:
            break
    return found


def crawls_alike(
    catalog: Catalog, partition: Partition, arguments: ArgumentFacts, *, before: str
) -> list[RunFacts]:
    """Return the facts of the last crawls that asked for the same part of the help centre, oldest first.

    Crawls of another part and imports do not show when this part is crawled again. At most ``_CRAWLS`` are returned,
    from the last ``_LOOK_BACK`` runs before the id ``before``; a file that cannot be read is skipped.
    """
    found: list[RunFacts] = []
    for run_id in reversed(catalog.run_ids(partition)[-_LOOK_BACK:]):
        if len(found) == _CRAWLS:
            break
        if run_id >= before:
            continue
        with suppress(ArchiveError):  # newest_run names a damaged one
            facts = catalog.run(partition, run_id)
            if facts.kind == "crawl" and _part(facts.arguments) == _part(arguments):
                found.append(facts)
    return found[::-1]


def _part(arguments: ArgumentFacts) -> list[str]:
    """Return the arguments that choose a part of the help centre; all are empty for the whole."""
    return [
        each or "" for each in (arguments.categories, arguments.sections, arguments.query, arguments.limit)
    ]


def _as_crawled(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot that the crawl itself wrote, not a re-extraction of it."""
    return Snapshot(snapshot.partition, snapshot.id, snapshot_path(snapshot.partition, snapshot.id))


def newest_run(catalog: Catalog, partition: Partition) -> RunFacts | None:
    """Return the facts of the newest run of any outcome; None when they cannot be read."""
    ids = catalog.run_ids(partition)
    try:
        return catalog.run(partition, ids[-1]) if ids else None
    except ArchiveError as error:
        logger.warning("The facts of the last run cannot be read and are skipped: %s", error)
        return None
