"""Recognise the markers before dates ("Published on") and choose the locale in which to read the date.

Pages mix languages, so every marker is known in every locale. A marker of another language than the page's or English
means that the date is likely to be in the marker's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from helpscraper.locales import get_locale
from helpscraper.normalise.calendars import SPACE, marker_expression
from helpscraper.normalise.phrases import PHRASES
from helpscraper.normalise.titles import caseless

__all__ = ["MARKER", "MARKERS", "marker_locales", "of_update"]

MARKERS: Mapping[Literal["published", "updated"], tuple[str, ...]] = {
    kind: tuple(phrase for phrases in PHRASES.values() for phrase in getattr(phrases, kind))
    for kind in ("published", "updated")
}
"""The markers of both dates, in every language."""

MARKER = re.compile(f"({marker_expression(MARKERS['published'] + MARKERS['updated'])}){SPACE}", re.IGNORECASE)
"""Any marker, in any case, at the start of a date line."""


def _bare(marker: str) -> str:
    return " ".join(caseless(marker).replace("：", ":").rstrip(" :\u00a0\u202f").split())


_LANGUAGES: dict[str, tuple[str, ...]] = {}
for _language, _phrases in PHRASES.items():
    for _phrase in (*_phrases.published, *_phrases.updated):
        _LANGUAGES[_bare(_phrase)] = (*_LANGUAGES.get(_bare(_phrase), ()), _language)
_UPDATED = frozenset(map(_bare, MARKERS["updated"]))


def marker_locales(marker: str, locale: str) -> tuple[str, ...]:
    """Return the locales in which to try the date after ``marker``, the likeliest first.

    >>> marker_locales("Published on", "pt-br"), marker_locales("Veröffentlicht am", "en")
    (('pt-br', 'en'), ('de', 'en'))
    """
    languages = _LANGUAGES.get(_bare(marker), ())
    own = get_locale(locale).language
    others = tuple(language for language in languages if language != own)
    if own in languages or "en" in languages:
        return (locale, *others)
    return (*others, locale)


def of_update(line: str) -> bool:
    """Tell whether ``line`` begins with a marker of the last update, in any language and case.

    >>> of_update("GÜNCELLEME ZAMANI: 12 KASIM 2024"), of_update("Published on Sep 4, 2024")
    (True, False)
    """
    match = MARKER.match(line)
    return match is not None and _bare(match.group(1)) in _UPDATED
