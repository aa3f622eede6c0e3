"""The addresses of an Intercom help centre: ``/en/articles/123-words``, on intercom.help below ``/name/``.

Numbers name articles and collections; the words behind a number follow the title and are ignored.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address
from helpscraper.sites import Site, host_of

__all__ = ["address_of", "article_page", "collection_page", "folder_of", "home", "shared_folder"]

SHARED_HOST = "intercom.help"
"""The host of help centres without a domain of their own: the first segment of a path names one."""

_FOLDER = re.compile(r"/[a-z0-9][a-z0-9_-]{0,99}/", re.ASCII | re.IGNORECASE)
_PAGE = re.compile(
    r"/(?P<locale>[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2})"
    r"(?:/(?P<kind>articles|collections)/(?P<key>[0-9]{1,20})(?:-[^/]*)?)?",
    re.ASCII | re.IGNORECASE,
)
_KINDS: dict[str, Literal["home", "article", "list"]] = {
    "": "home",
    "articles": "article",
    "collections": "list",
}


def folder_of(site: Site) -> str:
    """Return the path of the help centre, without a slash at its end: ``""`` or ``/name``."""
    return site.include[0].rstrip("/") if site.include else ""


def shared_folder(url: str) -> str:
    """Return the folder of the help centre that ``url`` names on the shared host, ``""`` on any other host.

    >>> shared_folder("https://intercom.help/acme/en/"), shared_folder("https://help.acme.example/en/")
    ('/acme/', '')
    """
    found = _FOLDER.match(urlsplit(url).path) if host_of(url) == SHARED_HOST else None
    return found[0] if found else ""


def address_of(url: str, folder: str = "") -> Address:
    """Return the address behind a URL (absolute or a path) below ``folder``; kind ``other`` for anything else.

    >>> address_of("https://help.example.com/pt-BR/articles/360012-como-fa%C3%A7o")
    Address(kind='article', locale='pt-br', key='360012', page=1, cursor=None, query=None, guessed=False)
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return Address("other", "")
    found = _PAGE.fullmatch(path.removeprefix(folder).rstrip("/")) if path.startswith(folder) else None
    if found is None:
        return Address("other", "")
    return Address(_KINDS[(found["kind"] or "").lower()], found["locale"].lower(), found["key"])


def home(context: Context) -> str:
    """Return the URL of the home page; Intercom writes a region in capitals (``pt-BR``)."""
    language, *rest = context.locale.split("-")
    locale = "-".join([language, *(each.upper() if len(each) == 2 else each for each in rest)])
    return f"{context.root}{folder_of(context.site)}/{locale}/"


def article_page(context: Context, key: str) -> str:
    """Return the URL of an article's page; the server adds the words of its title."""
    return f"{home(context)}articles/{key}"


def collection_page(context: Context, key: str) -> str:
    """Return the URL of a collection's page; the server adds the words of its title."""
    return f"{home(context)}collections/{key}"
