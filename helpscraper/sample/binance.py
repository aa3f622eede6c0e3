"""The same help centre with the answers of Binance's announcements: catalogs, titles by page, bodies as trees of nodes.

Numbers name catalogs, a code of 32 digits names an article. The pages that readers see are empty shells.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from helpscraper.sample.bodies import Node
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page
from helpscraper.sample.model import BRAND, LATEST, SECTIONS
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["article_code", "binance_answer", "binance_articles"]

API = "/bapi/composite/v1/public/cms/article"
_CATALOG = {slug: 48 + n for n, slug in enumerate(each.slug for each in SECTIONS if each.slug != LATEST)}


def article_code(key: int) -> str:
    """Return the code of the article with the identity ``key``; it never changes."""
    return hashlib.sha256(f"code {key}".encode()).hexdigest()[:32]


def binance_articles(records: Sequence[ExpectedArticle]) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` as a perfect crawl holds them: by code and catalog, and with the answers' values."""
    return tuple(
        replace(
            record,
            slug=article_code(record.key),
            source_id=str(_id(record)),
            category=cast("str", None),  # its list has no category
            section=str(_CATALOG[record.section]),
            listed_in=(str(_CATALOG[record.section]),),
            published_at=record.created_at,
            view_count=None,
        )
        for record in records
    )


def binance_answer(edition: Edition, target: str) -> Page:
    """Answer a request target."""
    parts = urlsplit(target)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    match parts.path.removeprefix(API):
        case "/list/query" if asked.get("type") == "1":
            return _json({"catalogs": _catalogs(edition, asked)})
        case "/detail/query":
            for record in edition.records:
                if article_code(record.key) == asked.get("articleCode"):
                    return _json(_article(edition, record))
            return _json(None, status=404, code="000002")
        case path if "/support/announcement" in path:
            return Page(
                200, f"<!doctype html><title>{BRAND}</title><div id=app></div><script src=/app.js></script>"
            )
    return edition.missing(404)


def _json(data: Any, status: int = 200, code: str = "000000") -> Page:
    answer = {"code": code, "message": None, "messageDetail": None, "data": data, "success": code == "000000"}
    return Page(status, json.dumps(answer, ensure_ascii=False), content_type="application/json;charset=UTF-8")


def _id(record: ExpectedArticle) -> int:
    return 200_000 + record.key


def _catalogs(edition: Edition, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    page, size = int(asked["pageNo"]), min(int(asked["pageSize"]), edition.options.interface_page)
    found = []
    for slug, number in _CATALOG.items():
        records = [record for record in edition.records if record.section == slug]
        shown = records[(page - 1) * size : page * size]
        if asked.get("catalogId", str(number)) == str(number) and (shown or page == 1):
            catalog = {
                "catalogId": number,
                "parentCatalogId": None,
                "catalogName": edition.words["sections"][slug],
                "catalogType": 1,
                "total": len(records),
                "articles": [_row(record) for record in shown],
                "catalogs": [],
            }
            found.append(catalog)
    return found


def _row(record: ExpectedArticle) -> dict[str, Any]:
    code, released = article_code(record.key), _instant(record)
    return {"id": _id(record), "code": code, "title": record.title, "type": 1, "releaseDate": released}


def _instant(record: ExpectedArticle) -> int:
    return round(record.created_at.timestamp() * 1000)


def _article(edition: Edition, record: ExpectedArticle) -> dict[str, Any]:
    tree: dict[str, Any] = {"node": "root", "child": [_node(each) for each in record.body]}
    if edition.options.hostile:
        text = {"node": "text", "text": edition.options.hostile.text}
        tree["child"].append({"node": "element", "tag": "p", "child": [text]})
    return {
        "id": _id(record),
        "title": record.title,
        "body": json.dumps(tree, ensure_ascii=False),
        "code": article_code(record.key),
        "publishDate": _instant(record),
        "articleType": 1,
        "firstCatalogName": record.section_title,
        "firstCatalogId": _CATALOG[record.section],
        "secondCatalogName": None,
        "secondCatalogId": None,
        "lastUpdateTime": None if record.updated_at is None else round(record.updated_at.timestamp() * 1000),
    }


def _node(node: Node) -> dict[str, Any]:
    if not node.tag:
        return {"node": "text", "text": node.text.replace("&", "&amp;")}
    attributes = {
        "a": {"href": node.href, "class": ["link", "outer"]},
        "img": {"src": node.href, "alt": node.text},
    }.get(node.tag)
    element: dict[str, Any] = {"node": "element", "tag": node.tag}
    element |= {"attr": attributes} if attributes else {}
    return element | ({"child": [_node(each) for each in node.children]} if node.children else {})
