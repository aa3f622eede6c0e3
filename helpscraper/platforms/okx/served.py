"""Determine a page's edition from its own statements. The requested address proves nothing.

A visitor from the United States who asks for ``/help/…`` is led to ``/en-us/help/…`` (seen in July 2026), or gets that
edition under the address that was asked for (seen in October 2026): other articles, other slugs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpscraper.errors import CommandError
from helpscraper.html.base import inside
from helpscraper.platforms.contract import AnotherEditionError
from helpscraper.platforms.okx.page import OkxPage, is_breadcrumb
from helpscraper.platforms.okx.recognise import is_challenge, is_of_okx
from helpscraper.platforms.okx.urls import edition_at, parse_help_url
from helpscraper.sites import Site, host_of
from helpscraper.urls import origin

__all__ = ["OtherEdition", "check_edition", "other_edition"]


@dataclass(frozen=True, slots=True)
class OtherEdition:
    """An edition that was not asked for, and the statement of the page that names it."""

    locale: str
    because: str


def other_edition(page: OkxPage, site: Site, locale: str, *, all_signs: bool = True) -> OtherEdition | None:
    """Return the edition of ``page`` when it is not ``locale``; None when nothing contradicts ``locale``.

    The signs are the address that answered, the canonical link, ``html lang``, the breadcrumb where there is no
    canonical link, and the regional site in the state. Without ``all_signs`` the state is left out (it costs parsing
    two scripts), and a canonical link outweighs another language, because an article may be untranslated.
    """
    return next(_contradictions(page, site, locale, all_signs), None)


def check_edition(page: OkxPage, site: Site, locale: str, *, all_signs: bool = True) -> None:
    """Raise ``AnotherEditionError`` when ``page`` is of another edition than ``locale``."""
    if found := other_edition(page, site, locale, all_signs=all_signs):
        raise AnotherEditionError(page.url, locale, found.locale, found.because)


def _contradictions(page: OkxPage, site: Site, locale: str, all_signs: bool) -> Iterator[OtherEdition]:
    for found in _at(page.url, f"it was served from {page.url}", site, locale):
        if not is_challenge(page):
            yield found
    if not is_of_okx(page):
        return  # an error page of the network has its own language
    canonical = page.canonical if page.canonical and _is_of(page.canonical, page, site) else None
    if canonical:
        yield from _at(canonical, f"its canonical link is {canonical}", site, locale)
    served = _spoken_elsewhere(page.language or "", locale, site)
    untranslated = canonical and not all_signs and _language(served or "", site) != _language(locale, site)
    if served and not untranslated:
        yield OtherEdition(served, f"html lang={page.language}")
    crumbs = inside(page.selector.css("a[href*='/help']"), is_breadcrumb) if not canonical else ()
    for href in (link.attrib["href"].strip() for link in crumbs):
        if _is_of(href, page, site):
            yield from _at(href, f"its breadcrumb leads to {href}", site, locale)
    if all_signs:
        facts = page.region
        name = facts.sub_site or (facts.sites[0] if len(facts.sites) == 1 else "")
        regional = site.regional.get(name)
        # A regional site may serve other languages too.
        own = regional and _language(regional, site) == _language(locale, site)
        if regional and own and not _are_one(regional, locale, site):
            yield OtherEdition(regional, f"its state names the site {name}")


def _is_of(url: str, page: OkxPage, site: Site) -> bool:
    """Tell whether ``url`` is a help-centre address on a host of this very site."""
    if parse_help_url(url).kind == "other":
        return False
    if url.startswith("/") and not url.startswith("//"):
        return True
    return host_of(origin(url)) == host_of(origin(page.url)) or site.serves(url)


def _at(url: str, because: str, site: Site, locale: str) -> Iterator[OtherEdition]:
    served = edition_at(site, url)
    if not _are_one(served, locale, site):
        yield OtherEdition(served, because)


def _are_one(one: str, other: str, site: Site) -> bool:
    """Tell whether two prefixes mean one edition, as ``uk`` and ``ua`` do."""
    tag = _tag(one, site)
    return one == other or (tag is not None and tag == _tag(other, site))


def _language(locale: str, site: Site) -> str:
    return (_tag(locale, site) or locale).split("-")[0]


def _tag(locale: str, site: Site) -> str | None:
    try:
        return site.locale(locale).bcp47 if locale else None
    except CommandError:
        return None


def _spoken_elsewhere(lang: str, locale: str, site: Site) -> str | None:
    """Return the edition that ``lang`` names where it cannot be that of ``locale``, else None.

    A tag that says less than the edition's own (``en`` on ``en-eu``, ``es`` on ``es-la``) does not contradict it.

    >>> from helpscraper.sites import get_site
    >>> [_spoken_elsewhere(lang, "en", get_site("okx")) for lang in ("en", "EN-us", "zh-Hans", "en-AT")]
    [None, 'en-us', 'zh-hans', None]
    """
    if not lang:
        return None
    tag = lang.lower().replace("_", "-")
    tags = ((stands_for.lower(), prefix) for prefix, stands_for in site.locales.items())
    named = tag if tag in site.locales else next((prefix for each, prefix in tags if each == tag), None)
    asked = site.locale(locale).bcp47.lower()
    spoken = site.locales[named].lower() if named else tag
    if asked in (tag, spoken):
        return None
    (language, script), (own, own_script) = _parts(spoken), _parts(asked)
    if language != own or (script and own_script and script != own_script):
        return named or tag
    return named if _says_where(tag) else None


def _parts(tag: str) -> tuple[str, str]:
    language, *rest = tag.split("-")
    return _SAME_LANGUAGE.get(language, language), next((part for part in rest if len(part) == 4), "")


def _says_where(tag: str) -> bool:
    return any(len(part) in {2, 3} for part in tag.split("-")[1:])


_SAME_LANGUAGE = {"no": "nb"}
