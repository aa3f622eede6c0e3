"""The arguments of a crawl (``-a NAME=VALUE``), checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from helpscraper.archive.run_parts import ArgumentFacts
from helpscraper.errors import CommandError
from helpscraper.intake.interface_comparison import Mode
from helpscraper.platforms import get_platform
from helpscraper.sites import DEFAULT, Site, Sites, sites_at
from helpscraper.urls import is_key, is_root

__all__ = ["CrawlArguments"]

_MODES: dict[str, Mode] = {"pages": "pages", "api": "api", "both": "both"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlArguments:
    """The checked arguments of one crawl.

    ``limit`` counts article pages; ``witness`` says where lists are read: on the site's pages, in its JSON interface
    (``api``), or in both to compare them.
    """

    site: Site
    locale: str
    base_url: str
    categories: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    query: str | None = None
    mode: Literal["incremental", "full"] = "incremental"
    limit: int | None = None
    witness: Mode = "pages"

    @classmethod
    def parse(cls, sites: Sites | None = None, /, **arguments: Any) -> CrawlArguments:
        """Read the spider's ``-a`` arguments (text); raises ``CommandError`` that names all mistakes at once.

        ``sites`` are the known ones (default: those without an archive's own); ``site`` may be an undeclared ``Site``.

        >>> CrawlArguments.parse(locale="zh-hans", sections="faq-kyc,faq-web3-nft").sections
        ('faq-kyc', 'faq-web3-nft')
        """
        wrong: list[str] = []
        asked = arguments.pop("site", None) or DEFAULT
        site = asked if isinstance(asked, Site) else (sites or sites_at()).get(asked)
        if not site.crawled:
            wrong.append(f"site={site.name}: no list of it was ever seen; captures of it can be imported")
        locale = arguments.pop("locale", None) or site.default_locale
        _ = site.locale(locale)  # an unknown one ends the crawl here
        base_url = (arguments.pop("base_url", None) or site.base_url).rstrip("/")
        if not is_root(base_url):
            wrong.append(f"base_url={base_url}: write a scheme and a host, such as http://127.0.0.1:8000")
        categories = _slugs("categories", arguments.pop("categories", None), wrong)
        sections = _slugs("sections", arguments.pop("sections", None), wrong)
        mode = arguments.pop("mode", None) or "incremental"
        if mode not in {"incremental", "full"}:
            wrong.append(f"mode={mode}: incremental or full")
        limit = arguments.pop("limit", None)
        if limit is not None and not (_is_number(str(limit)) and int(limit) > 0):
            wrong.append(f"limit={limit}: a whole number above 0")
        witness = arguments.pop("witness", None) or "pages"
        if witness not in _MODES:
            wrong.append(f"witness={witness}: pages, api or both")
        elif witness != "pages" and get_platform(site.platform).interface is None:
            wrong.append(
                f"witness={witness}: {site.platform} has no interface beside its pages; leave it out"
            )
        query = arguments.pop("query", None)
        wrong += _not_served(
            site, {"categories": categories, "sections": sections, "query": query, "limit": limit}
        )
        if query is not None and not query.strip():
            wrong.append(f"query={query}: has no words; leave it out to crawl the whole help centre")
        if query is not None:
            wrong += _conflicts_with_query(categories, sections)
            if witness != "pages":
                wrong.append(f"witness={witness}: a search is read on its pages; leave it or query= out")
        wrong += [f"{name}: no such argument" for name in arguments if not _is_an_engines(name)]
        if wrong:
            raise CommandError(
                "the crawl's arguments: " + "; ".join(wrong),
                advice="known: site, locale, base_url, categories, sections, query, mode, limit, witness",
            )
        return cls(
            site=site,
            locale=locale,
            base_url=base_url,
            categories=categories,
            sections=sections,
            query=query,
            mode="full" if mode == "full" else "incremental",
            limit=None if limit is None else int(limit),
            witness=_MODES.get(witness, "pages"),
        )

    @property
    def scope(self) -> str | None:
        """The part of the help centre that was asked for, as written; None for all of it."""
        asked = {
            "sections": ",".join(self.sections),
            "categories": ",".join(self.categories),
            "query": repr(self.query) if self.query else "",
            "limit": str(self.limit or ""),
        }
        return " ".join(f"{name}={value}" for name, value in asked.items() if value) or None

    def as_facts(self) -> ArgumentFacts:
        """Return the arguments as text, for the run facts and for ``--resume``."""
        return ArgumentFacts(
            site=self.site.name,
            locale=self.locale,
            base_url=self.base_url or None,
            categories=",".join(self.categories) or None,
            sections=",".join(self.sections) or None,
            query=self.query or None,
            mode=self.mode,
            limit=None if self.limit is None else str(self.limit),
            witness=None if self.witness == "pages" else self.witness,
        )


def _slugs(name: str, text: str | None, wrong: list[str]) -> tuple[str, ...]:
    """Return the different slugs of a comma-separated list; mistakes are added to ``wrong``."""
    slugs = tuple(dict.fromkeys(part for part in (text or "").split(",") if part))
    if text is not None and not slugs:
        wrong.append(f"{name}={text}: is empty; leave it out to crawl all of them")
    wrong += [f"{name}={part}: not a key" for part in slugs if not is_key(part)]
    return slugs


def _conflicts_with_query(categories: tuple[str, ...], sections: tuple[str, ...]) -> list[str]:
    """Return the mistakes in limiting a search: the site's search has one tab for each category, and no sections."""
    wrong = []
    if sections:
        wrong.append(f"sections={','.join(sections)}: a search has no sections; leave one of the two out")
    if len(categories) > 1:
        wrong.append(
            f"categories={','.join(categories)}: a search looks through one tab; crawl once for each category"
        )
    return wrong


def _not_served(site: Site, asked: Mapping[str, Any]) -> list[str]:
    """Return an error for each part that the platform cannot crawl alone: it would record a whole crawl as a part."""
    parts = get_platform(site.platform).parts
    return [
        f"{name}: {site.platform} cannot limit a crawl by {name}; leave it out"
        for name, value in asked.items()
        if value and name not in parts
    ]


def _is_an_engines(name: str) -> bool:
    """Tell whether an argument is not ours: scrapyd and hosted services pass ``_job`` and the like to every spider."""
    return name.startswith("_")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
