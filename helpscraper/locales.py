"""Language tags (BCP 47) and the CLDR data of the locale that each one names.

A tag is a language, and where it matters a script and a region: ``ja``, ``zh-hk``, ``es-419``, ``en-150``. Where CLDR
has no data for the whole tag (``fr-ae``: French in the Emirates), its data for a shorter one is used.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from babel import Locale as CldrLocale
from babel import localedata
from babel.core import get_global

from helpscraper.errors import CommandError

__all__ = ["Locale", "get_locale", "unknown_locale"]

_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.ASCII | re.IGNORECASE)
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Locale:
    """One locale.

    ``bcp47`` is the tag in its usual case (``zh-Hans-AE``), ``cldr`` the identifier that Babel loads, ``language`` the
    key into ``normalise.phrases``.
    """

    bcp47: str
    cldr: str
    language: str

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The direction of the script; the first question loads the locale's CLDR data, which takes milliseconds."""
        return "rtl" if localedata.load(self.cldr)["character_order"] == "right-to-left" else "ltr"


@lru_cache(maxsize=256)
def get_locale(tag: str) -> Locale:
    """Return the locale that ``tag`` names, in any case; ``CommandError`` names the nearest ones for an unknown tag.

    >>> get_locale("zh-hk")
    Locale(bcp47='zh-HK', cldr='zh_Hant_HK', language='zh-Hant')
    >>> get_locale("fr-AE").cldr, get_locale("de-at").cldr, get_locale("he").direction
    ('fr', 'de_AT', 'rtl')
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        raise unknown_locale(tag)
    language, script, region = match[1].lower(), (match[2] or "").title(), (match[3] or "").upper()
    scripts, regions = _subtags()
    known = localedata.exists(language) and script in scripts | {""} and region in regions | {""}
    if not known:
        raise unknown_locale(tag)
    likely = _script(language, region)
    wanted = [(language, script or likely, region), (language, script or likely, "")]
    if not script:
        wanted.insert(0, (language, "", region))
    elif script == likely:
        # Most CLDR identifiers leave out the usual script of the language.
        wanted.insert(1, (language, "", region))
    identifiers = ("_".join(filter(None, parts)) for parts in wanted)
    cldr = next((name for name in identifiers if localedata.exists(name)), language)
    bcp47 = "-".join(filter(None, (language, script, region)))
    return Locale(bcp47, cldr, _phrases(language, script or likely, region))


def unknown_locale(prefix: str, known: Iterable[str] = ()) -> CommandError:
    """Return the error for a locale that is not known; it names the nearest ones of CLDR and of ``known``."""
    tags = {name.lower().replace("_", "-") for name in localedata.locale_identifiers()}
    near = difflib.get_close_matches(prefix[:_SHOWN].lower(), sorted(tags | set(known)), n=3, cutoff=0.5)
    advice = f"did you mean {' or '.join(near)}?" if near else "locales look like en, zh-hans, pt-br"
    if prefix == "all":
        advice = "this is done for one edition at a time: name its locale"
    return CommandError(f"unknown locale {prefix[:_SHOWN]!r}", advice=advice)


@lru_cache(maxsize=1)
def _subtags() -> tuple[frozenset[str], frozenset[str]]:
    """Return the scripts and the regions that CLDR has names for."""
    english = CldrLocale("en")
    return frozenset(english.scripts), frozenset(english.territories)


def _script(language: str, region: str) -> str:
    """Return the script that ``language`` is usually written in, in ``region`` where that makes a difference."""
    likely = get_global("likely_subtags")
    found = likely.get(f"{language}_{region}") or likely.get(language) or ""
    return next((part for part in found.split("_")[1:] if len(part) == 4), "")


def _phrases(language: str, script: str, region: str) -> str:
    """Return the key of the phrases for a language: by script for Chinese, by region for Portuguese."""
    match language:
        case "zh":
            return f"zh-{script}"
        case "pt":
            # As in CLDR: every region but Brazil uses the phrases of Portugal.
            return "pt-BR" if region in ("", "BR") else "pt-PT"
        case "no" | "nn":
            return "nb"
    return language
