"""Between which two crawls did a change happen? An article may have been out of sight, or no crawl was made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from contextlib import suppress
from itertools import groupby, pairwise
from typing import Final

from helpscraper.archive.layout import snapshot_instant
from helpscraper.errors import ArchiveError
from helpscraper.publish.load import EditionData

__all__ = ["last_seen"]

_LONG: Final = dt.timedelta(days=7)
"""Two crawls that are this far apart are named both."""


def last_seen(source: EditionData, complete: Set[str]) -> dict[str, dict[str, str]]:
    """Return by article, and by the crawl that found a change, the last crawl before that saw the article.

    Left out are changes since the crawl right before, unless that is ``_LONG`` ago. ``complete`` are the crawls that
    saw every article. An article that came or went has no time between: no crawl saw it on the other side.
    """
    found: dict[str, dict[str, str]] = {}
    seen: dict[str, str] = {}
    everywhere: str | None = None
    changed = _changed(source)
    for before, after in pairwise(source.snapshots):
        if before.id in complete:
            seen, everywhere = {}, before.id
        else:
            with suppress(ArchiveError):  # the change feed is there, the snapshot is damaged
                keys = source.catalog.load_table(before, columns=["article_id"]).column("article_id")
                seen |= dict.fromkeys(keys.to_pylist(), before.id)
        far = snapshot_instant(after.id) - snapshot_instant(before.id) >= _LONG
        for owner, key in changed.get(after.id, ()):
            last = seen.get(key, everywhere)
            if last is not None and (far or last != before.id):
                found.setdefault(owner, {})[after.id] = last
    return found


def _changed(source: EditionData) -> dict[str, list[tuple[str, str]]]:
    """Return by crawl the articles in which it found a change: the last id, and the id before the change."""
    rows = source.con.execute(
        "select sid, owner, coalesce(max(before) filter (kind = 'renamed' and after = article_id), min(article_id))"
        " from records where field <> 'article' group by sid, owner order by sid"
    ).fetchall()
    return {
        sid: [(owner, key) for _, owner, key in group] for sid, group in groupby(rows, key=lambda row: row[0])
    }
