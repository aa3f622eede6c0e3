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
from scrapy.http import Response

from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.paging import MAX_LISTING_PAGES, has_moved, next_page
from helpscraper.crawl.reading import PageReadings, Reading
from helpscraper.errors import CrawlError, ExtractionError
from helpscraper.items import RawArticle
from helpscraper.normalise import article as steps
from helpscraper.pages.okx import ArticlePage, HomePage, ListingPage, SearchPage
from helpscraper.spiders.patient import PatientSpider
from helpscraper.urls import is_slug, parse_help_url

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.pages.okx import OkxPage, SectionLink

__all__ = ["HelpSpider"]

# Listings before articles: the faster they are read, the less they shift under the crawl.
_LISTING, _ARTICLE = 10, 0


class HelpSpider(PatientSpider):
    """``scrapy crawl help -a site=okx -a locale=en …``; the arguments are those of ``CrawlArguments``."""

    name = "help"

    def __init__(self, name: str | None = None, **arguments: Any) -> None:
        super().__init__(name)
        self.arguments = CrawlArguments.parse(**arguments)
        self.base_url = self.arguments.base_url
        self.home = self.arguments.site.help_url(self.arguments.locale, self.base_url)
        self._seen: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._totals: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
        self._tags: set[str] = set()
        self._sections: set[str] = set()
        self._asked_for_unlisted = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> HelpSpider:
        """Make the spider, and let it look for what is left to do once the queue is empty."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Begin at the search for ``query``, or at the home page."""
        if self.arguments.query:
            yield self._search_request(1)
        else:
            yield self.request(self.home, self.parse_home, where="home page", priority=_LISTING)

    # ---- discovery

    def parse_home(self, response: Response) -> Iterator[scrapy.Request]:
        """Follow the categories that the home page links to."""
        page = HomePage(response.url, response.body)
        categories = page.categories
        self._note(page, "home")
        wanted = set(self.arguments.categories)
        for category in categories:
            if not wanted or category.slug in wanted:
                yield self.request(
                    category.url, self.parse_category, where=f"category {category.slug}", priority=_LISTING
                )
        for slug in sorted(wanted - {category.slug for category in categories}):
            self.session.ledger.problem("discovery", response.url, f"category {slug} is not on the home page")

    def parse_category(self, response: Response) -> Iterator[scrapy.Request]:
        """Follow every section that a category page names."""
        page = ListingPage(response.url, response.body)
        sections = page.sections
        self._note(page, "category")
        if not sections:
            raise ExtractionError(
                response.url, "sections", "the category page names no section", selector="allSections, nav a"
            )
        yield from self._follow_sections(sections)

    def _follow_sections(self, sections: list[SectionLink]) -> Iterator[scrapy.Request]:
        for section in sections:
            if section.slug in self._sections:
                continue
            if self.arguments.sections and section.slug not in self.arguments.sections:
                continue
            if (
                self.arguments.categories
                and section.category
                and section.category not in self.arguments.categories
            ):
                continue
            self._sections.add(section.slug)
            if section.content_type == "tag":
                self._tags.add(section.slug)
            self.session.ledger.section(
                section.slug,
                title=section.title,
                category=section.category,
                content_type=section.content_type,
            )
            yield self.listing_request(section.slug, 1, walk=1)

    # ---- listings

    def listing_request(self, section: str, page: int, *, walk: int) -> scrapy.Request:
        """Return the request for one page of a section's listing."""
        paging = f"/page/{page}" if page > 1 else ""
        return self.request(
            f"{self.home}/section/{section}{paging}",
            self.parse_listing,
            where=f"section {section}, page {page}",
            priority=_LISTING,
            cb_kwargs={"section": section, "page": page, "walk": walk},
        )

    def parse_listing(
        self, response: Response, section: str, page: int, walk: int
    ) -> Iterator[scrapy.Request | PageReadings]:
        """Yield what the listing says of each article, the pages of those worth fetching, and the next listing page."""
        landed = parse_help_url(response.url)
        if (landed.kind, landed.slug, landed.page) != ("section", section, page):
            raise ExtractionError(
                response.url, "url", f"section {section}, page {page} leads to another page"
            )
        listing = ListingPage(response.url, response.body)
        articles = listing.articles
        self._note(listing, "listing")
        if listing.content_type == "tag":
            self._tags.add(section)
        yield from self._follow_sections([s for s in listing.sections if s.content_type is not None])
        seen = self._seen[section, walk]
        before = len(seen)
        yield from self._listed(articles, section, response, walk)
        following = next_page(
            page,
            pages=listing.pages,
            has_next=listing.next_url is not None,
            shown=len(articles),
            fresh=len(seen) - before,
            page_size=self.arguments.site.page_size,
        )
        self.session.ledger.listing_page(
            section,
            page,
            walk=walk,
            total=listing.total,
            shown=len(articles),
            pages=listing.pages,
            last=following is None,
        )
        self.pages_stated[section] = listing.pages or page
        totals = self._totals[section, walk]
        totals.update(() if listing.total is None else (listing.total,))
        if page >= MAX_LISTING_PAGES:
            self.session.ledger.section_problem(section, f"more than {MAX_LISTING_PAGES} pages")
        if following is not None:
            request = self.listing_request(section, following, walk=walk)
            request.meta["guessed"] = listing.pages is None and listing.next_url is None
            yield request
        elif walk < self.walks and has_moved(totals, len(seen), listing.total):
            self.logger.info("%s moved while it was read; reading it again", section)
            yield self.listing_request(section, 1, walk=walk + 1)

    def _listed(
        self, articles: list[RawArticle], section: str, response: Response, walk: int = 1
    ) -> Iterator[scrapy.Request | PageReadings]:
        record, context, ledger = response.meta.get("warc_record"), self.session.context, self.session.ledger
        readings, wanted = [], []
        own_section = section if section and section not in self._tags else None
        with ledger.transaction():
            for raw in articles:
                if not is_slug(raw.slug):
                    ledger.problem("slug", raw.url, f"{raw.slug[:80]!r} is not a slug")
                    continue
                self._seen[section, walk].add(raw.slug)
                readings.append(
                    Reading(raw=raw, context=context, section=section, walk=walk, warc_record=record)
                )
                evidence = steps.titles(raw, context).columns | steps.dates(raw, context).columns
                if self.session.decide(raw.slug, evidence, own_section) == "fetch":
                    wanted.append(raw.slug)
        if readings:
            yield PageReadings(response.url, readings)
        yield from map(self.article_request, wanted)

    # ---- search

    def _search_request(self, page: int) -> scrapy.Request:
        asked = {"category": (self.arguments.categories or ("faq",))[0], "term": self.arguments.query or ""}
        if page > 1:
            asked["page"] = str(page)
        return self.request(
            f"{self.home}/search?{urlencode(asked)}",
            self.parse_search,
            where=f"search, page {page}",
            priority=_LISTING,
            cb_kwargs={"page": page},
        )

    def parse_search(self, response: Response, page: int) -> Iterator[scrapy.Request | PageReadings]:
        """Yield what the search results say of each article, and the articles' own pages."""
        results = SearchPage(response.url, response.body)
        articles = results.articles
        self._note(results, "search")
        seen = self._seen["", 1]
        before = len(seen)
        yield from self._listed(articles, "", response)
        if results.next_url is not None and len(seen) > before and page < MAX_LISTING_PAGES:
            yield self._search_request(page + 1)

    # ---- articles

    def article_request(self, slug: str, *, unlisted: bool = False) -> scrapy.Request:
        """Return the request for an article's own page; ``unlisted`` marks one that no listing shows."""
        etag, modified = self.session.conditional(slug)
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        return self.request(
            f"{self.home}/{slug}",
            self.parse_article,
            where=f"article {slug}",
            priority=_ARTICLE,
            headers={name: value for name, value in headers.items() if value},
            cb_kwargs={"slug": slug},
            meta={"handle_httpstatus_list": [304, 404, 410], "unlisted": unlisted},
        )

    def parse_article(self, response: Response, slug: str) -> Iterator[scrapy.Request | PageReadings]:
        """Yield what an article's own page says; an answer without a page is entered in the ledger."""
        self.reached()
        ledger, request = self.session.ledger, response.request
        assert request is not None  # noqa: S101 (Scrapy sets it on every response that it hands to a callback)
        now = response.meta.get("recorded_at") or dt.datetime.now(dt.UTC).replace(microsecond=0)
        if response.status == 304:
            if not _was_conditional(response):
                # Whatever it vouches for, it is not the article: there may be no row and no body to carry over.
                yield from self.failed(request, CrawlError("HTTP 304, which the request did not allow for"))
                return
            ledger.validated(slug, {"fetched_at": now})
            return
        led_away = bool(request.meta.get("redirect_urls"))
        if response.status in {404, 410} and not led_away:
            # A listing shows it and its own page denies it: one of the two may be a moment's mistake.
            if not (ledger.is_listed(slug) and self.try_again(request)):
                ledger.settle(slug, "gone", f"HTTP {response.status}")
            return
        if response.status in {404, 410}:
            yield from self._led_away(request, slug, f"redirects to {response.url}: HTTP {response.status}")
            return
        landed = parse_help_url(response.url)
        if (
            landed.kind == "article"
            and landed.slug
            and landed.slug != slug
            and landed.locale == self.arguments.locale
        ):
            yield from self._led_away(request, slug, f"redirects to {landed.slug}")
            if self.session.claim(landed.slug, "redirect"):
                yield self.article_request(landed.slug)
            return
        page = ArticlePage(response.url, response.body, slug=slug)
        raw = page.article
        self._note(page, "article")
        reading = Reading(
            raw=raw,
            context=self.session.context,
            fetched_at=now,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            warc_record=response.meta.get("warc_record"),
        )
        yield PageReadings(response.url, [reading])

    def _led_away(self, request: scrapy.Request, slug: str, detail: str) -> Iterator[scrapy.Request]:
        """Settle an article whose address leads to another page, which does not say that the article is gone.

        Where a listing of this crawl shows it, one of the two is wrong: it gets a second chance and counts as failed
        then. Where none does, it is for the listings to prove that it is not there any more.
        """
        if self.session.ledger.is_listed(slug):
            yield from self.failed(request, CrawlError(detail))
        else:
            self.session.ledger.settle(slug, "absent", detail)

    def late_requests(self) -> list[scrapy.Request]:
        """Return the requests for known articles that no listing showed any more; only the first call has any.

        Their own pages tell whether they are gone.
        """
        if self._asked_for_unlisted:
            return []
        self._asked_for_unlisted = True
        limit, unlisted = self.settings.getint("UNLISTED_PROBES"), self.session.unlisted()
        if len(unlisted) > limit:
            detail = f"{len(unlisted)} known articles are in no listing; only {limit} of them were asked for"
            self.session.ledger.problem("unlisted", self.home, detail)
        slugs = [slug for slug in unlisted[:limit] if self.session.claim(slug, "unlisted")]
        found_before = [slug for slug in self.session.left_over() if self.session.claim(slug, "resumed")]
        return [self.article_request(slug, unlisted=True) for slug in slugs + found_before]

    # ---- what all have in common

    def request(self, url: str, callback: Any, *, where: str, **kwargs: Any) -> scrapy.Request:
        """Return a request whose failure is entered in the ledger as that of ``where``."""
        request = scrapy.Request(url, callback, errback=self.download_failed, **kwargs)
        request.meta["where"] = where
        # A second walk asks for the same listing pages again; everything else is asked for once by construction.
        request.dont_filter = True
        return request

    def _note(self, page: OkxPage, kind: str) -> None:
        """Enter which extraction rules matched on a page of this kind, and which region and language were served."""
        self.reached()
        self.session.ledger.tally("rules", {f"{kind}.{name}": n for name, n in page.outcomes.items()})
        self.session.served(page, region=kind != "article")


def _was_conditional(response: Response) -> bool:
    """Tell whether a 304 answers what was asked: the request had a validator, and it was this page's own."""
    request = response.request
    asked = request is not None and (
        b"If-None-Match" in request.headers or b"If-Modified-Since" in request.headers
    )
    return asked and not response.meta.get("redirect_urls")


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
