"""Titles and snippets: what a reader sees, written in one way.

Both functions are idempotent. What carries meaning stays as it is: full-width forms, emoji sequences,
letters of any script, angle brackets. What goes: control characters, zero-width and bidirectional controls,
repeated spaces.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from helpscraper.normalise.visible import nfc, visible

__all__ = ["caseless", "nfc", "normalise_snippet", "normalise_title"]

_SPACE = re.compile(r"\s+")

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def normalise_title(text: str) -> str:
    """Return ``text`` in NFC, on one line, without invisible characters, entities decoded at most once.

    Text that was escaped twice (``&amp;lt;``) is left alone: decoding it would give text that looks escaped
    and would change again on the next pass, so that no second pass could be harmless.

    >>> normalise_title("  AT&amp;T\\u200b \\n &lt;new&gt; ")
    'AT&T <new>'
    """
    if text.isascii() and "&" not in text and text.isprintable():
        return " ".join(text.split())
    text = visible(text)
    if "&" in text:
        decoded = visible(_decode(text))
        if _decode(decoded) == decoded:
            text = decoded
    return _SPACE.sub(" ", text).strip()


def normalise_snippet(text: str) -> str:
    """Return a snippet cleaned as a title is; it may begin and end mid-sentence, and stays so."""
    return normalise_title(text)


_DOTTED = str.maketrans("İı", "ii")


def caseless(text: str) -> str:
    """Return the key under which two writings of one word in other case meet: NFC, case folded, each i alike.

    Turkish and Azerbaijani pair I with ı and İ with i; every other language pairs I with i. No two months, markers or
    labels differ by that dot alone, so one key serves all languages, and English words in a Turkish text.

    >>> caseless("KASIM") == caseless("Kasım"), caseless("HAZİRAN") == caseless("Haziran")
    (True, True)
    """
    return nfc(text).translate(_DOTTED).casefold().replace("i\u0307", "i")


def _decode(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    entity = match.group()
    # ``html.unescape`` also reads "&notit;" as "¬it;"; only a whole known name is an entity here.
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity
