"""The view counts of an archive as a series, each article under one name through all its renames."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from helpscraper.archive.layout import snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_views
from helpscraper.history.renames import owners
from helpscraper.history.steps import renames_between, steps

__all__ = ["view_series"]

_RENAMED: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("locale", pa.string()),
        pa.field("slug", pa.string()),
        pa.field("until", pa.timestamp("us", tz="UTC")),
        pa.field("owner", pa.string()),
    ]
)
"""Until that instant, and since the slug was given up before, it was that of the article now called ``owner``."""

_VIEWS = """
with named as (
    select s.site, s.locale, coalesce(r.owner, s.article_id) as article_id, s.snapshot_at, s.view_count,
        s.article_id as slug
    from snapshots s asof left join renamed r
        on s.site = r.site and s.locale = r.locale and s.article_id = r.slug and s.snapshot_at < r.until
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

    Columns: site, locale, article_id (the newest slug of the article), snapshot_at, view_count, ``gain`` since the
    observation before (null for the first and after a reset), ``days`` between the two, ``gain_per_day``, ``reset``
    (the count fell, which a counter does not do, so it was started again or another number is shown), and ``slug``, the
    one that the article had in that snapshot.
    """
    rows = [
        {"site": where.site, "locale": where.locale, "slug": slug, "until": snapshot_instant(until), "owner": owner}
        for where in catalog.partitions()
        for slug, until, owner in owners(renames_between(catalog, steps(catalog, where)))
    ]  # fmt: skip
    renamed = pa.Table.from_pylist(rows, schema=_RENAMED)

    def ask(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        connection.register("renamed", renamed)
        return connection.sql(_VIEWS).to_arrow_table()

    return with_views(catalog, ask)
