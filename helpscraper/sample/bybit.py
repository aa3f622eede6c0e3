"""The same help centre as Bybit's pages hold it: in a state for Next.js, without any markup of its own.

A topic is a category with the tree of its sections and articles; the names of articles have capitals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from helpscraper.sample.bodies import to_html
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page
from helpscraper.sample.model import BRAND, CATEGORIES, LATEST, SECTIONS
from helpscraper.sample.state_json import dumps
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["bybit_answer", "bybit_articles"]

HELP = "/en/help-center"


def bybit_articles(records: Sequence[ExpectedArticle]) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` as a perfect crawl holds them: by name and topic, without a date of publication."""
    found = []
    for record in records:
        first, *words = record.slug.split("-")
        # A full stop precedes a word that begins with a small letter.
        key = "-".join([first, *(f".{word}" if _is_small(word) else word for word in words)])
        edited = record.updated_at or record.created_at
        each = replace(
            record,
            slug=key,
            source_id=_code(record),
            listed_in=(record.category,),
            published_at=None,
            updated_at=None,
            updated_on=edited.date(),
            view_count=None,
        )
        found.append(each)
    return tuple(found)


def bybit_answer(edition: Edition, path: str) -> Page:
    """Answer a path of the site."""
    match path.removeprefix(HELP).strip("/").split("/") if path.startswith(HELP) else ["nothing"]:
        case [""] | ["topic-list"]:
            return _page(edition, "topic-list", {})
        case ["topic-list", slug] if slug in CATEGORIES:
            return _page(edition, "topic-list", {"data": _topic(edition, slug)})
        case ["article", name]:
            for record in edition.records:
                if _name(record) == name:
                    return _page(edition, "article", _article(edition, record))
    return edition.missing(404)


def _page(edition: Edition, route: str, properties: dict[str, Any]) -> Page:
    topics = [
        topic | {"children": [each | {"articles": []} for each in topic["children"]]}
        for topic in (_topic(edition, slug) for slug in CATEGORIES)
    ]
    state = {
        "props": {"pageProps": {"categories": topics, "locale": edition.locale} | properties},
        "page": f"/{route}/[[...slug]]",
    }
    script = f'<script id="__NEXT_DATA__" type="application/json">{dumps(state)}</script>'
    html = f"<!doctype html><html lang=en><head><title>{BRAND}</title></head><body><div id=__next></div>{script}</body>"
    return Page(200, html)


def _is_small(word: str) -> bool:
    return word[:1].isalpha() and len(word) < 3


def _name(record: ExpectedArticle) -> str:
    first, *words = record.slug.split("-")
    return "-".join([first.capitalize(), *(word if _is_small(word) else word.capitalize() for word in words)])


def _code(record: ExpectedArticle) -> str:
    return f"{record.key:09}"


def _topic(edition: Edition, slug: str) -> dict[str, Any]:
    sections = [
        {
            "code": f"section-{section.slug}",
            "url": section.slug,
            "title": edition.words["sections"][section.slug],
            "children": [],
            "articles": [
                {"code": _code(record), "title": record.title, "sequence": n, "url": _name(record)}
                for n, record in enumerate(each for each in edition.records if each.section == section.slug)
            ],
        }
        for section in SECTIONS
        if section.category == slug and section.slug != LATEST
    ]
    return {"url": slug, "title": edition.words["categories"][slug], "children": sections, "articles": []}


def _article(edition: Edition, record: ExpectedArticle) -> dict[str, Any]:
    edited = record.updated_at or record.created_at
    hostile = edition.options.hostile
    tab = {
        "tab_index": 1,
        "tab_title": "",
        "tab_content": to_html(record.body, rich=record.rich) + (hostile.html if hostile else ""),
        "last_updated": edited.strftime("%Y-%m-%d %H:%M:%S"),
    }
    article = {
        "articleNumber": _code(record),
        "articleUrl": _name(record),
        "title": record.title,
        "tabs": [tab],
        "related_articles": [],
    }
    crumbs = [
        {"url": f"{HELP}/topic-list/{record.category}", "title": record.category_title},
        {"url": None, "title": record.section_title},
    ]
    return {"article": article, "breadcrumbItems": crumbs}
