"""A spider that fetches a few pages one after the other, outside any crawl; it stores nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import scrapy
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import BaseSettings

from helpscraper.crawl.recognise import Answer, Ask
from helpscraper.errors import CrawlError
from helpscraper.extensions.payload import payload_of
from helpscraper.intake.wording import network_error
from helpscraper.platforms.contract import Link
from helpscraper.urls import origin

__all__ = ["ScoutSpider"]

_RECORDER = "helpscraper.extensions.recorder.RecorderMiddleware"
_LATER = "open it in a browser, or try again later"


class ScoutSpider(scrapy.Spider):
    """Runs the coroutine ``work``, which fetches pages; ``result`` is its return value, ``error`` its exception."""

    name = "scout"

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Keep the guards of a crawl and leave out all that needs a ledger or an archive."""
        super().update_settings(settings)
        ways = settings.getdict("DOWNLOADER_MIDDLEWARES") | {_RECORDER: None}
        changes = {"EXTENSIONS": {}, "ITEM_PIPELINES": {}, "SPIDER_MIDDLEWARES": {}, "RETRY_ENABLED": False}
        for name, value in (changes | {"DOWNLOADER_MIDDLEWARES": ways}).items():
            settings.set(name, value, priority="spider")

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
        return
        yield  # type: ignore[unreachable]  # Scrapy wants a generator

    async def ask(self, link: Link | str) -> Answer:
        """Return the answer to a request; raises ``CrawlError`` naming the URL when there is none."""
        url, headers = (link, {}) if isinstance(link, str) else (link.url, dict(link.headers))
        if self.session.stopped:
            raise CrawlError(self.session.stopped, advice=_LATER)
        try:
            response = await self.crawler.engine.download_async(
                scrapy.Request(url, headers=headers, dont_filter=True)
            )
        except IgnoreRequest as error:
            if self.session.stopped:
                raise CrawlError(self.session.stopped, advice=_LATER) from error
            elsewhere = str(error).startswith("off the site")
            advice = "give the address that it leads to" if elsewhere else ""
            raise CrawlError(f"{url}: {error}", advice=advice) from error
        except Exception as error:
            raise CrawlError(
                f"{url}: {network_error(type(error).__name__, str(error))}", advice=_LATER
            ) from error
        return Answer(response.url, response.status, payload_of(response))
