"""Show the progress of the crawl as a bar on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured

from helpscraper.crawl.setting_checks import maybe

if TYPE_CHECKING:
    from rich.progress import Progress
    from scrapy.crawler import Crawler

    from helpscraper.crawl.session import CrawlSession

__all__ = ["ProgressExtension"]

_LISTING = "listing pages"
_ARTICLE = "articles"


class ProgressExtension:
    """Count requests by kind as they are scheduled and answered."""

    def __init__(self, crawler: Crawler) -> None:
        wanted = maybe(crawler.settings.get("PROGRESS"))
        if not (sys.stderr.isatty() if wanted is None else wanted):
            raise NotConfigured
        self._session: CrawlSession = crawler.spider.session  # type: ignore[union-attr]
        self._progress: Progress | None = None
        self._tasks: dict[str, Any] = {}
        for handler, signal in (
            (self.spider_opened, signals.spider_opened),
            (self.request_scheduled, signals.request_scheduled),
            (self.response_received, signals.response_received),
            (self.spider_closed, signals.spider_closed),
        ):
            crawler.signals.connect(handler, signal)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ProgressExtension:
        """Make the extension; raises ``NotConfigured`` without a terminal or when ``PROGRESS`` is off."""
        return cls(crawler)

    def spider_opened(self) -> None:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description:>13}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[errors]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        for kind in (_LISTING, _ARTICLE):
            self._tasks[kind] = self._progress.add_task(kind, total=0, errors="")
        self._progress.start()

    def request_scheduled(self, request: Any) -> None:
        """Count one more request to do."""
        kind = _kind(request)
        if self._progress is None or kind is None or request.meta.get("retry_times"):
            return
        task = self._progress.tasks[self._tasks[kind]]
        # The ledger knows all articles; they are scheduled a few at a time.
        total = self._session.asked if kind == _ARTICLE else (task.total or 0) + 1
        self._progress.update(task.id, total=total)

    def response_received(self, response: Any, request: Any) -> None:
        """Count one request as done."""
        kind = _kind(request)
        if self._progress is None or kind is None:
            return
        problems = sum(self._session.ledger.tallies("problem").values())
        self._progress.update(self._tasks[kind], advance=1, errors=f"{problems} errors" if problems else "")

    def spider_closed(self) -> None:
        """Leave the finished bar on the terminal."""
        if self._progress is not None:
            self._progress.stop()


def _kind(request: Any) -> str | None:
    asked = request.cb_kwargs.get("asked")
    return {"article": _ARTICLE, "list": _LISTING}.get(asked.kind) if asked is not None else None
