"""The common parts of every page of the OKX help centre: its state, its region, its links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import urljoin, urlsplit

from lxml import etree

from helpscraper.html.base import Page, collapse
from helpscraper.platforms.okx.state import Json, dig, load_script, read_state, text
from helpscraper.platforms.okx.urls import HelpUrl, parse_help_url
from helpscraper.urls import canonical_url, is_key, origin, same_site

__all__ = ["MAX_TITLE", "OkxPage", "RegionFacts", "is_article", "is_breadcrumb", "is_navigation"]

MAX_TITLE = 10_000
"""Characters. The longest real title seen has 150; a broken or hostile page may have far more."""

_AFTER_PATH = re.compile(r"[?#].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """The regional help centre that answered, and its visitor; each member is as the page states it, or None.

    ``html_lang`` is the page's language; ``sites`` and ``sub_site`` name the regional site (``OKX_GLOBAL``);
    ``market`` its market; ``ip_region`` the visitor's country as the server saw it; ``locale`` the server's
    own locale name.
    """

    html_lang: str | None
    sites: tuple[str, ...]
    sub_site: str | None
    market: str | None
    ip_region: str | None
    locale: str | None


@lru_cache(maxsize=64)
def _written(site: str) -> str:
    parts = urlsplit(site)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_breadcrumb(node: etree._Element) -> bool:
    """Tell whether ``node`` is a page's breadcrumb."""
    return "breadcrumb" in node.get("class", "")


def is_article(node: etree._Element) -> bool:
    """Tell whether ``node`` is an ``article``."""
    return bool(node.tag == "article")


def is_navigation(node: etree._Element) -> bool:
    """Tell whether ``node`` is a ``nav``."""
    return bool(node.tag == "nav")


class OkxPage(Page):
    """A page of the OKX help centre (eras from 2024 on)."""

    @cached_property
    def state(self) -> Json:
        """The page's ``appContext``, ``{}`` when it has none; counted as ``state/found``, ``missing`` or ``broken``."""
        state, outcome = read_state(self.selector)
        self.count("state", outcome)
        return state

    @cached_property
    def here(self) -> HelpUrl:
        """The parts of this page's URL."""
        return parse_help_url(self.url)

    @cached_property
    def language(self) -> str | None:
        """The ``lang`` of the page as stated (``en``, ``en-us``, ``zh-hans``)."""
        stated = (self.root.get("lang") or "").strip()
        return stated if 0 < len(stated) <= 35 else None

    @cached_property
    def head_title(self) -> str:
        """The text of ``<title>``, to recognise the kind of a page; not an article's title."""
        return collapse(self.selector.xpath("string((//title)[1])").get("")[:MAX_TITLE])

    @cached_property
    def canonical(self) -> str | None:
        """The canonical URL that the page states."""
        stated = self.selector.css("link[rel=canonical]::attr(href)").get("")
        return stated.strip() or None

    @cached_property
    def alternates(self) -> dict[str, str]:
        """The page in other languages: hreflang as stated to absolute URL. It is market-wide, not per article."""
        return {
            link.attrib["hreflang"]: urljoin(self.url, link.attrib["href"])
            for link in self.selector.css("link[rel=alternate][hreflang][href]")
        }

    @cached_property
    def region(self) -> RegionFacts:
        """The region that the page was served for; see ``RegionFacts``."""
        site = self._script("_okGlobal")
        restriction = dig(self._script("_okxGlobal"), "restriction")
        stated = dig(restriction, "site", "siteList")
        sites = tuple(name for name in stated if isinstance(name, str)) if isinstance(stated, list) else ()
        return RegionFacts(
            html_lang=self.language,
            sites=sites,
            sub_site=text(site, "site", "subSite"),
            market=text(site, "market") or text(restriction, "basicInfo", "appI18nDto", "market"),
            ip_region=text(site, "ipRegion") or text(restriction, "basicInfo", "ipCountryCode"),
            locale=text(site, "locale") or text(self.state, "serverSideProps", "cfLocale"),
        )

    def _script(self, name: str) -> Json:
        for script in self.selector.xpath(f"id('{name}')"):
            try:
                value = load_script(script)
            except ValueError:
                self.count("region", "broken")
                continue
            if isinstance(value, dict):
                return value
        return {}

    @cached_property
    def _origin(self) -> str:
        return _written(origin(self.url))

    def article_url(self, slug: str) -> str:
        """Return the URL of the article ``slug`` in the locale and on the host of this page."""
        prefix = "" if self.here.locale == "en" else f"/{self.here.locale}"
        return f"{self._origin}{prefix}/help/{slug}"

    def article_link(self, href: str | None) -> tuple[str, str] | None:
        """Return ``(slug, canonical URL)`` when ``href`` leads to an article of this site, None otherwise."""
        href = (href or "").strip()
        if href.startswith("/") and not href.startswith("//"):
            # The common case, a path of this host, needs no URL parsing.
            target = parse_help_url(href)
            if target.kind != "article" or target.slug is None:
                return None
            return target.slug, self._origin + _AFTER_PATH.sub("", href).rstrip("/")
        try:
            absolute = urljoin(self.url, href)
            target = parse_help_url(absolute)
            if target.kind != "article" or target.slug is None or not same_site(absolute, self.url):
                return None
            return target.slug, canonical_url(absolute)
        except ValueError:
            return None

    def valid_slug(self, slug: str | None) -> str | None:
        """Return ``slug`` when it is valid; a hostile one is counted as ``slug/rejected`` and dropped."""
        if slug is None or is_key(slug):
            return slug
        self.count("slug", "rejected")
        return None

    def bounded_title(self, title: str | None) -> str | None:
        """Return ``title``, None when empty; raises ``ExtractionError`` when it is longer than ``MAX_TITLE``."""
        if title is not None and len(title) > MAX_TITLE:
            raise self.error(
                "title",
                f"a title of {len(title):,} characters; the bound is {MAX_TITLE:,}",
                advice="look at the page: it is broken or hostile, or the title's rule matches too much",
            )
        return title or None
