"""A Document360 knowledge base: one page names all articles, and each is read from its own page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from helpscraper.html.base import Page
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.platforms.document360 import addresses
from helpscraper.platforms.document360.pages import read_article, read_list, with_own_elements
from helpscraper.sites import Site
from helpscraper.urls import is_locale, origin

__all__ = ["Document360"]


class Document360(Platform):
    """A tree of titles, without dates: every article is read in every crawl, unless the server answers 304.

    The tree also names hidden articles, which are public at their own addresses, and categories that may have no text.
    So it proves no absence.
    """

    name = "document360"
    extractor = "document360/1"
    claim = Claim(evidence=(), absence="page", dated=False)
    parts = ("limit",)
    collects = True
    experimental = True
    most = 100_000

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``."""
        return addresses.address_of(site, url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page."""
        return addresses.page_url(context, key)

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at the home page, whose state holds the tree."""
        return [addresses.home_link(context)]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise a page by Document360's own elements, if the home page holds the tree."""
        folder = addresses.folder_in(urlsplit(url).path) or addresses.DOCS
        if page is None or not with_own_elements(shown := Page(url, page)):
            return None
        language = (shown.root.get("lang") or "").lower()
        locale = language if is_locale(language) else "en"
        declares: dict[str, Any] = {} if folder == addresses.DOCS else {"include": [folder]}
        place = urlsplit(url).path.removeprefix(folder).split("/")
        if len(place) > 1 and is_locale(place[0]):
            locale = place[0]
            declares["editions"] = {locale: locale}
        elif locale != "en":
            declares["editions"] = {"": locale}
        site = Site(
            name="recognised", platform=self.name, base_url=origin(url), include=(folder,),
            editions=declares.get("editions", {}),
        )  # fmt: skip
        return Sign(
            seen="Document360's own elements",
            locale=locale,
            declares=declares,
            probe=addresses.home_link(Context(site, locale)),
        )

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read the tree of all articles, or one article."""
        if asked.kind == "list":
            return read_list(asked, url, payload, context)
        return read_article(asked, url, payload, context)
