"""The view counts of an archive as a series, each article under one name through all its renames."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_views
from helpscraper.history.identity import TENURES_SCHEMA, Identities
from helpscraper.history.steps import renames_between, steps

__all__ = ["view_series"]

_HELD: pa.Schema = pa.schema(
    [*TENURES_SCHEMA, pa.field("site", pa.string()), pa.field("locale", pa.string())]
)

_VIEWS = """
with tenures as (
    select * replace (strptime(since, '%Y%m%dT%H%M%SZ')::timestamptz as since,
        strptime(until, '%Y%m%dT%H%M%SZ')::timestamptz as until)
    from held
),
named as (
    select s.site, s.locale, coalesce(t.owner, s.article_id) as article_id, s.snapshot_at, s.view_count,
        s.article_id as slug
    from snapshots s left join tenures t
        on s.site = t.site and s.locale = t.locale and s.article_id = t.article_id
        and (t.since is null or t.since <= s.snapshot_at) and (t.until is null or s.snapshot_at < t.until)
    where s.view_count is not null and s.status <> 'failed'
),
seen as (
    select *, lag(view_count) over w as earlier, lag(snapshot_at) over w as earlier_at
    from named window w as (partition by site, locale, article_id order by snapshot_at)
)
select site, locale, article_id, snapshot_at, view_count,
    case when view_count >= earlier then view_count - earlier end as gain,
    (epoch_us(snapshot_at) - epoch_us(earlier_at)) / 86400000000.0 as days,
    gain / nullif(days, 0) as gain_per_day,
    coalesce(view_count < earlier, false) as reset,
    slug
from seen order by site, locale, article_id, snapshot_at
"""


def view_series(catalog: Catalog) -> pa.Table:
    """Return the view counts of every article in every snapshot, one row each, sorted.

    Columns: site, locale, article_id (the article, as ``owner`` in ``identity.TENURES_SCHEMA``), snapshot_at,
    view_count, ``gain`` since the observation before (null for the first and after a reset), ``days`` between the two,
    ``gain_per_day``, ``reset`` (the count fell, so the counter was reset or another number is shown), and
    ``slug``, the key that the article had in that snapshot.
    """
    rows = [
        {**row, "site": where.site, "locale": where.locale}
        for where in catalog.partitions()
        for row in Identities(renames_between(catalog, steps(catalog, where))).table().to_pylist()
    ]
    held = pa.Table.from_pylist(rows, schema=_HELD)

    def ask(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        connection.register("held", held)
        return connection.sql(_VIEWS).to_arrow_table()

    return with_views(catalog, ask)
