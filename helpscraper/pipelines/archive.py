"""The last pipeline: what was read goes into the ledger of the crawl, from which the snapshot is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpscraper.crawl.reading import Reading

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.crawl.session import CrawlSession

__all__ = ["ArchivePipeline"]


class ArchivePipeline:
    """Enter each reading in the ledger, at once and in one transaction."""

    def __init__(self, session: CrawlSession) -> None:
        self._ledger = session.ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        """Make the pipeline for ``crawler``, whose spider holds the session."""
        return cls(crawler.spider.session)  # type: ignore[union-attr]

    def process_item(self, item: Reading) -> Reading:
        """Enter ``item``; raises ``ArchiveError`` when the ledger cannot be written."""
        columns, body = dict(item.values.columns), item.values.body
        self._ledger.tally("fields", item.values.outcomes)
        if item.warc_record is not None:
            columns["warc_record"] = item.warc_record
        if item.raw.kind == "article":
            columns["fetched_at"] = item.fetched_at
            self._ledger.fetched(columns["article_id"], columns, body)
            if item.etag or item.last_modified:
                self._ledger.validators(columns["article_id"], item.etag, item.last_modified)
        else:
            self._ledger.sighting(columns["article_id"], item.section or "", columns, walk=item.walk)
        # The body is in the ledger; holding it in the item would keep it in memory until Scrapy lets go of it.
        item.values.body = None
        return item
