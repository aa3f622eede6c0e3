"""Titles and snippets: what a reader sees, written in one way.

Both functions are idempotent. What carries meaning stays as it is: full-width forms, emoji sequences,
letters of any script, angle brackets. What goes: control characters, zero-width and bidirectional controls,
repeated spaces.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5

import regex

__all__ = ["caseless", "nfc", "normalise_snippet", "normalise_title"]

_SPACE = re.compile(r"\s+")

# Tab, line feed and their kin are spaces and are folded; the other C0 and C1 controls show nothing.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u200b\u2060-\u2064\u206a-\u206f\u180e\ufeff\ufff9-\ufffb]+"  # zero width
)

# A joiner is content in three places: inside an emoji sequence; beside a letter of a cursive script
# (Persian tells words apart by it); behind a virama. Everywhere else it is invisible and goes. One joiner
# is kept, never a run.
_LOOSE_JOINER = regex.compile(
    r"(?<=[\u200c\u200d])[\u200c\u200d]+"
    r"|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}"
    r"\p{Canonical_Combining_Class=9}\u200c\u200d])[\u200c\u200d]+"
    r"|[\u200c\u200d](?![\u200c\u200d\p{Extended_Pictographic}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}"
    r"\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}"
    r"\p{Script=Malayalam}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Oriya}\p{Script=Sinhala}])",
    regex.VERSION1,
)

_JOINER = re.compile("[\u200c\u200d]+")
_ROUNDS = 4

_LONG_RUN = regex.compile(r"([\p{M}--\u034f]{30})(?=[\p{M}--\u034f])", regex.VERSION1)

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
    text = _visible(text)
    if "&" in text:
        decoded = _visible(_decode(text))
        if _decode(decoded) == decoded:
            text = decoded
    return _SPACE.sub(" ", text).strip()


def normalise_snippet(text: str) -> str:
    """Return a snippet cleaned as a title is; it may begin and end mid-sentence, and stays so."""
    return normalise_title(text)


def nfc(text: str) -> str:
    """Return ``text`` in NFC, in time linear in its length.

    Putting combining marks in order takes the square of the length of their run. No language needs more than thirty
    on one letter, so longer runs are parted by U+034F, as UAX #15 does for its Stream-Safe Text Format.
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", _LONG_RUN.sub("\\1\u034f", text))
    parted = _LONG_RUN.sub("\\1\u034f", text)
    return text if parted == text else unicodedata.normalize("NFC", parted)


_DOTTED = str.maketrans("İı", "ii")


def caseless(text: str) -> str:
    """Return the key under which two writings of one word in other case meet: NFC, case folded, each i alike.

    Turkish and Azerbaijani pair I with ı and İ with i; every other language pairs I with i. No two months, markers or
    labels differ by that dot alone, so one key serves all languages, and English words in a Turkish text.

    >>> caseless("KASIM") == caseless("Kasım"), caseless("HAZİRAN") == caseless("Haziran")
    (True, True)
    """
    return nfc(text).translate(_DOTTED).casefold().replace("i\u0307", "i")


def _visible(text: str) -> str:
    """Return ``text`` in NFC without invisible characters, such that a second call changes nothing."""
    if text.isascii() and text.isprintable():
        return text
    text = nfc(_INVISIBLE.sub("", nfc(text)))
    # Dropping a joiner lets marks on both sides change places, which may loosen the next: a few rounds settle
    # any real text, and a text made to need more loses its joiners.
    for _ in range(_ROUNDS):
        if "\u200c" not in text and "\u200d" not in text:
            return text
        before, text = text, nfc(_LOOSE_JOINER.sub("", text))
        if text == before:
            return text
    return nfc(_JOINER.sub("", text))


def _decode(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    entity = match.group()
    # ``html.unescape`` also reads "&notit;" as "¬it;"; only a whole known name is an entity here.
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity
