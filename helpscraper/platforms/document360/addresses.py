"""The addresses of a Document360 knowledge base: every article stands directly below ``/docs/``, or below its language.

Another language than the usual one has a folder that the declaration names (``[editions]``), because ``/docs/to-do``
may be an article. A knowledge base with versions has a folder for each (``/v2/docs/``): the declaration
includes the one to crawl.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address, Link
from helpscraper.sites import Site
from helpscraper.urls import is_locale, key_of, path_of

__all__ = ["DOCS", "PAGES", "address_of", "folder_in", "home_link", "page_url"]

DOCS = "/docs/"
PAGES = "pages"
"""The key of the list of all articles."""


def folder_in(path: str) -> str | None:
    """Return the folder of a path that holds the articles; None where there is none.

    >>> folder_in("/v2/docs/de/oil"), folder_in("/docs"), folder_in("/blog/oil")
    ('/v2/docs/', '/docs/', None)
    """
    before, found, _ = f"{path}/".partition(DOCS)
    return before + DOCS if found else None


def address_of(site: Site, url: str) -> Address:
    """Return the address behind a URL (absolute or a path); kind ``other`` for anything but a page of the folder."""
    try:
        path = urlsplit(url).path.rstrip("/") + "/"
    except ValueError:
        path = "/"
    folder, locale = _folder(site), site.default_locale
    if not path.startswith(folder):
        return Address("other", locale)
    match path.removeprefix(folder).rstrip("/").split("/"):
        case [""]:
            return Address("list", locale, PAGES)
        case [language] if language in site.editions:
            return Address("list", site.editions[language], PAGES)
        case [slug]:
            return Address("article", locale, key_of(slug))
        case [language, slug] if is_locale(language):
            return Address("article", site.editions.get(language, language), key_of(slug))
    return Address("other", locale)


def page_url(context: Context, key: str) -> str:
    """Return the URL of an article's page."""
    return f"{_home(context)}{path_of(key).removeprefix('/')}"


def home_link(context: Context) -> Link:
    """Return the link of the home page, whose state holds the tree."""
    return Link(_home(context).rstrip("/"), Address("list", context.locale, PAGES))


def _folder(site: Site) -> str:
    return next((f"{each.rstrip('/')}/" for each in site.include), DOCS)


def _home(context: Context) -> str:
    base, site = context.root, context.site
    language = next(
        (each for each, locale in site.editions.items() if locale == context.locale), context.locale
    )
    if context.locale == site.default_locale:
        language = ""
    return f"{base}{_folder(site)}{language}{'/' * bool(language)}"
