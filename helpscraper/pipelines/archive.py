"""The last pipeline: it enters each page in the crawl's ledger, from which the snapshot is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpscraper.intake.enter import TWICE, accepted, twice
from helpscraper.intake.notes import Sighting
from helpscraper.intake.reading import PageReadings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.crawl.session import CrawlSession

__all__ = ["ArchivePipeline"]


class ArchivePipeline:
    """Enter the readings of a page in the ledger, in one transaction."""

    def __init__(self, session: CrawlSession) -> None:
        self._ledger = session.ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        """Make the pipeline for ``crawler``, whose spider holds the session."""
        return cls(crawler.spider.session)  # type: ignore[union-attr]

    def process_item(self, item: PageReadings) -> PageReadings:
        """Enter ``item``; raises ``ArchiveError`` when the ledger cannot be written."""
        with self._ledger.transaction():
            for reading in item.readings:
                for note in accepted(reading):
                    if isinstance(note, Sighting):
                        before = self._ledger.sighted(note.article_id, note.section, note.walk)
                        if before is not None:
                            self._ledger.problem(TWICE, item.url, twice(note, before))
                    note.enter(self._ledger)
                # The body is in the ledger; the item would keep it in memory until Scrapy lets go of it.
                reading.values.body = None
        return item
