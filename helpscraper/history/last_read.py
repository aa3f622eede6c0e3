"""Between which two crawls did a change happen? A page may have been read last long before the crawl before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.errors import ArchiveError

__all__ = ["last_seen_unchanged"]

_OF_THE_PAGE = frozenset({"body_sha256", "picture", "word_count", "reading_minutes"})
"""The fields that only the article's own page shows."""


def last_seen_unchanged(
    catalog: Catalog, before: Snapshot, records: Sequence[Mapping[str, Any]], keys: Mapping[str, str]
) -> list[str]:
    """Return for each change record the id of the last crawl that saw the article as it was before the change.

    That is ``before``, with which the later snapshot was compared; for the text of a page that was carried over, it is
    the crawl that had read the page. ``keys`` gives the keys in ``before`` of articles that had another one.
    """
    paged = {row["article_id"] for row in records if row["field"] in _OF_THE_PAGE}
    read = _last_reads(catalog, before, {keys.get(each, each) for each in paged}) if paged else {}
    return [
        read.get(keys.get(row["article_id"], row["article_id"]), before.id)
        if row["field"] in _OF_THE_PAGE
        else before.id
        for row in records
    ]


def _last_reads(catalog: Catalog, snapshot: Snapshot, articles: set[str]) -> dict[str, str]:
    """Return the id of the crawl that had last read the page of each article that ``snapshot`` holds."""
    ids = catalog.ids(snapshot.partition)
    found: dict[str, str] = {}
    with suppress(ArchiveError):  # the change feed is there, the snapshot is damaged
        rows = catalog.load_table(snapshot, columns=["article_id", "fetched_at"])
        chosen = pc.is_in(rows.column("article_id"), value_set=pa.array(sorted(articles), pa.string()))
        for row in rows.filter(chosen).to_pylist():
            place = bisect_right(ids, snapshot_id(row["fetched_at"])) if row["fetched_at"] else 0
            if place:
                found[row["article_id"]] = min(ids[place - 1], snapshot.id)
    return found
