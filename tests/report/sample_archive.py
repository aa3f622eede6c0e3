"""The sample help centre as an archive, a snapshot a week: what perfect crawls of it would have committed.

Written straight from the sample's truth, since a real crawl is dated by the clock and a picture must not be.
"""

# ruff: noqa: E501  (payloads and scripts read better whole)
from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import articles_table, bodies_table
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import changes_feed
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key
from helpscraper.normalise.words import count_words
from helpscraper.sample import Options, truth
from helpscraper.sample.bodies import to_html
from helpscraper.sample.model import EPOCH, STEP
from helpscraper.sample.truth import Record

PAYLOAD = (
    '</script><script>window.__xss=1</script><img src=x onerror="window.__xss=1">\'"><svg onload=window.__xss=1>'
    '<a href="javascript:window.__xss=1">x</a>${window.__xss=1}{{window.__xss=1}}\u2028<!--<script>'
)
"""For every field that a page shows."""

HOSTILE_BODY = (
    '<p onclick="window.__xss=1"><a href="javascript:window.__xss=1">a</a><a href=" java\tscript:window.__xss=1">b</a>'
    '<a href="data:text/html,<script>window.__xss=1</script>">c</a><img src="http://192.0.2.1/x.png" alt="<img src=x '
    'onerror=window.__xss=1>"><img src=x onerror="window.__xss=1"><svg onload="window.__xss=1"><script>window.__xss=1'
    '</script></svg></p><script>window.__xss=1</script><style>@import "http://192.0.2.1/x.css";body{display:none}</style>'
    '<iframe srcdoc="&lt;script&gt;parent.__xss=1&lt;/script&gt;"></iframe><form action="http://192.0.2.1/"><input autofocus '
    'onfocus="window.__xss=1"></form><meta http-equiv="refresh" content="0;url=http://192.0.2.1/"><base href="http://192.0.2.1/">'
    '<link rel="stylesheet" href="http://192.0.2.1/x.css"><video autoplay src="http://192.0.2.1/x.mp4" onerror="window.__xss=1">'
    '</video><math><mtext><table><mglyph><style><img src=x onerror="window.__xss=1"></style></mglyph></table></mtext></math>'
    '<p id="data" class="word-diff" style="background:url(http://192.0.2.1/y.png)" dir="rtl" lang="ar">d</p>'
    '<template><script>window.__xss=1</script></template><details open ontoggle="window.__xss=1">e</details>'
)


def build(
    folder: Path,
    *,
    states: range = range(8),
    locales: tuple[str, ...] = ("en", "ar"),
    articles: int = 76,
    hostile: bool = False,
) -> Path:
    """Commit a snapshot of each state in each locale into ``folder``, with change feeds, and return it."""
    options = Options(articles=articles, hostile=hostile)
    catalog = Catalog(folder)
    for state in states:
        for locale in locales:
            commit(catalog, locale, state, truth(state, locale, options), hostile=hostile)
    return folder


def commit(
    catalog: Catalog, locale: str, state: int, records: tuple[Record, ...], *, hostile: bool = False
) -> str:
    """Commit one snapshot and return its id."""
    at = EPOCH + state * STEP
    name, partition = snapshot_id(at), Partition("okx", locale)
    pairs = [_pair(record, locale, at, hostile) for record in records]
    rows = articles_table(sorted((article for article, _ in pairs), key=lambda article: article.article_id))
    bodies = bodies_table({body.sha256: body for _, body in pairs}.values(), at)
    facts = run_facts(name, locale, at, records, hostile)
    changes = changes_feed(catalog, partition, name, rows, facts, bodies.to_batches())
    write_snapshot(catalog.store, partition, name, rows, bodies, facts, changes)
    return name


def _pair(record: Record, locale: str, at: dt.datetime, hostile: bool) -> tuple[Article, Body]:
    html = str(to_html(record.body, rich=record.rich)) + (HOSTILE_BODY if hostile else "")
    text = record.body_text + (f"\n{PAYLOAD}" if hostile else "")
    body = Body(body_key(text, text), text, text, html)
    prefix = "" if locale == "en" else f"/{locale}"
    bad: dict[str, Any] = {}
    if hostile:
        bad = {
            "url": "javascript:window.__xss=1" if record.key % 2 else f"https://help.example/{PAYLOAD}",
            "title": f"{record.title} {PAYLOAD}",
            "category_title": PAYLOAD,
            "section_title": f"{record.section_title} {PAYLOAD}",
            "article_id": f"../../{record.slug}{PAYLOAD}" if record.key % 3 else record.slug,
            "snippet": PAYLOAD,
            "language": PAYLOAD,
        }
    fields: dict[str, Any] = {
        "article_id": record.slug,
        "url": f"https://help.example{prefix}/help/{record.slug}",
        "title": record.title.strip(),
        "category_title": record.category_title,
        "section_title": record.section_title,
        "language": record.language,
    }
    article = Article(
        snapshot_at=at, source_id=record.source_id, category=record.category, section=record.section,
        listed_in=list(record.listed_in), published_at=record.published_at, updated_at=record.updated_at,
        published_on=record.published_on, updated_on=record.updated_on, view_count=record.view_count,
        body_sha256=body.sha256, word_count=count_words(text), reading_minutes=record.reading_minutes,
        status="fetched", fetched_at=at, **(fields | bad),
    )  # fmt: skip
    return article, body


def run_facts(
    name: str, locale: str, at: dt.datetime, records: tuple[Record, ...], hostile: bool
) -> dict[str, Any]:
    """The facts of a complete crawl, with one check that warns."""
    sections = {
        record.section: {"whole": True, "content_type": "section", "title": record.section_title}
        for record in records
    }
    detail = PAYLOAD if hostile else f"{len(records)} articles, about as many as before"
    return {
        "run_id": name, "site": "okx", "locale": locale, "kind": "crawl", "outcome": "committed", "complete": True,
        "started_at": at.isoformat(), "finished_at": (at + dt.timedelta(seconds=95)).isoformat(), "seconds": 95.0,
        "sections": sections, "versions": {"extractor": "okx/1"}, "exit_code": 0, "incomplete_reasons": [],
        "counts": {"fetched": len(records), "carried": 0, "listed": 0, "failed": 0, "gone": 0},
        "requests": {"total": len(records) + 17, "by_status": {"200": len(records) + 17}, "retries": 0, "bytes": 900_000},
        "health": [{"check": "articles", "verdict": "warn" if hostile else "ok", "detail": detail}],
        **({"reason": PAYLOAD} if hostile else {}),
    }  # fmt: skip
