"""Run one crawl in this process and return its run facts, or look at a few pages of a site.

Scrapy's own command exits 0 for most failures (an exception in a callback, a refused connection, no items); here the
exit code follows the run facts.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from scrapy.crawler import CrawlerProcess
from scrapy.utils.misc import load_object
from scrapy.utils.project import get_project_settings

from helpscraper.archive.store import open_store
from helpscraper.crawl.conclude import abandon, amend, outcome_log
from helpscraper.crawl.recognise import Ask
from helpscraper.crawl.settings_table import check_settings, read
from helpscraper.errors import CrawlError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings
    from twisted.python.failure import Failure

    from helpscraper.archive.run_facts import RunFacts
    from helpscraper.crawl.session import CrawlSession

__all__ = ["run_crawl", "run_scout"]

Work: TypeAlias = Callable[[Ask], Awaitable[Any]]
"""A coroutine that asks a site for a few pages."""


def run_scout(url: str, work: Work, settings: Mapping[str, Any]) -> Any:
    """Ask for a few pages of the site at ``url`` and return the result of ``work``, or raise its error.

    Can be called once in a process, and not beside ``run_crawl``.
    """
    process = CrawlerProcess(_project(settings))
    results: list[Any] = []
    failures: list[Failure] = []
    _scout(process, url, work, failures, results.append)
    process.start()
    if failures:
        raise _error(failures)
    return results[0]


def run_crawl(
    arguments: Mapping[str, str],
    settings: Mapping[str, Any],
    *,
    look_first: tuple[str, Work, Callable[[Any], dict[str, Any]]] | None = None,
) -> RunFacts:
    """Crawl with the spider's ``arguments`` and Scrapy ``settings`` over the project's own; return the run facts.

    ``look_first`` is the URL and the work of a ``run_scout`` before it, and a function that returns further arguments
    of the crawl from its result.

    Raises the error that kept it from starting: ``CommandError`` for bad arguments and settings, ``LockHeldError``,
    ``ArchiveError``, or ``CrawlError`` when it ended without facts. Can be called once in a process, as Scrapy's
    reactor allows.
    """
    project = _project(settings)
    process = CrawlerProcess(project)
    crawlers: list[Crawler] = []
    failures: list[Failure] = []

    def begin(more: Mapping[str, Any]) -> None:
        crawlers.append(process.create_crawler("help"))
        process.crawl(crawlers[0], **arguments, **more).addErrback(failures.append)

    if look_first is None:
        begin({})
    else:
        # Before the first request to the site.
        open_store(read(project, "ARCHIVE_URI")).probe(single_writer=read(project, "SINGLE_WRITER"))
        url, work, more = look_first
        _scout(process, url, work, failures, lambda result: begin(more(result)))
    # Scrapy would build every debug record and drop it in the handler.
    logging.root.setLevel(project.get("LOG_LEVEL"))
    # The caller has the facts and prints the outcome itself.
    outcome_log.disabled = True
    process.start()
    error = _error(failures) if failures else None
    session: CrawlSession | None = getattr(crawlers[0].spider, "session", None) if crawlers else None
    if session is None:
        raise error or CrawlError("the crawl ended before it began", advice="see the log above")
    if session.concluded is None:
        return abandon(session, error or CrawlError("the crawl ended without a conclusion"))
    return session.concluded if error is None else amend(session, error)


def _project(settings: Mapping[str, Any]) -> Settings:
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "helpscraper.settings")
    project = get_project_settings()
    project.update(dict(settings), priority="cmdline")
    check_settings(project)
    return project


def _scout(
    process: CrawlerProcess, url: str, work: Work, failures: list[Failure], then: Callable[[Any], None]
) -> None:
    """Start a scout; ``then`` gets its result, and ``failures`` any error of the scout or of ``then``."""
    # A class, not a name: `scrapy list` shows the spiders that have one to be called by.
    crawler = process.create_crawler(load_object("helpscraper.spiders.scout.ScoutSpider"))

    def done(_: object) -> None:
        scout: Any = crawler.spider
        if scout.error is not None:
            raise scout.error
        then(scout.result)

    process.crawl(crawler, url=url, work=work).addCallback(done).addErrback(failures.append)


def _error(failures: list[Failure]) -> BaseException:
    return failures[0].value or CrawlError("the crawl ended before it began", advice="see the log above")
