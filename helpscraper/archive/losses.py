"""Compare two sets of rows: which articles, bodies and readings of an article's own page are missing in the second."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["COMPARED", "keep_lost", "lost_rows"]

COMPARED = ("article_id", "status", "body_sha256")
"""The columns that ``lost_rows`` looks at."""


def lost_rows(before: pa.Table, after: pa.Table) -> pa.Table:
    """Return the rows of ``before`` that ``after`` has lost; both have the columns of ``COMPARED``.

    A row is lost when the article is missing in ``after``, when its body is, or when its own page was read before and
    is not now. A row of status ``gone``, as schema 1 wrote it, is no article that is there.
    """
    place = pc.index_in(before.column("article_id"), value_set=after.column("article_id").combine_chunks())
    body, status = (after.column(name).take(place) for name in ("body_sha256", "status"))
    no_body = pc.and_(pc.is_valid(before.column("body_sha256")), pc.is_null(body))
    no_page = pc.and_(pc.equal(before.column("status"), "fetched"), pc.not_equal(status, "fetched"))
    lost = pc.or_kleene(pc.is_null(place), pc.or_(no_body, no_page))
    return before.filter(pc.and_(pc.not_equal(before.column("status"), "gone"), lost))


def keep_lost(before: pa.Table, after: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return ``after`` with the rows of ``before`` that it had lost, sorted by article, and those rows alone."""
    lost = lost_rows(before, after)
    if not lost.num_rows:
        return after, lost
    ids = lost.column("article_id").combine_chunks()
    others = after.filter(pc.invert(pc.is_in(after.column("article_id"), value_set=ids)))
    return pa.concat_tables([others, lost]).sort_by("article_id"), lost
