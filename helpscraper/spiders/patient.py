"""Pages that cannot be fetched or read: each gets a second chance, then a line in the ledger."""

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
from helpscraper.platforms.okx import PAST_THE_END, OkxPage
from helpscraper.platforms.okx.recognise import is_challenge

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from helpscraper.crawl.session import CrawlSession

__all__ = ["LISTING", "PatientSpider", "blocked", "describe"]

LISTING = 10
"""The priority of a listing, before every article: the faster lists are read, the less they shift under the crawl."""

# Fields of an ExtractionError that say "there is no such article here", as a site that never answers 404 does.
_NO_SUCH_ARTICLE = frozenset({"article", "edition", "slug"})


class PatientSpider(scrapy.Spider):
    """The half of the spider that deals with failures; nothing in it knows how a page is read.

    A page that failed, after all retries, is asked for once more when everything else is done: what was a hiccup is
    over by then. The number of such second chances is bounded (``SECOND_CHANCES``), and a site that fails many times
    in a row (``GIVE_UP_AFTER``) is left alone.
    """

    session: CrawlSession

    walks = 3
    """How often a section whose list moves while it is read is read from its first page, in all."""

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.pages_stated: dict[str, int] = {}
        self._again: list[Request] = []
        self._chances_given = 0
        self._failed_in_a_row = 0

    @abstractmethod
    def listing_request(self, section: str, page: int, *, walk: int) -> Request:
        """Return the request for one page of a section's listing."""

    @abstractmethod
    def due_requests(self) -> list[Request]:
        """Return some of the requests for articles that are due, in their order; empty when none is."""

    @abstractmethod
    def late_requests(self) -> list[Request]:
        """Return what is to be asked for when everything else is done; empty when nothing is."""

    def reached(self) -> None:
        """Note that the site answered with a page."""
        self._failed_in_a_row = 0

    def try_again(self, request: Request) -> bool:
        """Put ``request`` back for a second chance at the end; False when it had one, or too many pages had."""
        if request.meta.get("second_chance") or self._chances_given >= self.settings.getint("SECOND_CHANCES"):
            return False
        self._chances_given += 1
        kept = {
            name: request.meta[name]
            for name in ("where", "handle_httpstatus_list", "unlisted")
            if name in request.meta
        }
        url = next(iter(request.meta.get("redirect_urls", ())), request.url)
        self._again.append(request.replace(url=url, meta=kept | {"second_chance": True}))
        return True

    def idle(self) -> None:
        """Ask for more, once the queue is empty: articles that are due, second chances, what no listing showed."""
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
        """Deal with a page that could not be had."""
        error: Any = failure.value
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(error, HttpError):
            yield from self.failed(request, blocked(error) or error)
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
            self.logger.warning("%d pages in a row could not be had; giving up", limit)
            # Not awaited: closing waits for the very request that failed.
            deferred_from_coro(self.crawler.engine.close_spider_async(reason="unreachable"))

    def failed(self, request: Request, error: BaseException) -> Iterable[Request]:
        """Enter in the ledger what could not be read, and why: an article, a listing page, or the way to them.

        Returns what can be done about it now. A section one of whose pages is missing is not whole, but the pages
        behind the missing one are still read; an article that was found stays accounted for.
        """
        detail = describe(error)
        where = request.meta["where"]
        self.logger.info("%s (%s): %s", where, request.url, detail)
        section, page = request.cb_kwargs.get("section"), request.cb_kwargs.get("page", 1)
        if section and request.meta.get("guessed") and _is_missing(error):
            # Nothing said that there is such a page: its absence is the end of the listing, not a hole in it.
            self.session.ledger.listing_page(
                section, page, walk=request.cb_kwargs["walk"], total=None, shown=0, pages=None, last=True
            )
            return []
        if section and page > 1 and _is_missing(error) and request.cb_kwargs["walk"] < self.walks:
            # The last page is gone: articles were taken off the list while it was read.
            return [self.listing_request(section, 1, walk=request.cb_kwargs["walk"] + 1)]
        if self.try_again(request):
            return []
        ledger, kind = self.session.ledger, "payload" if isinstance(error, UnreadablePayload) else "download"
        if isinstance(error, ExtractionError):
            kind = problem_kind(error)
            if request.meta.get("unlisted") and error.field in _NO_SUCH_ARTICLE:
                ledger.settle(request.cb_kwargs["slug"], "absent", detail)
                return []
            if kind == "extraction":
                ledger.tally(
                    "drift", {f"{error.field} at {error.selector}" if error.selector else error.field: 1}
                )
        ledger.problem(kind, request.url, f"{where}: {detail}")
        if "slug" in request.cb_kwargs:
            ledger.settle(request.cb_kwargs["slug"], "failed", detail)
        elif section:
            ledger.section_problem(section, f"page {page}: {detail}")
            if page < self.pages_stated.get(section, 0):
                return [self.listing_request(section, page + 1, walk=request.cb_kwargs["walk"])]
        else:
            ledger.problem("discovery", request.url, f"{where}: {detail}")
        return []


def describe(error: BaseException) -> str:
    """Say in a few words why a page could not be had or read."""
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


def blocked(error: BaseException) -> ExtractionError | None:
    """Return the block or challenge page that an HTTP error brought, as the error that it is; None for any other."""
    if not isinstance(error, HttpError):
        return None
    response = error.response
    try:
        page = OkxPage(response.url, payload_of(response))
        blocked = response.status in {403, 429, 503} and is_challenge(page)
    except ExtractionError:
        return None  # no page at all
    if not blocked:
        return None
    return ExtractionError(
        response.url,
        "challenge",
        f"HTTP {response.status} with a block or challenge page ({page.head_title!r})",
    )
