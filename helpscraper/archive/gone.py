"""Convert rows of articles whose own page answered 404 or 410.

Schema 1 stored them as rows with status ``gone``; today they are in the run facts. Readers of old files move them
there, so that old and new files give the same results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import GoneFact
from helpscraper.archive.schema import VERSION_KEY

__all__ = ["EVIDENCE_COLUMNS", "GONE", "drop_gone_rows", "gone_rows", "may_hold_gone", "move_gone_to_facts"]

GONE: Final = "gone"
EVIDENCE_COLUMNS: Final = ("article_id", "url", "status", "snapshot_at")
_FIRST_WITHOUT: Final = 2
"""The first schema version without such rows in its snapshots."""


def may_hold_gone(metadata: Mapping[bytes, bytes] | None) -> bool:
    """Tell whether a file with these metadata may hold rows with status ``gone``."""
    text = (metadata or {}).get(VERSION_KEY, b"")
    return not text.isdigit() or int(text) < _FIRST_WITHOUT


def drop_gone_rows(table: pa.Table) -> pa.Table:
    """Return ``table`` without the rows with status ``gone``."""
    return table.filter(pc.not_equal(table.column("status"), GONE))


def gone_rows(table: pa.Table) -> dict[str, GoneFact]:
    """Return the rows with status ``gone`` in the form of run facts; ``table`` has ``EVIDENCE_COLUMNS``.

    ``status`` is None, because the rows do not state whether it was 404 or 410.
    """
    rows = table.filter(pc.equal(table.column("status"), GONE)).to_pylist()
    return {
        row["article_id"]: GoneFact(url=row["url"], status=None, at=row["snapshot_at"].isoformat())
        for row in rows
    }


def move_gone_to_facts(table: pa.Table, run: RunFacts) -> tuple[pa.Table, RunFacts]:
    """Return a whole snapshot and its run facts in the form of today's schema."""
    if not may_hold_gone(table.schema.metadata):
        return table, run
    return drop_gone_rows(table), replace(run, gone=gone_rows(table), stated=run.stated | {"gone"})
