"""Drop invisible characters: the one rule for titles, excerpts and bodies.

The result is NFC without control characters, soft hyphens, zero-width spaces, byte order marks, bidirectional controls,
joiners that join nothing, tag characters outside a flag, and emoji variation selectors after other characters. Kept are
joiners in emoji and in cursive or Indic words, all other variation selectors, full-width forms and the tags of a flag.
"""

from __future__ import annotations

import re
import unicodedata

import regex

__all__ = ["nfc", "visible"]

# C0 and C1 controls without tab, line feed and the other white space.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u034f\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufffb"  # zero width
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]+"  # shorthand and musical controls
)

# A joiner is content inside an emoji sequence, beside a letter of a cursive script (Persian words differ by it) and
# after a virama. This matches every other joiner, and all but the first of a run.
_LOOSE_JOINER = regex.compile(
    r"(?<=[\u200c\u200d])[\u200c\u200d]+"
    r"|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}"
    r"\p{Canonical_Combining_Class=9}\u200c\u200d])[\u200c\u200d]+"
    r"|[\u200c\u200d](?![\u200c\u200d\p{Extended_Pictographic}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}"
    r"\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}"
    r"\p{Script=Malayalam}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Oriya}\p{Script=Sinhala}])",
    regex.VERSION1,
)

# Emoji variation selectors (text or picture) that follow no emoji.
_LOOSE_SELECTOR = regex.compile(r"(?<!\p{Emoji})[\ufe0e\ufe0f]+")

_JOINER = re.compile("[\u200c\u200d]+")
_ROUNDS = 4

# The flag of a region (Scotland) is a black flag, tags, and an end tag.
_FLAG_OR_TAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f)|[\U000e0000-\U000e007f]")
_TAG = re.compile("[\U000e0000-\U000e007f]")

_LONG_RUN = regex.compile(r"([\p{M}--\u034f]{30})(?=[\p{M}--\u034f])", regex.VERSION1)


def nfc(text: str) -> str:
    """Return ``text`` in NFC, in time linear in its length.

    Reordering a run of combining marks is quadratic in its length. No language needs more than thirty on one letter,
    so U+034F splits longer runs, as in the Stream-Safe Text Format of UAX #15.
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", _LONG_RUN.sub("\\1\u034f", text))
    parted = _LONG_RUN.sub("\\1\u034f", text)
    return text if parted == text else unicodedata.normalize("NFC", parted)


def visible(text: str) -> str:
    """Return ``text`` in NFC without characters that show nothing; a second call changes nothing.

    White space stays as it is: prose and code treat it differently.

    >>> visible("trans\\u00adaction cafe\\u0301\\u200b"), len(visible("\\U0001f469\\u200d\\U0001f527"))
    ('transaction café', 3)
    """
    if text.isascii():
        return text if text.isprintable() else _INVISIBLE.sub("", text)
    text = nfc(_INVISIBLE.sub("", nfc(text)))
    if _TAG.search(text):
        text = nfc(_FLAG_OR_TAG.sub(lambda found: found[1] or "", text))
    if "\ufe0f" in text or "\ufe0e" in text:
        text = nfc(_LOOSE_SELECTOR.sub("", text))
    # Dropping a joiner lets NFC reorder the marks around it, which may make the next joiner loose. A few rounds
    # settle any real text; hostile text that needs more loses its joiners.
    for _ in range(_ROUNDS):
        if "\u200c" not in text and "\u200d" not in text:
            return text
        before, text = text, nfc(_LOOSE_JOINER.sub("", text))
        if text == before:
            return text
    return nfc(_JOINER.sub("", text))
