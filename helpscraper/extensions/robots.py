"""robots.txt by RFC 9309: a missing one allows everything, and one that cannot be fetched forbids everything."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, IgnoreRequest
from scrapy.utils.defer import deferred_from_coro

from helpscraper.intake.wording import network_error

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

    from helpscraper.crawl.session import CrawlSession

__all__ = ["StrictRobotsTxtMiddleware"]


def _is_no_error(record: logging.LogRecord) -> bool:
    return record.levelno < logging.ERROR


class StrictRobotsTxtMiddleware(RobotsTxtMiddleware):
    """Obey robots.txt, and end the crawl when it cannot be fetched (RFC 9309, 2.3.1.4).

    After a server error or a timeout Scrapy would crawl everything.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # It logs a robots.txt that cannot be fetched, with a traceback; the outcome of the crawl states it.
        logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_is_no_error)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if 400 <= response.status < 500:
            # 2.3.1.3: there is no robots.txt, and the error page must not be read as one.
            response = response.replace(body=b"")
        elif not 200 <= response.status < 300:
            raise IgnoreRequest(f"HTTP {response.status}")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        detail = str(exc) if isinstance(exc, IgnoreRequest) else network_error(type(exc).__name__, str(exc))
        session: CrawlSession = self.crawler.spider.session  # type: ignore[union-attr]
        if isinstance(exc, CannotResolveHostError | DownloadConnectionRefusedError):
            session.stopped = f"{netloc} cannot be reached: {detail}"
        else:
            session.stopped = f"robots.txt cannot be fetched, so nothing may be crawled (RFC 9309): {detail}"
        super()._robots_error(exc, netloc)
        # Not awaited: closing waits for the very request that asked for robots.txt.
        deferred_from_coro(self.crawler.engine.close_spider_async(reason="robots_unavailable"))

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let ``request`` pass if the rules allow it; raises ``IgnoreRequest`` if they do not or are unknown."""
        if rp is None:
            raise IgnoreRequest("robots.txt cannot be fetched")
        super().process_request_2(rp, request)
