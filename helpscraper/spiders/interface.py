"""The part of the spider that asks the site's JSON interface for lists, and reads the pages when it does not answer."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.http import Response

from helpscraper.errors import CrawlError, ExtractionError
from helpscraper.extensions.payload import payload_of
from helpscraper.intake.interface_comparison import unproven
from helpscraper.intake.reading import PageReadings
from helpscraper.items import RawArticle
from helpscraper.platforms.contract import Address, Findings, Interface, Link, Section
from helpscraper.spiders.articles import ArticleSpider
from helpscraper.spiders.failed_pages import LISTING, describe

if TYPE_CHECKING:
    from twisted.python.failure import Failure

__all__ = ["InterfaceSpider"]

_MOST = 30_000
"""The most articles of one section: as many as its 2,000 pages (``paging.MAX_LISTING_PAGES``) would show."""


class InterfaceSpider(ArticleSpider):
    """Begins a section's list where ``-a witness=…`` says.

    Sections are requested one after the other, so an interface that does not answer is asked only once. A list is
    entered when all its pages have come and its total proves it whole; until then none of it is used.
    """

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._waiting: deque[Section] = deque()
        self._asking = False
        self._answers: list[tuple[Findings, Response]] = []

    @abstractmethod
    def listed(
        self,
        articles: list[RawArticle],
        section: str,
        response: Response,
        walk: int = 1,
        *,
        from_interface: bool = False,
    ) -> Iterator[scrapy.Request | PageReadings]:
        """Yield the rows of a list, and the pages of the articles that are worth fetching."""

    def list_requests(self, section: Section) -> Iterator[scrapy.Request]:
        """Yield the request that begins the list of ``section``; none while the interface is asked for another."""
        if self.arguments.witness == "pages" or section.content_type == "tag":
            # A tag has articles of other sections, so an answer could not be checked.
            yield from self.walk_again(section.key, 1)
            return
        self._waiting.append(section)
        if not self._asking:
            yield from self._next_section()

    @property
    def _interface(self) -> Interface:
        if self.platform.interface is None:
            raise CrawlError(f"the platform {self.platform.name} has no interface beside its pages")
        return self.platform.interface

    def _next_section(self) -> Iterator[scrapy.Request]:
        self._asking, self._answers = False, []
        while self._waiting:
            section = self._waiting.popleft()
            if self.session.comparison.left:
                yield from self.walk_again(section.key, 1)
            else:
                self._asking = True
                known = section.source_id and section.content_type
                yield self._articles(section, section.source_id or "", 1) if known else self._section(section)
                return

    def _section(self, section: Section) -> scrapy.Request:
        link = self._interface.section_link(self.session.context, section.key)
        return self._interface_request(link, self.parse_section, section)

    def _articles(self, section: Section, section_id: str, page: int) -> scrapy.Request:
        link = self._interface.list_link(self.session.context, section.key, section_id, page)
        request = self._interface_request(link, self.parse_articles, section)
        request.cb_kwargs.update(section_id=section_id, page=page)
        return request

    def _interface_request(self, link: Link, callback: Any, section: Section) -> scrapy.Request:
        # The pages have the same rows, so one retry is enough, and a redirect is no answer.
        meta = {"interface": section, "dont_redirect": True, "max_retry_times": 1}
        return scrapy.Request(
            link.url, callback, errback=self.interface_failed, priority=LISTING, headers=dict(link.headers),
            cb_kwargs={"section": section}, meta=meta, dont_filter=True,
        )  # fmt: skip

    def parse_section(self, response: Response, section: Section) -> Iterator[scrapy.Request]:
        """Ask for the articles of a section whose id no page stated."""
        self.reached()
        told = self._interface.read_section(section.key, response.url, payload_of(response))
        if told.content_type == "section":
            yield self._articles(section, told.source_id or "", 1)
        else:
            yield from self.walk_again(section.key, 1)
            yield from self._next_section()

    def parse_articles(
        self, response: Response, section: Section, section_id: str, page: int
    ) -> Iterator[scrapy.Request | PageReadings]:
        """Read one page of a section's list; after the last one, enter the list or read the section's pages instead."""
        self.reached()
        asked = Address("list", self.arguments.locale, section.key, page)
        told = self.platform.read(asked, response.url, payload_of(response), self.session.context)
        total = told.total or 0
        if total > _MOST:
            raise ExtractionError(response.url, "data.total", f"{total} articles; the bound is {_MOST}")
        self._answers.append((told, response))
        if told.articles and page < (told.pages or 0):
            yield self._articles(section, section_id, page + 1)
            return
        comparison = self.session.comparison
        keys = [raw.key for each, _ in self._answers for raw in each.articles]
        if why := unproven([each.total or 0 for each, _ in self._answers], keys):
            self.logger.info("section %s in the interface: %s; reading its pages", section.key, why)
            comparison.by_pages[section.key] = why
            yield from self.walk_again(section.key, 1)
        else:
            comparison.sections[section.key] = section_id
            compared = self.arguments.witness == "both"
            yield from self._compare(section.key) if compared else self._enter_list(section.key)
        yield from self._next_section()

    def _compare(self, section: str) -> Iterator[scrapy.Request]:
        for answer, _ in self._answers:
            for raw in answer.articles:
                self.session.comparison.keep_row(section, raw, self.session.context)
        yield from self.walk_again(section, 1)

    def _enter_list(self, section: str) -> Iterator[scrapy.Request | PageReadings]:
        for page, (answer, response) in enumerate(self._answers, 1):
            self.session.ledger.listing_page(
                section, page, walk=1, total=answer.total, shown=len(answer.articles), pages=len(self._answers),
                last=page == len(self._answers),
            )  # fmt: skip
            yield from self.listed(answer.articles, section, response, from_interface=True)

    def interface_failed(self, failure: Failure) -> Iterator[scrapy.Request]:
        """Handle a failed request to the interface; the pages may still be fine."""
        error: Any = failure.value
        yield from self.failed(failure.request, self.blocked(error) or error)  # type: ignore[attr-defined]

    def failed(self, request: scrapy.Request, error: BaseException) -> Iterable[scrapy.Request]:
        """Stop using the interface after its first failure; see ``FailedPagesSpider.failed`` for pages."""
        section: Section | None = request.meta.get("interface")
        if section is None:
            return super().failed(request, error)
        comparison = self.session.comparison
        comparison.left = f"{request.url}: {describe(error)}"
        self.logger.warning("The interface does not answer; reading pages instead. %s", comparison.left)
        return [*self.walk_again(section.key, 1), *self._next_section()]
