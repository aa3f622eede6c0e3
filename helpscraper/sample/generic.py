"""The same help centre on an unknown system: sitemaps, a feed, and three kinds of markup.

An article with JSON-LD is in ``article`` and states its dates; one in ``main`` has its title outside of it; one in
nothing but ``div`` is recognised by its text alone. Every ``lastmod`` is the day on which the site was built.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from helpscraper.sample.bodies import to_html
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page, templates
from helpscraper.sample.model import BRAND, CATEGORIES, EPOCH, LATEST, SECTIONS, STEP, category_of
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["FEED_SIZE", "MARKUP", "generic_answer", "generic_articles", "generic_robots"]

HOME = "/learn/"
FEED_SIZE = 15
MARKUP = ("article", "main", "div")

_SECTIONS = tuple(section.slug for section in SECTIONS if section.slug != LATEST)
_XML = "application/xml"
_PROTOCOL = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def generic_articles(records: Sequence[ExpectedArticle]) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` as a perfect crawl holds them: with paths in place of slugs, and only stated dates."""
    found = []
    for record in records:
        dated = _markup(record) == "article"
        each = replace(
            record,
            slug=_path(record).strip("/").replace("/", ".") + "." * _path(record).endswith("/"),
            source_id=None,
            category=f"learn.{record.category}.",
            section=f"learn.{record.section}.",
            listed_in=("pages",),
            published_at=record.created_at if dated else None,
            updated_at=record.updated_at if dated else None,
            view_count=None,
        )
        found.append(each)
    return tuple(found)


def generic_robots(edition: Edition) -> str:
    """Return the lines of robots.txt that name the sitemaps."""
    named = {"index": ["/maps/index.xml"], "elsewhere": ["https://elsewhere.example/sitemap.xml"]}
    urls = named.get(edition.options.lists, [])
    return "".join(f"Sitemap: {url if '://' in url else edition.base_url + url}\n" for url in urls)


def generic_answer(edition: Edition, path: str) -> Page:
    """Answer a path of the site."""
    lists = edition.options.lists
    match path.strip("/").split("/"):
        case ["maps", "index.xml"] if lists == "index":
            return _xml("sitemapindex", [f"/maps/{name}" for name in _maps()], edition)
        case ["maps", name] if lists == "index" and name in _maps():
            category, packed = name.partition(".")[0], name.endswith(".gz")
            page = _xml("urlset", _addresses(edition, category), edition)
            return replace(page, data=gzip.compress(page.text.encode(), mtime=0)) if packed else page
        case ["sitemap.xml"] if lists in {"sitemap", "elsewhere"}:
            return _xml(
                "urlset", [each for name in CATEGORIES for each in _addresses(edition, name)], edition
            )
        case ["news", "feed"] if lists == "feed":
            return _feed(edition)
        case ["learn"] | [""]:
            return _list(
                edition,
                edition.words["help"],
                [(slug, edition.words["categories"][slug]) for slug in CATEGORIES],
            )
        case ["learn", slug] if slug in CATEGORIES:
            inside = [each for each in _SECTIONS if category_of(each) == slug]
            rows = [(each, edition.words["sections"][each]) for each in inside]
            return _list(edition, edition.words["categories"][slug], rows)
        case ["learn", slug] if slug in _SECTIONS:
            rows = [
                (_path(r).removeprefix(HOME), r.title.strip()) for r in edition.records if r.section == slug
            ]
            return _list(edition, edition.words["sections"][slug], rows)
        case ["learn", _, _]:
            for record in edition.records:
                if _path(record).strip("/") == path.strip("/"):
                    moved = _path(record) != path
                    return Page(301, "", location=_path(record)) if moved else _article(edition, record)
    return _render(edition, "missing", edition.words["missing"], status=404)


def _maps() -> list[str]:
    return [f"{name}.xml{'.gz' * (name == 'faq')}" for name in CATEGORIES]


def _markup(record: ExpectedArticle) -> str:
    return MARKUP[record.key % len(MARKUP)]


def _path(record: ExpectedArticle) -> str:
    return f"{HOME}{record.section}/{record.slug}{'/' * (record.key % 2)}"


def _addresses(edition: Edition, category: str) -> list[str]:
    """Return the entries of a category's sitemap: its pages, its articles, and some other pages."""
    sections = [slug for slug in _SECTIONS if category_of(slug) == category]
    articles = [_path(record) for record in reversed(edition.records) if record.category == category]
    return ["/pricing", f"{HOME}{category}/", *(f"{HOME}{slug}/" for slug in sections), *articles]


def _xml(root: str, paths: Sequence[str], edition: Edition) -> Page:
    name = "url" if root == "urlset" else "sitemap"
    built = (EPOCH + edition.state * STEP).date()
    rows = [
        f"<{name}><loc>{escape(edition.base_url + path)}</loc><lastmod>{built}</lastmod></{name}>"
        for path in paths
    ]
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_PROTOCOL}>\n{"".join(rows)}\n</{root}>\n'
    return Page(200, text, content_type=_XML)


def _feed(edition: Edition) -> Page:
    listed = [(_path(record), record.title.strip()) for record in edition.records[:FEED_SIZE]]
    # Some systems announce pages that are no articles too.
    listed.append((f"{HOME}{CATEGORIES[0]}/", edition.words["categories"][CATEGORIES[0]]))
    items = [
        f"<item><title>{escape(title)}</title><link>{escape(edition.base_url + path)}</link></item>"
        for path, title in listed
    ]
    text = f'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>{BRAND}</title>{"".join(items)}</channel></rss>'
    return Page(200, text, content_type="application/rss+xml")


def _render(edition: Edition, kind: str, title: str, status: int = 200, **context: Any) -> Page:
    empty: dict[str, Any] = {"rows": (), "crumbs": (), "related": (), "body": "", "ld_json": ""}
    html = templates().get_template("generic.html").render(
        empty | context, kind=kind, title=title, brand=BRAND, words=edition.words, home=HOME,
        language=edition.format.language, direction=edition.format.direction,
        feed="/news/feed" if edition.options.lists == "feed" else "",
    )  # fmt: skip
    return Page(status, html)


def _list(edition: Edition, title: str, rows: Sequence[tuple[str, str]]) -> Page:
    links = [(f"{HOME}{place}" + "/" * ("/" not in place), text) for place, text in rows]
    return _render(edition, "list", title, rows=links)


def _article(edition: Edition, record: ExpectedArticle) -> Page:
    crumbs = [
        (HOME, edition.words["support"]),
        (f"{HOME}{record.category}/", record.category_title),
        (f"{HOME}{record.section}/", record.section_title),
    ]
    others = [each for each in edition.records if each.section == record.section and each is not record]
    stated: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": record.title.strip(),
        "datePublished": record.created_at.isoformat(),
        "articleBody": record.body_text,
    }
    if record.updated_at is not None:
        stated["dateModified"] = record.updated_at.isoformat()
    hostile = edition.options.hostile
    return _render(
        edition, _markup(record), record.title.strip(), crumbs=crumbs,
        related=[(_path(each), each.title.strip()) for each in others[:3]],
        body=to_html(record.body, rich=record.rich) + (hostile.html if hostile else ""),
        ld_json=json.dumps(stated, ensure_ascii=True).replace("<", "\\u003c"),
    )  # fmt: skip
