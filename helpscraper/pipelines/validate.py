"""Drop articles that lack a required field, and say so in the ledger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy.exceptions import DropItem

from helpscraper.errors import CrawlError
from helpscraper.intake.enter import refused, why_refused
from helpscraper.intake.reading import PageReadings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.crawl.session import CrawlSession

__all__ = ["ValidatePipeline"]

logger = logging.getLogger(__name__)


class ValidatePipeline:
    """Drop each article that cannot become a row, and enter the reason in the ledger."""

    def __init__(self, crawler: Crawler) -> None:
        session: CrawlSession | None = getattr(crawler.spider, "session", None)
        if session is None:
            raise CrawlError(
                "the pipelines need a crawl session", advice="keep SessionExtension in EXTENSIONS"
            )
        self._session = session

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ValidatePipeline:
        """Make the pipeline for ``crawler``."""
        return cls(crawler)

    def process_item(self, item: PageReadings) -> PageReadings:
        """Return ``item`` without invalid readings; raises ``DropItem`` with the reasons when none is left."""
        invalid = [(reading, why) for reading in item.readings if (why := why_refused(reading)) is not None]
        if not invalid:
            return item
        for reading, why in invalid:
            logger.warning("Dropped: %s: %s", reading.raw.url, why)
            for note in refused(reading, why):
                note.enter(self._session.ledger)
            item.readings.remove(reading)
        if not item.readings:
            raise DropItem(f"{item.url}: {', '.join(sorted({why for _, why in invalid}))}")
        return item
