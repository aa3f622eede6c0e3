"""Counts and reading times, in the digits and with the separators of any locale."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from helpscraper.locales import get_locale
from helpscraper.normalise.phrases import PHRASES

__all__ = ["COUNT", "READING", "CountReading", "parse_count", "parse_reading_minutes", "reading_pattern"]

COUNT = r"(?:\d{1,3}(?:([.,'’٬\u0020\u00a0\u2009\u202f])\d{3}(?!\d))(?:\1\d{3}(?!\d)){0,4}|\d{1,15})"
_MAX = 60


class CountReading(NamedTuple):
    """A count as read: ``value`` is None when none can be stated, and ``problem`` says why.

    ``approximate`` marks a shortened form ("1.2K"): the digits behind it are unknown, so ``value`` is None.
    """

    value: int | None
    approximate: bool = False
    problem: str | None = None


READING = "reading"
# Bidirectional marks are put around numbers in right-to-left text.
_EDGES = " \t\r\n\u00a0\u2009\u202f\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_GROUPED = re.compile(r"(\d{1,3})(?:([.,'’٬ \u00a0\u2009\u202f])\d{3}(?:\2\d{3}){0,4})?")
_PLAIN = re.compile(r"\d{1,15}")
# What CLDR's compact forms put behind a shortened number in the site's languages, and the "+" of "999+".
_SHORTENED = re.compile(
    r"\d{1,9}(?:[.,٫]\d{1,3})?[ \u00a0\u202f]?"
    r"(?:\+|(?:k|m|b|t|n|tr|rb|jt|mn|mil|mi|mio|mln|mld|mrd|md|tis|tys|tsd|tn|tusen|bin|thg|"
    r"тыс|тис|млн|млрд|万|萬|亿|億|千|ألف|مليون)\.?\+?)",
    re.IGNORECASE,
)


def parse_count(text: str, locale: str) -> CountReading:
    """Read a whole number as ``locale`` writes it.

    Any one group separator is read, whatever the locale, because rows of one language stand under another.
    Problems: ``empty``, ``approximate``, ``mixed-digits`` (two scripts in one number), ``malformed``.

    >>> [parse_count(text, "en").value for text in ("13,315", "147.473", "4\\u202f225", "٢٬٣٨٣", "0", "")]
    [13315, 147473, 4225, 2383, 0, None]
    >>> parse_count("1.2K", "en")
    CountReading(value=None, approximate=True, problem='approximate')
    """
    get_locale(locale)
    if text.isascii() and text.isdigit() and len(text) < 16 and (text[0] != "0" or len(text) == 1):
        return CountReading(int(text))
    if len(text) > _MAX:
        return CountReading(None, problem="malformed")
    text = text.strip(_EDGES)
    if not text:
        return CountReading(None, problem="empty")
    if _PLAIN.fullmatch(text) or _GROUPED.fullmatch(text):
        digits = [char for char in text if char.isdecimal()]
        values = [unicodedata.decimal(char) for char in digits]
        if len({ord(char) - value for char, value in zip(digits, values, strict=True)}) > 1:
            return CountReading(None, problem="mixed-digits")
        if values[0] == 0 and len(values) > 1:
            return CountReading(None, problem="malformed")
        return CountReading(int("".join(map(str, values))))
    if _SHORTENED.fullmatch(text):
        return CountReading(None, approximate=True, problem="approximate")
    return CountReading(None, problem="malformed")


def _phrase(phrase: str) -> str:
    r"""Write one reading phrase as an expression: any spaces or none, with or without a final dot."""
    before, after = phrase.rstrip(".").split("{n}")
    parts = [r"\s{0,2}".join(re.escape(word) for word in part.split()) for part in (before, after)]
    return (
        rf"{parts[0]}\s{{0,2}}(\d{{1,4}})\s{{0,2}}{parts[1]}\.?"
        if before
        else rf"(\d{{1,4}})\s{{0,2}}{parts[1]}\.?"
    )


@lru_cache(maxsize=64)
def reading_pattern(language: str) -> re.Pattern[str]:
    """Return the expression for a reading time in ``language`` (a key of ``PHRASES``), in English, or in any."""
    order = [language, "en", *(key for key in PHRASES if key not in (language, "en"))]
    phrases = dict.fromkeys(phrase for key in order for phrase in PHRASES[key].reading)
    return re.compile("|".join(_phrase(phrase) for phrase in phrases), re.IGNORECASE)


def parse_reading_minutes(text: str, locale: str) -> int | None:
    """Read the minutes of a reading time ("5 min read"); None when the text is not one.

    >>> parse_reading_minutes("Lesezeit: 5 Min.", "de"), parse_reading_minutes("20 min czytania", "pl")
    (5, 20)
    """
    language = get_locale(locale).language
    return _minutes(text, language) if len(text) <= _MAX else None


# Articles take one minute to read, or two, or five.
@lru_cache(maxsize=1024)
def _minutes(text: str, language: str) -> int | None:
    match = reading_pattern(language).fullmatch(text.strip(_EDGES))
    if match is None or match.lastindex is None:
        return None
    return int(match.group(match.lastindex))
