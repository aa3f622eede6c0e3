"""The tables of an export: the articles of a snapshot, the versions of all articles, and all changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from helpscraper.archive.arrow import with_edition
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.sql import with_views

__all__ = ["articles", "records", "versions"]

# A version begins where title, section or body differ from those in the snapshot before, or where there were none.
_VERSIONS = """
WITH moments AS (
    SELECT *, row_number() OVER edition AS number, lead(snapshot_at) OVER edition AS following
    FROM (SELECT DISTINCT site, locale, snapshot_at FROM snapshots)
    WINDOW edition AS (PARTITION BY site, locale ORDER BY snapshot_at)
), seen AS (
    SELECT s.site, s.locale, article_id, title, section, updated_on, updated_at, body_sha256, snapshot_at, number,
           following, hash(title, section, body_sha256) AS state
    FROM snapshots s JOIN moments USING (site, locale, snapshot_at)
), marked AS (
    SELECT *, coalesce(state <> lag(state) OVER one OR number <> lag(number) OVER one + 1, true) AS begins
    FROM seen WINDOW one AS (PARTITION BY site, locale, article_id ORDER BY number)
), numbered AS (
    SELECT *, (sum(begins::INTEGER) OVER (PARTITION BY site, locale, article_id ORDER BY number))::INTEGER AS version
    FROM marked
), versions AS (
    SELECT site, locale, article_id, version, min(snapshot_at) AS since, arg_max_null(following, number) AS until,
           arg_max_null(title, number) AS title, arg_max_null(section, number) AS section,
           arg_max_null(coalesce(updated_on, updated_at::DATE), number) AS updated_on,
           arg_max_null(body_sha256, number) AS body_sha256
    FROM numbered GROUP BY site, locale, article_id, version
)
SELECT v.*, body_text FROM versions v
LEFT JOIN (SELECT site, locale, body_sha256, any_value(body_text) AS body_text FROM bodies GROUP BY ALL) b
    USING (site, locale, body_sha256)
ORDER BY site, locale, article_id, version
"""


def articles(catalog: Catalog, snapshots: Sequence[Snapshot], *, bodies: bool) -> pa.Table:
    """Return the rows of these snapshots with ``site`` and ``locale``, on request with their bodies."""
    return pa.concat_tables(
        with_edition(catalog.load_table(each, bodies=bodies), each.partition) for each in snapshots
    )


def versions(catalog: Catalog) -> pa.Table:
    """Return one row for each time during which an article kept its title, section and text.

    ``since`` is the first snapshot that shows the version and ``until`` the first one that does not any more (null: it
    is the present one); ``version`` numbers them from 1.
    """
    return with_views(catalog, lambda con: con.sql(_VERSIONS).to_arrow_table())


def records(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows with values of plain types: instants and dates stay, lists become JSON, lone surrogates ``?``."""
    for batch in table.to_batches(max_chunksize=1024):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield tuple(map(_plain, values))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
