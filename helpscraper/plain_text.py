"""Text as a terminal or a message shows it; that of crawled pages on one line, without control characters."""

from __future__ import annotations

import re
import unicodedata
from html import escape

__all__ = ["cells_shown", "html_safe", "plural", "terminal_safe"]

_JOINERS = "\u200c\u200d"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_TAGS = re.compile("[\U000e0020-\U000e007f]")
# An emoji with variation selector or skin tone, one to thirty tags, and the cancel tag.
_TAGGED_EMOJI = re.compile(
    "([\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007e]{1,30}\U000e007f)"
)


def terminal_safe(text: str) -> str:
    """Return ``text`` on one line, without characters that control a terminal or reverse the line.

    Removes control characters (C0, C1), bidirectional overrides and other invisible format characters; keeps joiners,
    which Arabic, Indic scripts and emoji need, and the tags of flags (UTS #51).

    >>> terminal_safe("a\\x1b[31mb\\nc\\u202ed")
    'a[31mb cd'
    """
    if text.isascii() and text.isprintable():
        return text
    spaced = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ").replace("\r", " ")
    if _TAGS.search(spaced):
        # Every second part is a tagged emoji.
        parts = _TAGGED_EMOJI.split(spaced)
        return "".join(part if n % 2 else _visible(part) for n, part in enumerate(parts))
    return _visible(spaced)


def plural(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> plural(1, "file"), plural(0, "file"), plural(1200, "file")
    ('1 file', '0 files', '1,200 files')
    """
    return f"{count:,} {noun}" + "s" * (count != 1)


def html_safe(text: str) -> str:
    """Return text of the site as HTML, without characters that would reverse the text around it.

    >>> html_safe("a<b\u202e")
    'a&lt;b'
    """
    return escape(terminal_safe(text))


def _visible(text: str) -> str:
    return "".join(c for c in text if c in _JOINERS or unicodedata.category(c) not in _UNSEEN)


def cells_shown(line: str) -> str:
    """Return a line of a body with bars instead of the tabs between the cells of a table row.

    >>> cells_shown("BTC\\t0.1")
    'BTC | 0.1'
    """
    return line.replace("\t", " | ")
