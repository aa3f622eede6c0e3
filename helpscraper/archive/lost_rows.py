"""Find the rows of a snapshot that a re-extraction or import of it has lost: articles, bodies, or fetched pages."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["COMPARED", "keep_lost", "lost_rows"]

COMPARED = ("article_id", "status", "body_sha256", "warc_record")
"""The columns that ``lost_rows`` reads."""


def lost_rows(before: pa.Table, after: pa.Table) -> pa.Table:
    """Return the rows of ``before`` that ``after`` has lost; both have the columns of ``COMPARED``.

    A row is lost when ``after`` lacks the article or its body, when only ``before`` read the article's own page, or
    when ``after`` read it in another record: an import may hold an earlier capture of the same page. Rows with the
    status ``gone`` of schema 1 are ignored.
    """
    row = pc.index_in(before.column("article_id"), value_set=after.column("article_id").combine_chunks())
    body, status, record = (after.column(name).take(row) for name in ("body_sha256", "status", "warc_record"))
    no_body = pc.and_(pc.is_valid(before.column("body_sha256")), pc.is_null(body))
    no_page = pc.and_(pc.equal(before.column("status"), "fetched"), pc.not_equal(status, "fetched"))
    moved = pc.and_kleene(
        pc.equal(before.column("status"), "fetched"), pc.not_equal(before.column("warc_record"), record)
    )
    lost = pc.or_kleene(pc.is_null(row), pc.or_kleene(pc.or_(no_body, no_page), pc.fill_null(moved, False)))
    return before.filter(pc.and_(pc.not_equal(before.column("status"), "gone"), lost))


def keep_lost(before: pa.Table, after: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return ``after`` with its lost rows put back, sorted by article, and the lost rows."""
    lost = lost_rows(before, after)
    if not lost.num_rows:
        return after, lost
    ids = lost.column("article_id").combine_chunks()
    others = after.filter(pc.invert(pc.is_in(after.column("article_id"), value_set=ids)))
    return pa.concat_tables([others, lost]).sort_by("article_id"), lost
