"""A GitBook site: one list of all published pages, and each page as Markdown."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from helpscraper.html.base import Page
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.platforms.gitbook import addresses
from helpscraper.platforms.gitbook.index import read_index
from helpscraper.platforms.gitbook.pages import index_of, is_html, read_page
from helpscraper.sites import Site
from helpscraper.urls import is_locale, origin, same_site

__all__ = ["GitBook"]


class GitBook(Platform):
    """A list of titles, without dates: every article is read in every crawl, unless the server answers 304.

    A page that its author hides is in no list and is not archived.
    """

    name = "gitbook"
    extractor = "gitbook/2"
    claim = Claim(evidence=(), absence="list", dated=False)
    parts = ("limit",)
    collects = True
    experimental = True
    most = 100_000

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``; a page and its Markdown have one address."""
        return addresses.address_of(site, url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL of the article's page, which readers see."""
        return addresses.page_url(context, key)

    def article_link(self, context: Context, key: str) -> Link:
        """Return the link of the article's Markdown."""
        url = addresses.page_url(context, key) + addresses.MARKDOWN
        return Link(url, Address("article", context.locale, key))

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at the list of all pages."""
        return [addresses.index_link(context)]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise a page by its generator, its Markdown by the first line, and an index that names GitBook."""
        if page is None:
            return None
        folder, _, file = urlsplit(url).path.rpartition("/")
        locale = "en"
        if is_html(page):
            shown = Page(url, page).selector
            if not shown.css("meta[name=generator]::attr(content)").get("").lower().startswith("gitbook"):
                return None
            seen, folder = "the generator that the page names", ""
            language = shown.xpath("/html/@lang").get("").lower()
            locale = language if is_locale(language) else locale
        elif file == addresses.INDEX and b"gitbook" in page.data.lower():
            seen = "an index that names GitBook"
        elif (index := index_of(page)) is not None and same_site(index, url):
            seen, folder = "GitBook's line above the page", urlsplit(index).path.rpartition("/")[0]
        else:
            return None
        declares: dict[str, Any] = {"include": [f"{folder}/"]} if folder else {}
        if locale != "en":
            declares["editions"] = {"": locale}
        site = Site(name="recognised", platform=self.name, base_url=origin(url), include=(f"{folder}/",))
        return Sign(
            seen=seen, locale=locale, declares=declares, probe=addresses.index_link(Context(site, locale))
        )

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read the list of all pages, or the Markdown of one."""
        if asked.kind == "list":
            return read_index(url, payload, context)
        return read_page(asked, url, payload, context)
