"""Small invented help centres for the tests of history: articles as rows, and hypothesis strategies for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import SNAPSHOT_SCHEMA

MONDAY = dt.datetime(2026, 11, 16, 6, tzinfo=dt.UTC)
SECTIONS = ("faq", "fees", "api")
SLUGS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


def body(text: str) -> str:
    """A stand-in for a body's key: what counts is which are equal."""
    return text * 64


def row(article_id: str, **fields: Any) -> dict[str, Any]:
    """One article that was fetched, with everything filled in."""
    return {
        "article_id": article_id,
        "url": f"https://help.example/help/{article_id}",
        "title": article_id.title(),
        "source_id": f"id-{article_id}",
        "category": "faq",
        "category_title": "FAQ",
        "section": "faq",
        "section_title": "Questions",
        "listed_in": ["faq"],
        "published_at": MONDAY - dt.timedelta(days=90),
        "published_on": (MONDAY - dt.timedelta(days=90)).date(),
        "updated_at": MONDAY - dt.timedelta(days=30),
        "updated_on": (MONDAY - dt.timedelta(days=30)).date(),
        "view_count": 10,
        "body_sha256": body("a"),
        "word_count": 100,
        "reading_minutes": 1,
        "language": "en",
        "status": "fetched",
    } | fields


def table(*rows: dict[str, Any], day: int = 0) -> pa.Table:
    """A snapshot of ``day`` (0 is a Monday) with these rows."""
    at = MONDAY + dt.timedelta(days=day)
    return pa.Table.from_pylist([{"snapshot_at": at, **each} for each in rows], schema=SNAPSHOT_SCHEMA)


def run(day: int = 0, **facts: Any) -> RunFacts:
    """The facts of a crawl that saw everything."""
    at = MONDAY + dt.timedelta(days=day)
    sections = {slug: {"whole": True, "content_type": "section"} for slug in SECTIONS}
    known = {
        "run_id": at.strftime("%Y%m%dT%H%M%SZ"),
        "kind": "crawl",
        "complete": True,
        "started_at": at.isoformat(),
        "sections": sections | {"latest": {"whole": True, "content_type": "tag"}},
        "versions": {"extractor": "okx/1"},
    }
    return RunFacts.from_json(known | facts)


_instants = st.sampled_from(
    [None, MONDAY - dt.timedelta(days=9), MONDAY, MONDAY + dt.timedelta(microseconds=1)]
)
_dates = st.sampled_from([None, dt.date(2026, 11, 1), dt.date(1, 1, 1)])
_texts = st.sampled_from(
    ["A title", "Another", "'quoted' \"and\" \\ back", "名前 <b>", "\U0001f600", "=1+1", "{}"]
)


@st.composite
def articles(draw: st.DrawFn, slug: str) -> dict[str, Any]:
    """Any row that the schema allows for ``slug``, with few enough values that rows are often equal."""
    section = draw(st.sampled_from(SECTIONS))
    read = draw(st.booleans())
    return {
        "article_id": slug,
        "url": draw(
            st.sampled_from([f"https://help.example/help/{slug}", "https://help.example/other", "/x"])
        ),
        "title": draw(_texts),
        "source_id": draw(st.sampled_from([None, slug, f"id-{slug}", "id-1", "id-2"])),
        "category": draw(st.sampled_from(["faq", "announcements"])),
        "category_title": draw(st.sampled_from([None, "FAQ"])),
        "section": section,
        "section_title": draw(st.sampled_from([None, "S"])),
        "listed_in": draw(st.sampled_from([None, [], [section], [section, "latest"]])),
        "published_at": draw(_instants),
        "published_on": draw(_dates),
        "updated_at": draw(_instants),
        "updated_on": draw(_dates),
        "view_count": draw(st.sampled_from([None, 0, 7, 2**62])),
        "snippet": draw(st.none() | _texts),
        "body_sha256": body(draw(st.sampled_from("abc"))) if read else None,
        "word_count": draw(st.sampled_from([None, 0, 5])),
        "reading_minutes": draw(st.sampled_from([None, 1])),
        "language": draw(st.sampled_from([None, "en"])),
        "labels": draw(st.sampled_from([None, ["new"]])),
        "votes_up": draw(st.sampled_from([None, 3])),
        "status": "fetched" if read else draw(st.sampled_from(["listed", "failed", "gone"])),
    }


@st.composite
def snapshots(draw: st.DrawFn, day: int = 0) -> pa.Table:
    """A snapshot of some of six articles, in any order."""
    slugs = draw(st.lists(st.sampled_from(SLUGS), unique=True, max_size=len(SLUGS)))
    return table(*(draw(articles(slug)) for slug in slugs), day=day)
