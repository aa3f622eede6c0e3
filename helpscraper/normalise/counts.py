"""Counts and reading times, in the digits and with the separators of any locale."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from helpscraper.locales import get_locale

__all__ = ["CountReading", "parse_count", "parse_reading_minutes", "split_reading"]

_MAX = 60


class CountReading(NamedTuple):
    """A count, or None and the ``problem``."""

    value: int | None
    problem: str | None = None


# Spaces, and the bidirectional marks that right-to-left text puts around numbers.
_EDGES = " \t\r\n\u00a0\u2009\u202f\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_NUMBER = r"(?:\d{1,3}(?P<mark>[.,'’٬ \u00a0\u2009\u202f])\d{3}(?:(?P=mark)\d{3}){0,4}|\d{1,15})"
_COUNT = re.compile(_NUMBER)
# Numbers with the suffixes of CLDR's compact forms ("1.2K") in the site's languages, and "999+".
_SHORTENED = re.compile(
    r"\d{1,9}(?:[.,٫]\d{1,3})?[ \u00a0\u202f]?"
    r"(?:\+|(?:k|m|b|t|n|tr|rb|jt|mn|mil|mi|mio|mln|mld|mrd|md|tis|tys|tsd|tn|tusen|bin|thg|"
    r"тыс|тис|млн|млрд|万|萬|亿|億|千|ألف|مليون)\.?\+?)",
    re.IGNORECASE,
)


def parse_count(text: str, locale: str) -> CountReading:
    """Read a whole number as ``locale`` writes it.

    Every group separator is accepted in every locale, because pages mix languages.
    Problems: ``empty``, ``approximate`` ("1.2K"), ``mixed-digits`` (two scripts in one number), ``malformed``.

    >>> [parse_count(text, "en").value for text in ("13,315", "147.473", "4\\u202f225", "٢٬٣٨٣", "0", "")]
    [13315, 147473, 4225, 2383, 0, None]
    >>> parse_count("1.2K", "en")
    CountReading(value=None, problem='approximate')
    """
    get_locale(locale)
    if text.isascii() and text.isdigit() and len(text) < 16 and text[0] != "0":
        return CountReading(int(text))
    if len(text) > _MAX:
        return CountReading(None, "malformed")
    text = text.strip(_EDGES)
    if not text:
        return CountReading(None, "empty")
    if _COUNT.fullmatch(text):
        digits = [char for char in text if char.isdecimal()]
        values = [unicodedata.decimal(char) for char in digits]
        if len({ord(char) - value for char, value in zip(digits, values, strict=True)}) > 1:
            return CountReading(None, "mixed-digits")
        if values[0] == 0 and len(values) > 1:
            return CountReading(None, "malformed")
        return CountReading(int("".join(map(str, values))))
    if _SHORTENED.fullmatch(text):
        return CountReading(None, "approximate")
    return CountReading(None, "malformed")


# "Minute" in the site's languages, in full and abbreviated; Chinese 分 may be followed directly by a letter.
_MINUTE = (
    "min mins minut minuta minuty minute minuten minuter minuters minutes minuti minuto minutos minutt minutter "
    "minuutti minuuttia minuut menit mnt dk dakika phút мин минута минуты минут хв хвилина хвилини хвилин "
    "دقيقة دقيقتان دقائق"
).split()
_READING = re.compile(
    rf"[^\d\n]{{0,60}}(\d{{1,4}})\s{{0,2}}(?:(?:{'|'.join(_MINUTE)})(?![^\W\d_])|分)"
    r"[^\d\n]{0,60}",
    re.IGNORECASE,
)
# Words with at most one number, up to a letter, dot or bracket; then a count.
_READING_AND_COUNT = re.compile(
    r"(?P<reading>(?:[^\d\n]{0,60}\d{1,4})?[^\d\n]{0,60}?[^\W\d_][.)]?)[\s\u200e\u200f\u061c]{0,3}"
    rf"(?P<count>{_NUMBER})?"
)


def split_reading(text: str, locale: str) -> tuple[str | None, str | None]:
    """Split a reading time in any language from the count glued to it; either may be None.

    >>> split_reading("Leitura de 3 minutos1806", "pt-pt"), split_reading("4 225", "nb")
    (('Leitura de 3 minutos', '1806'), (None, '4 225'))
    """
    text = text.strip(_EDGES)
    match = _READING_AND_COUNT.fullmatch(text)
    if match is None or parse_count(text, locale).problem == "approximate":
        return None, text or None
    reading, count = match.group("reading", "count")
    return (reading, count) if count or any(map(str.isdecimal, reading)) else (None, text)


def parse_reading_minutes(text: str, locale: str) -> int | None:
    """Read the minutes of a reading time in any language ("5 min read"); None when the text is not one.

    >>> parse_reading_minutes("Lesezeit: 5 Min.", "de"), parse_reading_minutes("20 min czytania", "pl")
    (5, 20)
    """
    get_locale(locale)
    match = _READING.fullmatch(text.strip(_EDGES)) if len(text) <= _MAX else None
    return int(match.group(1)) if match is not None else None
