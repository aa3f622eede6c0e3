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
            feed = _feed(catalog, before, after)
            tables.append(feed[0] if feed else diff_snapshots(catalog, before, after).table)
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
            feed = _feed(catalog, before, after, wanted)
            if feed is None:
                every = diff_snapshots(catalog, before, after).table
                feed = _only(every, wanted), renames_of(every)
        except HelpscraperError as error:
            warnings.append(f"{before.id} to {after.id}: {error.message}")
            continue
        links += feed[1]
        if feed[0].num_rows:
            tables.append(feed[0])
    return tables, links, warnings


def _feed(
    catalog: Catalog, before: Snapshot, after: Snapshot, wanted: pa.Array | None = None
) -> tuple[pa.Table, list[tuple[str, str]]] | None:
    """Return the records of ``wanted`` (None: all) and the renames of the feed from ``before`` to ``after``.

    None when there is no feed that holds, or it is damaged: then a diff does.
    """
    if before.reextracted or after.reextracted:
        return None
    path = changes_path(after.partition, after.id)
    try:
        with open_parquet(catalog.store, path) as file:
            noted = file.metadata.metadata or {}
            if noted.get(FROM_KEY) != before.id.encode():
                return None
            text = noted.get(RENAMES_KEY)
            table = _rows(file, None if text is None else wanted)
            links = renames_of(table) if text is None else [(old, new) for old, new in json.loads(text)]
    except ArchiveError:
        return None
    table = read_compatible(table, CHANGES_SCHEMA, where=path).replace_schema_metadata()
    return ordered(table if wanted is None else _only(table, wanted)), links


def _rows(file: pq.ParquetFile, wanted: pa.Array | None) -> pa.Table:
    """Read the row groups that may hold one of ``wanted``, and of those whose keys do hold it all columns."""
    groups = [n for n in range(file.num_row_groups) if wanted is None or _may_hold(file.metadata, n, wanted)]
    if groups and wanted is not None:
        ids = file.read_row_groups(groups, ["article_id"], use_threads=False).column(0)
        if not pc.any(pc.is_in(ids, value_set=wanted)).as_py():
            groups = []
    return file.read_row_groups(groups, use_threads=False) if groups else CHANGES_SCHEMA.empty_table()


def _may_hold(metadata: pq.FileMetaData, group: int, wanted: pa.Array) -> bool:
    statistics = metadata.row_group(group).column(0).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    return any(statistics.min <= name <= statistics.max for name in wanted.to_pylist())


def _only(table: pa.Table, wanted: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("article_id"), value_set=wanted))
