"""From one snapshot to the next: the published change feeds where they hold, a fresh diff where they do not.

A feed holds when it was written against the very snapshot that comes before now, and when neither side was read again
by a newer extractor since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, changes_path
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import CHANGES_SCHEMA, read_compatible
from helpscraper.errors import HelpscraperError
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.feed import FROM_KEY

__all__ = ["Records", "Step", "records_of", "steps"]


@dataclass(frozen=True, slots=True)
class Step:
    """Two snapshots in a row. ``feed`` is the path of the published feed if it holds, else None."""

    before: Snapshot
    after: Snapshot
    feed: str | None


@dataclass(frozen=True, slots=True)
class Records:
    """Change records of several steps (``CHANGES_SCHEMA``, oldest first), and what could not be read."""

    table: pa.Table
    warnings: tuple[str, ...] = ()


def steps(catalog: Catalog, partition: Partition) -> list[Step]:
    """Return the steps from each snapshot of ``partition`` to the next, oldest first."""
    snapshots = catalog.snapshots(partition)
    pairs = pairwise(snapshots)
    return [Step(before, after, _feed(catalog, before, after)) for before, after in pairs]


def _feed(catalog: Catalog, before: Snapshot, after: Snapshot) -> str | None:
    path = changes_path(after.partition, after.id)
    if before.reextracted or after.reextracted or not catalog.store.exists(path):
        return None
    try:
        with open_parquet(catalog.store, path) as file:
            metadata = file.schema_arrow.metadata or {}
    except HelpscraperError:
        return None  # the diff stands in for a damaged feed
    return path if metadata.get(FROM_KEY, before.id.encode()) == before.id.encode() else None


def records_of(
    catalog: Catalog, taken: Sequence[Step], *, articles: Iterable[str] | None = None, renames: bool = False
) -> Records:
    """Return the records of these steps: all, or those of ``articles``, with every rename beside if ``renames``.

    A step that cannot be compared (a damaged snapshot, another region) costs its own records and is named in
    ``warnings``.
    """
    wanted = None if articles is None else sorted(set(articles))
    fed = [step for step in taken if step.feed is not None]
    tables: list[pa.Table] = []
    warnings: list[str] = []
    try:
        tables.append(_read_feeds(catalog, fed, wanted, renames))
    except (duckdb.Error, HelpscraperError):
        fed = []  # one of them is damaged: compare the snapshots themselves
    for step in taken:
        if step not in fed:
            try:
                found = diff_snapshots(catalog, step.before, step.after).table
            except HelpscraperError as error:
                warnings.append(f"{step.before.id} to {step.after.id}: {error.message}")
                continue
            tables.append(_filter(found, wanted, renames))
    table = pa.concat_tables([CHANGES_SCHEMA.empty_table(), *tables]).sort_by([("at", "ascending")])
    return Records(table, tuple(warnings))


def _read_feeds(catalog: Catalog, fed: Sequence[Step], wanted: list[str] | None, renames: bool) -> pa.Table:
    paths = [step.feed for step in fed if step.feed is not None]
    if not paths:
        return CHANGES_SCHEMA.empty_table()
    if not catalog.store.is_local:
        tables = []
        for path in paths:
            with open_parquet(catalog.store, path) as file:
                read = read_compatible(file.read(), CHANGES_SCHEMA, where=path)
            tables.append(_filter(read.replace_schema_metadata(), wanted, renames))
        return pa.concat_tables(tables)
    query = "select article_id, kind, field, before, after, silent, at from read_parquet(?, hive_partitioning = false)"
    values: list[object] = [[catalog.store.url(path) for path in paths]]
    if wanted is not None and len(wanted) == 1:
        query += " where article_id = ?"
        values.append(wanted[0])
    elif wanted is not None:
        query += " where article_id in (select unnest(?::varchar[]))"
        values.append(wanted)
    if wanted is not None and renames:
        query += " or kind = 'renamed'"
    with duckdb.connect() as connection:
        found: pa.Table = connection.sql(query, params=values).to_arrow_table()
    return found.cast(CHANGES_SCHEMA)


def _filter(table: pa.Table, wanted: list[str] | None, renames: bool) -> pa.Table:
    if wanted is None:
        return table
    chosen = pc.is_in(table.column("article_id"), value_set=pa.array(wanted, pa.string()))
    return table.filter(pc.or_(chosen, pc.equal(table.column("kind"), "renamed")) if renames else chosen)
