"""The addresses of Binance's announcements: the pages that readers see, and the answers that those pages ask for.

An answer is in the language that the header ``lang`` asks for; its address does not name it.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address, Link

__all__ = ["PAGE_SIZE", "address_of", "article_link", "article_page", "catalogs_link", "list_link"]

API = "/bapi/composite/v1/public/cms/article"
PAGE_SIZE = 50
"""The number of titles in one answer; public programs ask for no more."""

_ANNOUNCEMENTS = "1"
_LOCALE = r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?"
_CODE = r"[0-9a-f]{32}|[0-9]{6,20}"
_PAGE = re.compile(
    rf"/(?P<locale>{_LOCALE})/support/announcement(?:/(?P<rest>[^/]{{1,300}}|detail/[^/]{{1,300}}))?"
)
_WORDS_AND_CODE = re.compile(rf"(?:.*-)?(?P<code>{_CODE})")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def address_of(url: str) -> Address:
    """Return the address behind a URL (absolute or a path); an answer has no locale, because its address names none.

    >>> address_of("https://www.binance.com/zh-CN/support/announcement/detail/25da4614ffff435fa28544b27fd33a39").locale
    'zh-cn'
    >>> address_of(f"{API}/list/query?type=1&catalogId=48&pageNo=3&pageSize=50")
    Address(kind='list', locale='', key='48', page=3, cursor=None, query=None, guessed=False)
    """
    try:
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    except ValueError:
        return Address("other", "")
    path = parts.path.rstrip("/")
    if path == f"{API}/detail/query" and re.fullmatch(_CODE, asked.get("articleCode", "")):
        return Address("article", "", asked["articleCode"])
    if path == f"{API}/list/query" and asked.get("type") == _ANNOUNCEMENTS:
        catalog, number = asked.get("catalogId"), asked.get("pageNo", "1")
        if catalog is None:
            return Address("home", "")
        if _NUMBER.fullmatch(catalog) and _NUMBER.fullmatch(number):
            return Address("list", "", catalog, int(number))
    page = _PAGE.fullmatch(path)
    if page is None:
        return Address("other", "")
    locale, rest = page["locale"].lower(), (page["rest"] or "").rpartition("/")[2]
    named = _WORDS_AND_CODE.fullmatch(rest)
    return Address("article", locale, named["code"]) if named else Address("home", locale)


def article_page(context: Context, key: str) -> str:
    """Return the URL of an article's page, which readers see."""
    return f"{context.root}/{_lang(context)}/support/announcement/{key}"


def article_link(context: Context, key: str) -> Link:
    """Return the link of the answer with one article."""
    address = Address("article", context.locale, key)
    return _link(context, f"{API}/detail/query?{urlencode({'articleCode': key})}", address)


def catalogs_link(context: Context) -> Link:
    """Return the link of the answer that names all catalogs."""
    asked = {"type": _ANNOUNCEMENTS, "pageNo": 1, "pageSize": PAGE_SIZE}
    return _link(context, f"{API}/list/query?{urlencode(asked)}", Address("home", context.locale))


def list_link(context: Context, key: str, page: int = 1) -> Link:
    """Return the link of one page of a catalog."""
    asked = {"type": _ANNOUNCEMENTS, "catalogId": key, "pageNo": page, "pageSize": PAGE_SIZE}
    address = Address("list", context.locale, key, page)
    return _link(context, f"{API}/list/query?{urlencode(asked)}", address)


def _link(context: Context, target: str, address: Address) -> Link:
    headers = {"Accept": "application/json", "lang": _lang(context)}
    return Link(context.root + target, address, headers)


def _lang(context: Context) -> str:
    """Return the locale as Binance writes it.

    >>> from helpscraper.sites import Site
    >>> _lang(Context(Site(name="acme", platform="binance", base_url="https://acme.example"), "zh-cn"))
    'zh-CN'
    """
    language, dash, region = context.locale.partition("-")
    return language + dash + region.upper()
