"""Check URLs and the names in them: which may be followed, and which may become the name of a file.

Everything here is pure. A link comes from a page that may be hostile, so no part of it becomes a path or a partition
name without passing ``is_key`` or ``is_locale``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit, urlunsplit

__all__ = ["KEY", "LOCALE", "canonical_url", "is_key", "is_locale", "origin", "same_site"]

KEY = r"[a-z0-9][a-z0-9._-]{0,199}"
"""The form of a key; ``is_key`` also refuses two adjacent full stops."""

LOCALE = r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}"
"""The form of a locale prefix."""

_KEY = re.compile(KEY, re.ASCII)
_LONGEST_KEY = 200
_LOCALE = re.compile(LOCALE, re.ASCII)

_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")


def is_key(text: str) -> bool:
    """Tell whether ``text`` may be a key: lower-case ASCII letters, digits, ``-``, ``_``, ``.``; 1-200 characters.

    >>> is_key("how-to-2fa"), is_key("../etc"), is_key("a..b")
    (True, False, False)
    """
    return len(text) <= _LONGEST_KEY and _is_key(text)


# Each key is checked about a dozen times between page and row.
@lru_cache(maxsize=4096)
def _is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None and ".." not in text


def is_locale(text: str) -> bool:
    """Tell whether ``text`` has the form of a locale prefix (``en``, ``zh-hans-eu``).

    >>> is_locale("zh-hans"), is_locale("EN"), is_locale("help/..")
    (True, False, False)
    """
    return _LOCALE.fullmatch(text) is not None


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
    """Return scheme, user, host and port of ``url``: the part before its path.

    >>> origin("https://www.okx.com/help/a?x=//y"), origin("/help/a")
    ('https://www.okx.com', '/help/a')
    """
    found = _ORIGIN.match(url)
    return found.group() if found is not None else url


# Called for every link and request, and a site has one origin.
@lru_cache(maxsize=256)
def _site(url: str) -> tuple[str, str | None, int | None, str | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port, parts.username
    except ValueError:
        return None
