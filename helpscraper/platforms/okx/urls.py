"""The addresses of OKX's help centre: home page, categories, sections, articles and searches in every edition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from helpscraper.urls import KEY, LOCALE, is_key, is_locale

if TYPE_CHECKING:
    from helpscraper.normalise.article import Context
    from helpscraper.sites import Site

__all__ = ["HelpUrl", "edition_at", "home_url", "parse_help_url"]

# The address of an article as nearly every link has it, without escapes or a query; it needs no parser.
_PLAIN_ARTICLE = re.compile(
    rf"(?:https?://[a-z0-9.-]+(?::[0-9]+)?)?(?:/(?P<locale>{LOCALE}))?/help/(?P<slug>{KEY})",
    re.ASCII,
)

# Paths of the site itself at the place of an article's slug.
_RESERVED = frozenset({"category", "section", "search", "notice"})


@dataclass(frozen=True, slots=True)
class HelpUrl:
    """The target of a help-centre URL. ``slug`` is the article, section or category; ``page`` counts from 1."""

    kind: Literal["home", "category", "section", "article", "search", "other"]
    locale: str
    slug: str | None = None
    page: int = 1
    query: str | None = None


def parse_help_url(url: str) -> HelpUrl:
    """Read a help-centre URL (absolute or a path); anything that is not one has kind ``other``.

    >>> parse_help_url("https://www.okx.com/zh-hans/help/section/announcements-api/page/3")
    HelpUrl(kind='section', locale='zh-hans', slug='announcements-api', page=3, query=None)
    >>> parse_help_url("/help/what-is-a-passkey?from=search").kind
    'article'
    >>> parse_help_url("/help/%2e%2e%2fetc").kind
    'other'
    """
    found = _PLAIN_ARTICLE.fullmatch(url)
    if found is not None and ".." not in found["slug"] and found["slug"] not in _RESERVED:
        return HelpUrl("article", found["locale"] or "en", found["slug"])
    return _taken_apart(url)


def _taken_apart(url: str) -> HelpUrl:
    try:
        parts = urlsplit(url)
    except ValueError:
        return HelpUrl("other", "en")
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    locale = "en"
    if segments and segments[0] != "help" and is_locale(segments[0]):
        locale = segments.pop(0)
    other = HelpUrl("other", locale)
    if not segments or segments[0] != "help":
        return other
    match segments[1:]:
        case []:
            return HelpUrl("home", locale)
        case ["search"]:
            query = dict(parse_qsl(parts.query))
            return HelpUrl("search", locale, query.get("category"), query=query.get("term"))
        case ["category" | "section" as kind, slug, *paging] if is_key(slug):
            match paging:
                case []:
                    return HelpUrl(kind, locale, slug)
                case ["page", number] if number.isascii() and number.isdigit() and 0 < len(number) < 7:
                    return HelpUrl(kind, locale, slug, max(1, int(number)))
            return other
        case [slug] if is_key(slug) and slug not in _RESERVED:
            return HelpUrl("article", locale, slug)
    return other


def home_url(context: Context) -> str:
    """Return the URL of the home page of an edition, without a trailing slash."""
    site, locale = context.site, context.locale
    segment = next((segment for segment, served in site.editions.items() if served == locale), locale)
    return f"{context.root}/{segment}/help" if segment else f"{context.root}/help"


def edition_at(site: Site, url: str) -> str:
    """Return the locale of the edition of ``site`` that ``url`` belongs to."""
    try:
        first = urlsplit(url).path.split("/")[1:2]
    except ValueError:
        return parse_help_url(url).locale
    segment = "" if first == ["help"] else "".join(first)
    return site.editions.get(segment) or parse_help_url(url).locale
