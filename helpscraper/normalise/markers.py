"""Find the markers that stand before dates ("Published on"), and the date behind each.

Rows of one language stand under another, so the markers of every language are known everywhere. The date
behind a marker is read as the page's locale writes it; failing that, or when the marker belongs to neither
the page's language nor English, as the marker's own language writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
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
"""The markers of publication and of the last update, in every language."""

MARKER = re.compile(f"({marker_expression(MARKERS['published'] + MARKERS['updated'])}){SPACE}", re.IGNORECASE)
"""Either marker, in upper or lower case: for a text that is one date line and nothing else."""


def _bare(marker: str) -> str:
    return " ".join(caseless(marker).replace("：", ":").rstrip(" :\u00a0\u202f").split())


@lru_cache(maxsize=1)
def _owners() -> dict[str, tuple[str, ...]]:
    owners: dict[str, tuple[str, ...]] = {}
    for language, phrases in PHRASES.items():
        for phrase in (*phrases.published, *phrases.updated):
            owners[_bare(phrase)] = (*owners.get(_bare(phrase), ()), language)
    return owners


def marker_locales(marker: str, locale: str) -> tuple[str, ...]:
    """Return the language tags by which the date behind ``marker`` is to be read, the likeliest first.

    >>> marker_locales("Published on", "pt-br"), marker_locales("Veröffentlicht am", "en")
    (('pt-br', 'en'), ('de', 'en'))
    """
    owners = _owners().get(_bare(marker), ())
    own = get_locale(locale).language
    homes = tuple(language for language in owners if language != own)
    if not owners or own in owners or "en" in owners:
        return (locale, *homes)
    return (*homes, locale)


def of_update(line: str) -> bool:
    """Tell whether ``line`` begins with a marker of the last update, in any language and any case.

    >>> of_update("GÜNCELLEME ZAMANI: 12 KASIM 2024"), of_update("Published on Sep 4, 2024")
    (True, False)
    """
    match = MARKER.match(line)
    return match is not None and _bare(match.group(1)) in _updates()


@lru_cache(maxsize=1)
def _updates() -> frozenset[str]:
    return frozenset(map(_bare, MARKERS["updated"]))
