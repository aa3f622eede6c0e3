"""The last pipeline: what was read goes into the ledger of the crawl, from which the snapshot is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpscraper.intake.reading import PageReadings, Reading

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.crawl.session import CrawlSession

__all__ = ["ArchivePipeline"]


class ArchivePipeline:
    """Enter the readings of a page in the ledger, at once and in one transaction."""

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
                self._enter(reading)
        return item

    def _enter(self, reading: Reading) -> None:
        columns, body = dict(reading.values.columns), reading.values.body
        self._ledger.tally("fields", reading.values.outcomes)
        if reading.warc_record is not None:
            columns["warc_record"] = reading.warc_record
        if reading.raw.kind == "article":
            columns["fetched_at"] = reading.fetched_at
            self._ledger.fetched(
                columns["article_id"], columns, body, etag=reading.etag, last_modified=reading.last_modified
            )
        if reading.section is not None:
            self._ledger.sighting(columns["article_id"], reading.section or "", columns, walk=reading.walk)
        # The body is in the ledger; holding it in the item would keep it in memory until Scrapy lets go of it.
        reading.values.body = None
