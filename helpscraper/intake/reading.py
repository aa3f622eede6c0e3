"""The item of the pipelines: the articles that one page shows, filled with typed columns step by step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context, Values

__all__ = ["PageReadings", "Reading"]


@dataclass(slots=True, kw_only=True, repr=False)
class Reading:
    """One article as one page shows it.

    ``section`` is the listing that showed it, in its ``walk``-th reading; None for the article's own page.
    ``stored_body`` is the key of a body that the archive holds already.
    """

    raw: RawArticle
    context: Context
    section: str | None = None
    walk: int = 1
    fetched_at: dt.datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    warc_record: str | None = None
    stored_body: str | None = None
    values: Values = field(default_factory=Values)

    def __repr__(self) -> str:
        """Name the article: Scrapy logs the whole item when a pipeline breaks, and a body would fill the log."""
        return f"Reading({self.raw.kind} {self.raw.key[:80]!r})"


@dataclass(slots=True)
class PageReadings:
    """The readings of one page: one of an article's own page, one for each row of a listing.

    A listing is one item, because Scrapy starts a task and calls every pipeline for each item.
    """

    url: str
    readings: list[Reading]

    def __repr__(self) -> str:
        """Name the page, without its contents."""
        return f"PageReadings({self.url!r}, {len(self.readings)} readings)"
