"""OKX's own help centre as a platform: home, categories, sections with numbered pages, articles named by slugs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlencode

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Section, Sign
from helpscraper.platforms.okx import EXTRACTOR
from helpscraper.platforms.okx.article import ArticlePage
from helpscraper.platforms.okx.interface import OkxInterface
from helpscraper.platforms.okx.listing import PAGE_SIZE, ListingPage
from helpscraper.platforms.okx.page import OkxPage
from helpscraper.platforms.okx.recognise import is_challenge, is_of_okx
from helpscraper.platforms.okx.search import HomePage, SearchPage
from helpscraper.platforms.okx.sections import SectionLink
from helpscraper.platforms.okx.served import check_edition
from helpscraper.platforms.okx.text import read_text, settle
from helpscraper.platforms.okx.urls import edition_at, home_url, parse_help_url
from helpscraper.sites import Site

__all__ = ["Okx"]

_EVIDENCE = ("title", "updated_at", "updated_on", "published_at", "published_on", "source_id")


class Okx(Platform):
    """The help centre of www.okx.com and its regional sites."""

    name = "okx"
    extractor = EXTRACTOR
    claim = Claim(evidence=_EVIDENCE, absence="list")
    parts = ("categories", "sections", "query", "limit")
    interface = OkxInterface()

    def address(self, site: Site, url: str) -> Address:
        """Return what ``url`` points to; the locale is that of its edition."""
        found = parse_help_url(url)
        kind: Literal["home", "category", "list", "article", "search", "other"]
        kind = "list" if found.kind == "section" else found.kind
        locale = edition_at(site, url)
        return Address(kind, locale, found.slug, found.page, query=found.query)

    def article_url(self, context: Context, key: str) -> str:
        """Return the article's URL: its slug follows the home page's path."""
        return f"{home_url(context)}/{key}"

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at the search for the requested words, or at the home page."""
        if scope.query:
            return [_search(context, (scope.categories or ("faq",))[0], scope.query, 1)]
        return [Link(home_url(context), Address("home", context.locale))]

    def category_link(self, context: Context, key: str) -> Link:
        """Return the link of the category's page, which names its sections."""
        return Link(f"{home_url(context)}/category/{key}", Address("category", context.locale, key))

    def list_link(self, context: Context, key: str, page: int = 1) -> Link:
        """Return the link of one page of a section's list."""
        return _list(context, key, page, guessed=False)

    def places(self, context: Context) -> list[str]:
        """Return the home page, and where it would be with the locale in its address, as other editions have it."""
        return [home_url(context), f"{context.root}/{context.locale}/help"]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise the state, the class names and the addresses of the pages."""
        here = parse_help_url(url)
        if here.kind == "other" or page is None or not is_of_okx(OkxPage(url, page)):
            return None
        return Sign(seen="the state and class names of its pages", locale=here.locale)

    def blocked(self, url: str, payload: Payload) -> str | None:
        """Return the title of a block or challenge page."""
        try:
            page = OkxPage(url, payload)
            return page.head_title if is_challenge(page) else None
        except ExtractionError:
            return None  # not a page

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read a page of any kind, and a list of the JSON interface."""
        if asked.kind == "list" and self.interface.list_asked(url):
            return self.interface.read_list(asked.key or "", url, payload, context)
        match asked.kind:
            case "article":
                return _article(ArticlePage(url, payload, slug=asked.key), context)
            case "home":
                return _home_page(HomePage(url, payload), context)
            case "search":
                return _search_page(SearchPage(url, payload), asked, context)
            case "list":
                return self._list_page(ListingPage(url, payload), asked, context)
        return _category(ListingPage(url, payload), context)

    def _list_page(self, page: ListingPage, asked: Address, context: Context) -> Findings:
        check_edition(page, context.site, context.locale)
        landed = self.address(context.site, page.url)
        if (landed.kind, landed.key, landed.page) != ("list", asked.key, asked.page):
            raise page.error("url", f"section {asked.key}, page {asked.page} leads to another page")
        page.check_answers(asked.page, guessed=asked.guessed)
        found = _found(page, "listing")
        found.articles = page.articles
        found.rules = page.rules("listing")
        # A list's page links to other lists too; only the state distinguishes sections from tags.
        found.sections = [_section(link) for link in page.sections if link.content_type is not None]
        found.content_type, found.total, found.pages = page.content_type, page.total, page.pages
        stated = page.next_url is not None or (page.pages is not None and asked.page < page.pages)
        full = page.pages is None and len(found.articles) >= (page.page_size or PAGE_SIZE)
        if stated or full:
            found.next = _list(context, asked.key or "", asked.page + 1, guessed=not stated)
        return found

    def read_saved(self, url: str, payload: Payload, context: Context) -> Findings:
        """Read a page that was saved by itself; also the articles that a category's page shows.

        A broken state and a refused slug are errors here, because nobody would notice that an import is incomplete. A
        crawl keeps the readable rest of such a page, because it cannot fetch that page again.
        """
        asked = self.address(context.site, url)
        check_edition(OkxPage(url, payload), context.site, context.locale)
        page: ArticlePage | SearchPage | ListingPage
        if asked.kind == "article":
            page = ArticlePage(url, payload, slug=asked.key)
            found = Findings(articles=[page.article], rules=page.rules("article"))
        elif asked.kind == "search":
            page = SearchPage(url, payload)
            found = Findings(articles=page.articles, rules=page.rules("search"))
        else:
            page = ListingPage(url, payload)
            found = _saved_list(page, asked)
        _check_whole(page)
        return self._canonical(found, context)

    def read_text(self, text: str, url: str, context: Context, titles: Iterable[str]) -> Findings:
        """Read flattened text; the slug of each row is made of its title."""
        rows = settle(read_text(text, url=url, locale=context.locale_facts.bcp47).rows, titles)
        raws = [row.raw for row in rows]
        return Findings(articles=raws, ambiguous=tuple(row.raw.title or "" for row in rows if row.ambiguous))


def _list(context: Context, key: str, page: int, *, guessed: bool) -> Link:
    paging = f"/page/{page}" if page > 1 else ""
    address = Address("list", context.locale, key, page, guessed=guessed)
    return Link(f"{home_url(context)}/section/{key}{paging}", address)


def _search(context: Context, category: str, query: str, page: int) -> Link:
    asked = {"category": category, "term": query} | ({"page": str(page)} if page > 1 else {})
    address = Address("search", context.locale, category, page, query=query)
    return Link(f"{home_url(context)}/search?{urlencode(asked)}", address)


def _section(link: SectionLink) -> Section:
    return Section(
        key=link.slug,
        title=link.title,
        category=link.category,
        content_type=link.content_type,
        source_id=link.source_id,
    )


def _found(page: OkxPage, kind: str) -> Findings:
    """Return the findings of any page: language, region, and the rules counted so far."""
    facts = page.region if kind != "article" else None  # costly: it parses two scripts
    stated = (
        {
            "site": facts.sub_site,
            "market": facts.market,
            "ip_region": facts.ip_region,
            "lang": facts.html_lang,
        }
        if facts is not None
        else {}
    )
    region = {name: value for name, value in stated.items() if value is not None}
    return Findings(language=page.language, region=region, rules=page.rules(kind))


def _article(page: ArticlePage, context: Context) -> Findings:
    check_edition(page, context.site, context.locale, all_signs=False)
    article = page.article
    found = _found(page, "article")
    found.articles = [article]
    return found


def _home_page(page: HomePage, context: Context) -> Findings:
    check_edition(page, context.site, context.locale)
    links, missing = [], None
    try:
        links = [Link(each.url, Address("category", context.locale, each.slug)) for each in page.categories]
    except ExtractionError as error:
        missing = error
    found = _found(page, "home")
    found.links, found.missing = links, missing
    return found


def _category(page: ListingPage, context: Context) -> Findings:
    check_edition(page, context.site, context.locale)
    sections = [_section(link) for link in page.sections]
    found = _found(page, "category")
    found.sections = sections
    if not sections:
        found.missing = _blocked(page) or page.error(
            "sections", "the category page names no section", selector="allSections, nav a"
        )
    return found


def _blocked(page: ListingPage) -> ExtractionError | None:
    try:
        page.check_blocked()
    except ExtractionError as error:
        return error
    return None


def _search_page(page: SearchPage, asked: Address, context: Context) -> Findings:
    check_edition(page, context.site, context.locale)
    articles = page.articles
    found = _found(page, "search")
    found.articles = articles
    if page.next_url is not None:
        found.next = _search(context, asked.key or "faq", asked.query or "", asked.page + 1)
    return found


def _saved_list(page: ListingPage, asked: Address) -> Findings:
    if page.page != asked.page:
        raise page.error(
            "page",
            f"the page says that it is page {page.page} of its list, not {asked.page}",
            advice="give --url as it was when the page was captured; nothing was imported",
        )
    articles, section = page.articles, page.section or asked.key
    for raw in articles:
        raw.listed_in = (section,) if section and asked.kind == "list" else ()
    return Findings(articles=articles, content_type=page.content_type, rules=page.rules("listing"))


def _check_whole(page: OkxPage) -> None:
    """Raise ``ExtractionError`` for a page whose state is broken, or an entry of which has no usable slug."""
    if page.counted("state", "broken"):
        raise page.error(
            "state",
            "the script #appState is no JSON with an appContext; it is cut or damaged",
            advice="save the page again, or take that script out of it to import what the markup shows; "
            "nothing was imported",
        )
    if rejected := page.counted("slug", "rejected"):
        raise page.error(
            "slug",
            f"{rejected} of its entries have no valid slug, or lead to another site",
            advice="look at the page's links: it is damaged or hostile; nothing was imported",
        )
