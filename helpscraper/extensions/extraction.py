"""Treat a failed extraction as a result of the crawl, not as a program error."""

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
    """Pass an ``ExtractionError`` of a callback to the spider, and leave other exceptions to Scrapy."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ExtractionErrorMiddleware:
        """Make the middleware for ``crawler``."""
        return cls(crawler)

    def process_spider_exception(self, response: Response, exception: Exception) -> Iterable[Any] | None:
        """Let the spider record the failed extraction in the ledger, and follow its requests."""
        if not isinstance(exception, ExtractionError):
            return None
        spider: HelpSpider = self._crawler.spider  # type: ignore[assignment]
        return spider.failed(response.request, exception)  # type: ignore[arg-type]
