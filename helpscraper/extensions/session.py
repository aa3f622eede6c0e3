"""Opens the crawl's session before the first request and concludes it after the last one."""

from __future__ import annotations

import logging
import platform
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import signals

from helpscraper import __version__
from helpscraper.archive.schema import SCHEMA_VERSION
from helpscraper.crawl.conclude import abandon, conclude
from helpscraper.crawl.health import Thresholds
from helpscraper.crawl.session import CrawlSession, SessionOptions
from helpscraper.pages.okx import EXTRACTOR

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from helpscraper.spiders.help import HelpSpider

__all__ = ["SessionExtension", "session_options"]

logger = logging.getLogger(__name__)

_ERROR_TEXTS = 10


class SessionExtension:
    """Ties one ``CrawlSession`` to one Scrapy crawl."""

    def __init__(self, crawler: Crawler, session: CrawlSession) -> None:
        self._stats = crawler.stats
        self.session = session
        self._texts: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SessionExtension:
        """Open the session; raises ``LockHeldError`` or ``ArchiveError``, which end the crawl before it begins."""
        spider: HelpSpider = crawler.spider  # type: ignore[assignment]
        spider.session = CrawlSession.open(spider.arguments, session_options(crawler.settings))
        contact = crawler.settings.get("CONTACT")
        if contact:
            agent = f"{crawler.settings.get('USER_AGENT')} +{contact}"
            crawler.settings.set("USER_AGENT", agent, priority="cmdline")
        extension = cls(crawler, spider.session)
        crawler.signals.connect(extension.spider_error, signals.spider_error)
        crawler.signals.connect(extension.item_error, signals.item_error)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_error(self, failure: Failure) -> None:
        """Count an unexpected exception of a callback."""
        self._internal(failure)

    def item_error(self, failure: Failure) -> None:
        """Count an unexpected exception of a pipeline."""
        self._internal(failure)

    def _internal(self, failure: Failure) -> None:
        self._stats.inc_value("helpscraper/internal_errors")
        if len(self._texts) < _ERROR_TEXTS:
            self._texts.append(f"{failure.type.__name__}: {failure.getErrorMessage()}"[:500])  # type: ignore[union-attr]

    def spider_closed(self, reason: str) -> None:
        """Commit, refuse, or keep the ledger of an interrupted crawl."""
        if self.session.concluded is not None:
            return
        stats: dict[str, Any] = dict(self._stats.get_stats())
        stats["helpscraper/internal_error_texts"] = self._texts
        # An error that no signal reports (in start(), in a middleware) is still an error: Scrapy logs each as such.
        logged = stats.get("log_count/ERROR", 0)
        stats["helpscraper/internal_errors"] = max(stats.get("helpscraper/internal_errors", 0), logged)
        try:
            conclude(self.session, reason, stats)
        except Exception as error:
            logger.critical("The crawl could not be concluded: %s", error)
            if self.session.concluded is None:
                abandon(self.session, error)
            raise


def session_options(settings: BaseSettings) -> SessionOptions:
    """Read the settings that a session depends on."""
    return SessionOptions(
        archive_uri=settings.get("ARCHIVE_URI"),
        resume=settings.getbool("RESUME"),
        resume_max_hours=settings.getfloat("RESUME_MAX_HOURS"),
        baseline_runs=settings.getint("HEALTH_BASELINE_RUNS"),
        thresholds=Thresholds(
            min_articles=settings.getfloat("HEALTH_MIN_ARTICLES"),
            min_section=settings.getfloat("HEALTH_MIN_SECTION"),
            coverage_drop=settings.getfloat("HEALTH_COVERAGE_DROP"),
            max_failed=settings.getfloat("HEALTH_MAX_FAILED"),
            min_fetched_bodies=settings.getfloat("HEALTH_MIN_FETCHED_BODIES"),
            max_challenges=settings.getint("HEALTH_MAX_CHALLENGES"),
        ),
        notify_urls=tuple(settings.getlist("NOTIFY_URLS")),
        versions={
            "helpscraper": __version__,
            "extractor": EXTRACTOR,
            "schema": str(SCHEMA_VERSION),
            "scrapy": scrapy.__version__,
            "python": platform.python_version(),
        },
    )
