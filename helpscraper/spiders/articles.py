"""The part of the spider for articles: it reads their pages and enters answers without a page in the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from helpscraper.archive.run_parts import Redirect
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.errors import CrawlError
from helpscraper.extensions.payload import payload_of
from helpscraper.health.verdicts import ANOTHER_EDITION
from helpscraper.intake.reading import PageReadings, Reading
from helpscraper.platforms import home_page
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings
from helpscraper.spiders.failed_pages import FailedPagesSpider

__all__ = ["ArticleSpider"]

_BATCH = 100
"""Articles requested at a time; the rest waits in the ledger, so memory does not grow with the site."""

_IN_A_ROW = 5
"""Consecutive pages of another edition that end the crawl: single odd pages do not."""


class ArticleSpider(FailedPagesSpider):
    """Requests and reads the articles that listings and the archive name."""

    arguments: CrawlArguments

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._audited = self._asked_for_unlisted = False
        self._served_right = False
        self._elsewhere_in_a_row = 0

    def article_request(self, key: str, reason: str) -> scrapy.Request:
        """Return the request for an article's own page, which is due for ``reason``."""
        etag, modified = self.session.conditional(key, reason)
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        request = self.request(self.platform.article_link(self.session.context, key), self.parse_article)
        request.headers.update({name: value for name, value in headers.items() if value})
        request.meta["handle_httpstatus_list"] = [304, 404, 410]
        request.meta["unlisted"] = reason in {"unlisted", "resumed"} and not self.session.ledger.is_listed(
            key
        )
        return request

    def parse_article(self, response: Response, asked: Address) -> Iterator[scrapy.Request | PageReadings]:
        """Yield the readings of an article's own page; an answer without a page is entered in the ledger."""
        key = asked.key or ""
        self.reached()
        ledger, request = self.session.ledger, response.request
        assert request is not None  # noqa: S101 (Scrapy sets it on every response that it hands to a callback)
        now = response.meta.get("recorded_at") or dt.datetime.now(dt.UTC).replace(microsecond=0)
        if response.status == 304:
            if not _was_conditional(response):
                # Such a 304 proves nothing: there may be no row and no body to carry over.
                yield from self.failed(request, CrawlError("HTTP 304, which the request did not allow for"))
                return
            ledger.validated(key, {"fetched_at": now})
            return
        redirected = bool(request.meta.get("redirect_urls"))
        if response.status in {404, 410} and not redirected:
            # The listing and the article's page disagree: one of them may be wrong for a moment.
            if not (ledger.is_listed(key) and self.try_again(request)):
                ledger.gone(key, response.url, response.status, now)
                self.session.holds_no_article()
            return
        if response.status in {404, 410}:
            yield from self._settle_redirected(
                request, key, f"redirects to {response.url}: HTTP {response.status}"
            )
            return
        landed = self.platform.address(self.arguments.site, response.url)
        if self.platform.leads_away(asked, landed):
            told = _redirect(request, response, (key, landed.key or ""), now)
            yield from self._settle_redirected(request, key, f"redirects to {landed.key}", told)
            self.session.claim(landed.key or "", "redirect")
            return
        found = self.read(response, asked)
        self.note(found)
        if found.no_article:
            self.session.holds_no_article()
            # A known article may have changed so much that its page is not recognised.
            ledger.settle(key, "failed" if key in self.session.known else "absent", found.no_article)
            return
        (raw,) = found.articles
        reading = Reading(
            raw=raw,
            context=self.session.context,
            fetched_at=now,
            # After a redirect the validators belong to the other address.
            etag=None if redirected else _header(response, "ETag"),
            last_modified=None if redirected else _header(response, "Last-Modified"),
            warc_record=response.meta.get("warc_record"),
        )
        yield PageReadings(response.url, [reading])

    def _settle_redirected(
        self, request: scrapy.Request, key: str, detail: str, told: Redirect | None = None
    ) -> Iterator[scrapy.Request]:
        """Settle an article whose address leads to another page; that does not prove that it is gone.

        When a listing of this crawl shows it, one of the two is wrong: the page gets a second chance and then counts as
        failed. Otherwise, or when lists prove nothing, the article is absent.
        """
        if self.platform.claim.absence == "list" and self.session.ledger.is_listed(key):
            yield from self.failed(request, CrawlError(detail))
        else:
            columns = {"redirect": told.to_json()} if told else None
            self.session.ledger.settle(key, "absent", detail, columns)

    def due_requests(self) -> list[scrapy.Request]:
        """Return the requests for the next articles that are due; the first call comes when all listings are read."""
        if not self._audited:
            self._audited = True
            self.session.plan_audit()
        due = self.session.ledger.take_due(_BATCH)
        if not due:
            self.session.fill_limit()
            due = self.session.ledger.take_due(_BATCH)
        return [self.article_request(key, reason) for key, reason in due]

    def late_requests(self) -> list[scrapy.Request]:
        """Return requests for known articles that no listing shows; only the first call enters them as due.

        Their own pages show whether they are gone.
        """
        if self._asked_for_unlisted:
            return []
        self._asked_for_unlisted = True
        limit, unlisted = self.settings.getint("UNLISTED_PROBES"), self.session.unlisted()
        if len(unlisted) > limit:
            detail = f"{len(unlisted)} known articles are in no listing; only {limit} of them were asked for"
            self.session.ledger.problem("unlisted", home_page(self.session.context), detail)
        for key in unlisted[:limit]:
            self.session.claim(key, "unlisted")
        return self.due_requests()

    def read(self, response: Response, asked: Address) -> Findings:
        """Return the findings of a page; raises ``ExtractionError`` before anything of it is entered.

        A single page of another edition among right ones raises ``AnotherEditionError``. ``CloseSpider`` ends the crawl
        when no right page came before it, or too many others in a row: the host serves another edition to this
        visitor. A right home page proves nothing: a host may redirect lists and not the home page.
        """
        self.reached()
        try:
            found = self.platform.read(asked, response.url, payload_of(response), self.session.context)
        except AnotherEditionError as error:
            # An article that no list shows may lie in another edition; that proves nothing about the host.
            if not response.meta.get("unlisted"):
                self._elsewhere(error)
            raise
        if asked.kind != "home":
            self.session.ledger.tally("edition", {self.arguments.locale: 1})
            self._served_right, self._elsewhere_in_a_row = True, 0
        return found

    def _elsewhere(self, error: AnotherEditionError) -> None:
        self.session.ledger.tally("edition", {error.locale: 1})
        self._elsewhere_in_a_row += 1
        if not self._served_right or self._elsewhere_in_a_row >= _IN_A_ROW:
            self.logger.info("%s: of the edition %s: %s", error.url, error.locale, error.because)
            raise CloseSpider(ANOTHER_EDITION)

    def note(self, found: Findings) -> None:
        """Enter which extraction rules matched on a page, and which region and language were served."""
        self.session.ledger.tally("rules", found.rules)
        self.session.served(found)


def _was_conditional(response: Response) -> bool:
    """Tell whether the request had a validator of this very page, so that a 304 can answer it."""
    request = response.request
    asked = request is not None and (
        b"If-None-Match" in request.headers or b"If-Modified-Since" in request.headers
    )
    return asked and not response.meta.get("redirect_urls")


def _redirect(
    request: scrapy.Request, response: Response, keys: tuple[str, str], at: dt.datetime
) -> Redirect | None:
    """Return the redirect that was followed from one article to another; None if a page told to refresh."""
    statuses = request.meta.get("redirect_reasons", ())
    if not statuses or not all(isinstance(each, int) for each in statuses):
        return None
    return Redirect.found(keys, at, (request.meta["redirect_urls"][0], response.url), statuses)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
