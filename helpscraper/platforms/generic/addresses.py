"""The addresses of a site without a known grammar: the key of an article is its path, in the letters of a slug.

Lower-case letters, digits and ``-`` are kept, a slash becomes ``.``, and any other ASCII character ``_`` with two
hexadecimal digits. A path with other letters is written in Punycode (RFC 3492) behind the mark ``0__``.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address
from helpscraper.sites import Site
from helpscraper.sites.site import host_of
from helpscraper.urls import origin

__all__ = [
    "PAGES",
    "ROBOTS",
    "address_of",
    "base_of",
    "is_own",
    "is_same_page",
    "key_of",
    "path_of",
]

PAGES = "pages"
"""The key of the one list of a site, whose pages are robots.txt, the sitemaps and the feeds."""

ROBOTS = "/robots.txt"

_MARK = "0__"
_LONGEST = 1000
_STEP = re.compile(r"_([0-9a-f]{2})|\.|[a-z0-9-]")
_ESCAPE = re.compile(r"[^a-z0-9-]")
# Characters that mean something else, or are ambiguous, once they are decoded.
_KEPT = re.compile(r"%(?:2e|2f|3f|23|25|[01][0-9a-f]|7f)", re.IGNORECASE)
_SAFE = "/:@!$&'()*+,;=-._~"
_LIST = re.compile(r".*/(?:[^/]*\.(?:xml|xml\.gz|gz|rss|atom|rdf)|feed|rss|atom|sitemap(?:[-_]index)?)/?")
_NO_PAGE = re.compile(
    r".*\.(?:pdf|jpe?g|png|gif|svg|webp|avif|ico|css|js|json|txt|csv|zip|docx?|xlsx?|pptx?|mp[34]|webm|mov|woff2?)"
)


def key_of(path: str) -> str:
    """Return the key of a path, with its query, as a URL has it; ``path_of`` undoes it.

    A path that is too long for a key gives a text that is no slug.

    >>> key_of("/help/Set-up/"), key_of("/kb?id=7"), key_of("/hilfe/%C3%BCber-uns")
    ('help._53et-up.', 'kb_3fid_3d7', '0__hilfe.ber-uns-1ob')
    """
    path = path.removeprefix("/")
    if not path or len(path) > _LONGEST:
        return path
    where, mark, query = path.partition("?")
    text = _decoded(_quoted(where)) + mark + _quoted(query)
    if text.isascii():
        key = _escaped(text)
        return key if key[0] not in "._-" and not key.startswith(_MARK) else _MARK + _escaped(f"{text}-")
    return _MARK + _escaped(text.encode("punycode").decode("ascii"))


def path_of(key: str) -> str:
    """Return the path, with its query, of ``key``; it begins with a slash.

    >>> path_of("help._53et-up."), path_of("0__hilfe.ber-uns-1ob")
    ('/help/Set-up/', '/hilfe/%C3%BCber-uns')
    """
    text = "".join(
        chr(int(step[1], 16)) if step[1] else step[0].replace(".", "/")
        for step in _STEP.finditer(key.removeprefix(_MARK))
    )
    if key.startswith(_MARK):
        try:
            text = text.encode("ascii", "ignore").decode("punycode")
        except UnicodeError:
            text = ""
    return f"/{_quoted(text)}"


def _quoted(text: str) -> str:
    """Escape the characters that a URL may not hold; existing escapes stay."""
    return quote(text, safe=f"{_SAFE}%?", errors="replace")


def _decoded(path: str) -> str:
    """Return a path with its percent-escapes undone, where that is reversible."""
    if _KEPT.search(path):
        return path
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        return path


def _escaped(text: str) -> str:
    found = _ESCAPE.sub(lambda each: "." if each[0] == "/" else f"_{ord(each[0]):02x}", text)
    # A slug has no two full stops side by side.
    return found.replace("..", "._2f").replace("..", "._2f")


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


def base_of(context: Context) -> str:
    """Return scheme and host where the edition is crawled."""
    return (context.base_url or context.site.base_url).rstrip("/")


def is_own(url: str, context: Context) -> bool:
    """Tell whether an absolute URL is on the site, with or without ``www`` and TLS."""
    host = host_of(origin(url))
    return host is not None and (host == host_of(base_of(context)) or context.site.serves(url))


def is_same_page(key: str | None, other: str | None) -> bool:
    """Tell whether two keys differ at most by a slash at the end."""
    return (key or "").removesuffix(".") == (other or "").removesuffix(".")
