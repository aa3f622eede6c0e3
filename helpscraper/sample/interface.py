"""The JSON interface of the sample help centre, like the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page
from helpscraper.sample.model import CATEGORIES, LATEST, SECTIONS, category_of
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["INTERFACE", "answer"]

INTERFACE = "/priapi/v1/assistant/service-center"
_EXCERPT = 300


def answer(edition: Edition, path: str, query: Mapping[str, Sequence[str]]) -> Page:
    """Answer ``path`` below ``INTERFACE``; the request's Accept-Language chooses ``edition``."""
    asked = {name: values[-1] for name, values in query.items()}
    slug = asked.get("slug", "")
    sections = {section.slug for section in SECTIONS}
    match path.strip("/").split("/"):
        case ["kb", "unified", "category"] if slug in CATEGORIES:
            return _json({"category": _category(edition, slug), "section": None, "ancestors": []})
        case ["kb", "unified", "section"] if slug in sections:
            node = {"category": _category(edition, category_of(slug)), "section": _section(edition, slug)}
            return _json(node | {"ancestors": []})
        case ["search", "articles"]:
            return _json(_articles(edition, asked))
    return _json(None, code=404, status=404)


def _json(data: Any, *, code: int = 0, status: int = 200) -> Page:
    text = json.dumps({"code": code, "msg": "", "error_code": str(code), "data": data}, ensure_ascii=False)
    return Page(status, text, content_type="application/json; charset=utf-8")


def _category(edition: Edition, slug: str) -> dict[str, Any]:
    title = edition.words["categories"][slug]
    return {"id": f"category-{slug}", "slug": slug, "title": title, "showRating": slug == "faq"}


def _section(edition: Edition, slug: str) -> dict[str, Any]:
    title, kind = edition.words["sections"][slug], "tag" if slug == LATEST else "section"
    return {"id": f"section-{slug}", "slug": slug, "title": title, "level": 0, "contentType": kind}


def _articles(edition: Edition, asked: Mapping[str, str]) -> dict[str, Any]:
    section = asked.get("sectionIds", "").removeprefix("section-")
    page, size = (
        int(asked.get("page", "1")),
        min(int(asked.get("size", "15")), edition.options.interface_page),
    )
    # Only the own section of an article, not the tag that lists it.
    found = [record for record in edition.records if record.section == section]
    shown = found[(page - 1) * size : page * size]
    rows = [_row(edition, record) for record in shown]
    return {"total": len(found), "pageNum": page, "pageSize": size, "list": rows}


def _row(edition: Edition, record: ExpectedArticle) -> dict[str, Any]:
    published, updated = record.published_at or record.created_at, record.updated_at or record.created_at
    text = " ".join(record.body_text.split())
    prefix = "/en-us" if edition.us else edition.prefix
    row: dict[str, Any] = {
        "url": f"{prefix}/help/{record.slug}",
        "slug": record.slug,
        "title": record.title,
        "content": text[:_EXCERPT] + "..." * (len(text) > _EXCERPT),
        "sectionSlug": record.section,
        "categorySlug": record.category,
        "updateTime": str(int(updated.timestamp())),
        "publishTime": str(int(published.timestamp())),
        "categoryName": record.category_title,
        "rootSectionId": f"section-{record.section}",
    }
    if record.category == "faq" and record.view_count is not None:
        row["okxLikesNums"] = record.view_count
    return row
