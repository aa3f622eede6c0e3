"""Find the date lines in flattened text, the only fixed points of such text.

An anchor is a publication marker with its date, and the update marker with its date right behind it. Every
search is one pass with expressions of bounded length, so the time is linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpscraper.normalise.dates import DateReading, date_at
from helpscraper.normalise.markers import marker_locales
from helpscraper.platforms.okx.text.markers import PUBLISHED, UPDATED, begins_marker

__all__ = ["Anchor", "CutAnchor", "anchors", "cut_anchor", "glued"]

# Both dates are on one line; a line below that begins with "Updated" belongs to the body.
_BETWEEN = re.compile(r"(?:[^\S\n]|[·•|,\-–—\u200e\u200f]){0,5}")
# The longest rest of an update line that was cut: marker, space and most of a date.
_CUT_TAIL = 60


@dataclass(frozen=True, slots=True)
class Anchor:
    """One date line: its begin and end, its dates, and their text as shown."""

    start: int
    end: int
    published: DateReading
    published_text: str
    updated: DateReading | None = None
    updated_text: str | None = None

    @property
    def whole(self) -> bool:
        """Tell whether both dates are there."""
        return self.updated is not None


@dataclass(frozen=True, slots=True)
class CutAnchor:
    """The date line inside which a text stops; ``anchor`` holds the date that is still whole."""

    start: int
    anchor: Anchor | None


def _read(text: str, match: re.Match[str], locale: str) -> tuple[DateReading, int] | None:
    first: tuple[DateReading, int] | None = None
    for candidate in marker_locales(match.group(1), locale):
        found = date_at(text, match.end(), candidate)
        if found is not None and found[0].decided:
            return found
        first = first or found
    return first


def anchors(text: str, locale: str) -> list[Anchor]:
    """Return every date line of ``text``, with one date or two, in order."""
    found = []
    for match in PUBLISHED.finditer(text):
        published = _read(text, match, locale)
        if published is None:
            continue
        reading, end = published
        anchor = Anchor(match.start(), end, reading, text[match.start() : end])
        gap = _BETWEEN.match(text, end)
        second = UPDATED.match(text, gap.end() if gap else end)
        updated = _read(text, second, locale) if second else None
        if second is not None and updated is not None:
            shown = text[second.start() : updated[1]]
            anchor = Anchor(match.start(), updated[1], reading, text[match.start() : end], updated[0], shown)
        found.append(anchor)
    return found


def glued(text: str, position: int) -> bool:
    """Tell whether a date line at ``position`` is glued to the text before it; a quoted one is not."""
    if position == 0:
        return True
    before = text[position - 1]
    return before == "\n" or before.isalnum() or before in ".!?…。！？؟:;)）"


def cut_anchor(text: str, begin: int, found: list[Anchor]) -> CutAnchor | None:
    """Return the date line in which ``text`` (from ``begin``) stops, if it does.

    It counts only if the text ends in it: in a marker, a date, or a part of either.
    The text may stop behind the first date, inside the second marker, inside the second date, or inside the
    first date.
    """
    end = len(text.rstrip())
    for anchor in reversed(found):
        if anchor.start < begin or end - anchor.end > _CUT_TAIL:
            break
        if anchor.whole or not glued(text, anchor.start):
            continue
        rest = text[anchor.end : end].strip()
        if not rest or _is_cut_date_line(rest, UPDATED):
            return CutAnchor(anchor.start, anchor)
    for match in PUBLISHED.finditer(text, max(begin, end - _CUT_TAIL)):
        if glued(text, match.start()) and _is_cut_date_line(text[match.start() : end], PUBLISHED):
            return CutAnchor(match.start(), None)
    return None


def _is_cut_date_line(rest: str, marker: re.Pattern[str]) -> bool:
    """Tell whether ``rest`` is a beginning of a marker with its date and stops before the year is whole."""
    match = marker.match(rest)
    if match is None:
        return begins_marker(rest)
    date = rest[match.end() :]
    # A date line has at most four words ("12 de fev. de 2026" five), figures, and no sentence.
    return (
        len(date) <= 24
        and "\n" not in date
        and (not date or any(char.isdecimal() for char in date) or date.isalpha())
    )
