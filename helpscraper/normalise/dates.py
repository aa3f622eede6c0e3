"""Parse shown dates and stated instants.

The expressions of ``calendars`` read every format of CLDR; dateparser reads the rest, and its answer counts only when
the text states every part of it. A truncated, impossible or ambiguous date is null with a named problem.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Literal, NamedTuple

from helpscraper.normalise.calendars import Calendar, calendar_for, fold
from helpscraper.normalise.markers import MARKER, marker_locales
from helpscraper.normalise.titles import nfc

__all__ = ["DateReading", "InstantReading", "date_at", "parse_date", "parse_instant", "shown_date"]

_MAX = 120
_YEARS = range(1900, 2200)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FIRST_SECOND, _LAST_SECOND = 31_536_000, 7_258_118_400


class DateReading(NamedTuple):
    """A date and the ``method`` that read it, or None and the ``problem``.

    Problems: ``empty``, ``too-long``, ``incomplete`` (a part is missing), ``short-year`` (fewer than four digits),
    ``glued`` (text follows the year), ``impossible`` (no such day, or a year outside 1900-2199), ``mixed-digits`` (two
    scripts in one number), ``other-order`` (numbers in another order than the locale's), ``wrong-weekday``,
    ``unreadable``.
    """

    date: dt.date | None
    problem: str | None = None
    method: Literal["fast", "dateparser", "none"] = "none"

    @property
    def decided(self) -> bool:
        """Tell whether to try no other locale: a date that is impossible in one order would be a guess in another."""
        return self.date is not None or self.problem in ("other-order", "impossible")


class InstantReading(NamedTuple):
    """An instant in UTC, or None and the problem: ``empty``, ``unreadable``, ``no-offset``, ``implausible``."""

    instant: dt.datetime | None
    problem: str | None = None


def parse_date(text: str, locale: str) -> DateReading:
    """Read the one date in ``text``, with or without its marker, as ``locale`` writes dates.

    >>> parse_date("Published on Sep 4, 2024", "en").date
    datetime.date(2024, 9, 4)
    >>> parse_date("Mar 16, 20", "en")
    DateReading(date=None, problem='short-year', method='none')
    >>> parse_date("8/09/2025", "pt-pt").date, parse_date("8/09/2025", "en").date
    (datetime.date(2025, 9, 8), datetime.date(2025, 8, 9))
    """
    calendar = calendar_for(locale)
    if len(text) > _MAX:
        return DateReading(None, "too-long")
    match = calendar.whole.fullmatch(text)
    if match is not None:
        reading = _build(match, calendar)
        if reading.problem != "unreadable":
            return reading
    return _parse_unusual(text, locale)


def date_at(text: str, position: int, locale: str) -> tuple[DateReading, int] | None:
    """Read a date that begins at ``position``; return it and the position after it, else None.

    Anything may follow the year: the site glues a count to it. A wrong date (30 February) is returned with its problem.
    """
    calendar = calendar_for(locale)
    for pattern, read in ((calendar.here, _build), (_YEAR_LAST, _from_numbers)):
        match = pattern.match(text, position)
        if match is not None and (reading := read(match, calendar)).problem != "unreadable":
            return reading, match.end()
    return None


def _build(match: re.Match[str], calendar: Calendar) -> DateReading:
    day, month, year = match.group(*calendar.groups[match.lastindex])
    number = _month(month, calendar)
    if number is None:
        return DateReading(None, "unreadable")
    if not (day.isascii() and year.isascii()) and _mixed_digits(match.group()):
        return DateReading(None, "mixed-digits")
    return _dated(int(year), number, int(day))


def _dated(year: int, month: int, day: int) -> DateReading:
    try:
        date = dt.date(year, month, day) if year in _YEARS else None
    except ValueError:
        date = None
    return DateReading(date, None, "fast") if date else DateReading(None, "impossible")


def _from_numbers(match: re.Match[str], calendar: Calendar) -> DateReading:
    """Read three numbers with other separators than CLDR's, in the locale's order only.

    The year must be at the locale's position, and both separators must be equal. Dates with dots are never read month
    first, because nobody writes them so.
    """
    first, gap, second, other, third = match.groups()
    order, sign = calendar.numeric_order, gap.strip()
    longest = max(range(3), key=lambda index: len((first, second, third)[index]))
    in_order = sign == other.strip() and sign in ("/", "-", ".") and order.index("y") == longest
    if not in_order or (order, sign) == ("mdy", "."):
        return DateReading(None, "other-order")
    if _mixed_digits(match.group()):
        return DateReading(None, "mixed-digits")
    values = dict(zip(order, map(int, (first, second, third)), strict=True))
    return _dated(values["y"], values["m"], values["d"])


def _month(name: str, calendar: Calendar) -> int | None:
    """Read a month by its name, or by the number that it is or ends in ("11", "thg 11")."""
    folded = fold(name)
    digits = _FINAL_DIGITS.search(folded)
    return int(digits.group()) if digits else calendar.months.get(folded)


def _mixed_digits(text: str) -> bool:
    zeros = {ord(char) - unicodedata.decimal(char) for char in text if char.isdecimal()}
    return len(zeros) > 1


_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_STOPS = " .,،，()（）"
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
# "2025年4月1" may be truncated: the first or the tenth.
_CUT_DAY = re.compile(r"[年月]\s{0,3}\d{0,2}$|^\d{4}-\d{1,2}-\d$")
_FINAL_DIGITS = re.compile(r"\d+$")
_LONG_YEAR = re.compile(r"\d{5}")
_GAP = r"([\s./／．,،\-–]{1,3})"
_FIGURES = re.compile(rf"(\d{{1,4}}){_GAP}(\d{{1,4}}){_GAP}(\d{{1,4}})")
_YEAR_LAST = re.compile(r"(\d{1,2})(\s?[./-]\s?)(\d{1,2})(\s?[./-]\s?)(\d{4})")


def _parse_unusual(text: str, locale: str) -> DateReading:
    """Read a text that ``Calendar.whole`` does not match, or name its problem."""
    text = _INVISIBLE.sub("", nfc(text)).strip()
    if not text:
        return DateReading(None, "empty")
    marker = MARKER.match(text)
    locales: tuple[str, ...] = (locale,)
    if marker is not None:
        text = text[marker.end() :].strip()
        locales = marker_locales(marker.group(), locale)
        if not text:
            return DateReading(None, "incomplete")
    readings = [_unmarked(text, calendar_for(candidate)) for candidate in locales]
    return next((reading for reading in readings if reading.decided), readings[0])


def _unmarked(text: str, calendar: Calendar) -> DateReading:
    text, weekday = _take_weekday(text, calendar)
    match = calendar.here.match(text)
    if match is not None and (reading := _build(match, calendar)).problem != "unreadable":
        if text[match.end() :].strip(_STOPS):
            return DateReading(None, "glued")
        if reading.date is not None and weekday not in (None, reading.date.weekday()):
            return DateReading(None, "wrong-weekday")
        return reading
    short = calendar.short.match(text)
    if short is not None and not text[short.end() :].strip(_STOPS):
        return DateReading(None, "short-year")
    if _mixed_digits(text):
        return DateReading(None, "mixed-digits")
    if _CUT_DAY.search(text):
        return DateReading(None, "incomplete")
    if not _YEAR.search(text):
        partial = any(char.isdecimal() for char in text) or fold(text) in calendar.months
        glued = _LONG_YEAR.search(text)
        return DateReading(None, "glued" if glued else "incomplete" if partial else "unreadable")
    figures = _FIGURES.search(text)
    if figures is not None:
        around = text[: figures.start()] + text[figures.end() :]
        return DateReading(None, "unreadable") if around.strip(_STOPS) else _from_numbers(figures, calendar)
    return _ask_dateparser(text, calendar)


def _take_weekday(text: str, calendar: Calendar) -> tuple[str, int | None]:
    """Remove a weekday at either end; return the rest and the weekday (Monday is 0)."""
    match = calendar.weekday.match(text)
    if match is not None:
        return text[match.end() :].lstrip(_STOPS), calendar.weekdays.get(fold(match.group()))
    bare = text.rstrip(_STOPS)
    for match in calendar.weekday.finditer(bare):
        if match.end() == len(bare):
            return bare[: match.start()].rstrip(_STOPS), calendar.weekdays.get(fold(match.group()))
    return text, None


def _ask_dateparser(text: str, calendar: Calendar) -> DateReading:
    """Ask dateparser; its answer counts only when the text states the day and the year."""
    import dateparser  # slow to import and rarely needed
    from dateparser.data.languages_info import language_order

    own = {"pt-PT": "pt", "pt-BR": "pt"}.get(calendar.language, calendar.language)
    languages = [each for each in dict.fromkeys((own, "en")) if each in language_order]
    try:
        found = dateparser.parse(
            text,
            languages=languages,
            settings={
                "PARSERS": ["absolute-time"],
                "STRICT_PARSING": True,  # day, month and year are stated
                "DATE_ORDER": calendar.numeric_order.upper(),
                "TIMEZONE": "UTC",
            },
        )
    except Exception:  # noqa: BLE001 (dateparser raises all sorts of errors on hostile text)
        return DateReading(None, "unreadable")
    if found is None:
        return DateReading(None, "unreadable")
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if found.year not in numbers or found.day not in numbers or found.year not in _YEARS:
        return DateReading(None, "unreadable")
    return DateReading(found.date(), None, "dateparser")


def parse_instant(value: str | int) -> InstantReading:
    """Read an instant: ISO 8601 text with an offset, or seconds or milliseconds since the epoch (int, or as text).

    >>> parse_instant("2025-04-17T19:13+08:00").instant
    datetime.datetime(2025, 4, 17, 11, 13, tzinfo=datetime.timezone.utc)
    >>> parse_instant(1788969600000).instant
    datetime.datetime(2026, 9, 9, 16, 0, tzinfo=datetime.timezone.utc)
    >>> parse_instant("1788969600").instant == parse_instant(1788969600000).instant
    True
    >>> parse_instant("2025-04-17T19:13").problem
    'no-offset'
    """
    if isinstance(value, bool):
        return InstantReading(None, "unreadable")
    if isinstance(value, int):
        return _from_epoch(value)
    text = value.strip()
    if not text:
        return InstantReading(None, "empty")
    if len(text) > _MAX or not text.isascii():
        return InstantReading(None, "unreadable")
    if text.isdigit():
        return _from_epoch(int(text))
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return InstantReading(None, "unreadable")
    if instant.tzinfo is None:
        return InstantReading(None, "no-offset")
    if instant.year not in _YEARS:
        return InstantReading(None, "implausible")
    return InstantReading(instant.astimezone(dt.UTC))


def _from_epoch(value: int) -> InstantReading:
    # For the years 1971 to 2199 the ranges of seconds and milliseconds do not overlap.
    if value < _FIRST_SECOND * 1000:
        value *= 1000
    if not _FIRST_SECOND * 1000 <= value < _LAST_SECOND * 1000:
        return InstantReading(None, "implausible")
    return InstantReading(_EPOCH + dt.timedelta(milliseconds=value))


def shown_date(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the calendar date of ``instant`` in ``zone``, as the site shows it.

    >>> shown_date(dt.datetime(2026, 9, 9, 16, tzinfo=dt.UTC), dt.timezone(dt.timedelta(hours=8)))
    datetime.date(2026, 9, 10)
    """
    return instant.astimezone(zone).date()
