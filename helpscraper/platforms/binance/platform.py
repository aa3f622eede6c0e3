"""Binance's announcements as a platform."""

from __future__ import annotations

from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.binance import addresses, answers
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.sites import Site
from helpscraper.urls import origin

__all__ = ["Binance"]


class Binance(Platform):
    """The catalogs of announcements: lists of titles with a total, and an answer for each article.

    No list shows an edit, so every article is read in every crawl. Nothing in an answer names its language.
    """

    name = "binance"
    extractor = "binance/1"
    claim = Claim(evidence=(), absence="list")
    parts = ("sections", "limit")
    experimental = True

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``; an article's page and its answer have one key."""
        return addresses.address_of(url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page, which readers see."""
        return addresses.article_page(context, key)

    def article_link(self, context: Context, key: str) -> Link:
        """Return the link of the answer with the article."""
        return addresses.article_link(context, key)

    def list_link(self, context: Context, key: str, page: int = 1) -> Link:
        """Return the link of one page of a catalog."""
        return addresses.list_link(context, key, page)

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin with the catalogs."""
        return [addresses.catalogs_link(context)]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise the address of any page, if the answer that names the catalogs can be read."""
        locale = addresses.address_of(url).locale
        if not locale:
            return None
        probe = addresses.catalogs_link(
            Context(Site(name="recognised", platform=self.name, base_url=origin(url)), locale)
        )
        return Sign(seen="its catalogs", locale=locale, declares={"editions": {"": locale}}, probe=probe)

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read an answer; the pages that readers see are not read."""
        read = {"home": answers.read_catalogs, "list": answers.read_list}.get(
            asked.kind, answers.read_article
        )
        return read(asked, url, payload, context)
