"""The locale prefixes that the help centre is served under, and what each one is in BCP 47 and in CLDR.

The prefixes come from the hreflang alternates of an article of April 2025 and from links seen up to 2026.
Where CLDR knows no data for a combination (``fr-ae``: French in the Emirates), ``cldr`` names the nearest
locale that it knows.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from helpscraper.errors import CommandError

__all__ = ["LOCALES", "Locale", "get_locale"]


@dataclass(frozen=True, slots=True)
class Locale:
    """One edition of the help centre.

    ``prefix`` is the first path segment (``en`` stands for none), ``bcp47`` the language tag, ``cldr`` the
    identifier that Babel loads, ``language`` the key into ``normalise.phrases``, ``direction`` the
    direction of its script.
    """

    prefix: str
    bcp47: str
    cldr: str
    language: str
    direction: Literal["ltr", "rtl"] = "ltr"


def _table() -> dict[str, Locale]:
    rows = (
        # prefix, BCP 47, CLDR, phrases
        ("en", "en", "en", "en"),
        ("en-us", "en-US", "en", "en"),
        ("en-eu", "en-150", "en_150", "en"),
        ("en-gb", "en-GB", "en_GB", "en"),
        ("en-au", "en-AU", "en_AU", "en"),
        ("en-sg", "en-SG", "en_SG", "en"),
        ("en-ae", "en-AE", "en_AE", "en"),
        ("en-br", "en-BR", "en", "en"),
        ("en-ar", "en-AR", "en", "en"),
        ("en-tr", "en-TR", "en", "en"),
        ("zh-hans", "zh-Hans", "zh_Hans", "zh-Hans"),
        ("zh-hans-ae", "zh-Hans-AE", "zh_Hans", "zh-Hans"),
        ("zh-hans-au", "zh-Hans-AU", "zh_Hans", "zh-Hans"),
        ("zh-hans-eu", "zh-Hans-150", "zh_Hans", "zh-Hans"),
        ("zh-hans-sg", "zh-Hans-SG", "zh_Hans_SG", "zh-Hans"),
        ("zh-hant", "zh-Hant", "zh_Hant", "zh-Hant"),
        ("fr", "fr", "fr", "fr"),
        ("fr-fr", "fr-FR", "fr_FR", "fr"),
        ("fr-ae", "fr-AE", "fr", "fr"),
        ("es", "es", "es", "es"),
        ("es-es", "es-ES", "es_ES", "es"),
        ("es-la", "es-419", "es_419", "es"),
        ("pt", "pt-PT", "pt_PT", "pt-PT"),
        ("pt-pt", "pt-PT", "pt_PT", "pt-PT"),
        ("pt-br", "pt-BR", "pt_BR", "pt-BR"),
        ("ru", "ru", "ru", "ru"),
        ("ru-eu", "ru-150", "ru", "ru"),
        ("ru-ae", "ru-AE", "ru", "ru"),
        # The site writes the country where the language belongs; ``uk`` is accepted too.
        ("ua", "uk", "uk", "uk"),
        ("uk", "uk", "uk", "uk"),
        ("ua-eu", "uk-150", "uk", "uk"),
        ("ar", "ar", "ar", "ar"),
        ("ar-ae", "ar-AE", "ar_AE", "ar"),
        ("cs", "cs", "cs", "cs"),
        ("de", "de", "de", "de"),
        ("fi", "fi", "fi", "fi"),
        ("id", "id", "id", "id"),
        ("it", "it", "it", "it"),
        ("nb", "nb", "nb", "nb"),
        ("nl", "nl", "nl", "nl"),
        ("pl", "pl", "pl", "pl"),
        ("ro", "ro", "ro", "ro"),
        ("sv", "sv", "sv", "sv"),
        ("tr", "tr", "tr", "tr"),
        ("vi", "vi", "vi", "vi"),
    )
    return {
        prefix: Locale(prefix, bcp47, cldr, language, "rtl" if language == "ar" else "ltr")
        for prefix, bcp47, cldr, language in rows
    }


LOCALES: dict[str, Locale] = _table()
"""Every known locale by its prefix."""


def get_locale(prefix: str) -> Locale:
    """Return the locale served under ``prefix``; raises ``CommandError`` naming the nearest ones otherwise.

    >>> get_locale("ua").bcp47, get_locale("es-la").bcp47, get_locale("en-eu").bcp47
    ('uk', 'es-419', 'en-150')
    """
    try:
        return LOCALES[prefix]
    except KeyError:
        near = difflib.get_close_matches(prefix[:40].lower(), LOCALES, n=3, cutoff=0.5)
        advice = (
            f"did you mean {' or '.join(near)}?" if near else f"known locales: {', '.join(sorted(LOCALES))}"
        )
        raise CommandError(f"unknown locale {prefix[:40]!r}", advice=advice) from None
