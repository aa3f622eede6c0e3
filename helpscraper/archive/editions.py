"""Match the same article in several locales, and find translations that lag behind."""

from __future__ import annotations

import pyarrow as pa

from helpscraper.archive.layout import default_partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_views
from helpscraper.errors import CommandError

__all__ = ["EDITIONS_SCHEMA", "editions_table"]

_INSTANT = pa.timestamp("us", tz="UTC")

EDITIONS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("edition", pa.string()),
        pa.field("locale", pa.string()),
        pa.field("article_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("linked_by", pa.string()),
        pa.field("updated_on", pa.date32()),
        pa.field("base_updated_on", pa.date32()),
        pa.field("days_behind", pa.int32()),
        pa.field("lags", pa.bool_()),
    ]
)
"""One row per article and locale. ``edition`` is the article id in the base locale (null: the base has none);
``linked_by`` is ``source_id``, ``slug``, or null for the base itself; ``days_behind`` and ``lags`` compare
the dates of the last update and are null where a date is missing."""

# Articles match by the CMS's id, else by slug; slugs count only without a match by id, so that an article never
# matches two.
_QUERY = """
WITH rows AS (
    SELECT site, locale, article_id, source_id, title,
           coalesce(updated_on, updated_at::DATE, published_on, published_at::DATE) AS dated
    FROM latest
), base AS (SELECT * FROM rows WHERE locale = $base),
by_source AS (
    SELECT o.site, o.locale, o.article_id, min(b.article_id) AS edition
    FROM rows o JOIN base b ON b.site = o.site AND b.source_id = o.source_id
    GROUP BY ALL
), linked AS (
    SELECT o.*, coalesce(s.edition, b.article_id) AS edition,
           CASE WHEN o.locale = $base THEN NULL WHEN s.edition IS NOT NULL THEN 'source_id'
                WHEN b.article_id IS NOT NULL THEN 'slug' END AS linked_by
    FROM rows o
    LEFT JOIN by_source s ON s.site = o.site AND s.locale = o.locale AND s.article_id = o.article_id
    LEFT JOIN base b ON b.site = o.site AND b.article_id = o.article_id
)
SELECT l.site, CASE WHEN l.locale = $base THEN l.article_id ELSE l.edition END AS edition, l.locale,
       l.article_id, l.title, l.linked_by, l.dated AS updated_on, b.dated AS base_updated_on,
       CASE WHEN l.locale <> $base THEN greatest(date_diff('day', l.dated, b.dated), 0) END::INTEGER AS days_behind,
       CASE WHEN l.locale <> $base THEN b.dated > l.dated END AS lags
FROM linked l LEFT JOIN base b ON b.site = l.site AND b.article_id = l.edition
ORDER BY l.site, edition NULLS LAST, l.locale <> $base, l.locale, l.article_id
"""


def editions_table(catalog: Catalog, base: str | None = None) -> pa.Table:
    """Return the articles of the latest snapshots matched across locales, with ``EDITIONS_SCHEMA``.

    An article lags when its counterpart in the ``base`` locale (default: that of ``default_partition``) was updated on
    a later date. Raises ``CommandError`` when no declaration gives a default.
    """
    default = default_partition(catalog.site, archive=catalog.store.uri)
    if base is None and default is None:
        raise CommandError(
            f"there is no default locale of the site {catalog.site} to compare the others with",
            advice="give one with base=",
        )
    params = {"base": base or (default.locale if default else None)}
    found = with_views(catalog, lambda con: con.sql(_QUERY, params=params).to_arrow_table())
    return found.cast(EDITIONS_SCHEMA)
