"""Count the articles of each section that had a kind of change; a change feed keeps the counts in its metadata."""

from __future__ import annotations

import json

import pyarrow as pa

from helpscraper.archive.duck import cursor

__all__ = ["COUNTS_KEY", "SECTION_COUNTS_SCHEMA", "count_sections", "dump_counts", "parse_counts"]

COUNTS_KEY = b"helpscraper.counts"
"""Metadata of a feed: its ``count_sections`` as a JSON list of [section, kind, articles]."""

SECTION_COUNTS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("section", pa.string()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("articles", pa.int64(), nullable=False),
    ]
)
"""``silent`` and ``picture`` count as kinds. The section is that after the change; for a removed article, before it."""

_QUERY = """
with placed as (
    select r.article_id, r.kind, r.silent, r.field,
        case when r.field = 'article' then json_extract_string(coalesce(r.after, r.before), '$.section')
             else s.section end as section
    from records r left join rows s using (article_id)
)
select section, kind, count(distinct article_id) as articles
from (select article_id, kind, section from placed
      union all select article_id, 'silent', section from placed where silent
      union all select article_id, field, section from placed where field = 'picture')
group by section, kind order by section, kind
"""


def count_sections(records: pa.Table, rows: pa.Table) -> pa.Table:
    """Return the counts (``SECTION_COUNTS_SCHEMA``) of change records; ``rows`` are those of the later snapshot."""
    with cursor(threads=1) as connection:
        connection.register("records", records)
        connection.register("rows", rows.select(["article_id", "section"]))
        found: pa.Table = connection.sql(_QUERY).to_arrow_table()
    return found.cast(SECTION_COUNTS_SCHEMA)


def dump_counts(counts: pa.Table) -> bytes:
    """Return the counts in the form of ``COUNTS_KEY``."""
    return json.dumps([list(row.values()) for row in counts.to_pylist()], ensure_ascii=False).encode()


def parse_counts(data: bytes) -> pa.Table:
    """Return the counts of ``COUNTS_KEY``; raises ``ValueError`` for other contents."""
    rows = [dict(zip(SECTION_COUNTS_SCHEMA.names, row, strict=True)) for row in json.loads(data)]
    return pa.Table.from_pylist(rows, SECTION_COUNTS_SCHEMA)
