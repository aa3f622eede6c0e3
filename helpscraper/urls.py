"""Check URLs and the names in them: which may be followed, and which may become the name of a file.

Everything here is pure. A link comes from a page that may be hostile, so no part of it becomes a path or a partition
name without passing ``is_key`` or ``is_locale``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

__all__ = [
    "KEY",
    "LOCALE",
    "canonical_url",
    "is_key",
    "is_locale",
    "is_root",
    "key_of",
    "origin",
    "path_of",
    "same_site",
]

KEY = r"[a-z0-9][a-z0-9._-]{0,199}"
"""The form of a key; ``is_key`` also refuses two adjacent full stops."""

LOCALE = r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,2}"
"""The form of a locale prefix."""

_KEY = re.compile(KEY, re.ASCII)
_LONGEST_KEY = 200
_LOCALE = re.compile(LOCALE, re.ASCII)

_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")

_MARK = "0__"
_LONGEST_PATH = 1000
_STEP = re.compile(r"_([0-9a-f]{2})|\.|[a-z0-9-]")
_ESCAPE = re.compile(r"[^a-z0-9-]")
# Characters that mean something else, or are ambiguous, once they are decoded.
_KEPT = re.compile(r"%(?:2e|2f|3f|23|25|[01][0-9a-f]|7f)", re.IGNORECASE)
_SAFE = "/:@!$&'()*+,;=-._~"


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


def canonical_url(url: str) -> str:
    """Return an absolute ``url`` with its host in lower case, without query, fragment or final slash.

    >>> canonical_url("https://WWW.okx.com/help/a/?x=1#top")
    'https://www.okx.com/help/a'
    """
    parts = urlsplit(url)
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


def is_root(url: str) -> bool:
    """Tell whether ``url`` is an HTTP scheme and a host, perhaps with a port, and nothing more.

    >>> is_root("http://127.0.0.1:8000"), is_root("https://www.okx.com/help"), is_root("https://a@okx.com")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
        bare = parts.username is None and not any((parts.path, parts.query, parts.fragment))
        return bare and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


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


def key_of(path: str) -> str:
    """Return the key of a path, with its query, as a URL has it; ``path_of`` undoes it.

    Lower-case letters, digits and ``-`` are kept, a slash becomes ``.``, and any other ASCII character ``_`` with two
    hexadecimal digits. A path with other letters is written in Punycode (RFC 3492) behind the mark ``0__``.
    A path that is too long for a key gives a text that is no slug.

    >>> key_of("/help/Set-up/"), key_of("/kb?id=7"), key_of("/hilfe/%C3%BCber-uns")
    ('help._53et-up.', 'kb_3fid_3d7', '0__hilfe.ber-uns-1ob')
    """
    path = path.removeprefix("/")
    if not path or len(path) > _LONGEST_PATH:
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
