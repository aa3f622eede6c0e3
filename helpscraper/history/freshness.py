"""How fresh the articles are: their dates, and the edits that crawls have seen, dated or not."""

from __future__ import annotations

import pyarrow as pa

from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_views

__all__ = ["FRESHNESS_SCHEMA", "freshness"]

FRESHNESS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("locale", pa.string()),
        pa.field("article_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("section", pa.string()),
        pa.field("dated_on", pa.date32()),
        pa.field("days", pa.int32()),
        pa.field("edited_at", pa.timestamp("us", tz="UTC")),
        pa.field("edits", pa.int64()),
        pa.field("silent_edits", pa.int64()),
    ]
)
"""One row for each article of the latest snapshot of each edition, by edition and article.

``dated_on`` is the date that the site shows for the last update, else for the publication (null: none), and ``days``
how long before the snapshot that was. ``edits`` are the changes of its text that crawls saw, ``silent_edits`` those
that left the date, and ``edited_at`` the crawl that saw the last one; all of them under its present key."""

_QUERY = """
WITH edits AS (
    SELECT site, locale, article_id, max("at") AS edited_at, count(*) AS edits,
           count(*) FILTER (silent) AS silent_edits
    FROM changes WHERE kind = 'edited' AND field = 'body_sha256' GROUP BY ALL
)
SELECT site, locale, article_id, title, section,
       coalesce(updated_on, updated_at::DATE, published_on, published_at::DATE) AS dated_on,
       date_diff('day', dated_on, snapshot_at::DATE)::INTEGER AS days,
       edited_at, coalesce(edits, 0) AS edits, coalesce(silent_edits, 0) AS silent_edits
FROM latest LEFT JOIN edits USING (site, locale, article_id)
ORDER BY site, locale, article_id
"""


def freshness(catalog: Catalog) -> pa.Table:
    """Return the articles of the latest snapshots with their ages and edits (``FRESHNESS_SCHEMA``)."""
    return with_views(catalog, lambda con: con.sql(_QUERY).to_arrow_table()).cast(FRESHNESS_SCHEMA)
