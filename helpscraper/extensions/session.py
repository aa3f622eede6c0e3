"""Open the crawl's session before the first request and conclude it after the last one."""

from __future__ import annotations

import logging
import platform
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import signals
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.task import LoopingCall

from helpscraper.crawl.conclude import abandon, conclude
from helpscraper.crawl.session import CrawlSession, SessionOptions
from helpscraper.crawl.setting_checks import notify_urls
from helpscraper.crawl.settings_table import check_settings, read
from helpscraper.errors import ArchiveError, HelpscraperError, LeaseLostError
from helpscraper.health.checks import Thresholds
from helpscraper.health.rules import parse_rules
from helpscraper.intake.versions import versions
from helpscraper.platforms import extractor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from helpscraper.spiders.help import HelpSpider

__all__ = ["SessionExtension", "session_options"]

logger = logging.getLogger(__name__)

_ERROR_TEXTS = 10
# A crawl that goes on for a second after it lost its lease asks for a page or two more.
_WATCH_SECONDS = 1.0

_SCRAPER = logging.getLogger("scrapy.core.scraper")
"""Logs an error of a callback or a pipeline, with its traceback."""


class ErrorCounter(logging.Handler):
    """Counts errors of the program: everything that is logged as an error.

    Scrapy only logs an exception in a callback, a pipeline, a middleware or a signal handler, and goes on. Its own
    counter of log records depends on ``LOG_LEVEL``; this one does not.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Count one record and keep the first few."""
        self.count += 1
        if len(self.texts) < _ERROR_TEXTS:
            error = record.exc_info[1] if record.exc_info else None
            where = record.getMessage().partition("\n")[0][:200]
            self.texts.append(
                f"{type(error).__name__}: {error} ({where})"[:500] if error is not None else where
            )


class SessionExtension:
    """Ties one ``CrawlSession`` to one Scrapy crawl."""

    def __init__(self, crawler: Crawler, session: CrawlSession) -> None:
        self._crawler = crawler
        self.session = session
        self._errors = ErrorCounter()
        self._loops: list[LoopingCall] = []
        logging.root.addHandler(self._errors)
        _SCRAPER.addFilter(self._one_line)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SessionExtension:
        """Open the session; raises ``CommandError`` for an invalid setting, ``LockHeldError`` or ``ArchiveError``."""
        check_settings(crawler.settings)
        spider: HelpSpider = crawler.spider  # type: ignore[assignment]
        spider.session = CrawlSession.open(
            spider.arguments, session_options(crawler.settings, extractor_of(spider.arguments.site))
        )
        contact = crawler.settings.get("CONTACT")
        if contact:
            agent = f"{crawler.settings.get('USER_AGENT')} +{contact}"
            crawler.settings.set("USER_AGENT", agent, priority="cmdline")
        extension = cls(crawler, spider.session)
        crawler.signals.connect(extension.item_error, signals.item_error)
        crawler.signals.connect(extension.item_error, signals.spider_error)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        if extension.session.shipping is not None:
            crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        return extension

    def spider_opened(self) -> None:
        """Watch the lease, and ship the state of the crawl at intervals."""
        self._every(_WATCH_SECONDS, self.session.lock.check)
        if minutes := read(self._crawler.settings, "SHIP_MINUTES"):
            self._every(minutes * 60, self._ship)

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        loop = LoopingCall(self._unless_lost, work)
        loop.start(seconds, now=False)
        self._loops.append(loop)

    def _unless_lost(self, work: Callable[[], None]) -> None:
        try:
            work()
        except LeaseLostError as error:
            if self.session.broken is None:
                self.session.broken = error
                logger.critical("The crawl ends: %s", error)
                # Not awaited: closing waits for the pages in flight.
                deferred_from_coro(self._crawler.engine.close_spider_async(reason="lease_lost"))

    def _ship(self) -> None:
        if self.session.shipping is not None and self.session.broken is None:
            try:
                self.session.shipping.ship(self.session.recorder)
            except ArchiveError as error:
                logger.warning(
                    "The state of the crawl could not be shipped, trying again later: %s", error.message
                )

    def _one_line(self, record: logging.LogRecord) -> bool:
        """Log an error of the archive without a traceback, and once: every page in flight meets the same one."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, ArchiveError):
            return True
        record.msg, record.args, record.exc_info = error.message, (), None
        return self.session.broken is None

    def item_error(self, failure: Failure) -> None:
        """Stop when the ledger cannot be written, because further pages would be lost."""
        if isinstance(failure.value, ArchiveError) and self.session.broken is None:
            self.session.broken = failure.value
            # Not awaited: closing waits for the very item that failed.
            deferred_from_coro(self._crawler.engine.close_spider_async(reason="ledger_failed"))

    def spider_closed(self, reason: str) -> None:
        """Commit or refuse the snapshot, or keep the ledger of an interrupted crawl."""
        for loop in self._loops:
            loop.stop()
        if self.session.concluded is not None:
            return
        stats: dict[str, Any] = dict(self._crawler.stats.get_stats())
        stats["helpscraper/internal_errors"] = self._errors.count
        stats["helpscraper/internal_error_texts"] = self._errors.texts
        try:
            facts = conclude(self.session, reason, stats)
            for field, outcomes in facts.fields.items():
                for outcome, n in outcomes.items():
                    self._crawler.stats.set_value(f"helpscraper/{field}/{outcome}", n)
        except Exception as error:
            logger.critical("The crawl could not be concluded; --resume goes on from its ledger: %s", error)
            if self.session.concluded is None:
                abandon(self.session, error)
            if not isinstance(error, HelpscraperError):
                raise  # Scrapy logs its traceback
        finally:
            logging.root.removeHandler(self._errors)
            _SCRAPER.removeFilter(self._one_line)


def session_options(settings: BaseSettings, extractor: str) -> SessionOptions:
    """Read the settings that a session depends on; ``extractor`` is the version of the platform's reading."""
    limits = {each.name: read(settings, f"HEALTH_{each.name.upper()}") for each in fields(Thresholds)}
    return SessionOptions(
        archive_uri=read(settings, "ARCHIVE_URI"),
        single_writer=read(settings, "SINGLE_WRITER"),
        resume=read(settings, "RESUME"),
        resume_max_hours=read(settings, "RESUME_MAX_HOURS"),
        audit_days=read(settings, "AUDIT_DAYS"),
        baseline_runs=read(settings, "HEALTH_BASELINE_RUNS"),
        thresholds=Thresholds(**limits),
        notify_urls=notify_urls(read(settings, "NOTIFY_URLS")),
        notify_seconds=read(settings, "NOTIFY_TIMEOUT"),
        lease_seconds=read(settings, "LEASE_SECONDS"),
        notify_rules=parse_rules(read(settings, "NOTIFY_CHANGES")),
        digest=read(settings, "DIGEST") or "",
        versions=versions(extractor) | {"scrapy": scrapy.__version__, "python": platform.python_version()},
    )
