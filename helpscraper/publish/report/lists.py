"""The rows of the pages that list changes of several crawls: silent edits, the last week, all changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from helpscraper.archive.layout import snapshot_id, snapshot_instant
from helpscraper.history.kinds import counts_text
from helpscraper.publish.load import EditionData
from helpscraper.publish.model import CrawlRow
from helpscraper.publish.report.render import marked
from helpscraper.publish.story import crawl_rows, row_order

__all__ = ["counts_of", "newest_rows", "silent_rows", "texts_of", "week_rows"]

WEEK = dt.timedelta(days=7)
NEWEST = 5000
"""Rows of the page of all changes."""


def silent_rows(source: EditionData) -> list[CrawlRow]:
    """Return all articles with a silent edit, the latest crawl first."""
    return _rows(source, silent=True)


def week_rows(source: EditionData) -> list[CrawlRow]:
    """Return the changes of the seven days up to the newest snapshot, in the order of ``row_order``."""
    since = snapshot_id(snapshot_instant(source.ids[-1]) - WEEK)
    return sorted(_rows(source, since=since), key=row_order)


def newest_rows(source: EditionData) -> tuple[list[CrawlRow], int]:
    """Return about the ``NEWEST`` newest changes, whole crawls, and the number of those left out."""
    counts = source.con.execute(
        "select sid, count(distinct owner) from records where kind <> 'counted' group by 1 order by 1 desc"
    ).fetchall()
    taken, since = 0, ""
    for sid, number in counts:
        if taken and taken + number > NEWEST:
            since = sid
            break
        taken += number
    return _rows(source, since=since), sum(number for _, number in counts) - taken


def _rows(source: EditionData, *, since: str = "", silent: bool = False) -> list[CrawlRow]:
    labels = source.labels
    rows: list[CrawlRow] = []
    for snapshot, records, present in source.changes(since=since, silent=silent):
        titles = {then: labels[owner] for then, owner in present.items() if owner in labels}
        rows += crawl_rows(records, titles, source.previous(snapshot), present, source.since(snapshot))
    return rows


def texts_of(source: EditionData, rows: Sequence[CrawlRow]) -> dict[str, str]:
    """Return the texts of the bodies of each edit by key; where both are equal, their Markdown by ``marked(key)``."""
    texts = source.bodies(sorted({key for row in rows for key in row.bodies or () if key}))
    pairs = [
        row.bodies for row in rows if row.bodies and len({texts.get(key or "") for key in row.bodies}) == 1
    ]
    equal = source.bodies(sorted({key for pair in pairs for key in pair if key}), form="markdown")
    return texts | {marked(key): text for key, text in equal.items()}


def counts_of(rows: Sequence[CrawlRow]) -> str:
    """Return how many of the articles have each kind of change, in words."""
    kinds = Counter(kind for row in rows for kind in row.kinds)
    kinds["silent"] = sum(row.silent for row in rows)
    return counts_text(kinds)
