"""The words of the OKX help centre by which flattened text is recognised. Facts only; no behaviour."""

from __future__ import annotations

from functools import lru_cache

from helpscraper.normalise.categories import Vocabulary
from helpscraper.sites import get_site

__all__ = ["ALL_TAB", "categories"]

# Seen: en, nb, fr, pt-BR, ar, zh-Hant. The others follow the site's wording in other places.
ALL_TAB: dict[str, tuple[str, ...]] = {
    "en": ("All",),
    "sv": ("Alla",),
    "nb": ("Alle",),
    "fi": ("Kaikki",),
    "cs": ("Vše",),
    "fr": ("Tout",),
    "it": ("Tutto", "Tutti"),
    "pt-PT": ("Tudo", "Todos"),
    "pt-BR": ("Tudo", "Todos"),
    "ar": ("الكل",),
    "zh-Hans": ("全部",),
    "zh-Hant": ("全部",),
    "de": ("Alle",),
    "es": ("Todo", "Todos"),
    "nl": ("Alle", "Alles"),
    "pl": ("Wszystko", "Wszystkie"),
    "ro": ("Tot", "Toate"),
    "ru": ("Все",),
    "uk": ("Усі", "Усе"),
    "vi": ("Tất cả",),
    "id": ("Semua",),
    "tr": ("Tümü",),
}
"""Language -> the words on the tab of all categories."""


@lru_cache(maxsize=1)
def categories() -> Vocabulary:
    """Return the names of the site's categories: the words on the tabs, and the labels of rows."""
    return get_site("okx").categories
