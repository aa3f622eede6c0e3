"""The two ways to read a Zendesk help centre as platforms."""

from __future__ import annotations

from dataclasses import replace

from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.platforms.zendesk import addresses, api
from helpscraper.platforms.zendesk.pages import ZendeskPage
from helpscraper.sites import Site
from helpscraper.urls import origin

__all__ = ["Zendesk", "ZendeskPages"]


class Zendesk(Platform):
    """A help centre whose public API is open: every list answer holds whole articles."""

    name = "zendesk"
    extractor = "zendesk/1"
    claim = Claim(evidence=("updated_at",), absence="list", bodies=True)

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``; an article's page and its answer of the API have one address."""
        return addresses.address_of(url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page, which readers see."""
        return addresses.article_page(context, key)

    def article_link(self, context: Context, key: str) -> Link:
        """Return the link of the API's answer about one article."""
        return Link(addresses.own_answer(context, key), Address("article", context.locale, key))

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin with the oldest articles."""
        return [addresses.list_link(context)]

    def places(self, context: Context) -> list[str]:
        """Return the home page, below which readers find every page, and the API's answers."""
        return [addresses.home(context), self.start(context, Scope())[0].url.partition("?")[0]]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise the address of any page, if the API answers; the page itself may be a challenge."""
        context = _edition_at(url)
        if context is None:
            return None
        return replace(_sign("its API answers", context.locale), probe=addresses.list_link(context))

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read a list answer, the answer about one article, or a page that was captured as readers see it."""
        if not addresses.is_answer(url) and addresses.address_of(url) == asked:
            return _read_page(asked, url, payload, context)
        read = api.read_article if asked.kind == "article" else api.read_list
        return read(asked, url, payload, context)


class ZendeskPages(Platform):
    """A help centre whose API is closed: home, categories, sections with a pager, articles.

    A list shows titles only, so every article is read in every crawl, unless the server says that it is unchanged. An
    article states only its last edit.
    """

    name = "zendesk-pages"
    extractor = "zendesk-pages/1"
    claim = Claim(evidence=(), absence="list", dated=False)
    parts = ("categories", "sections", "limit")

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``."""
        return addresses.address_of(url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page."""
        return addresses.article_page(context, key)

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at the home page."""
        return [Link(addresses.home(context), Address("home", context.locale))]

    def category_link(self, context: Context, key: str) -> Link:
        """Return the link of a category's page."""
        return Link(f"{addresses.home(context)}/categories/{key}", Address("category", context.locale, key))

    def list_link(self, context: Context, key: str, page: int = 1) -> Link:
        """Return the link of one page of a section."""
        paging = f"?page={page}" if page > 1 else ""
        return Link(
            f"{addresses.home(context)}/sections/{key}{paging}", Address("list", context.locale, key, page)
        )

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise the address of a readable page; raises ``ExtractionError`` for a sign-in page."""
        context = _edition_at(url)
        if context is None or page is None:
            return None
        asked = addresses.address_of(url)
        missing = _read_page(asked, url, page, context).missing
        return _sign("its pages", asked.locale) if missing is None else None

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read a page of any kind."""
        return _read_page(asked, url, payload, context)


def _sign(seen: str, locale: str) -> Sign:
    return Sign(seen=seen, locale=locale, declares={"editions": {"": locale}})


def _edition_at(url: str) -> Context | None:
    """Return the edition that an address below ``/hc/`` names; None for any other address."""
    locale = addresses.address_of(url).locale
    site = Site(name="recognised", platform="zendesk", base_url=origin(url))
    return Context(site, locale) if locale and not addresses.is_answer(url) else None


def _read_page(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return the findings of a page of the help centre; raises ``ExtractionError`` as ``Platform.read`` does."""
    page = ZendeskPage(url, payload, context)
    match asked.kind:
        case "home":
            return page.home()
        case "category":
            return page.category(asked.key or "")
        case "list":
            return page.section(asked)
    return page.article(asked)
