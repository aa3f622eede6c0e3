"""Formats of dates, counts and reading times, and the words of each locale.

The formats are those of the real site; CLDR gives month names and separators. A locale without own words shows English
text with its own date markers, as the real site does.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from helpscraper.sample.model import SHOWN_ZONE, Attack

__all__ = ["LOCALES", "PHRASED", "LocaleFormat", "locale_format", "phrases"]

PHRASED = ("en", "de", "fr", "pt-br", "ar", "zh-hans", "ru")


@dataclass(frozen=True, slots=True)
class LocaleFormat:
    """Formats of one locale: CLDR locale, date pattern, markers (``{}`` is the date), reading time."""

    prefix: str
    cldr: str
    pattern: str
    published: str
    updated: str
    reading: str

    @property
    def language(self) -> str:
        """The ``lang`` attribute of the edition's pages."""
        return {"es-la": "es", "ua": "uk"}.get(self.prefix, self.prefix)

    @property
    def direction(self) -> str:
        """The ``dir`` attribute: ``rtl`` for Arabic, empty for others (as on the real site)."""
        return "rtl" if self.cldr == "ar" else ""

    @property
    def phrasebook(self) -> str:
        """The locale whose words are used: this one, its parent language, or English."""
        return next((name for name in (self.prefix, self.prefix.split("-")[0]) if name in PHRASED), "en")

    def date(self, instant: dt.datetime) -> str:
        """Return the calendar date of ``instant`` in the site's time zone, formatted."""
        text: str = format_date(instant.astimezone(SHOWN_ZONE).date(), self.pattern, locale=self.cldr)
        return text

    def published_line(self, instant: dt.datetime) -> str:
        """Return the line with the date of publication."""
        return self.published.format(self.date(instant))

    def updated_line(self, instant: dt.datetime) -> str:
        """Return the line with the date of the last update."""
        return self.updated.format(self.date(instant))

    def reading_line(self, minutes: int) -> str:
        """Return the reading-time phrase of an article."""
        return self.reading.format(minutes)

    def count(self, number: int) -> str:
        """Return ``number`` with the edition's thousands separator."""
        text: str = format_decimal(number, format="#,##0", locale=self.cldr)
        return text


_EN = ("Published on {}", "Updated on {}", "{} min read")
_FR = ("Date de publication : {}", "Date de mise à jour : {}", "Lecture de {} min")
_ZH = ("发布于 {}", "更新于 {}", "阅读时长 {} 分钟")
_AR = ("تم النشر في {}", "تم التحديث في {}", "{} دقيقة قراءة")
_FORMATS = (
    *(
        LocaleFormat(prefix, "en", "MMM d, y", *_EN)
        for prefix in ("en", "en-us", "en-eu", "en-ae", "en-br", "en-ar")
    ),
    LocaleFormat("en-au", "en_AU", "d MMM y", *_EN),
    LocaleFormat("en-sg", "en_SG", "d MMM y", *_EN),
    LocaleFormat("de", "de", "d. MMM y", "Veröffentlicht am {}", "Aktualisiert am {}", "Lesezeit: {} Min."),
    LocaleFormat("fr", "fr", "d MMM y", *_FR),
    LocaleFormat("fr-fr", "fr", "d MMM y", *_FR),
    LocaleFormat(
        "it",
        "it",
        "d MMM y",
        "Data di pubblicazione: {}",
        "Data di aggiornamento: {}",
        "{} minuti di lettura",
    ),
    LocaleFormat("pt-br", "pt_BR", "medium", "Publicado em {}", "Atualizado em {}", "Leitura de {} min"),
    LocaleFormat("pt-pt", "pt_PT", "d/MM/y", "Publicado a {}", "Atualizado a {}", "Leitura de {} min"),
    LocaleFormat("ar", "ar", "d MMMM y", *_AR),
    LocaleFormat("ar-ae", "ar", "d MMMM y", *_AR),
    *(LocaleFormat(prefix, "zh_Hans", "medium", *_ZH) for prefix in ("zh-hans", "zh-hans-au", "zh-hans-sg")),
    LocaleFormat("zh-hant", "zh_Hant", "medium", "發佈於 {}", "更新於 {}", "閱讀時長 {} 分鐘"),
    LocaleFormat("es-la", "es_419", "d MMM y", "Publicado el {}", "Actualizado el {}", "lectura de {} min"),
    LocaleFormat("nl", "nl", "d MMM y", "Gepubliceerd op {}", "Geüpdatet op {}", "{} min. leestijd"),
    LocaleFormat("pl", "pl", "d MMM y", "Opublikowano {}", "Zaktualizowano {}", "{} min czytania"),
    LocaleFormat("ro", "ro", "d MMM y", "Publicat la {}", "Actualizat la {}", "{} min citire"),
    LocaleFormat("ru", "ru", "medium", "Опубликовано {}", "Обновлено {}", "{} мин на чтение"),
    LocaleFormat("ua", "uk", "medium", "Опубліковано {}", "Оновлено {}", "{} хв читання"),
    LocaleFormat("vi", "vi", "medium", "Phát hành vào {}", "Cập nhật vào {}", "Thời gian đọc: {} phút"),
    LocaleFormat("id", "id", "d MMM y", "Dipublikasikan Pada {}", "Diperbarui Pada {}", "Baca {} mnt"),
    LocaleFormat("sv", "sv", "d MMM y", "Publicerad den {}", "Uppdaterad den {}", "{} minuters läsning"),
    LocaleFormat("nb", "nb", "d. MMM y", "Publisert {}", "Oppdatert {}", "{} minutter å lese"),
    LocaleFormat("fi", "fi", "d.M.y", "Julkaistu {}", "Päivitetty {}", "Lukuaika: {} minuuttia"),
    LocaleFormat("cs", "cs", "d. M. y", "Publikováno dne {}", "Aktualizováno dne {}", "Doba čtení: {} min"),
    LocaleFormat(
        "tr", "tr", "d MMM y", "Yayımlama Zamanı: {}", "Güncelleme Zamanı: {}", "Okuma Süresi: {} dk"
    ),
)

LOCALES = {each.prefix: each for each in _FORMATS}


def locale_format(locale: str) -> LocaleFormat:
    """Return the formats of ``locale``; raises ``KeyError`` for one that is not served."""
    return LOCALES[locale]


@cache
def phrases(locale: str, *, hostile: Attack | None = None) -> dict[str, Any]:
    """Return the words of a locale (keys: see ``phrases/en.json``); the caller must not change them.

    ``hostile`` changes the titles of categories and sections.
    """
    source = files("helpscraper.sample") / "phrases" / f"{locale_format(locale).phrasebook}.json"
    words: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    if hostile is not None:
        for names in (words["categories"], words["sections"]):
            for number, (slug, title) in enumerate(names.items()):
                names[slug] = hostile.title(title, number)
    return words
