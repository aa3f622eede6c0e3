"""Articles whose own page answered 404 or 410: evidence of a run, and no rows.

Files of schema 1 hold such an article as a row with status ``gone``. Whoever reads them leaves these rows out and takes
the evidence from them, so that old and new files say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.schema import VERSION_KEY

__all__ = ["EVIDENCE_COLUMNS", "GONE", "articles_there", "gone_rows", "may_hold_gone", "moved_to_facts"]

GONE: Final = "gone"
EVIDENCE_COLUMNS: Final = ("article_id", "url", "status", "snapshot_at")
_FIRST_WITHOUT: Final = 2
"""The first schema version whose snapshots hold no such rows."""


def may_hold_gone(metadata: Mapping[bytes, bytes] | None) -> bool:
    """Tell whether a file with these metadata may hold rows of articles that are not there."""
    text = (metadata or {}).get(VERSION_KEY, b"")
    return not text.isdigit() or int(text) < _FIRST_WITHOUT


def articles_there(table: pa.Table) -> pa.Table:
    """Return the rows of the articles that are there; ``table`` has the column ``status``."""
    return table.filter(pc.not_equal(table.column("status"), GONE))


def gone_rows(table: pa.Table) -> dict[str, dict[str, Any]]:
    """Return the evidence in the rows with status ``gone``, as run facts have it.

    ``table`` has ``EVIDENCE_COLUMNS``. ``status`` is None: these rows do not say which of the two was answered.
    """
    rows = table.filter(pc.equal(table.column("status"), GONE)).to_pylist()
    return {
        row["article_id"]: {"url": row["url"], "status": None, "at": row["snapshot_at"].isoformat()}
        for row in rows
    }


def moved_to_facts(table: pa.Table, run: Mapping[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """Return a whole snapshot and its run facts as today's schema has them, whatever version wrote them."""
    if not may_hold_gone(table.schema.metadata):
        return table, dict(run)
    return articles_there(table), {**run, "gone": gone_rows(table)}
