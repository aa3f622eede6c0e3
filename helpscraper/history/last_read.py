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
from helpscraper.history.kinds import ARTICLE

__all__ = ["OF_THE_PAGE", "last_reads", "last_seen_unchanged"]

OF_THE_PAGE = frozenset({"body_sha256", "picture", "word_count", "reading_minutes"})
"""The fields that only the article's own page shows."""


def last_seen_unchanged(
    catalog: Catalog, before: Snapshot, records: Sequence[Mapping[str, Any]], keys: Mapping[str, str]
) -> list[str]:
    """Return for each change record the id of the last crawl that saw the article as it was before the change.

    That is ``before``; where ``before`` did not see the article, the last snapshot that did; and for the text of a page
    that was carried over, the crawl that had read the page. ``keys`` gives the keys in ``before`` of articles that had
    another one.
    """
    own = [keys.get(row["article_id"], row["article_id"]) for row in records]
    changed = {key for key, row in zip(own, records, strict=True) if row["field"] != ARTICLE}
    seen = _last_seen(catalog, before, changed)
    paged = {key for key, row in zip(own, records, strict=True) if row["field"] in OF_THE_PAGE}
    read: dict[str, str] = {}
    for snapshot in {seen[key] for key in paged & seen.keys()}:
        read |= last_reads(catalog, snapshot, {key for key in paged if seen.get(key) == snapshot})
    begins = []
    for key, row in zip(own, records, strict=True):
        last = (seen.get(key) if row["field"] != ARTICLE else None) or before
        begins.append(read.get(key, last.id) if row["field"] in OF_THE_PAGE else last.id)
    return begins


def _last_seen(catalog: Catalog, before: Snapshot, articles: set[str]) -> dict[str, Snapshot]:
    """Return the newest snapshot up to ``before`` that holds each article; a complete one holds all that changed."""
    with suppress(ArchiveError):  # the change feed is there, the snapshot is damaged
        if articles and catalog.facts(before).complete:
            return dict.fromkeys(articles, before)
    found: dict[str, Snapshot] = {}
    earlier = [each for each in catalog.snapshots(before.partition) if each.id <= before.id]
    for snapshot in reversed(earlier):
        if not articles - found.keys():
            break
        with suppress(ArchiveError):  # the change feed is there, the snapshot is damaged
            column = catalog.load_table(snapshot, columns=["article_id"]).column("article_id")
            held = articles.intersection(column.to_pylist()) - found.keys()
            found |= dict.fromkeys(held, snapshot)
    return found


def last_reads(catalog: Catalog, snapshot: Snapshot, articles: set[str]) -> dict[str, str]:
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
