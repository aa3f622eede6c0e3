"""Clean titles and snippets: one spelling for one visible text.

``normalise_title`` is idempotent. It keeps full-width forms, emoji sequences, letters of any script and angle brackets.
It drops control characters, zero-width and bidirectional controls and repeated spaces.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from helpscraper.normalise.visible import nfc, visible

__all__ = ["caseless", "nfc", "normalise_title"]

_SPACE = re.compile(r"\s+")

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def normalise_title(text: str) -> str:
    """Return ``text`` in NFC, on one line, without invisible characters, entities decoded at most once.

    Text that was escaped twice (``&amp;lt;``) stays as it is: decoded once it would still look escaped, and a second
    call would change it again.

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


_DOTTED = str.maketrans("İı", "ii")


def caseless(text: str) -> str:
    """Return a key that is equal for two spellings that differ in case only: NFC, case folded, all kinds of i alike.

    Turkish and Azerbaijani pair I with ı and İ with i; other languages pair I with i. No two months, markers or
    labels differ only by that dot, so one key serves all languages.

    >>> caseless("KASIM") == caseless("Kasım"), caseless("HAZİRAN") == caseless("Haziran")
    (True, True)
    """
    return nfc(text).translate(_DOTTED).casefold().replace("i\u0307", "i")


def _decode(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    entity = match.group()
    # ``html.unescape`` also reads "&notit;" as "¬it;"; accept whole known names only.
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity
