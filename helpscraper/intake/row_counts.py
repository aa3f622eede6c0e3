"""Count the rows of a crawl for the health checks: fields that are there, fields that were lost. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import Counts, PageFact

__all__ = ["LISTED_FIELDS", "PAGE_FIELDS", "RowCounts"]

PAGE_FIELDS = (
    "category", "section", "published_at", "published_on", "updated_at", "updated_on", "view_count", "body_sha256",
)  # fmt: skip
"""Columns that an article's own page gives; one that was there before and is missing now was lost."""

LISTED_FIELDS = ("title", "published_at", "published_on", "updated_at", "updated_on", "view_count")
"""Columns that listings give; among them is the evidence by which a crawl chooses the pages to fetch."""


class RowCounts:
    """Counts rows one by one; ``into`` adds the counts to the run facts."""

    def __init__(self) -> None:
        self._status: Counter[str] = Counter()
        self._live: Counter[str] = Counter()
        self._listed: dict[str, Counter[str]] = {}
        self._had: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._oldest: tuple[dt.datetime, str] | None = None
        self._due = 0
        self._texts: Counter[tuple[str, str]] = Counter()

    def add(
        self,
        row: Mapping[str, Any],
        previous: Mapping[str, Any] | None,
        sightings: Mapping[str, Mapping[str, Any]],
        *,
        due: bool = False,
    ) -> None:
        """Count one row, with its article's row of an earlier snapshot (``previous``) and its columns in listings.

        ``due``: its page was still to be read when the crawl ended.
        """
        self._due += due
        self._status[row["status"]] += 1
        self._live.update({row["section"] or "", *(row["listed_in"] or ())})
        if row["fetched_at"] is not None:
            read = (row["fetched_at"], row["article_id"])
            self._oldest = min(self._oldest or read, read)
        self._add_listed(sightings)
        if row["status"] != "fetched":
            return
        body = row["body_sha256"]
        if body is not None and (previous is None or previous.get("body_sha256") != body):
            self._texts[row["title"], body] += 1
        if previous is None:
            self._new["fetched"] += 1
            self._new.update(name for name in PAGE_FIELDS if row[name] is None)
            return
        for name in PAGE_FIELDS:
            if previous.get(name) is not None:
                self._had[name] += 1
                self._lost[name] += row[name] is None

    def add_gone(self, sightings: Mapping[str, Mapping[str, Any]]) -> None:
        """Count an article whose own page answered 404 or 410, and the columns of listings that still show it."""
        self._status["gone"] += 1
        self._add_listed(sightings)

    def _add_listed(self, sightings: Mapping[str, Mapping[str, Any]]) -> None:
        for section, columns in sightings.items():
            counts = self._listed.setdefault(section, Counter())
            counts["n"] += 1
            counts.update(name for name in LISTED_FIELDS if columns.get(name) is not None)

    def into(self, facts: RunFacts) -> RunFacts:
        """Return ``facts`` with the counts.

        ``oldest_page``: the article whose own page was read longest ago, and when.
        ``counts``: rows by status, and the articles that are ``gone``. ``due``: rows among the ``failed`` whose page
        was still to be read. ``live``: rows by section.
        ``new``: pages of articles that were not known before, and in how many of them each field is missing.
        ``refetched``: for pages of known articles, how many had each field before and how many of these lack it now.
        ``alike``: the largest number of articles whose pages all came to show one title and one text.
        ``listed``: by section, how many articles its listing showed and in how many of them each field was read.
        """
        oldest = self._oldest
        return replace(
            facts,
            oldest_page=oldest and PageFact(article_id=oldest[1], fetched_at=oldest[0].isoformat()),
            counts=Counts.of(self._status, self._status["gone"]),
            due=self._due,
            alike=max(self._texts.values(), default=0),
            live=dict(sorted(self._live.items())),
            new={name: self._new[name] for name in ("fetched", *PAGE_FIELDS)},
            refetched={name: {"had": self._had[name], "lost": self._lost[name]} for name in PAGE_FIELDS},
            listed={
                section: {name: counts[name] for name in ("n", *LISTED_FIELDS)}
                for section, counts in sorted(self._listed.items())
            },
        )
