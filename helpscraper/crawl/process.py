"""Run one crawl in this process and return its run facts.

Scrapy's own command exits 0 for most failures (an exception in a callback, a refused connection, no items); here the
exit code follows the run facts.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from helpscraper.crawl.conclude import abandon, amend, outcome_log
from helpscraper.crawl.own_settings import check_settings
from helpscraper.errors import CrawlError

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from helpscraper.archive.run_facts import RunFacts
    from helpscraper.crawl.session import CrawlSession

__all__ = ["run_crawl"]


def run_crawl(arguments: Mapping[str, str], settings: Mapping[str, Any]) -> RunFacts:
    """Crawl with the spider's ``arguments`` and Scrapy ``settings`` over the project's own; return the run facts.

    Raises the error that kept it from starting: ``CommandError`` for bad arguments and settings, ``LockHeldError``,
    ``ArchiveError``, or ``CrawlError`` when it ended without facts. Can be called once in a process, as Scrapy's
    reactor allows.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "helpscraper.settings")
    project = get_project_settings()
    project.update(dict(settings), priority="cmdline")
    check_settings(project)
    process = CrawlerProcess(project)
    crawler = process.create_crawler("help")
    failures: list[Failure] = []
    process.crawl(crawler, **arguments).addErrback(failures.append)
    # Scrapy would build every debug record and drop it in the handler.
    logging.root.setLevel(project.get("LOG_LEVEL"))
    # The caller has the facts and prints the outcome itself.
    outcome_log.disabled = True
    process.start()
    session: CrawlSession | None = getattr(crawler.spider, "session", None)
    error = failures[0].value if failures else None
    if session is None:
        raise error or CrawlError("the crawl ended before it began", advice="see the log above")
    if session.concluded is None:
        return abandon(session, error or CrawlError("the crawl ended without a conclusion"))
    return session.concluded if error is None else amend(session, error)
