"""What one crawl knows of an article, from its own page, from listings and from before: one row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from helpscraper.crawl.ledger import Entry
from helpscraper.items import Article, Status

__all__ = ["COLUMNS", "merge_row"]

COLUMNS = tuple(f.name for f in fields(Article))
_REQUIRED = tuple(f.name for f in fields(Article) if f.metadata["required"])
_STATUS: dict[str, Status] = {
    "fetched": "fetched",
    "carried": "carried",
    "gone": "gone",
    "failed": "failed",
    "listed": "listed",
    # Found, but the crawl ended before its turn came.
    "expected": "failed",
}


def merge_row(
    entry: Entry, previous: Mapping[str, Any] | None, snapshot_at: dt.datetime, *, tags: frozenset[str] = frozenset()
) -> dict[str, Any] | None:
    """Return the row of ``entry``, or None when not even a title is known.

    The first source that has a value wins, column by column: the article's own page, then what listings said. A
    fetched page speaks for itself: what it no longer shows is null, it is not filled up from the past. Any other row
    starts from the article's row of an earlier snapshot, because nothing was seen that contradicts it; only the view
    count is the listing's, which moves by itself. ``tags`` are the listings, such as 'latest', that collect
    articles of other sections; an article's own section is never guessed from one of them.
    """
    seen: dict[str, Any] = {}
    for section in sorted(entry.sightings, key=lambda slug: (slug in tags, slug)):
        for name, value in entry.sightings[section].items():
            if value is not None and seen.get(name) is None:
                seen[name] = value
        if section and section not in tags and seen.get("section") is None:
            seen["section"] = section
    own = entry.columns or {}
    status = _STATUS[entry.outcome]
    earlier = previous if previous is not None and status != "fetched" else {}
    row: dict[str, Any] = {}
    for name in COLUMNS:
        sources = (own, seen, earlier) if name == "view_count" else (own, earlier, seen)
        row[name] = next((source[name] for source in sources if source.get(name) is not None), None)
    row |= {
        "snapshot_at": snapshot_at,
        "article_id": entry.article_id,
        "listed_in": sorted(slug for slug in entry.sightings if slug),
        "status": status,
    }
    if status in {"gone", "failed"} and not entry.sightings and previous is not None:
        # Not seen in any listing and not readable now: where it stood before is all that is known of it.
        row["listed_in"] = previous.get("listed_in") or []
    if any(row[name] is None for name in _REQUIRED):
        return None
    return row
