"""The spider of a help centre: it drives any platform from its start to every list and every article.

The spider follows links. A platform reads pages, ``pipelines`` normalise the findings, and the crawl's session decides
which articles to fetch.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import signals
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.paging import MAX_LISTING_PAGES, goes_on, has_moved
from helpscraper.errors import ExtractionError
from helpscraper.intake.enter import readings_of, remarks
from helpscraper.intake.interface_comparison import compared_columns
from helpscraper.intake.reading import PageReadings, Reading
from helpscraper.intake.wording import unknown_names
from helpscraper.items import RawArticle
from helpscraper.normalise import article as steps
from helpscraper.platforms import get_platform
from helpscraper.platforms.contract import Address, Findings, Link, Scope, Section
from helpscraper.sites import Sites, sites_at
from helpscraper.spiders.interface import InterfaceSpider
from helpscraper.urls import is_key, same_site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

__all__ = ["HelpSpider"]

_AT_ONCE = 1000
"""The most rows of a page in one item: a list may name fifty thousand articles."""


class HelpSpider(InterfaceSpider):
    """``scrapy crawl help -a site=NAME -a locale=en …``; the arguments are those of ``CrawlArguments``."""

    name = "help"

    def __init__(self, name: str | None = None, sites: Sites | None = None, /, **arguments: Any) -> None:
        super().__init__(name)
        self.arguments = CrawlArguments.parse(sites, **arguments)
        self.base_url = self.arguments.base_url
        self.platform = get_platform(self.arguments.site.platform)
        self._seen: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._totals: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
        self._asked: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._tags: set[str] = set()
        self._named: set[str] = set()
        self._followed: set[str] = set()
        self._categories_due: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> HelpSpider:
        """Make the spider; its ``idle`` runs whenever the queue is empty."""
        settings = crawler.settings
        sites = sites_at(settings["ARCHIVE_URI"], settings["SITES"])
        spider = super().from_crawler(crawler, None, sites, *args, **kwargs)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Yield the platform's first requests."""
        asked = self.arguments
        scope = Scope(categories=asked.categories, sections=asked.sections, query=asked.query)
        for request in self._follow(self.platform.start(self.session.context, scope)):
            yield request

    def _follow(self, links: Iterable[Link]) -> Iterator[scrapy.Request]:
        """Request lists and pages that lead to lists; a link that cannot be followed is a hole in the crawl."""
        for link in links:
            kind, key = link.address.kind, link.address.key or ""
            if not same_site(link.url, self.base_url) or kind in {"article", "other"}:
                why = "no list and no way to one" if kind in {"article", "other"} else "leads off the site"
                self.session.ledger.problem("discovery", link.url, f"{kind} {key}: {why}")
            elif kind == "list":
                content = "tag" if self.platform.collects else None
                yield from self._follow_sections([Section(key=key, content_type=content)], link)
            elif link.url not in self._followed:
                self._followed.add(link.url)
                if kind == "category":
                    self._categories_due.add(key)
                yield (
                    self.list_request(link, walk=1)
                    if kind == "search"
                    else self.request(link, self.parse_page)
                )

    # ---- discovery

    def parse_page(self, response: Response, asked: Address) -> Iterator[scrapy.Request]:
        """Follow the categories and lists that a home or category page names."""
        found = self.read(response, asked)
        links = found.links
        if found.missing is not None:
            links = self._named_by_hand(found.missing, asked)
        self.note(found)
        wanted = set(self.arguments.categories)
        if asked.kind == "home":
            there = {link.address.key or "" for link in links if link.address.kind == "category"}
            self._all_must_be_there("categories", wanted, there)
            links = [link for link in links if not wanted or link.address.key in wanted]
        requests = [
            *self._follow_sections(found.sections),
            *self._follow(links),
            *self.further(found.more, 1),
        ]
        self._categories_due.discard(asked.key or "")
        if not self._categories_due:
            # Only now are all sections known; while a category is unread, none can be called missing.
            self._all_must_be_there("sections", set(self.arguments.sections), self._named)
        yield from requests

    def _named_by_hand(self, missing: ExtractionError, asked: Address) -> list[Link]:
        """Return links to the categories in the arguments; raises ``missing`` when they cannot replace the page."""
        wanted = sorted(self.arguments.categories)
        known = [self.platform.category_link(self.session.context, key) for key in wanted]
        links = [link for link in known if link is not None]
        if asked.kind != "home" or missing.field == "challenge" or not links:
            raise missing
        # The user named the categories, as the error advises.
        self.logger.warning("%s; going by categories=%s", missing.message, ",".join(wanted))
        return links

    def _all_must_be_there(self, name: str, asked: set[str], there: set[str]) -> None:
        """End the crawl with ``bad_arguments`` when the site lacks a name in ``asked``."""
        if missing := sorted(asked - there):
            self.session.mistake = unknown_names(name, missing, there)
            raise CloseSpider("bad_arguments")

    def _follow_sections(
        self, sections: Iterable[Section], link: Link | None = None
    ) -> Iterator[scrapy.Request]:
        """Begin the wanted lists that have not begun yet, at ``link`` or at the platform's address for them."""
        for section in sections:
            self._named.add(section.key)
            if section.key in self.first_links:
                continue
            if self.arguments.sections and section.key not in self.arguments.sections:
                continue
            wanted = self.arguments.categories
            if wanted and section.category and section.category not in wanted:
                continue
            first = link or self.platform.list_link(self.session.context, section.key)
            if first is None or not same_site(first.url, self.base_url):
                detail = f"section {section.key}: no address of this site is known for its list"
                self.session.ledger.problem("discovery", first.url if first else self.base_url, detail)
                continue
            self.first_links[section.key] = first
            if section.content_type == "tag":
                self._tags.add(section.key)
            self.session.ledger.section(
                section.key, title=section.title, category=section.category, content_type=section.content_type
            )
            yield from self.list_requests(section)

    # ---- lists

    def list_request(self, link: Link, *, walk: int) -> scrapy.Request:
        """Return the request for one page of a list."""
        self._asked[link.address.key or "", walk].add(link.url)
        return self.request(link, self.parse_list, walk=walk)

    def parse_list(
        self, response: Response, asked: Address, walk: int
    ) -> Iterator[scrapy.Request | PageReadings]:
        """Yield the articles on one page of a list or of search results, and the request for its next page."""
        found = self.read(response, asked)
        self.note(found)
        key = (asked.key or "") if asked.kind == "list" else ""
        if found.content_type == "tag":
            self._tags.add(key)
        yield from self._follow_sections(found.sections)
        yield from self._follow(found.links)
        for kind, detail in remarks(found):
            self.session.ledger.problem(kind, response.url, detail)
        for hole in found.holes:
            self.session.ledger.section_problem(key, f"page {asked.page}: {hole}")
        seen = self._seen[key, walk]
        before = len(seen)
        yield from self.listed(found.articles, key, response, walk)
        yield from self.further(found.more, walk)
        following = found.next if goes_on(found, asked.page, fresh=len(seen) - before) else None
        if asked.kind == "list":
            yield from self._note_page(found, asked, walk, following)
        elif following is not None:
            yield self.list_request(following, walk=walk)

    def further(self, links: Iterable[Link], walk: int) -> Iterator[scrapy.Request]:
        """Request further pages of a list, numbered in the order of the requests; other links are followed.

        A page that was asked for in this walk is not asked for again, so an index that links to itself ends.
        """
        for link in links:
            key = link.address.key or ""
            asked = self._asked[key, walk]
            if link.address.kind != "list" or not asked:
                yield from self._follow([link])
            elif not same_site(link.url, self.base_url):
                self.session.ledger.section_problem(key, f"a page leads off the site: {link.url}")
            elif link.url not in asked and len(asked) >= MAX_LISTING_PAGES:
                self.session.ledger.section_problem(key, f"more than {MAX_LISTING_PAGES} pages")
                return
            elif link.url not in asked:
                address = replace(link.address, page=len(asked) + 1)
                yield self.list_request(replace(link, address=address), walk=walk)

    def _note_page(
        self, found: Findings, asked: Address, walk: int, following: Link | None
    ) -> Iterator[scrapy.Request]:
        """Enter one page of a list in the ledger; yield the requests that follow: the next page, or another walk."""
        key, page, ledger = asked.key or "", asked.page, self.session.ledger
        ledger.listing_page(
            key,
            page,
            walk=walk,
            total=found.total,
            shown=len(found.articles),
            pages=found.pages,
            last=following is None,
        )
        self.pages_stated[key] = found.pages or page
        totals = self._totals[key, walk]
        totals.update(() if found.total is None else (found.total,))
        if page >= MAX_LISTING_PAGES:
            ledger.section_problem(key, f"more than {MAX_LISTING_PAGES} pages")
        if following is not None:
            # A list without page numbers is numbered as it is walked.
            address = replace(following.address, kind="list", key=key, page=page + 1)
            if why := self._why_not_next(following, key, walk):
                ledger.section_problem(key, f"page {page + 1}: {why}: {following.url}")
            else:
                yield self.list_request(replace(following, address=address), walk=walk)
        elif walk < self.walks and has_moved(totals, len(self._seen[key, walk]), found.total):
            self.logger.info("%s moved while it was read; reading it again", key)
            yield from self.walk_again(key, walk + 1)

    def _why_not_next(self, link: Link, key: str, walk: int) -> str | None:
        """Return why the next page of a list must not be requested, None when it may."""
        if not same_site(link.url, self.base_url):
            return "it leads off the site"
        return "it was asked for before" if link.url in self._asked[key, walk] else None

    def listed(
        self,
        articles: list[RawArticle],
        section: str,
        response: Response,
        walk: int = 1,
        *,
        from_interface: bool = False,
    ) -> Iterator[PageReadings]:
        """Yield the rows of a list, read from a page or from the interface; a row may be a whole article."""
        record, at = response.meta.get("warc_record"), response.meta.get("recorded_at")
        at = at or dt.datetime.now(dt.UTC).replace(microsecond=0)
        for first in range(0, len(articles), _AT_ONCE):
            found = readings_of(
                articles[first : first + _AT_ONCE], self.session.context,
                section=section, at=at, record=record, walk=walk, first=first,
            )  # fmt: skip
            kept = self._within_bound(found, section, walk)
            if readings := self._entered(kept, section, walk, from_interface=from_interface):
                yield PageReadings(response.url, readings)
            if len(kept) < len(found):
                detail = f"{self.platform.most:,} articles are listed; any others are left out"
                self.session.ledger.problem("list", response.url, detail)
                self.session.ledger.section_problem(section, detail)
                return

    def _within_bound(self, found: list[Reading], section: str, walk: int) -> list[Reading]:
        """Return the readings up to the number of articles that the platform allows in a list."""
        seen, fresh = self._seen[section, walk], set[str]()
        kept = []
        for reading in found:
            key = reading.raw.key
            if key in seen or key in fresh or len(seen) + len(fresh) < self.platform.most:
                kept.append(reading)
                fresh.update(() if key in seen else (key,))
        return kept

    def _entered(
        self, found: list[Reading], section: str, walk: int, *, from_interface: bool
    ) -> list[Reading]:
        """Decide which of the listed articles to fetch; return the readings that have a key."""
        context, ledger = self.session.context, self.session.ledger
        own_section = section if section and section not in self._tags else None
        readings = []
        with ledger.transaction():
            for reading in found:
                raw = reading.raw
                if not is_key(raw.key):
                    detail = f"{raw.key[:80]!r} is not a key"
                    ledger.problem("slug", raw.url, detail)
                    # It may be an article that is missed elsewhere.
                    ledger.section_problem(section, detail)
                    continue
                self._seen[section, walk].add(raw.key)
                readings.append(reading)
                if raw.kind == "article":
                    continue  # the list holds the whole article
                listed = partial(_listed_columns, raw, context)
                if from_interface:
                    listed = partial(compared_columns, raw, context, self.session.known.get(raw.key))
                self.session.decide(raw.key, listed, own_section)
        return readings


def _listed_columns(raw: RawArticle, context: steps.Context) -> dict[str, Any]:
    """Return the columns of a listing's row that show or suggest whether its article changed."""
    return {
        name: value
        for step in (steps.titles, steps.dates, steps.counts)
        for name, value in step(raw, context).columns.items()
    }
