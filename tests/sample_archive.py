"""An archive of the sample help centre over many weeks, made from its truth: what weekly crawls would have left.

Crawls take the clock's time, so a history of weeks cannot be crawled in a test; its rows can.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import articles_table, bodies_table
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import changes_feed
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key
from helpscraper.normalise.titles import normalise_title
from helpscraper.normalise.words import count_words
from helpscraper.sample.truth import Record, truth

BEGIN = dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC)
STEP = dt.timedelta(weeks=1)  # a round of the sample's story is a week long
SITE = "https://www.example.com"


def build(folder: Path, *, weeks: int = 12, locale: str = "en") -> Path:
    """Write ``weeks`` weekly snapshots into ``folder``; week N shows state N of the sample."""
    catalog = Catalog(folder)
    partition = Partition("okx", locale)
    for week in range(weeks):
        at = BEGIN + STEP * week
        records = truth(week, locale)
        bodies = {body.sha256: body for body in map(_body, records)}
        rows = articles_table(_article(record, at, locale) for record in records)
        table = bodies_table(bodies.values(), at)
        run = _facts(records, at, partition)
        changes = changes_feed(catalog, partition, snapshot_id(at), rows, run, table.to_batches())
        write_snapshot(catalog.store, partition, snapshot_id(at), rows, table, run, changes)
    return folder


def _body(record: Record) -> Body:
    markdown = record.body_text.replace("\n", "\n\n")
    return Body(body_key(record.body_text, markdown), record.body_text, markdown, f"<p>{len(markdown)}</p>")


def _article(record: Record, at: dt.datetime, locale: str) -> Article:
    prefix = "" if locale == "en" else f"/{locale}"
    return Article(
        snapshot_at=at,
        article_id=record.slug,
        source_id=record.source_id,
        url=f"{SITE}{prefix}/help/{record.slug}",
        title=normalise_title(record.title),
        category=record.category,
        section=record.section,
        category_title=record.category_title,
        section_title=record.section_title,
        listed_in=sorted(record.listed_in),
        published_at=record.published_at,
        updated_at=record.updated_at,
        published_on=record.published_on,
        updated_on=record.updated_on,
        view_count=record.view_count,
        body_sha256=_body(record).sha256,
        word_count=count_words(record.body_text),
        reading_minutes=record.reading_minutes,
        language=record.language,
        status="fetched",
        fetched_at=at,
    )


def _facts(records: tuple[Record, ...], at: dt.datetime, partition: Partition) -> dict[str, object]:
    sections: dict[str, dict[str, object]] = {}
    for record in records:
        for slug in record.listed_in:
            entry = sections.setdefault(
                slug,
                {"title": slug, "category": record.category, "content_type": "section", "total": 0, "seen": 0,
                 "pages": 1, "pages_read": 1, "whole": True, "holes": []},
            )  # fmt: skip
            entry["total"] = entry["seen"] = int(str(entry["seen"])) + 1
    if "announcements-latest-announcements" in sections:
        sections["announcements-latest-announcements"]["content_type"] = "tag"
    return json.loads(
        json.dumps(
            {
                "run_id": snapshot_id(at), "site": partition.site, "locale": partition.locale, "kind": "crawl",
                "started_at": at.isoformat(), "outcome": "committed", "exit_code": 0, "complete": True,
                "incomplete_reasons": [], "scope": None, "sections": sections,
                "counts": {"fetched": len(records), "carried": 0, "listed": 0, "failed": 0, "gone": 0},
                "fields": {}, "requests": {}, "health": [], "region": {}, "arguments": {},
                "versions": {"helpscraper": "0.1.0", "extractor": "okx/1", "schema": "1"},
            }
        )
    )  # fmt: skip
