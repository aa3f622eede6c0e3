"""Intercom as a platform: the walk from the home page through the collections to the articles."""

from __future__ import annotations

from typing import Any

from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.platforms.intercom import addresses
from helpscraper.platforms.intercom.pages import IntercomPage
from helpscraper.sites import Site
from helpscraper.urls import origin

__all__ = ["Intercom"]


class Intercom(Platform):
    """Home page, collections (nested) and articles.

    A collection shows titles without dates, so every article is read in every crawl, unless the server says that it is
    unchanged. An article can be public and in no collection, so only its own page proves that it is gone. Experimental,
    because no two independent samples of a home page and of a collection were seen.
    """

    name = "intercom"
    extractor = "intercom/1"
    claim = Claim(evidence=(), absence="page", dated=False)
    parts = ("sections", "limit")
    experimental = True

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``."""
        return addresses.address_of(url, addresses.folder_of(site))

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page."""
        return addresses.article_page(context, key)

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at the home page."""
        return [Link(addresses.home(context), Address("home", context.locale))]

    def list_link(self, context: Context, key: str, page: int = 1) -> Link:
        """Return the link of a collection; it has one page."""
        return Link(addresses.collection_page(context, key), Address("list", context.locale, key))

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise a page by its name in Next.js, or by two weaker marks, one of which another page may have.

        Raises ``ExtractionError`` for a page of Intercom's that cannot be read, such as a sign-in page.
        """
        folder = addresses.shared_folder(url)
        declares: dict[str, Any] = {"include": [folder]} if folder else {}
        asked = addresses.address_of(url, folder.rstrip("/"))
        if page is None or asked.kind == "other":
            return None
        site = Site(name="recognised", platform=self.name, base_url=origin(url), **declares)
        shown = IntercomPage(url, page, Context(site, asked.locale))
        marks = shown.marks
        if not marks or self.findings(asked, url, page, shown.context).missing is not None:
            return None
        return Sign(
            seen=" and ".join(marks),
            locale=asked.locale,
            declares={"editions": {"": asked.locale}} | declares,
        )

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read a page of any kind."""
        page = IntercomPage(url, payload, context)
        match asked.kind:
            case "home":
                return page.home(asked)
            case "list":
                return page.collection(asked)
        return page.article(asked)
