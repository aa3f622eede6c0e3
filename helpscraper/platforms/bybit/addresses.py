"""The addresses of Bybit's help centre.

The name of an article in its address has capitals (``FAQ-Trading``), and a key has none. A full stop in a key stands
before each letter whose case is not the usual one: capital at the beginning of a word, small inside of it.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address

__all__ = ["address_of", "article_page", "home", "key_of", "topic_page"]

_LOCALE = r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?"
_NAME = r"[A-Za-z0-9_-]{1,150}"
_PAGE = re.compile(
    rf"/(?P<locale>{_LOCALE})/help-center(?:/(?:topic-list(?:/(?P<topic>{_NAME}))?|article/(?P<article>{_NAME})))?"
)
_UNUSUAL = re.compile(r"(?:^|(?<=-))[a-z]|(?<=[^-])[A-Z]")
_LETTER = re.compile(r"\.?[a-z]")
_MARK = "0.-"
"""The beginning of a key whose name does not begin with a letter or digit."""


def key_of(name: str) -> str:
    """Return the key of an article's name in its address; ``name_of`` undoes it.

    >>> key_of("How-to-Use-UTA"), key_of("faq")
    ('how-.to-use-u.t.a', '0.-.faq')
    """
    key = _UNUSUAL.sub(lambda found: f".{found[0]}", name).lower()
    return key if key[:1].isalnum() else _MARK + key


def name_of(key: str) -> str:
    """Return the name of ``key``.

    >>> name_of("how-.to-use-u.t.a"), name_of("0.-.faq")
    ('How-to-Use-UTA', 'faq')
    """
    key = key.removeprefix(_MARK)

    def letter(found: re.Match[str]) -> str:
        first = found.start() == 0 or key[found.start() - 1] == "-"
        return found[0][-1].upper() if first != found[0].startswith(".") else found[0][-1]

    return _LETTER.sub(letter, key)


def address_of(url: str) -> Address:
    """Return the address behind a URL (absolute or a path); kind ``other`` for anything else.

    >>> address_of("https://www.bybit.com/zh-MY/help-center/article/FAQ-Trading").key
    'f.a.q-trading'
    """
    try:
        page = _PAGE.fullmatch(urlsplit(url).path.rstrip("/"))
    except ValueError:
        page = None
    if page is None:
        return Address("other", "")
    locale = page["locale"].lower()
    if page["article"]:
        return Address("article", locale, key_of(page["article"]))
    kind: Literal["home", "list"] = "list" if page["topic"] else "home"
    return Address(kind, locale, page["topic"])


def home(context: Context) -> str:
    """Return the URL of the page without a topic, which names all topics."""
    return f"{_help(context)}/topic-list"


def topic_page(context: Context, key: str) -> str:
    """Return the URL of a topic's page."""
    return f"{home(context)}/{key}"


def article_page(context: Context, key: str) -> str:
    """Return the URL of an article's page."""
    return f"{_help(context)}/article/{name_of(key)}"


def _help(context: Context) -> str:
    language, dash, region = context.locale.partition("-")
    return f"{context.root}/{language}{dash}{region.upper()}/help-center"
