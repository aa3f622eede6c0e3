"""Bybit's help centre as a platform."""

from __future__ import annotations

from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.bybit import addresses
from helpscraper.platforms.bybit.pages import BybitPage
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.sites import Site
from helpscraper.urls import is_key, origin

__all__ = ["Bybit"]


class Bybit(Platform):
    """Topics with the tree of their articles, and the articles, in the state of the pages.

    A topic shows titles and states no number of articles, so every article is read in every crawl, and only its own
    page proves that it is gone.
    """

    name = "bybit"
    extractor = "bybit/1"
    claim = Claim(evidence=(), absence="page", dated=False)
    parts = ("sections", "limit")
    experimental = True

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``."""
        return addresses.address_of(url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page."""
        return addresses.article_page(context, key)

    def list_link(self, context: Context, key: str, page: int = 1) -> Link | None:
        """Return the link of a topic's page, which holds the whole topic; None for an invalid name."""
        link = Link(addresses.topic_page(context, key), Address("list", context.locale, key, page))
        return link if is_key(key) and self.address(context.site, link.url).key == key else None

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at the page that names the topics."""
        return [Link(addresses.home(context), Address("home", context.locale))]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise the address of a page whose state names topics."""
        locale = addresses.address_of(url).locale
        if not locale or page is None:
            return None
        site = Site(name="recognised", platform=self.name, base_url=origin(url))
        if BybitPage(url, page, Context(site, locale)).home().missing is not None:
            return None
        return Sign(seen="the topics in its state", locale=locale, declares={"editions": {"": locale}})

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read a page of any kind."""
        page = BybitPage(url, payload, context)
        match asked.kind:
            case "home":
                return page.home()
            case "list":
                return page.topic(asked)
        return page.article(asked)
