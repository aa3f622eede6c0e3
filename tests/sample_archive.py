"""An archive of the sample help centre over many weeks, made from its truth: what perfect crawls would have left.

Crawls take the clock's time, so a history of weeks cannot be crawled in a test; its rows can.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import bodies_table
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import changes_feed
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key
from helpscraper.normalise.titles import normalise_title
from helpscraper.normalise.words import count_words
from helpscraper.sample import Options, truth
from helpscraper.sample.bodies import to_html
from helpscraper.sample.model import EPOCH, STEP
from helpscraper.sample.truth import ExpectedArticle
from tests.hostile import HOSTILE
from tests.report import hostile
from tests.tables import articles_table

SITE = "https://help.example"


def build(
    folder: Path,
    *,
    states: range = range(8),
    locales: tuple[str, ...] = ("en",),
    articles: int = 76,
    begin: dt.datetime = EPOCH,
    step: dt.timedelta = STEP,
    spoilt: bool = False,
) -> Path:
    """Commit a snapshot of each state in each locale into ``folder``, with change feeds, and return it.

    State 0 is dated ``begin`` and each other one a ``step`` later; ``spoilt`` puts script into every field.
    """
    catalog, options = Catalog(folder), Options(articles=articles, hostile=HOSTILE if spoilt else None)
    for state in states:
        for locale in locales:
            records = truth(state, locale, options)
            _commit(catalog, Partition("okx", locale), begin + state * step, records, spoilt=spoilt)
    return folder


def _commit(
    catalog: Catalog,
    partition: Partition,
    at: dt.datetime,
    records: tuple[ExpectedArticle, ...],
    *,
    spoilt: bool,
) -> None:
    name = snapshot_id(at)
    bodies = {record.slug: _body(record, spoilt) for record in records}
    rows = articles_table(
        sorted(
            (_article(record, bodies[record.slug], at, partition.locale, spoilt) for record in records),
            key=lambda article: article.article_id,
        )
    )
    table = bodies_table({body.sha256: body for body in bodies.values()}.values(), at)
    facts = _facts(name, partition, at, records, spoilt)
    changes = changes_feed(catalog, partition, name, rows, facts, table.to_batches())
    write_snapshot(catalog.store, partition, name, rows, table, facts, changes)


def _body(record: ExpectedArticle, spoilt: bool) -> Body:
    text = record.body_text + (f"\n{hostile.PAYLOAD}" if spoilt else "")
    markdown = text.replace("\n", "\n\n")
    html = str(to_html(record.body, rich=record.rich)) + (hostile.BODY if spoilt else "")
    return Body(body_key(text, markdown), text, markdown, html)


def _article(record: ExpectedArticle, body: Body, at: dt.datetime, locale: str, spoilt: bool) -> Article:
    prefix = "" if locale == "en" else f"/{locale}"
    fields: dict[str, Any] = {
        "snapshot_at": at, "article_id": record.slug, "source_id": record.source_id,
        "url": f"{SITE}{prefix}/help/{record.slug}", "title": normalise_title(record.title),
        "category": record.category, "section": record.section, "category_title": record.category_title,
        "section_title": record.section_title, "listed_in": sorted(record.listed_in),
        "published_at": record.published_at, "updated_at": record.updated_at,
        "published_on": record.published_on, "updated_on": record.updated_on, "view_count": record.view_count,
        "body_sha256": body.sha256, "word_count": count_words(body.text),
        "reading_minutes": record.reading_minutes, "language": record.language, "status": "fetched", "fetched_at": at,
    }  # fmt: skip
    return Article(**fields | (hostile.fields(record) if spoilt else {}))


def _facts(
    name: str, partition: Partition, at: dt.datetime, records: tuple[ExpectedArticle, ...], spoilt: bool
) -> RunFacts:
    """The facts of a complete crawl; of a hostile site it says so in every text."""
    count = len(records)
    sections: dict[str, dict[str, Any]] = {}
    for record in records:
        for slug in record.listed_in:
            tag = slug == "announcements-latest-announcements"
            entry = sections.setdefault(
                slug,
                {"title": slug, "category": record.category, "content_type": "tag" if tag else "section",
                 "total": 0, "seen": 0, "pages": 1, "pages_read": 1, "whole": True, "holes": []},
            )  # fmt: skip
            entry["total"] = entry["seen"] = entry["seen"] + 1
    detail = hostile.PAYLOAD if spoilt else f"{count} articles, about as many as before"
    known = {
        "run_id": name, "site": partition.site, "locale": partition.locale, "kind": "crawl", "outcome": "committed",
        "exit_code": 0, "complete": True, "incomplete_reasons": [], "scope": None, "sections": sections,
        "seconds": 95.0, "started_at": at.isoformat(), "finished_at": (at + dt.timedelta(seconds=95)).isoformat(),
        "counts": {"fetched": count, "carried": 0, "listed": 0, "failed": 0, "gone": 0},
        "requests": {"total": count + 17, "by_status": {"200": count + 17}, "retries": 0, "bytes": 900_000},
        "health": [{"check": "articles", "verdict": "warn" if spoilt else "ok", "detail": detail}],
        "fields": {}, "region": {}, "arguments": {}, "versions": {"extractor": "okx/1"},
        **({"reason": hostile.PAYLOAD} if spoilt else {}),
    }  # fmt: skip
    return RunFacts.from_json(known)
