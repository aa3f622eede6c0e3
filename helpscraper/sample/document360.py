"""The same help centre on Document360: the state of every page holds the tree; each article has a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import escape

from helpscraper.sample.bodies import to_html
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page
from helpscraper.sample.model import BRAND, CATEGORIES, LATEST, SECTIONS, category_of
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["document360_answer", "document360_articles"]

DOCS = "/docs/"

_SECTIONS = tuple(section.slug for section in SECTIONS if section.slug != LATEST)
_ESCAPES = {"&": "&a;", '"': "&q;", "'": "&s;", "<": "&l;", ">": "&g;"}
_WITH_TEXT, _WITHOUT_TEXT = 0, 2


def document360_articles(records: Sequence[ExpectedArticle]) -> tuple[ExpectedArticle, ...]:
    """Return what a perfect crawl holds of ``records``; no page shows a date."""
    return tuple(
        replace(
            record,
            source_id=None,
            listed_in=("pages",),
            published_at=None,
            updated_at=None,
            updated_on=None,
            view_count=None,
        )
        for record in records
    )


def document360_answer(edition: Edition, path: str) -> Page:
    """Answer a path of the site."""
    slug = path.removeprefix(DOCS).strip("/")
    if path.rstrip("/") == DOCS.rstrip("/"):
        return _page(edition, f"<main class=home><h1>{BRAND}</h1></main>")
    record = next((each for each in edition.records if each.slug == slug), None)
    if record is not None and path.startswith(DOCS):
        return _article(edition, record)
    if slug in _SECTIONS and path.startswith(DOCS):
        # A category with an address that shows its articles only.
        return _page(edition, f"<main><h1>{escape(edition.words['sections'][slug])}</h1></main>")
    return _page(edition, f"<h1>{escape(edition.words['missing'])}</h1>", status=404)


def _article(edition: Edition, record: ExpectedArticle) -> Page:
    crumbs = [
        ("", BRAND),
        (f"/{record.category}", record.category_title),
        (f"/{record.section}", record.section_title),
    ]
    links = "".join(f'<li><a href="/docs{place}">{escape(text)}</a></li>' for place, text in crumbs)
    title, button = escape(record.title.strip()), "<button aria-label=Copy>Copy</button>"
    others = [each for each in edition.records if each.section == record.section and each is not record]
    around = "".join(f'<a href="{DOCS}{each.slug}">{escape(each.title)}</a>' for each in others[:2])
    hostile = edition.options.hostile
    body = to_html(record.body, rich=record.rich) + (hostile.html if hostile else "")
    return _page(
        edition,
        f"<d360-breadcrumb><div class=breadcrumb-nav><ul>{links}</ul></div></d360-breadcrumb>"
        f"<d360-article-header><h1 class=article-title> {title} {button}</h1></d360-article-header>"
        f"<d360-article-content><span class=non-visibility-content>{around}</span>"
        f"<article id=articleContent>{str(body).replace('</h2>', button + '</h2>')}</article></d360-article-content>",
    )


def _page(edition: Edition, shown: str, status: int = 200) -> Page:
    state = {"user": None, "project-1": {"menu": {"data": _tree(edition)}, "recent": _recent(edition)}}
    text = json.dumps(state, ensure_ascii=False)
    text = "".join(_ESCAPES.get(letter, letter) for letter in text)
    html = (
        f"<!doctype html><html lang={edition.format.language}><head><title>{BRAND}</title></head><body>"
        f"<app-root><d360-header></d360-header>{shown}</app-root>"
        f'<script id="serverApp-state" type="application/json">{text}</script></body></html>'
    )
    return Page(status, html)


def _tree(edition: Edition) -> list[dict[str, Any]]:
    """Return the categories with their sections, a hidden one too, and every article as a leaf."""
    tree = []
    for category in CATEGORIES:
        sections = [
            _node(slug, edition.words["sections"][slug], _WITH_TEXT, [_leaf(r) for r in _of(edition, slug)])
            for slug in _SECTIONS
            if category_of(slug) == category
        ]
        tree.append(_node(category, edition.words["categories"][category], _WITHOUT_TEXT, sections))
    drafts = _node("drafts", "Drafts", _WITHOUT_TEXT, [{**_recent(edition)[0], "slug": "not-yet"}])
    return [*tree, drafts | {"isHidden": True}]


def _node(slug: str, title: str, kind: int, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "slug": slug,
        "title": title,
        "articleType": None,
        "categoryType": kind,
        "isHidden": False,
        "children": children,
    }


def _leaf(record: ExpectedArticle) -> dict[str, Any]:
    return {
        "slug": record.slug,
        "title": record.title,
        "articleType": 0,
        "categoryType": None,
        "isHidden": False,
        "children": [],
    }


def _of(edition: Edition, section: str) -> list[ExpectedArticle]:
    return [record for record in edition.records if record.section == section]


def _recent(edition: Edition) -> list[dict[str, Any]]:
    return [_leaf(record) for record in edition.records[:3]]
