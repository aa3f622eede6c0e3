"""A spider that fetches a few pages one after the other, outside any crawl; it stores nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import scrapy
from scrapy.exceptions import IgnoreRequest

from helpscraper.crawl.recognise import Answer, Ask
from helpscraper.errors import CrawlError
from helpscraper.extensions.payload import payload_of
from helpscraper.intake.wording import network_error
from helpscraper.platforms.contract import Link
from helpscraper.urls import origin

__all__ = ["ScoutSpider"]


class ScoutSpider(scrapy.Spider):
    """Runs the coroutine ``work``, which fetches pages; ``result`` is its return value, ``error`` its exception."""

    name = "scout"
    custom_settings = {  # noqa: RUF012 (Scrapy declares it so)
        "EXTENSIONS": {},
        "ITEM_PIPELINES": {},
        "SPIDER_MIDDLEWARES": {},
        "RETRY_ENABLED": False,
        "DOWNLOADER_MIDDLEWARES": {
            "helpscraper.extensions.guard.SiteGuardMiddleware": 50,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "helpscraper.extensions.robots.StrictRobotsTxtMiddleware": 100,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
            "helpscraper.extensions.payload.PayloadMiddleware": 590,
        },
    }

    def __init__(self, url: str, work: Callable[[Ask], Awaitable[Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base_url = origin(url)
        self.work = work
        self.session = SimpleNamespace(stopped=None)  # the robots middleware sets ``stopped`` to its reason
        self.result: Any = None
        self.error: Exception | None = None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Do the work; no request goes through the scheduler."""
        try:
            self.result = await self.work(self.ask)
        except Exception as error:  # noqa: BLE001 (the caller raises it again)
            self.error = error
        for request in list[scrapy.Request]():
            yield request

    async def ask(self, link: Link | str) -> Answer:
        """Return the answer to a request; raises ``CrawlError`` naming the URL when there is none."""
        url, headers = (link, {}) if isinstance(link, str) else (link.url, dict(link.headers))
        try:
            response = await self.crawler.engine.download_async(
                scrapy.Request(url, headers=headers, dont_filter=True)
            )
        except IgnoreRequest as error:
            said = self.session.stopped or str(error)
            advice = "give the address that it leads to" if said.startswith("off the site") else ""
            raise CrawlError(f"{url}: {said}", advice=advice) from error
        except Exception as error:
            raise CrawlError(
                f"{url}: {network_error(type(error).__name__, str(error))}",
                advice="open it in a browser, or try again later",
            ) from error
        return Answer(response.url, response.status, payload_of(response))
