"""Merge an article's own page, its listings and its earlier row into one row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from helpscraper.intake.entries import Entry
from helpscraper.items import Article, Status

__all__ = ["COLUMNS", "Listings", "merge_row"]

COLUMNS = tuple(f.name for f in fields(Article))
_REQUIRED = tuple(f.name for f in fields(Article) if f.metadata["required"])
_STATUS: dict[str, Status] = {
    "fetched": "fetched",
    "carried": "carried",
    "failed": "failed",
    "listed": "listed",
    # The crawl ended before it fetched the page.
    "expected": "failed",
    # Its own address leads to no article, but no listing that could prove its absence was read whole.
    "absent": "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listings:
    """Listings of special kinds: ``tags`` collect articles of other sections, ``whole`` were read whole.

    ``confidence`` is that of the platform's claim.
    """

    tags: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    confidence: str = "declared"


def merge_row(
    entry: Entry,
    previous: Mapping[str, Any] | None,
    snapshot_at: dt.datetime,
    listings: Listings | None = None,
) -> dict[str, Any] | None:
    """Return the row of ``entry``, which is not ``gone``, or None when not even a title is known.

    The first source that has a value wins, column by column: the article's own page, then its listings. A fetched
    page replaces the earlier row: a value that it no longer shows becomes null. Any other row starts from the article's
    row of an earlier snapshot, because nothing contradicts it; only the view count comes from the listing, since it
    changes without an edit. An article's own section is never guessed from a tag such as
    'latest'. A listing that was not read whole cannot take an article off it: ``listed_in`` keeps it from before.
    """
    listings = listings or Listings()
    seen: dict[str, Any] = {}
    for section in sorted(entry.sightings, key=lambda key: (key in listings.tags, key)):
        seen = _stated(entry.sightings[section]) | seen
        if section and section not in listings.tags and "section" not in seen:
            seen["section"] = section
    status = _STATUS[entry.outcome]
    own = _stated(entry.columns)
    earlier = _stated(previous) if status != "fetched" else {}
    known = seen | earlier | own
    if "view_count" in seen and "view_count" not in own:
        known["view_count"] = seen["view_count"]
    row = {name: known.get(name) for name in COLUMNS}
    kept = set((previous or {}).get("listed_in") or ()) - listings.whole
    row |= {
        "snapshot_at": snapshot_at,
        "article_id": entry.article_id,
        "listed_in": sorted({key for key in entry.sightings if key} | kept),
        "status": status,
        "confidence": listings.confidence,
    }
    if any(row[name] is None for name in _REQUIRED):
        return None
    return row


def _stated(columns: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if value is not None} if columns else {}
