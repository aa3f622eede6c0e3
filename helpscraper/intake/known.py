"""Read from the archive before a crawl begins: the newest row of each article, the last runs, the last good crawls."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts
from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.errors import ArchiveError

__all__ = ["EarlierRows", "KnownRows", "crawls_alike", "good_crawls", "newest_run", "read_earlier_rows"]

logger = logging.getLogger(__name__)

# A year of daily crawls; older crawls are not part of the baseline.
_LOOK_BACK = 366

_CRAWLS = 10
"""Crawls from whose starts the schedule is told."""


class KnownRows(Mapping[str, dict[str, Any]]):
    """Rows of snapshots by article id, kept as columns: as Python objects they would take ten times the memory."""

    def __init__(self, table: pa.Table) -> None:
        """Hold ``table``, which has ``SNAPSHOT_SCHEMA`` and one row an article."""
        self._columns = {name: table.column(name).combine_chunks() for name in table.column_names}
        ids: list[str] = self._columns["article_id"].to_pylist()
        self._places = {article_id: place for place, article_id in enumerate(ids)}

    def __getitem__(self, article_id: str) -> dict[str, Any]:
        place = self._places[article_id]
        return {name: column[place].as_py() for name, column in self._columns.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def pairs(self, name: str) -> Iterator[tuple[str, Any]]:
        """Iterate over (article id, value of the column ``name``)."""
        return zip(self._places, self._columns[name].to_pylist(), strict=True)


@dataclass(frozen=True, slots=True)
class EarlierRows:
    """``rows`` by article id, of the articles believed to exist, and the extractor versions that read them.

    ``kept`` names the extractor of each row that a re-extraction kept from an older one.
    """

    rows: KnownRows = field(default_factory=lambda: KnownRows(SNAPSHOT_SCHEMA.empty_table()))
    extractors: frozenset[str] = frozenset()
    kept: dict[str, str] = field(default_factory=dict)


def read_earlier_rows(catalog: Catalog, partition: Partition) -> EarlierRows:
    """Return the newest row of every article that is believed to exist.

    The newest complete snapshot holds every article; snapshots after it, which saw only a part, add to it and
    update it. Articles whose own page said since then that they are gone are left out. A row whose body cannot
    be read any more comes without its key, so that the page is fetched again. A damaged snapshot is named in the log
    and the ones before it are used.
    """
    tables, extractors, rows = [], set(), 0
    newest: dict[str, int] = {}
    kept: dict[str, str] = {}
    for table, facts in _believed(catalog, partition):
        ids = table.column("article_id").to_pylist()
        newest |= {article_id: rows + place for place, article_id in enumerate(ids)}
        for article_id in facts.gone:
            newest.pop(article_id, None)
        rows += len(ids)
        tables.append(table.select(SNAPSHOT_SCHEMA.names))
        fresh = set(ids)
        kept = {name: by for name, by in kept.items() if name in newest and name not in fresh}
        kept |= facts.kept
        extractors |= {str(facts.extractor), *kept.values()}
    if not tables:
        return EarlierRows()
    table = pa.concat_tables(tables).take(pa.array(sorted(newest.values()), pa.int64()))
    key, held = table.column("body_sha256"), pc.unique(catalog.body_index(partition).keys)
    readable = pc.if_else(pc.is_in(key, held), key, pa.scalar(None, key.type))
    table = table.set_column(table.schema.get_field_index("body_sha256"), "body_sha256", readable)
    return EarlierRows(KnownRows(table), frozenset(extractors), kept)


def _believed(catalog: Catalog, partition: Partition) -> list[tuple[pa.Table, RunFacts]]:
    """Return the rows of the newest complete snapshot and of those after it, oldest first, with their facts."""
    found: list[tuple[pa.Table, RunFacts]] = []
    for snapshot in reversed(catalog.snapshots(partition)):
        try:
            facts, crawl = catalog.facts(snapshot), catalog.facts(_as_crawled(snapshot))
            table = catalog.load_table(snapshot)
        except ArchiveError as error:
            logger.warning("An earlier snapshot is left aside: %s", error)
            continue
        if crawl.kind == "import":
            continue  # one saved page of any date tells nothing about what exists now
        found.append((table, facts))
        if crawl.complete:
            break
    return found[::-1]


def good_crawls(catalog: Catalog, partition: Partition, count: int) -> list[RunFacts]:
    """Return the facts of committed crawls as measure for the next one, newest first.

    These are the last ``count`` of any kind and, before them, as many complete ones as make ``count``: a hole that
    lasts must not push the last crawls that saw everything out of sight. A crawl that a person accepted after it was
    refused is the new normal: crawls before it do not count any more. A damaged file is named and left aside.
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

    Crawls of another part and imports do not tell when this part is crawled again. At most ``_CRAWLS`` are returned,
    of the last ``_LOOK_BACK`` runs before the id ``before``; a file that cannot be read is left aside.
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
    """Return the snapshot as its crawl wrote it, where a newer extractor's reading stands for it."""
    return Snapshot(snapshot.partition, snapshot.id, snapshot_path(snapshot.partition, snapshot.id))


def newest_run(catalog: Catalog, partition: Partition, before: str | None = None) -> RunFacts | None:
    """Return the facts of the newest run of any outcome (``before`` an id), or None when there is none to
    read.
    """
    ids = [run_id for run_id in catalog.run_ids(partition) if before is None or run_id < before]
    if not ids:
        return None
    try:
        return catalog.run(partition, ids[-1])
    except ArchiveError as error:
        logger.warning("The facts of the last run are left aside: %s", error)
        return None
