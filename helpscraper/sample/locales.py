"""How each edition writes its dates, counts and reading times, and the words of the editions that have their
own.

The forms are those seen on the real site; CLDR gives the names of months and the separators. An edition
without words of its own shows English text under its own markers, as the real site does.
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

from helpscraper.sample.hostile import hostile_title
from helpscraper.sample.model import SHOWN_ZONE

__all__ = ["LOCALES", "PHRASED", "Voice", "phrases", "voice"]

PHRASED = ("en", "de", "fr", "pt-br", "ar", "zh-hans", "ru")


@dataclass(frozen=True, slots=True)
class Voice:
    """One locale prefix: CLDR locale, date pattern, markers (``{}`` is the date), reading time."""

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
        """The ``dir`` attribute: ``rtl`` for Arabic, empty for the others (as the real site leaves it)."""
        return "rtl" if self.cldr == "ar" else ""

    @property
    def phrasebook(self) -> str:
        """Which words the edition uses: its own, its parent language's, or English."""
        return next((name for name in (self.prefix, self.prefix.split("-")[0]) if name in PHRASED), "en")

    def date(self, instant: dt.datetime) -> str:
        """Return the calendar date of ``instant`` on the site's own clock, as the edition writes it."""
        text: str = format_date(instant.astimezone(SHOWN_ZONE).date(), self.pattern, locale=self.cldr)
        return text

    def published_line(self, instant: dt.datetime) -> str:
        """Return the line that tells the date of publication."""
        return self.published.format(self.date(instant))

    def updated_line(self, instant: dt.datetime) -> str:
        """Return the line that tells the date of the last update."""
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
_VOICES = (
    *(
        Voice(prefix, "en", "MMM d, y", *_EN)
        for prefix in ("en", "en-us", "en-eu", "en-ae", "en-br", "en-ar")
    ),
    Voice("en-au", "en_AU", "d MMM y", *_EN),
    Voice("en-sg", "en_SG", "d MMM y", *_EN),
    Voice("de", "de", "d. MMM y", "Veröffentlicht am {}", "Aktualisiert am {}", "Lesezeit: {} Min."),
    Voice("fr", "fr", "d MMM y", *_FR),
    Voice("fr-fr", "fr", "d MMM y", *_FR),
    Voice(
        "it",
        "it",
        "d MMM y",
        "Data di pubblicazione: {}",
        "Data di aggiornamento: {}",
        "{} minuti di lettura",
    ),
    Voice("pt-br", "pt_BR", "medium", "Publicado em {}", "Atualizado em {}", "Leitura de {} min"),
    Voice("pt-pt", "pt_PT", "d/MM/y", "Publicado a {}", "Atualizado a {}", "Leitura de {} min"),
    Voice("ar", "ar", "d MMMM y", *_AR),
    Voice("ar-ae", "ar", "d MMMM y", *_AR),
    *(Voice(prefix, "zh_Hans", "medium", *_ZH) for prefix in ("zh-hans", "zh-hans-au", "zh-hans-sg")),
    Voice("zh-hant", "zh_Hant", "medium", "發佈於 {}", "更新於 {}", "閱讀時長 {} 分鐘"),
    Voice("es-la", "es_419", "d MMM y", "Publicado el {}", "Actualizado el {}", "lectura de {} min"),
    Voice("nl", "nl", "d MMM y", "Gepubliceerd op {}", "Geüpdatet op {}", "{} min. leestijd"),
    Voice("pl", "pl", "d MMM y", "Opublikowano {}", "Zaktualizowano {}", "{} min czytania"),
    Voice("ro", "ro", "d MMM y", "Publicat la {}", "Actualizat la {}", "{} min citire"),
    Voice("ru", "ru", "medium", "Опубликовано {}", "Обновлено {}", "{} мин на чтение"),
    Voice("ua", "uk", "medium", "Опубліковано {}", "Оновлено {}", "{} хв читання"),
    Voice("vi", "vi", "medium", "Phát hành vào {}", "Cập nhật vào {}", "Thời gian đọc: {} phút"),
    Voice("id", "id", "d MMM y", "Dipublikasikan Pada {}", "Diperbarui Pada {}", "Baca {} mnt"),
    Voice("sv", "sv", "d MMM y", "Publicerad den {}", "Uppdaterad den {}", "{} minuters läsning"),
    Voice("nb", "nb", "d. MMM y", "Publisert {}", "Oppdatert {}", "{} minutter å lese"),
    Voice("fi", "fi", "d.M.y", "Julkaistu {}", "Päivitetty {}", "Lukuaika: {} minuuttia"),
    Voice("cs", "cs", "d. M. y", "Publikováno dne {}", "Aktualizováno dne {}", "Doba čtení: {} min"),
    Voice("tr", "tr", "d MMM y", "Yayımlama Zamanı: {}", "Güncelleme Zamanı: {}", "Okuma Süresi: {} dk"),
)

LOCALES = {voice.prefix: voice for voice in _VOICES}


def voice(locale: str) -> Voice:
    """Return how the edition ``locale`` writes; raises ``KeyError`` for one that is not served."""
    return LOCALES[locale]


@cache
def phrases(locale: str, *, hostile: bool = False) -> dict[str, Any]:
    """Return the words of an edition (keys: see ``phrases/en.json``); the caller must not change them.

    ``hostile`` wraps the titles of categories and sections in payloads.
    """
    source = files("helpscraper.sample") / "phrases" / f"{voice(locale).phrasebook}.json"
    words: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    for names in (words["categories"], words["sections"]) if hostile else ():
        for number, (slug, title) in enumerate(names.items()):
            names[slug] = hostile_title(title, number)
    return words
