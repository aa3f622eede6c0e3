"""Record every response of the crawl as sent over the wire.

The middleware runs between the downloader and ``PayloadMiddleware``, so it also records robots.txt, redirects,
errors that are retried and pages that cannot be extracted.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

import scrapy
from scrapy.exceptions import NotConfigured
from scrapy.utils.defer import deferred_from_coro

from helpscraper import __version__
from helpscraper.archive.recordings import Recorder
from helpscraper.errors import ArchiveError
from helpscraper.extensions.payload import is_cut_off
from helpscraper.warc.build import Exchange

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response
    from scrapy.settings import BaseSettings

    from helpscraper.crawl.session import CrawlSession

__all__ = ["RecorderMiddleware"]

logger = logging.getLogger(__name__)


class RecorderMiddleware:
    """Write each response to the crawl's WARC file and set ``request.meta["warc_record"]`` to its ``file#offset``.

    ``request.meta["recorded_at"]`` is the time of the record, so that a row and its record agree.
    """

    def __init__(self, crawler: Crawler, session: CrawlSession) -> None:
        self._crawler = crawler
        self._session = session
        session.recorder = self._recorder = Recorder(
            session.catalog.store,
            session.partition,
            session.snapshot_id,
            info=warcinfo(crawler.settings, f"{session.partition} {session.snapshot_id}"),
            rotate_bytes=crawler.settings.getint("WARC_ROTATE_BYTES"),
            # The file that was open on the machine that died.
            leave_out=int(session.shipping is not None and session.shipping.moved),
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RecorderMiddleware:
        """Make the middleware for ``crawler``; raises ``NotConfigured`` when ``WARC_ENABLED`` is off."""
        if not crawler.settings.getbool("WARC_ENABLED"):
            raise NotConfigured  # a message would make Scrapy log a warning
        return cls(crawler, crawler.spider.session)  # type: ignore[union-attr]

    def process_response(self, request: Request, response: Response) -> Response:
        """Record ``response`` and pass it on; end the crawl when it cannot be recorded."""
        if "cached" in response.flags:
            return response  # it is from Scrapy's cache, not from the site
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        try:
            reference = self._recorder.write(_exchange(request, response, now))
        except ArchiveError as error:
            self._end(error)
            raise
        request.meta["warc_record"], request.meta["recorded_at"] = reference, now
        self._crawler.stats.inc_value("helpscraper/warc/records")
        return response

    def _end(self, error: ArchiveError) -> None:
        """Stop the crawl; nothing is committed, and the ledger is kept for --resume."""
        if self._session.broken is None:
            self._session.broken = error
            logger.critical("The crawl ends, because a response cannot be recorded: %s", error)
            # Not awaited: closing waits for the very request that this response answers.
            deferred_from_coro(self._crawler.engine.close_spider_async(reason="recording_failed"))


def warcinfo(settings: BaseSettings, part_of: str) -> dict[str, str]:
    """Return the fields of the ``warcinfo`` record: software, user agent, contact and robots policy."""
    return {
        "software": f"helpscraper/{__version__} Scrapy/{scrapy.__version__}",
        "http-header-user-agent": str(settings.get("USER_AGENT") or ""),
        "robots": "classic" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "operator": str(settings.get("CONTACT") or ""),
        "isPartOf": part_of,
    }


def _exchange(request: Request, response: Response, date: dt.datetime) -> Exchange:
    return Exchange(
        url=response.url,
        date=date,
        method=request.method,
        request_headers=_pairs(request.headers),
        request_body=request.body,
        status=response.status,
        response_headers=_pairs(response.headers),
        payload=response.body,
        protocol=response.protocol,
        ip_address=str(response.ip_address) if response.ip_address is not None else None,
        cut_off=is_cut_off(response),
    )


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name in headers for value in headers.getlist(name)]
