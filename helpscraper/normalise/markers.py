"""Find the markers that stand before dates ("Published on"), and the date behind each.

Rows of one language stand under another, so the markers of every language are known everywhere. The date
behind a marker is read as the page's locale writes it; failing that, or when the marker belongs to neither
the page's language nor English, as the marker's own language writes it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from helpscraper.locales import LOCALES, get_locale
from helpscraper.normalise.calendars import SPACE, marker_expression
from helpscraper.normalise.phrases import PHRASES
from helpscraper.normalise.titles import caseless

__all__ = ["LAST_UPDATED", "MARKER", "PUBLISHED", "UPDATED", "begins_marker", "marker_locales", "of_update"]

_HOME = {locale.language: prefix for prefix, locale in reversed(LOCALES.items())}
"""Language -> the prefix of its first edition."""


def _all(kind: Literal["published", "updated"]) -> list[str]:
    return [phrase for phrases in PHRASES.values() for phrase in getattr(phrases, kind)]


PUBLISHED = re.compile(f"({marker_expression(_all('published'))}){SPACE}")
"""A marker of publication in any language, with the space behind it; group 1 is the marker."""

UPDATED = re.compile(f"({marker_expression(_all('updated'))}){SPACE}")
"""A marker of the last update, likewise."""

MARKER = re.compile(f"({marker_expression(_all('published') + _all('updated'))}){SPACE}", re.IGNORECASE)
"""Either marker, in upper or lower case: for a text that is one date line and nothing else."""


# How texts say when they were last changed, where no colon follows; the site itself has other words.
_LAST_UPDATED = (
    *(
        "Last updated on",
        "Last updated",
        "Zuletzt aktualisiert am",
        "Zuletzt aktualisiert",
        "Stand",
        "Sist oppdatert",
    ),
    *(
        "Senast uppdaterad den",
        "Senast uppdaterad",
        "Viimeksi päivitetty",
        "Dernière mise à jour le",
        "Mis à jour le",
    ),
    *(
        "Dernière mise à jour",
        "Ultimo aggiornamento",
        "Aggiornato il",
        "Última actualización el",
        "Actualizado",
    ),
    *(
        "Última actualización",
        "Última atualização em",
        "Última atualização",
        "Atualizado",
        "Laatst bijgewerkt op",
    ),
    *(
        "Laatst bijgewerkt",
        "Bijgewerkt op",
        "Ostatnia aktualizacja",
        "Ultima actualizare",
        "Poslední aktualizace",
    ),
    *(
        "Последнее обновление",
        "Останнє оновлення",
        "Son güncelleme",
        "Cập nhật lần cuối",
        "Terakhir diperbarui",
    ),
    *(
        "Terakhir diperbarui pada",
        "最后更新于",
        "最后更新",
        "最後更新於",
        "最後更新",
        "آخر تحديث في",
        "آخر تحديث",
    ),
)
LAST_UPDATED = re.compile(f"(?:{marker_expression(_LAST_UPDATED)}){SPACE}", re.IGNORECASE)
"""Words before the date that a body states of itself, with the space behind them."""


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
    """Return the locale prefixes by which the date behind ``marker`` is to be read, the likeliest first.

    >>> marker_locales("Published on", "pt-br"), marker_locales("Veröffentlicht am", "en")
    (('pt-br', 'en'), ('de', 'en'))
    """
    owners = _owners().get(_bare(marker), ())
    own = get_locale(locale).language
    homes = tuple(_HOME[language] for language in owners if language != own)
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
    return frozenset(map(_bare, _all("updated")))


def begins_marker(text: str) -> bool:
    """Tell whether ``text`` is the beginning of a marker that was cut off ("Updat"), or a whole one.

    >>> begins_marker("Updat"), begins_marker("Updates")
    (True, False)
    """
    return any(_spaced(phrase).startswith(_spaced(text)) for phrase in (*_all("published"), *_all("updated")))


def _spaced(text: str) -> str:
    return " ".join(text.replace(" :", ":").split())
