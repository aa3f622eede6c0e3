"""URLs of a help centre: what a link means, and whether it may be followed.

Everything here is pure. A link comes from a page that may be hostile, so nothing it says becomes a path or a
partition name without passing ``is_slug`` or ``is_locale``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

__all__ = ["HelpUrl", "canonical_url", "is_locale", "is_slug", "origin", "parse_help_url", "same_site"]

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}", re.ASCII)
_LONGEST_SLUG = 200
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}", re.ASCII)

# The address of an article, as nearly every link has it: there is nothing in it to unquote, to part or to doubt.
_PLAIN_ARTICLE = re.compile(
    rf"(?:https?://[a-z0-9.-]+(?::[0-9]+)?)?(?:/(?P<locale>{_LOCALE.pattern}))?/help/(?P<slug>{_SLUG.pattern})",
    re.ASCII,
)

_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")

# Paths of the site itself that stand where an article's slug would stand.
_RESERVED = frozenset({"category", "section", "search", "notice"})


def is_slug(text: str) -> bool:
    """Tell whether ``text`` is a plain slug: lower-case ASCII letters, digits, ``-``, ``_``, ``.``; 1-200 characters.

    >>> is_slug("how-to-2fa"), is_slug("../etc"), is_slug("a..b")
    (True, False, False)
    """
    return len(text) <= _LONGEST_SLUG and _is_slug(text)


# A page's slugs are asked for a dozen times on their way to a row.
@lru_cache(maxsize=4096)
def _is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None and ".." not in text


def is_locale(text: str) -> bool:
    """Tell whether ``text`` has the form of a locale prefix (``en``, ``zh-hans-eu``).

    >>> is_locale("zh-hans"), is_locale("EN"), is_locale("help/..")
    (True, False, False)
    """
    return _LOCALE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class HelpUrl:
    """What a help-centre URL points to. ``slug`` is the article, section or category; ``page`` counts from 1."""

    kind: Literal["home", "category", "section", "article", "search", "other"]
    locale: str
    slug: str | None = None
    page: int = 1
    query: str | None = None


def parse_help_url(url: str) -> HelpUrl:
    """Read a help-centre URL (absolute or a path); anything that is not one has kind ``other``.

    >>> parse_help_url("https://www.okx.com/zh-hans/help/section/announcements-api/page/3")
    HelpUrl(kind='section', locale='zh-hans', slug='announcements-api', page=3, query=None)
    >>> parse_help_url("/help/what-is-a-passkey?from=search").kind
    'article'
    >>> parse_help_url("/help/%2e%2e%2fetc").kind
    'other'
    """
    found = _PLAIN_ARTICLE.fullmatch(url)
    if found is not None and ".." not in found["slug"] and found["slug"] not in _RESERVED:
        return HelpUrl("article", found["locale"] or "en", found["slug"])
    return _taken_apart(url)


def _taken_apart(url: str) -> HelpUrl:
    try:
        parts = urlsplit(url)
    except ValueError:
        return HelpUrl("other", "en")
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    locale = "en"
    if segments and segments[0] != "help" and is_locale(segments[0]):
        locale = segments.pop(0)
    other = HelpUrl("other", locale)
    if not segments or segments[0] != "help":
        return other
    match segments[1:]:
        case []:
            return HelpUrl("home", locale)
        case ["search"]:
            query = dict(parse_qsl(parts.query))
            return HelpUrl("search", locale, query.get("category"), query=query.get("term"))
        case ["category" | "section" as kind, slug, *paging] if is_slug(slug):
            match paging:
                case []:
                    return HelpUrl(kind, locale, slug)
                case ["page", number] if number.isascii() and number.isdigit() and 0 < len(number) < 7:
                    return HelpUrl(kind, locale, slug, max(1, int(number)))
            return other
        case [slug] if is_slug(slug) and slug not in _RESERVED:
            return HelpUrl("article", locale, slug)
    return other


def canonical_url(url: str, base: str = "") -> str:
    """Return ``url`` made absolute against ``base``, host in lower case, without query, fragment or final slash.

    >>> canonical_url("/help/a/?x=1#top", "https://WWW.okx.com/help")
    'https://www.okx.com/help/a'
    """
    parts = urlsplit(urljoin(base, url))
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def same_site(url: str, base: str) -> bool:
    """Tell whether ``url`` has the scheme, host and port of ``base``; the crawler follows nothing else.

    >>> same_site("https://www.okx.com/help/a", "https://www.okx.com/help")
    True
    >>> same_site("https://www.okx.com@evil.example/help/a", "https://www.okx.com/help")
    False
    """
    own = _site(origin(base))
    return own is not None and _site(origin(url)) == own


def origin(url: str) -> str:
    """Return the part of ``url`` that says whose it is: all before its path.

    >>> origin("https://www.okx.com/help/a?x=//y"), origin("/help/a")
    ('https://www.okx.com', '/help/a')
    """
    found = _ORIGIN.match(url)
    return found.group() if found is not None else url


# Every link and every request is asked, and a site has one origin.
@lru_cache(maxsize=256)
def _site(url: str) -> tuple[str, str | None, int | None, str | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port, parts.username
    except ValueError:
        return None
