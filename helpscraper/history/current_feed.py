"""The changes that a published feed tells while it is current, so that no diff is needed.

A feed is current when it was written against the snapshot that is the previous one today, with the evidence that a diff
would consult today, and when none of these snapshots was re-extracted since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.redirects import redirect_files
from helpscraper.archive.schema import FROM_KEY
from helpscraper.errors import ArchiveError
from helpscraper.history.kinds import PICTURE
from helpscraper.history.section_counts import COUNTS_KEY, parse_counts

__all__ = [
    "EVIDENCE_KEY", "REDIRECTS_KEY", "RENAMES_KEY", "counts_of", "feed_is_current", "is_current", "pictures_told",
]  # fmt: skip

EVIDENCE_KEY = b"helpscraper.evidence"
"""Metadata of a feed: the ids of the older snapshots that were consulted, the newest first, as a JSON list.

A ``null`` at the end means that there were no more. The list is empty when the snapshot of ``FROM_KEY`` saw
everything."""

REDIRECTS_KEY = b"helpscraper.redirects"
"""Metadata of a feed: the files with redirects that were consulted, as a JSON list; absent for none."""

RENAMES_KEY = b"helpscraper.renames"
"""Metadata of a feed: its renames as a JSON list of [before, after], so that a history can read them from footers."""


def counts_of(catalog: Catalog, before: Snapshot, after: Snapshot) -> pa.Table | None:
    """Return the counts in the metadata of the feed from ``before`` to ``after`` (``SECTION_COUNTS_SCHEMA``).

    None when there is no current feed with counts: feeds of the first versions have none.
    """
    try:
        with catalog.open_feed(after) as one:
            data = one.metadata.get(COUNTS_KEY)
            return parse_counts(data) if data and is_current(catalog, before, after, one.metadata) else None
    except (ArchiveError, ValueError):
        return None


def feed_is_current(
    catalog: Catalog, before: Snapshot, after: Snapshot, every: Sequence[Snapshot] | None = None
) -> bool:
    """Tell whether the feed published with ``after`` is still current for the changes since ``before``.

    ``every`` are the snapshots of the partition, oldest first, if the caller has listed them. A damaged feed is not
    current.
    """
    try:
        with catalog.open_feed(after) as one:
            return is_current(catalog, before, after, one.metadata, every)
    except ArchiveError:
        return False


def is_current(
    catalog: Catalog,
    before: Snapshot,
    after: Snapshot,
    metadata: Mapping[bytes, bytes],
    every: Sequence[Snapshot] | None = None,
) -> bool:
    """Tell whether a feed with this metadata is current; feeds of the first versions do not name their evidence."""
    if before.reextracted or after.reextracted:
        return False
    if metadata.get(FROM_KEY) != before.id.encode() or EVIDENCE_KEY not in metadata:
        return False
    consulted = json.loads(metadata[EVIDENCE_KEY])
    if not consulted:
        return True
    if json.loads(metadata.get(REDIRECTS_KEY, b"[]")) != redirect_files(catalog.store, before.partition):
        return False
    listed = catalog.snapshots(before.partition) if every is None else every
    older = [each for each in listed if each.id < before.id][::-1]
    now = older[: len(consulted)]  # a null at the end means that no older snapshot may exist
    return [each.id for each in now] == [name for name in consulted if name] and not any(
        each.reextracted for each in now
    )


def pictures_told(
    catalog: Catalog, before: Snapshot, after: Snapshot
) -> dict[str, tuple[str | None, str | None]] | None:
    """Return the values before and after of the feed's records of exchanged pictures, by article.

    None when there is no current feed; feeds without counts are older than such records.
    """
    try:
        with catalog.open_feed(after) as one:
            if COUNTS_KEY not in one.metadata or not is_current(catalog, before, after, one.metadata):
                return None
            table = one.read(["article_id", "field", "before", "after"])
    except ArchiveError:
        return None
    rows = table.filter(pc.equal(table.column("field"), PICTURE)).to_pylist()
    return {row["article_id"]: (row["before"], row["after"]) for row in rows}
