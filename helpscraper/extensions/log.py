"""Scrapy's log messages about pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.http import Response
    from twisted.python.failure import Failure

__all__ = ["BriefLogFormatter"]


class BriefLogFormatter(LogFormatter):
    """Scrapy's messages without the one that prints each item, which here is a whole page."""

    def scraped(  # type: ignore[override]  # Scrapy takes None for "no message", its annotation does not
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> None:
        """Log nothing: "Crawled (200) …" names the page, and the ledger holds its values."""
