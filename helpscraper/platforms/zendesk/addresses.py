"""The addresses of a Zendesk help centre, as its pages and its API have them.

Numbers name articles, sections and categories; the words behind a number follow the title and are ignored.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address, Link

__all__ = ["ALL", "API", "address_of", "article_page", "home", "is_answer", "list_link", "own_answer"]

ALL = "articles"
"""The key of the list of all articles."""

API = "/api/v2/help_center"
PAGE_SIZE = 100

_LOCALE = r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}"
_PAGE = re.compile(
    rf"(?:/support)?/hc/(?P<locale>{_LOCALE})(?:/(?P<kind>articles|sections|categories)/(?P<key>[0-9]{{1,20}})(?:-[^/]*)?)?"
)
_ANSWER = re.compile(rf"{API}/(?P<locale>{_LOCALE})/articles(?:/(?P<key>[0-9]{{1,20}}))?(?:\.json)?")
_KINDS: dict[str | None, Literal["home", "article", "list", "category"]] = {
    None: "home",
    "articles": "article",
    "sections": "list",
    "categories": "category",
}


def address_of(url: str) -> Address:
    """Return the address behind a URL (absolute or a path); kind ``other`` for anything else.

    >>> address_of("https://support.example.com/hc/en-us/articles/360012-How-do-I-x").key
    '360012'
    >>> address_of("/api/v2/help_center/en-us/articles.json?page%5Bsize%5D=100&page%5Bafter%5D=xyz").cursor
    'xyz'
    """
    try:
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    except ValueError:
        return Address("other", "")
    path = parts.path.rstrip("/")
    if answer := _ANSWER.fullmatch(path):
        if answer["key"]:
            return Address("article", answer["locale"], answer["key"])
        return Address("list", answer["locale"], ALL, cursor=asked.get("page[after]"))
    page = _PAGE.fullmatch(path)
    if page is None:
        return Address("other", "")
    number = asked.get("page", "1")
    return Address(
        _KINDS[page["kind"]],
        page["locale"],
        page["key"],
        int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 7 else 1,
    )


def is_answer(url: str) -> bool:
    """Tell whether ``url`` is one of the API's.

    >>> is_answer("https://support.example.com/api/v2/help_center/fr/articles.json"), is_answer("/hc/fr")
    (True, False)
    """
    return address_of(url).kind != "other" and urlsplit(url).path.startswith(f"{API}/")


def home(context: Context) -> str:
    """Return the URL of the help centre's home page."""
    return f"{context.root}/hc/{context.locale}"


def article_page(context: Context, key: str) -> str:
    """Return the URL of an article's page; the server adds the words of its title."""
    return f"{home(context)}/articles/{key}"


def own_answer(context: Context, key: str) -> str:
    """Return the URL of the API that answers with one article."""
    return f"{context.root}{API}/{context.locale}/articles/{key}.json?include=sections,categories"


def list_link(context: Context, cursor: str | None = None, page: int = 1) -> Link:
    """Return the link of an answer with articles in order of creation; ``cursor`` is the one before it stated.

    New articles come at the end and edits move nothing, so no article is missed.
    """
    asked = {"sort_by": "created_at", "sort_order": "asc", "include": "sections,categories"}
    asked |= {"page[size]": str(PAGE_SIZE)} | ({"page[after]": cursor} if cursor else {})
    url = f"{context.root}{API}/{context.locale}/articles.json?{urlencode(asked)}"
    return Link(
        url, Address("list", context.locale, ALL, page, cursor=cursor), headers={"Accept": "application/json"}
    )
