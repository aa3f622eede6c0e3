"""The words that help centres put around dates and reading times, by language. Facts only; no behaviour.

Every phrase was seen in stored text of a real site (2025-2026) except those in ``inferred``, which follow similar
wording and are used for recognition only. ``{n}`` is the number of minutes. A colon is written without the space that
French puts before it; readers accept both.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NO_PHRASES", "PHRASES", "Phrases"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words of one language.

    ``published`` and ``updated`` precede a date; ``reading`` holds the reading time. ``inferred`` names the
    phrases here that were not seen.
    """

    published: tuple[str, ...]
    updated: tuple[str, ...]
    reading: tuple[str, ...]
    inferred: frozenset[str] = frozenset()


PHRASES: dict[str, Phrases] = {
    "en": Phrases(published=("Published on",), updated=("Updated on",), reading=("{n} min read",)),
    "sv": Phrases(
        published=("Publicerad den",),
        updated=("Uppdaterad den",),
        reading=("{n} min läsning", "Lästid: {n} min", "{n} minuters läsning"),
        inferred=frozenset(("{n} min läsning", "Lästid: {n} min", "{n} minuters läsning")),
    ),
    "nb": Phrases(
        published=("Publisert",),
        updated=("Oppdatert",),
        reading=("{n} minutter å lese", "{n} minutt å lese"),
        inferred=frozenset(("{n} minutt å lese",)),
    ),
    "fi": Phrases(
        published=("Julkaistu",),
        updated=("Päivitetty",),
        reading=("Lukuaika: {n} minuuttia", "Lukuaika: {n} minuutti"),
        inferred=frozenset(("Lukuaika: {n} minuutti",)),
    ),
    "cs": Phrases(
        published=("Publikováno dne",), updated=("Aktualizováno dne",), reading=("Doba čtení: {n} min",)
    ),
    "fr": Phrases(
        published=("Date de publication:",),
        updated=("Date de mise à jour:",),
        reading=("Lecture de {n} min",),
    ),
    "it": Phrases(
        published=("Data di pubblicazione:",),
        updated=("Data di aggiornamento:",),
        reading=("{n} minuti di lettura", "{n} minuto di lettura"),
        inferred=frozenset(("{n} minuto di lettura",)),
    ),
    "pt-PT": Phrases(
        published=("Publicado a",),
        updated=("Atualizado a",),
        reading=("{n} min de leitura", "Leitura de {n} min"),
        inferred=frozenset(("{n} min de leitura", "Leitura de {n} min")),
    ),
    "pt-BR": Phrases(
        published=("Publicado em",),
        updated=("Atualizado em",),
        reading=("{n} min de leitura", "Leitura de {n} min"),
        inferred=frozenset(("{n} min de leitura", "Leitura de {n} min")),
    ),
    "ar": Phrases(
        published=("تم النشر في",),
        updated=("تم التحديث في",),
        reading=("{n} دقيقة قراءة", "{n} دقائق قراءة"),
        inferred=frozenset(("{n} دقائق قراءة",)),
    ),
    "zh-Hans": Phrases(published=("发布于",), updated=("更新于",), reading=("阅读时长 {n} 分钟",)),
    "zh-Hant": Phrases(published=("發佈於",), updated=("更新於",), reading=("閱讀時長 {n} 分鐘",)),
    "de": Phrases(
        published=("Veröffentlicht am",), updated=("Aktualisiert am",), reading=("Lesezeit: {n} Min.",)
    ),
    "es": Phrases(published=("Publicado el",), updated=("Actualizado el",), reading=("lectura de {n} min",)),
    "nl": Phrases(published=("Gepubliceerd op",), updated=("Geüpdatet op",), reading=("{n} min. leestijd",)),
    "pl": Phrases(published=("Opublikowano",), updated=("Zaktualizowano",), reading=("{n} min czytania",)),
    "ro": Phrases(published=("Publicat la",), updated=("Actualizat la",), reading=("{n} min citire",)),
    "ru": Phrases(
        published=("Опубликовано",),
        updated=("Обновлено",),
        reading=("{n} мин на чтение",),
        inferred=frozenset(("Обновлено",)),
    ),
    "uk": Phrases(published=("Опубліковано",), updated=("Оновлено",), reading=("{n} хв читання",)),
    "vi": Phrases(
        published=("Phát hành vào",), updated=("Cập nhật vào",), reading=("Thời gian đọc: {n} phút",)
    ),
    "id": Phrases(
        published=("Dipublikasikan Pada",), updated=("Diperbarui Pada",), reading=("Baca {n} mnt",)
    ),
    "tr": Phrases(
        published=("Yayımlama Zamanı:",), updated=("Güncelleme Zamanı:",), reading=("Okuma Süresi: {n} dk",)
    ),
}
"""By ``Locale.language``."""

NO_PHRASES = Phrases((), (), ())
"""For a language whose words are not known."""
