"""The JSON in ``#appState`` and other elements of a page, in both forms of the real site."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from zlib import crc32

from markupsafe import Markup

from helpscraper.sample.bodies import to_rich_text
from helpscraper.sample.locales import phrases
from helpscraper.sample.model import LATEST, PAGE_SIZE, SECTIONS, SHOWN_ZONE, Options, category_of
from helpscraper.sample.truth import ExpectedArticle, is_us

__all__ = [
    "app_state",
    "article_ld",
    "article_state",
    "dumps",
    "header_state",
    "listing_state",
    "menu_labels",
    "region_state",
]


def dumps(data: Any) -> Markup:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 - without "<" nothing can end the script element


def _iso_minutes(instant: dt.datetime) -> str:
    return instant.astimezone(SHOWN_ZONE).isoformat(timespec="minutes")


def _iso_millis(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _millis(instant: dt.datetime) -> int:
    return round(instant.timestamp() * 1000)


def _instants(record: ExpectedArticle) -> tuple[dt.datetime, dt.datetime]:
    """Return the instants of publication and update, which only articles of ``visible`` may lack."""
    if record.published_at is None or record.updated_at is None:
        raise ValueError(f"{record.slug}: it has no instants; render from truth(), not from visible()")
    return record.published_at, record.updated_at


def app_state(initial: dict[str, Any], server: dict[str, Any], route: str) -> dict[str, Any]:
    """Wrap the data of one page like the site."""
    context = {
        "initialProps": {"supportBanner": {"text": ""}, **initial},
        "initState": {}, "isSSR": True, "isSSRSuccess": True, "serverSideProps": server,
        "version": "1.0.0", "project": "helpcenter", "urlKey": route,
    }  # fmt: skip
    return {"appContext": context}


def _category(slug: str, words: dict[str, Any]) -> dict[str, Any]:
    faq = slug == "faq"
    return {
        "id": f"category-{slug}", "title": words["categories"][slug], "slug": slug,
        "showRating": faq, "showPublishTime": True, "showUpdateTime": slug != "announcements",
        "showSidebar": faq, "showReadingTime": True, "isFirstSectionUsingTag": slug == "announcements",
    }  # fmt: skip


def _section(slug: str, words: dict[str, Any]) -> dict[str, Any]:
    section = next(section for section in SECTIONS if section.slug == slug)
    title = words["sections"][slug]
    return {
        "slug": slug, "title": title, "description": "",
        "contentType": "tag" if slug == LATEST else "section",
        "priority": section.priority, "id": f"section-{slug}",
        "category": _category(section.category, words), "level": 1, "subSections": [], "ancestors": [],
        "seo": {"title": title, "description": "", "noindex": False},
    }  # fmt: skip


def listing_state(
    records: Sequence[ExpectedArticle],
    total: int,
    page: int,
    section: str,
    locale: str,
    options: Options,
    on_category: bool,
) -> dict[str, Any]:
    """Return the state of a listing page with ``records`` out of ``total``."""
    articles: dict[str, Any]
    if options.layout == "e2":
        articles = {"sys": {"type": "Array"}}
        if options.totals:
            articles |= {"total": total, "skip": (page - 1) * PAGE_SIZE, "limit": PAGE_SIZE}
        articles["items"] = [_e2_item(record) for record in records]
    else:
        articles = {"list": [_e3_item(record) for record in records]}
        if options.totals:
            articles |= {"total": total, "pageNum": page, "pageSize": PAGE_SIZE}
    words = phrases(locale, hostile=options.hostile)
    siblings = [s.slug for s in SECTIONS if s.category == category_of(section)]
    data: dict[str, Any] = {
        "articleList": articles,
        "allSections": [_section(slug, words) for slug in siblings],
        "currSection": _section(section, words),
    }
    server = {"page": page, "isOnCategory": on_category, "isOnWeb3Site": False, "cfLocale": locale}
    return app_state({"sectionData": data}, server, "%2Fhelp%2Fsection%2F%5Bslug%5D")


def _e2_item(record: ExpectedArticle) -> dict[str, Any]:
    published, updated = _instants(record)
    return {
        "id": record.source_id, "slug": record.slug, "title": record.title,
        "createdAt": _iso_millis(record.created_at), "updatedAt": _iso_millis(updated),
        "publishTime": _iso_minutes(published),
    }  # fmt: skip


def _e3_item(record: ExpectedArticle) -> dict[str, Any]:
    published, updated = _instants(record)
    return {
        "id": record.slug, "slug": record.slug, "title": record.title,
        "publishTime": _millis(published), "updatedAt": _millis(updated),
        "sectionSlug": record.section, "categorySlug": record.category,
    }  # fmt: skip


def article_state(record: ExpectedArticle, locale: str, options: Options, base_url: str) -> dict[str, Any]:
    """Return the state of an article page; the later shape names slug, title, time and section only."""
    published, updated = _instants(record)
    post: dict[str, Any] = {
        "slug": record.slug,
        "title": record.title,
        "publishTime": _iso_minutes(published),
        "section": {"slug": record.section, "title": record.section_title},
    }
    if options.layout == "e2":
        words = phrases(locale, hostile=options.hostile)
        post |= {
            "id": record.source_id, "section": _section(record.section, words), "footers": [], "tags": [],
            "createdAt": _iso_millis(record.created_at), "updatedAt": _iso_millis(updated),
            "isStandalone": False, "isRichText": record.rich,
        }  # fmt: skip
        key = "richTextContent" if record.rich else "longTextSource"
        post[key] = to_rich_text(record.body, base_url) if record.rich else record.body_text
    content = {"headings": [], "readingTime": record.reading_minutes}
    server = {"currentPost": post, "supportLocales": ["en-US", "ar-001", "ru-RU"]}
    return app_state({"articleLikes": {}, "content": content}, server, "%2Fhelp%2F%5Bslug%5D")


def article_ld(record: ExpectedArticle, canonical: str) -> dict[str, Any]:
    """Return the JSON-LD that dates an article for search engines."""
    published, updated = _instants(record)
    return {
        "@context": "https://schema.org", "@type": "Article",
        "mainEntityOfPage": {"@type": "WebPage", "@id": canonical}, "headline": record.title.strip(),
        "datePublished": _iso_minutes(published), "dateModified": _iso_millis(updated),
    }  # fmt: skip


def region_state(locale: str, options: Options) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return ``#_okxGlobal`` and ``#_okGlobal``, which state the regional site and the visitor's country."""
    us = is_us(locale, options)
    site, country = ("OKX_US", "US") if us else ("OKX_GLOBAL", "SG")
    outer = {"restriction": {"site": {"siteList": [site]}, "basicInfo": {"ipCountryCode": country}}}
    inner = {"market": "us" if us else "global", "site": {"subSite": site}, "ipRegion": country}
    return outer, inner


def menu_labels(padding: int) -> list[str]:
    """Return labels of menu entries that take ``padding`` bytes in the markup."""
    return [f"{crc32(b'menu %d' % n):08x}{crc32(b'item %d' % n):08x}" for n in range(padding // 401)]


def header_state(padding: int) -> dict[str, Any]:
    """Return the state of the header with ``padding`` additional bytes."""
    # Labels differ, so that a page compresses about as well as a real one (4.5 to 1).
    labels = {
        f"nav_label_{n:05d}": f"Menu entry {crc32(b'%d' % n):08x} of many" for n in range(padding // 46)
    }
    return {"headerContext": {"hideHeader": False, "i18nData": labels}}
