"""A page that is not what it claims to be is an outcome of the crawl, not a defect of the program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from helpscraper.errors import ExtractionError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from helpscraper.spiders.help import HelpSpider

__all__ = ["ExtractionErrorMiddleware"]


class ExtractionErrorMiddleware:
    """Hand an ``ExtractionError`` from a callback to the spider; any other exception stays Scrapy's, and counts."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ExtractionErrorMiddleware:
        """Make the middleware for ``crawler``."""
        return cls(crawler)

    def process_spider_exception(self, response: Response, exception: Exception) -> Iterable[Any] | None:
        """Enter the failed extraction in the ledger, and go on with what can be done about it."""
        if not isinstance(exception, ExtractionError):
            return None
        spider: HelpSpider = self._crawler.spider  # type: ignore[assignment]
        return spider.failed(response.request, exception)  # type: ignore[arg-type]
