"""From one snapshot to the next: the published change feeds where they hold, a fresh diff where they do not.

A feed holds when it was written against the very snapshot that comes before now, and when neither side was read
again by a newer extractor since.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.layout import Partition, changes_path
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import CHANGES_SCHEMA, read_compatible
from helpscraper.errors import ArchiveError, HelpscraperError
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.feed import FROM_KEY, RENAMES_KEY
from helpscraper.history.renames import follow
from helpscraper.history.result import ordered, renames_of

__all__ = ["Records", "changes_of", "steps", "story_of"]


@dataclass(frozen=True, slots=True)
class Records:
    """Change records of several steps (``CHANGES_SCHEMA``, oldest first), and what could not be compared.

    ``names`` are the slugs of the article asked for, the oldest first.
    """

    table: pa.Table
    warnings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def steps(catalog: Catalog, partition: Partition) -> list[tuple[Snapshot, Snapshot]]:
    """Return the steps from each snapshot of ``partition`` to the next, oldest first."""
    return list(pairwise(catalog.snapshots(partition)))


def changes_of(catalog: Catalog, taken: Iterable[tuple[Snapshot, Snapshot]]) -> Records:
    """Return all records of these steps.

    A step that cannot be compared (a damaged snapshot, another region) costs its own records and is named in
    ``warnings``.
    """
    tables = [CHANGES_SCHEMA.empty_table()]
    warnings: list[str] = []
    for before, after in taken:
        try:
            feed = _Feed.open(catalog, before, after)
            tables.append(feed.read() if feed else diff_snapshots(catalog, before, after).table)
        except HelpscraperError as error:
            warnings.append(f"{before.id} to {after.id}: {error.message}")
    return Records(pa.concat_tables(tables), tuple(warnings))


def story_of(catalog: Catalog, taken: Iterable[tuple[Snapshot, Snapshot]], article_id: str) -> Records:
    """Return the records of one article in these steps, under whatever slug; ``warnings`` as in ``changes_of``.

    Feeds are opened once each: the footer tells the renames, and its statistics which rows to look at. Only an
    article that was renamed costs a second look for its other slugs.
    """
    pairs = list(taken)
    found, links, warnings = _look(catalog, pairs, {article_id})
    names = follow(article_id, links)
    if len(names) > 1:
        found, _, warnings = _look(catalog, pairs, set(names))
    return Records(pa.concat_tables([CHANGES_SCHEMA.empty_table(), *found]), tuple(warnings), names)


def _look(
    catalog: Catalog, pairs: Iterable[tuple[Snapshot, Snapshot]], names: Collection[str]
) -> tuple[list[pa.Table], list[tuple[str, str]], list[str]]:
    tables: list[pa.Table] = []
    links: list[tuple[str, str]] = []
    warnings: list[str] = []
    wanted = pa.array(sorted(names), pa.string())
    for before, after in pairs:
        try:
            feed = _Feed.open(catalog, before, after)
            if feed is not None:
                links += feed.renames()
                table = feed.read(wanted)
            else:
                table = diff_snapshots(catalog, before, after).table
                links += renames_of(table)
                table = _only(table, wanted)
        except HelpscraperError as error:
            warnings.append(f"{before.id} to {after.id}: {error.message}")
            continue
        if table.num_rows:
            tables.append(table)
    return tables, links, warnings


@dataclass(frozen=True, slots=True)
class _Feed:
    """A published feed that holds."""

    catalog: Catalog
    path: str
    metadata: pq.FileMetaData

    @classmethod
    def open(cls, catalog: Catalog, before: Snapshot, after: Snapshot) -> _Feed | None:
        """Return the feed from ``before`` to ``after``; None when there is none or it is damaged: a diff does."""
        if before.reextracted or after.reextracted:
            return None
        path = changes_path(after.partition, after.id)
        try:
            with open_parquet(catalog.store, path) as file:
                metadata = file.metadata
        except ArchiveError:
            return None
        noted = metadata.metadata or {}
        return cls(catalog, path, metadata) if noted.get(FROM_KEY) == before.id.encode() else None

    def renames(self) -> list[tuple[str, str]]:
        text = (self.metadata.metadata or {}).get(RENAMES_KEY)
        if text is None:
            return renames_of(self.read())
        return [(before, after) for before, after in json.loads(text)]

    def read(self, wanted: pa.Array | None = None) -> pa.Table:
        groups = [
            n for n in range(self.metadata.num_row_groups) if wanted is None or self._may_hold(n, wanted)
        ]
        if not groups:
            return CHANGES_SCHEMA.empty_table()
        with open_parquet(self.catalog.store, self.path) as file:
            if wanted is not None:
                ids = file.read_row_groups(groups, ["article_id"], use_threads=False).column(0)
                if not pc.any(pc.is_in(ids, value_set=wanted)).as_py():
                    return CHANGES_SCHEMA.empty_table()
            table = file.read_row_groups(groups, use_threads=False)
        table = read_compatible(table, CHANGES_SCHEMA, where=self.path).replace_schema_metadata()
        return ordered(table if wanted is None else _only(table, wanted))

    def _may_hold(self, group: int, wanted: pa.Array) -> bool:
        statistics = self.metadata.row_group(group).column(0).statistics
        if statistics is None or not statistics.has_min_max:
            return True
        return any(statistics.min <= name <= statistics.max for name in wanted.to_pylist())


def _only(table: pa.Table, wanted: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("article_id"), value_set=wanted))
