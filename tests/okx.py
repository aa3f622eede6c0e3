"""The OKX help centre for tests: its site, its locales by prefix and by tag, and the words of a language."""

from __future__ import annotations

from types import SimpleNamespace

from helpscraper.normalise.phrases import PHRASES
from helpscraper.platforms.okx.words import ALL_TAB
from helpscraper.sites import get_site

OKX = get_site("okx")
PREFIXES = {prefix: OKX.locale(prefix) for prefix in OKX.locales}
LOCALES = {locale.bcp47: locale for locale in PREFIXES.values()}
PREFIX_OF = {locale.bcp47: prefix for prefix, locale in PREFIXES.items()}


def _titles(category: str, language: str) -> tuple[str, ...]:
    return tuple(OKX.categories.names[category]["titles"][language])


WORDS = {
    language: SimpleNamespace(
        published=phrases.published,
        updated=phrases.updated,
        reading=phrases.reading,
        all_tab=ALL_TAB[language],
        faq=_titles("faq", language),
        announcements=_titles("announcements", language),
        products=_titles("product-documentation", language),
    )
    for language, phrases in PHRASES.items()
}
"""The words of each language that flattened text is made of."""
