"""Handle pages that cannot be fetched or read: each gets a second chance, then a line in the ledger."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import Request
from scrapy.exceptions import DontCloseSpider, DownloadCancelledError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.defer import deferred_from_coro

from helpscraper.errors import CrawlError, ExtractionError
from helpscraper.extensions.payload import UnreadablePayload, payload_of
from helpscraper.intake.wording import network_error, problem_kind
from helpscraper.platforms.contract import PAST_THE_END, Address, Link, Platform

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from helpscraper.crawl.session import CrawlSession

__all__ = ["LISTING", "FailedPagesSpider", "describe"]

LISTING = 10
"""The priority of a listing, above all articles: the faster lists are read, the less they change meanwhile."""

# Fields of an ExtractionError that say "there is no such article here", as a site that never answers 404 does.
_NO_SUCH_ARTICLE = frozenset({"article", "edition", "slug"})


class FailedPagesSpider(scrapy.Spider):
    """The part of the spider that handles failures; it does not read pages.

    A page that failed after all retries is requested once more when everything else is done, because many faults are
    over by then. The number of second chances is bounded (``SECOND_CHANCES``), and the crawl ends after
    ``GIVE_UP_AFTER`` failures in a row.
    """

    session: CrawlSession
    platform: Platform

    walks = 3
    """How often a list that changes while it is read is read from its first page, in all."""

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.pages_stated: dict[str, int] = {}
        self.first_links: dict[str, Link] = {}
        self._again: list[Request] = []
        self._chances_given = 0
        self._failed_in_a_row = 0

    @abstractmethod
    def list_request(self, link: Link, *, walk: int) -> Request:
        """Return the request for one page of a list."""

    @abstractmethod
    def further(self, links: Iterable[Link], walk: int) -> Iterable[Request]:
        """Return the requests for further pages of lists, and for pages that lead to lists."""

    @abstractmethod
    def due_requests(self) -> list[Request]:
        """Return some of the requests for articles that are due, in their order; empty when none is."""

    @abstractmethod
    def late_requests(self) -> list[Request]:
        """Return the requests that come when everything else is done; empty when there are none."""

    def request(self, link: Link, callback: Any, **more: Any) -> Request:
        """Return the request for ``link``, whose failure is entered in the ledger; ``more`` goes to the callback."""
        return Request(
            link.url,
            callback,
            errback=self.download_failed,
            headers=dict(link.headers),
            priority=0 if link.address.kind == "article" else LISTING,
            cb_kwargs={"asked": link.address, **more},
            # A second walk requests the same pages again; all other pages are requested once by construction.
            dont_filter=True,
        )

    def walk_again(self, section: str, walk: int) -> list[Request]:
        """Return the request that reads a list from its first page again."""
        return [self.list_request(self.first_links[section], walk=walk)]

    def reached(self) -> None:
        """Note that the site answered with a page."""
        self._failed_in_a_row = 0

    def try_again(self, request: Request) -> bool:
        """Keep ``request`` for a second chance at the end; False when it had one, or the bound is reached."""
        if request.meta.get("second_chance") or self._chances_given >= self.settings.getint("SECOND_CHANCES"):
            return False
        self._chances_given += 1
        kept = {
            name: request.meta[name]
            for name in ("handle_httpstatus_list", "unlisted")
            if name in request.meta
        }
        url = next(iter(request.meta.get("redirect_urls", ())), request.url)
        self._again.append(request.replace(url=url, meta=kept | {"second_chance": True}))
        return True

    def idle(self) -> None:
        """Request more when the queue is empty: articles that are due, then second chances, then unlisted articles."""
        requests = self.due_requests()
        if not requests and self._again:
            requests, self._again = self._again, []
            self.crawler.stats.inc_value("helpscraper/second_chances", len(requests))
        # Scrapy's queue gives the last one first.
        requests = requests or self.late_requests()
        for request in reversed(requests):
            self.crawler.engine.crawl(request)
        if requests:
            raise DontCloseSpider

    def download_failed(self, failure: Failure) -> Iterator[Request]:
        """Handle a page that could not be fetched."""
        error: Any = failure.value
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(error, HttpError):
            yield from self.failed(request, self.blocked(error) or error)
            if error.response.status < 500 and error.response.status not in {403, 429}:
                self.reached()
                return
        else:
            yield from self.failed(request, error)
            if isinstance(error, IgnoreRequest):
                return
        self._failed_in_a_row += 1
        limit = self.settings.getint("GIVE_UP_AFTER")
        if self._failed_in_a_row == limit:
            self.logger.warning("%d pages in a row could not be fetched; giving up", limit)
            # Not awaited: closing waits for the request that failed.
            deferred_from_coro(self.crawler.engine.close_spider_async(reason="unreachable"))

    def failed(self, request: Request, error: BaseException) -> Iterable[Request]:
        """Enter a page that could not be read, and the reason: an article, a page of a list, or one that leads to them.

        Returns the requests to make instead. When a page of a section is missing, the section is not whole, but the
        pages after it are still read; an article that was found keeps an outcome.
        """
        asked: Address = request.cb_kwargs["asked"]
        detail, where = describe(error), _named(asked)
        self.logger.info("%s (%s): %s", where, request.url, detail)
        if asked.kind == "list" and _is_missing(error):
            section, walk = asked.key or "", request.cb_kwargs["walk"]
            if asked.guessed:
                # No page named this one: its absence is the end of the list, not a hole.
                self.session.ledger.listing_page(
                    section, asked.page, walk=walk, total=None, shown=0, pages=None, last=True
                )
                return self.further(self.platform.instead(asked, self.session.context), walk)
            if asked.page > 1 and walk < self.walks:
                # The last page is gone: articles left the list while it was read.
                return self.walk_again(section, walk + 1)
        if self.try_again(request):
            return []
        if self._no_such_article(request, error):
            self.session.ledger.settle(asked.key or "", "absent", detail)
            return []
        self._note_failure(request, error, f"{where}: {detail}")
        return self._settle_failure(request, asked, detail)

    def _no_such_article(self, request: Request, error: BaseException) -> bool:
        """Tell whether the page of an article that no list shows says, without a 404, that there is no such article."""
        unlisted = bool(request.meta.get("unlisted"))
        return unlisted and isinstance(error, ExtractionError) and error.field in _NO_SUCH_ARTICLE

    def _note_failure(self, request: Request, error: BaseException, detail: str) -> None:
        ledger, kind = self.session.ledger, "payload" if isinstance(error, UnreadablePayload) else "download"
        if isinstance(error, ExtractionError):
            kind = problem_kind(error)
            if kind == "extraction":
                ledger.tally(
                    "drift", {f"{error.field} at {error.selector}" if error.selector else error.field: 1}
                )
        ledger.problem(kind, request.url, detail)

    def _settle_failure(self, request: Request, asked: Address, detail: str) -> list[Request]:
        """Enter the article, list page or other page that is missing; return the request for the page after it."""
        ledger = self.session.ledger
        if asked.kind == "article":
            ledger.settle(asked.key or "", "failed", detail)
        elif asked.kind == "list":
            section, page = asked.key or "", asked.page
            ledger.section_problem(section, f"page {page}: {detail}")
            if page < self.pages_stated.get(section, 0):
                link = self.platform.list_link(self.session.context, section, page + 1)
                return [self.list_request(link, walk=request.cb_kwargs["walk"])] if link else []
        else:
            ledger.problem("discovery", request.url, f"{_named(asked)}: {detail}")
        return []

    def blocked(self, error: BaseException) -> ExtractionError | None:
        """Return an ``ExtractionError`` when an HTTP error came with a block or challenge page, else None."""
        if not isinstance(error, HttpError) or error.response.status not in {403, 429, 503}:
            return None
        response = error.response
        title = self.platform.blocked(response.url, payload_of(response))
        if title is None:
            return None
        detail = f"HTTP {response.status} with a block or challenge page ({title!r})"
        return ExtractionError(response.url, "challenge", detail)


def _named(asked: Address) -> str:
    """Name the page that was asked for, as the ledger's problems do."""
    match asked.kind:
        case "home":
            return "home page"
        case "list":
            return f"section {asked.key}, page {asked.page}"
        case "search":
            return f"search, page {asked.page}"
        case _:
            return f"{asked.kind} {asked.key}"


def describe(error: BaseException) -> str:
    """Return in a few words why a page could not be fetched or read."""
    match error:
        case ExtractionError():
            looked = f" (looked at {error.selector})" if error.selector else ""
            return f"{error.field}: {error.detail}{looked}"
        case CrawlError():
            return error.message
        case HttpError():
            return f"HTTP {error.response.status}"
        case IgnoreRequest():
            return str(error)
        case DownloadCancelledError() if not str(error):
            return "the response is larger than DOWNLOAD_MAXSIZE"
        case _:
            return network_error(type(error).__name__, str(error))


def _is_missing(error: BaseException) -> bool:
    """Tell whether an answer says that there is no such page."""
    if isinstance(error, ExtractionError):
        return error.field == PAST_THE_END
    return isinstance(error, HttpError) and error.response.status in {404, 410}
