"""The addresses of a GitBook site: an article's page, the same page as Markdown, and the index of all pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address, Link
from helpscraper.sites import Site
from helpscraper.urls import key_of, path_of

__all__ = ["INDEX", "MARKDOWN", "address_of", "folder_of", "index_link", "page_url"]

INDEX = "llms.txt"
MARKDOWN = ".md"

_PAGES = "pages"


def folder_of(site: Site) -> str:
    """Return the path of the site: the first that the declaration includes, else ``/``."""
    return next((f"{each.rstrip('/')}/" for each in site.include), "/")


def address_of(site: Site, url: str) -> Address:
    """Return the address behind a URL (absolute or a path); kind ``other`` for undeclared pages."""
    locale = site.default_locale
    try:
        path = urlsplit(url).path.rstrip("/") or "/"
    except ValueError:
        return Address("other", locale)
    if path == folder_of(site) + INDEX:
        return Address("list", locale, _PAGES)
    page = path.removesuffix(MARKDOWN)
    if f"{page}/" == folder_of(site) or page in {"", "/"}:
        return Address("home", locale)
    included = not site.include or page.startswith(tuple(site.include))
    if not included or page.startswith(tuple(site.exclude)):
        return Address("other", locale)
    return Address("article", locale, key_of(page))


def page_url(context: Context, key: str) -> str:
    """Return the URL of an article's page, which readers see."""
    return context.root + path_of(key)


def index_link(context: Context) -> Link:
    """Return the link of the list of all pages."""
    url = f"{context.root}{folder_of(context.site)}{INDEX}"
    return Link(url, Address("list", context.locale, _PAGES))
