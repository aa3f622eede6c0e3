"""The spider of a help centre: home, categories, every section, every listing page, every article.

It follows and yields; reading is done by ``pages``, cleaning by ``pipelines``, and what is worth fetching is decided by
the crawl's session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import scrapy
from scrapy import signals
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.paging import MAX_LISTING_PAGES, has_moved, next_page
from helpscraper.errors import ExtractionError
from helpscraper.extensions.payload import payload_of
from helpscraper.intake.reading import PageReadings, Reading
from helpscraper.intake.witness import evidence
from helpscraper.intake.wording import unknown_names
from helpscraper.items import RawArticle
from helpscraper.normalise import article as steps
from helpscraper.platforms.okx import HomePage, ListingPage, SearchPage
from helpscraper.platforms.okx.listing import PAGE_SIZE
from helpscraper.sites import Sites, sites_at
from helpscraper.spiders.interface import InterfaceSpider
from helpscraper.spiders.patient import LISTING
from helpscraper.urls import is_slug, parse_help_url

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.platforms.okx import SectionLink

__all__ = ["HelpSpider"]


class HelpSpider(InterfaceSpider):
    """``scrapy crawl help -a site=okx -a locale=en …``; the arguments are those of ``CrawlArguments``."""

    name = "help"

    def __init__(self, name: str | None = None, sites: Sites | None = None, /, **arguments: Any) -> None:
        super().__init__(name)
        self.arguments = CrawlArguments.parse(sites, **arguments)
        self.base_url = self.arguments.base_url
        self.home = self.arguments.site.help_url(self.arguments.locale, self.base_url)
        self._seen: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._totals: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
        self._tags: set[str] = set()
        self._sections: set[str] = set()
        self._named: set[str] = set()
        self._categories_due: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> HelpSpider:
        """Make the spider, and let it look for what is left to do once the queue is empty."""
        settings = crawler.settings
        sites = sites_at(settings["ARCHIVE_URI"], settings["SITES"])
        spider = super().from_crawler(crawler, None, sites, *args, **kwargs)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Begin at the search for ``query``, or at the home page."""
        if self.arguments.query:
            yield self._search_request(1)
        else:
            yield self.request(self.home, self.parse_home, where="home page", priority=LISTING)

    # ---- discovery

    def parse_home(self, response: Response) -> Iterator[scrapy.Request]:
        """Follow the categories that the home page links to."""
        page = HomePage(response.url, payload_of(response))
        self.check_served(page, response, "home")
        wanted = set(self.arguments.categories)
        try:
            categories = page.categories
        except ExtractionError as error:
            if not wanted or error.field == "challenge":
                raise
            # That error's own advice: what the page does not name may be named by hand.
            self.logger.warning("%s; going by categories=%s", error.message, ",".join(sorted(wanted)))
            categories = [page.category(slug) for slug in sorted(wanted)]
        self._note(page, "home")
        self._all_must_be_there("categories", wanted, {category.slug for category in categories})
        followed = {
            category.slug: category.url for category in categories if not wanted or category.slug in wanted
        }
        self._categories_due = set(followed)
        for slug, url in followed.items():
            yield self.request(
                url,
                self.parse_category,
                where=f"category {slug}",
                priority=LISTING,
                cb_kwargs={"category": slug},
            )

    def parse_category(self, response: Response, category: str) -> Iterator[scrapy.Request]:
        """Follow every section that a category page names."""
        page = ListingPage(response.url, payload_of(response))
        self.check_served(page, response, "category")
        sections = page.sections
        self._note(page, "category")
        if not sections:
            page.check_blocked()
            raise ExtractionError(
                response.url, "sections", "the category page names no section", selector="allSections, nav a"
            )
        requests = list(self._follow_sections(sections))
        self._categories_due.discard(category)
        if not self._categories_due:
            # Only now the site's own list is known; while a category could not be read nothing is said to be missing.
            self._all_must_be_there("sections", set(self.arguments.sections), self._named)
        yield from requests

    def _all_must_be_there(self, name: str, asked: set[str], there: set[str]) -> None:
        """End the crawl as one of bad arguments when the site has not all that was asked for by name."""
        if missing := sorted(asked - there):
            self.session.mistake = unknown_names(name, missing, there)
            raise CloseSpider("bad_arguments")

    def _follow_sections(self, sections: list[SectionLink]) -> Iterator[scrapy.Request]:
        self._named.update(section.slug for section in sections)
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
            yield from self.list_requests(section)

    # ---- listings

    def listing_request(self, section: str, page: int, *, walk: int) -> scrapy.Request:
        """Return the request for one page of a section's listing."""
        paging = f"/page/{page}" if page > 1 else ""
        return self.request(
            f"{self.home}/section/{section}{paging}",
            self.parse_listing,
            where=f"section {section}, page {page}",
            priority=LISTING,
            cb_kwargs={"section": section, "page": page, "walk": walk},
        )

    def parse_listing(
        self, response: Response, section: str, page: int, walk: int
    ) -> Iterator[scrapy.Request | PageReadings]:
        """Yield what the listing says of each article, and the next listing page."""
        listing = ListingPage(response.url, payload_of(response))
        self.check_served(listing, response, "listing")
        landed = parse_help_url(response.url)
        if (landed.kind, landed.slug, landed.page) != ("section", section, page):
            raise ExtractionError(
                response.url, "url", f"section {section}, page {page} leads to another page"
            )
        listing.check_answers(page, guessed=bool(response.meta.get("guessed")))
        articles = listing.articles
        self._note(listing, "listing")
        if listing.content_type == "tag":
            self._tags.add(section)
        yield from self._follow_sections([s for s in listing.sections if s.content_type is not None])
        seen = self._seen[section, walk]
        before = len(seen)
        yield from self.listed(articles, section, response, walk)
        following = next_page(
            page,
            pages=listing.pages,
            has_next=listing.next_url is not None,
            shown=len(articles),
            fresh=len(seen) - before,
            page_size=listing.page_size or PAGE_SIZE,
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

    def listed(
        self,
        articles: list[RawArticle],
        section: str,
        response: Response,
        walk: int = 1,
        *,
        told: bool = False,
    ) -> Iterator[PageReadings]:
        """Yield the rows of a list, which a page shows or the interface ``told``."""
        record, context, ledger = response.meta.get("warc_record"), self.session.context, self.session.ledger
        readings = []
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
                known = self.session.known.get(raw.slug) if told else None
                listed = partial(evidence, raw, context, known) if told else partial(_evidence, raw, context)
                self.session.decide(raw.slug, listed, own_section)
        if readings:
            yield PageReadings(response.url, readings)

    # ---- search

    def _search_request(self, page: int) -> scrapy.Request:
        asked = {"category": (self.arguments.categories or ("faq",))[0], "term": self.arguments.query or ""}
        if page > 1:
            asked["page"] = str(page)
        return self.request(
            f"{self.home}/search?{urlencode(asked)}",
            self.parse_search,
            where=f"search, page {page}",
            priority=LISTING,
            cb_kwargs={"page": page},
        )

    def parse_search(self, response: Response, page: int) -> Iterator[scrapy.Request | PageReadings]:
        """Yield what the search results say of each article, and the next page of results."""
        results = SearchPage(response.url, payload_of(response))
        self.check_served(results, response, "search")
        articles = results.articles
        self._note(results, "search")
        seen = self._seen["", 1]
        before = len(seen)
        yield from self.listed(articles, "", response)
        if results.next_url is not None and len(seen) > before and page < MAX_LISTING_PAGES:
            yield self._search_request(page + 1)


def _evidence(raw: RawArticle, context: steps.Context) -> dict[str, Any]:
    """Return the columns of a listing's row that tell whether its article moved on, or hint at it."""
    return {
        name: value
        for step in (steps.titles, steps.dates, steps.counts)
        for name, value in step(raw, context).columns.items()
    }
