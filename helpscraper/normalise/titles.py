"""Titles and snippets: what a reader sees, written in one way.

Both functions are idempotent. What carries meaning stays as it is: full-width forms, emoji sequences,
letters of any script, angle brackets. What goes: control characters, zero-width and bidirectional controls,
repeated spaces.
"""

from __future__ import annotations

import html
import re
import unicodedata

import regex

__all__ = ["normalise_snippet", "normalise_title"]

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
    r"[\u200c\u200d]+(?=[\u200c\u200d])"
    r"|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}"
    r"\p{Canonical_Combining_Class=9}])[\u200c\u200d]"
    r"|[\u200c\u200d](?![\p{Extended_Pictographic}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}"
    r"\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}"
    r"\p{Script=Malayalam}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Oriya}\p{Script=Sinhala}])",
    regex.VERSION1,
)

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def normalise_title(text: str) -> str:
    """Return ``text`` in NFC, on one line, without invisible characters, entities decoded at most once.

    Text that was escaped twice (``&amp;lt;``) is left alone: decoding it would give text that looks escaped
    and would change again on the next pass, so that no second pass could be harmless.

    >>> normalise_title("  AT&amp;T\\u200b \\n &lt;new&gt; ")
    'AT&T <new>'
    """
    if text.isascii() and "&" not in text and text.isprintable():
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    # Decoding comes first, so that an escaped control character goes as a plain one does.
    if "&" in text:
        text = _decode_once(text)
    text = _visible(text)
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def normalise_snippet(text: str) -> str:
    """Return a snippet cleaned as a title is; it may begin and end mid-sentence, and stays so."""
    return normalise_title(text)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", text)
    return _LOOSE_JOINER.sub("", text) if "\u200c" in text or "\u200d" in text else text


def _decode_once(text: str) -> str:
    """Decode entities, unless the result would hold an entity again."""
    decoded = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    # Judged as it will end up: a zero-width character may have kept ``&`` and ``lt;`` apart.
    if decoded != text and _ENTITY.search(_visible(decoded)):
        return text
    return decoded
