"""The addresses of a site without a known grammar: the key of an article is its path (``urls.key_of``)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address
from helpscraper.sites import Site
from helpscraper.sites.site import host_of
from helpscraper.urls import key_of, origin

__all__ = [
    "PAGES",
    "ROBOTS",
    "address_of",
    "is_own",
    "is_same_page",
]

PAGES = "pages"
"""The key of the one list of a site, whose pages are robots.txt, the sitemaps and the feeds."""

ROBOTS = "/robots.txt"

_LIST = re.compile(r".*/(?:[^/]*\.(?:xml|xml\.gz|gz|rss|atom|rdf)|feed|rss|atom|sitemap(?:[-_]index)?)/?")
_NO_PAGE = re.compile(
    r".*\.(?:pdf|jpe?g|png|gif|svg|webp|avif|ico|css|js|json|txt|csv|zip|docx?|xlsx?|pptx?|mp[34]|webm|mov|woff2?)"
)


def address_of(site: Site, url: str) -> Address:
    """Return the address behind a URL (absolute or a path); kind ``other`` for pages that the declaration leaves out.

    Every page below the prefixes that the site includes may be an article; only its content decides.
    """
    locale = site.default_locale
    try:
        parts = urlsplit(url)
    except ValueError:
        return Address("other", locale)
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    lower = path.lower()
    if path == ROBOTS or _LIST.fullmatch(lower):
        return Address("list", locale, PAGES, cursor=target)
    if target.rstrip("/") in {"", *(each.rstrip("/") for each in site.include)}:
        return Address("home", locale)
    included = not site.include or path.startswith(tuple(site.include))
    if not included or path.startswith(tuple(site.exclude)) or _NO_PAGE.fullmatch(lower):
        return Address("other", locale)
    first = path.removeprefix("/").partition("/")[0]
    return Address("article", site.editions.get(first, locale), key_of(target))


def is_own(url: str, context: Context) -> bool:
    """Tell whether an absolute URL is on the site, with or without ``www`` and TLS."""
    host = host_of(origin(url))
    return host is not None and (host == host_of(context.root) or context.site.serves(url))


def is_same_page(key: str | None, other: str | None) -> bool:
    """Tell whether two keys differ at most by a slash at the end."""
    return (key or "").removesuffix(".") == (other or "").removesuffix(".")
