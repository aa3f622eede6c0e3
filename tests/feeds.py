"""The published change feed of a snapshot, for tests."""

from __future__ import annotations

import pyarrow as pa

from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import CHANGES_SCHEMA, read_compatible


def changes_table(catalog: Catalog, snapshot: Snapshot) -> pa.Table | None:
    """Return the change feed published with ``snapshot``, or None when it has none (the first)."""
    if snapshot.id not in catalog.feeds(snapshot.partition):
        return None
    with catalog.open_feed(snapshot) as one:
        return read_compatible(one.read(), CHANGES_SCHEMA, where=one.path)
