"""The spider of a help centre: home, categories, every section, every listing page, every article.

It follows and yields; reading is done by ``pages``, cleaning by ``pipelines``, and what is worth fetching is decided by
the crawl's session.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import scrapy
from scrapy import signals
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.reading import Reading
from helpscraper.errors import ExtractionError
from helpscraper.items import RawArticle
from helpscraper.normalise import article as steps
from helpscraper.pages.okx import ArticlePage, HomePage, ListingPage, SearchPage
from helpscraper.urls import is_slug, parse_help_url

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from helpscraper.crawl.session import CrawlSession
    from helpscraper.pages.okx import OkxPage, SectionLink

__all__ = ["HelpSpider"]

# Listings before articles: the faster they are read, the less they shift under the crawl.
_LISTING, _ARTICLE = 10, 0

# A section whose articles moved while it was read is read once more from its first page.
_WALKS = 2

# A pager that never ends is a trap or a defect; the real site has some 150 pages in its longest listing.
_MAX_LISTING_PAGES = 2000


class HelpSpider(scrapy.Spider):
    """``scrapy crawl help -a site=okx -a locale=en …``; the arguments are those of ``CrawlArguments``."""

    name = "help"
    session: CrawlSession

    def __init__(self, name: str | None = None, **arguments: Any) -> None:
        super().__init__(name)
        self.arguments = CrawlArguments.parse(**arguments)
        self.base_url = self.arguments.base_url
        self._home = self.arguments.site.help_url(self.arguments.locale, self.base_url)
        self._seen: defaultdict[str, set[str]] = defaultdict(set)
        self._tags: set[str] = set()
        self._sections: set[str] = set()
        self._checked_vanished = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> HelpSpider:
        """Make the spider, and let it look for vanished articles once the listings are read."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.check_vanished, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Begin at the search for ``query``, or at the home page."""
        if self.arguments.query:
            yield self._search_request(1)
        else:
            yield self._request(self._home, self.parse_home, where="home page", priority=_LISTING)

    # ---- discovery

    def parse_home(self, response: Response) -> Iterator[scrapy.Request]:
        """Follow the categories that the home page links to."""
        page = HomePage(response.url, response.body)
        categories = page.categories
        self._note(page)
        wanted = set(self.arguments.categories)
        for category in categories:
            if not wanted or category.slug in wanted:
                wanted.discard(category.slug)
                yield self._request(
                    category.url, self.parse_category, where=f"category {category.slug}", priority=_LISTING
                )
        for slug in sorted(wanted):
            self.session.ledger.problem("discovery", response.url, f"category {slug} is not on the home page")

    def parse_category(self, response: Response) -> Iterator[scrapy.Request]:
        """Follow every section that a category page names."""
        page = ListingPage(response.url, response.body)
        sections = page.sections
        self._note(page)
        if not sections:
            raise ExtractionError(response.url, "sections", "the category page names no section")
        yield from self._follow_sections(sections)

    def _follow_sections(self, sections: list[SectionLink]) -> Iterator[scrapy.Request]:
        for section in sections:
            if section.slug in self._sections:
                continue
            if self.arguments.sections and section.slug not in self.arguments.sections:
                continue
            if self.arguments.categories and section.category and section.category not in self.arguments.categories:
                continue
            self._sections.add(section.slug)
            if section.content_type == "tag":
                self._tags.add(section.slug)
            self.session.ledger.section(
                section.slug, title=section.title, category=section.category, content_type=section.content_type
            )
            yield self._listing_request(section.slug, 1, walk=1)

    # ---- listings

    def _listing_request(self, section: str, page: int, *, walk: int) -> scrapy.Request:
        paging = f"/page/{page}" if page > 1 else ""
        return self._request(
            f"{self._home}/section/{section}{paging}",
            self.parse_listing,
            where=f"section {section}, page {page}",
            priority=_LISTING,
            cb_kwargs={"section": section, "page": page, "walk": walk},
        )

    def parse_listing(
        self, response: Response, section: str, page: int, walk: int
    ) -> Iterator[scrapy.Request | Reading]:
        """Yield what the listing says of each article, the pages of those worth fetching, and the next listing page."""
        listing = ListingPage(response.url, response.body)
        articles = listing.articles
        self._note(listing)
        if listing.content_type == "tag":
            self._tags.add(section)
        yield from self._follow_sections([s for s in listing.sections if s.content_type is not None])
        before = len(self._seen[section])
        for raw in articles:
            yield from self._listed(raw, section, response)
        fresh = len(self._seen[section]) - before
        next_page = self._next_page(listing, page, fresh)
        self.session.ledger.listing_page(
            section, page, walk=walk, total=listing.total, shown=len(articles), pages=listing.pages, last=next_page is None
        )
        if next_page is not None:
            yield self._listing_request(section, next_page, walk=walk)
        elif listing.total is not None and len(self._seen[section]) < listing.total and walk < _WALKS:
            self.logger.info("%s shifted while it was read; reading it again", section)
            yield self._listing_request(section, 1, walk=walk + 1)

    def _next_page(self, listing: ListingPage, page: int, fresh: int) -> int | None:
        """Return the number of the page to read after ``page``, or None on the last one.

        The pager decides, then the totals. Where neither is there, a full page that showed something new may have
        another one behind it.
        """
        if page >= _MAX_LISTING_PAGES:
            self.session.ledger.problem("listing", listing.url, f"more than {_MAX_LISTING_PAGES} pages")
            return None
        if listing.next_url is not None:
            target = parse_help_url(listing.next_url)
            return target.page if target.page == page + 1 else page + 1
        if listing.pages is not None:
            return page + 1 if page < listing.pages else None
        full = len(listing.articles) >= self.arguments.site.page_size
        return page + 1 if full and fresh else None

    def _listed(self, raw: RawArticle, section: str, response: Response) -> Iterator[scrapy.Request | Reading]:
        if not is_slug(raw.slug):
            self.session.ledger.problem("slug", raw.url, f"{raw.slug[:80]!r} is not a slug")
            return
        self._seen[section].add(raw.slug)
        record = response.meta.get("warc_record")
        yield Reading(raw=raw, context=self.session.context, section=section, warc_record=record)
        evidence = steps.titles(raw, self.session.context).columns | steps.dates(raw, self.session.context).columns
        own_section = None if section in self._tags else section
        if self.session.decide(raw.slug, evidence, own_section) == "fetch":
            yield self._article_request(raw.slug)

    # ---- search

    def _search_request(self, page: int) -> scrapy.Request:
        asked = {"category": (self.arguments.categories or ("faq",))[0], "term": self.arguments.query or ""}
        if page > 1:
            asked["page"] = str(page)
        return self._request(
            f"{self._home}/search?{urlencode(asked)}",
            self.parse_search,
            where=f"search, page {page}",
            priority=_LISTING,
            cb_kwargs={"page": page},
        )

    def parse_search(self, response: Response, page: int) -> Iterator[scrapy.Request | Reading]:
        """Yield what the search results say of each article, and the articles' own pages."""
        results = SearchPage(response.url, response.body)
        articles = results.articles
        self._note(results)
        before = len(self._seen[""])
        for raw in articles:
            yield from self._listed(raw, "", response)
        if results.next_url is not None and len(self._seen[""]) > before:
            yield self._search_request(page + 1)

    # ---- articles

    def _article_request(self, slug: str) -> scrapy.Request:
        etag, modified = self.session.validators.get(slug, (None, None))
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        return self._request(
            f"{self._home}/{slug}",
            self.parse_article,
            where=f"article {slug}",
            priority=_ARTICLE,
            headers={name: value for name, value in headers.items() if value},
            cb_kwargs={"slug": slug},
            meta={"handle_httpstatus_list": [304, 404, 410]},
        )

    def parse_article(self, response: Response, slug: str) -> Iterator[Reading]:
        """Yield what an article's own page says; an answer without a page is entered in the ledger."""
        ledger = self.session.ledger
        now = response.meta.get("recorded_at") or dt.datetime.now(dt.UTC).replace(microsecond=0)
        if response.status == 304:
            ledger.validated(slug, {"fetched_at": now})
            return
        if response.status in {404, 410}:
            ledger.settle(slug, "gone", f"HTTP {response.status}")
            return
        landed = parse_help_url(response.url)
        if landed.kind == "article" and landed.slug != slug and landed.locale == self.arguments.locale:
            ledger.settle(slug, "gone", f"redirects to {landed.slug}")
            return
        page = ArticlePage(response.url, response.body, slug=slug)
        raw = page.article
        self._note(page, region=False)
        yield Reading(
            raw=raw,
            context=self.session.context,
            fetched_at=now,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            warc_record=response.meta.get("warc_record"),
        )

    def check_vanished(self) -> None:
        """Ask the pages of articles that no listing showed any more whether they are gone; runs once, when idle."""
        if self._checked_vanished:
            return
        self._checked_vanished = True
        limit = self.settings.getint("VANISHED_PROBES")
        vanished = self.session.vanished()
        if len(vanished) > limit:
            self.session.ledger.problem(
                "vanished", self._home, f"{len(vanished)} known articles are in no listing; {limit} of them are asked for"
            )
        for slug in vanished[:limit]:
            self.session.ledger.expect(slug)
            self.crawler.engine.crawl(self._article_request(slug))
        if vanished[:limit]:
            raise DontCloseSpider

    # ---- what all have in common

    def _request(self, url: str, callback: Any, *, where: str, **kwargs: Any) -> scrapy.Request:
        request = scrapy.Request(url, callback, errback=self.download_failed, **kwargs)
        request.meta["where"] = where
        # A second walk asks for the same listing pages again; everything else is asked for once by construction.
        request.dont_filter = True
        return request

    def download_failed(self, failure: Failure) -> None:
        """Enter in the ledger that a page could not be had."""
        self.failed(failure.request, failure.value)  # type: ignore[attr-defined]

    def failed(self, request: scrapy.Request, error: BaseException) -> None:
        """Enter in the ledger what could not be read, and why: an article, a listing page, or the way to them.

        A section one of whose pages is missing is not whole; an article that was found stays accounted for.
        """
        kind = "download"
        if isinstance(error, ExtractionError):
            kind = "challenge" if error.field == "challenge" else "extraction"
            detail = f"{error.field}: {error.detail}"
        elif isinstance(error, HttpError):
            detail = f"HTTP {error.response.status}"
        elif isinstance(error, IgnoreRequest):
            detail = str(error)
        else:
            detail = f"{type(error).__name__}: {error}".strip(": ")
        where, ledger = request.meta["where"], self.session.ledger
        ledger.problem(kind, request.url, f"{where}: {detail}")
        self.logger.warning("%s (%s): %s", where, request.url, detail)
        if "slug" in request.cb_kwargs:
            ledger.settle(request.cb_kwargs["slug"], "failed", detail)
        elif "section" in request.cb_kwargs:
            ledger.section_problem(request.cb_kwargs["section"], f"{where}: {detail}")
        else:
            ledger.problem("discovery", request.url, f"{where}: {detail}")

    def _note(self, page: OkxPage, *, region: bool = True) -> None:
        """Enter which extraction rules matched, and which region and language were served."""
        self.session.ledger.tally("rules", page.outcomes)
        self.session.served(page, region=region)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


