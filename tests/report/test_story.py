"""Folding change records: the pages show the contents of the snapshots."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.publish.model import ChangeRecord, article_key
from helpscraper.publish.story import article_history, crawl_rows, pool_blocks

IDS = [f"202606{day:02d}T060000Z" for day in range(1, 29)]


def record(
    snapshot: str, kind: str, field: str | None, before: str | None, after: str | None, **more: Any
) -> ChangeRecord:
    return ChangeRecord(
        snapshot, more.get("article_id", "a"), kind, field, before, after, more.get("silent", False)
    )


BASE = {"article_id": "a", "title": "T", "body_sha256": "1", "updated_on": "2026-05-01", "section": "s"}


def test_an_edit_makes_a_version_and_a_touch_does_not() -> None:
    story = article_history(
        "a", BASE, IDS[0], BASE | {"body_sha256": "2", "updated_on": "2026-06-04"},
        [
            record(IDS[1], "edited", "body_sha256", "1", "2", silent=True),
            record(IDS[3], "touched", "updated_on", "2026-05-01", "2026-06-04"),
            record(IDS[3], "touched", "updated_at", None, "2026-06-04T00:00:00Z"),
        ],
    )  # fmt: skip
    assert [(v.snapshot, v.body, v.silent) for v in story.versions] == [
        (IDS[0], "1", False),
        (IDS[1], "2", True),
    ]
    assert [(e.snapshot, e.kinds, e.dated) for e in story.events] == [
        (IDS[3], ("touched",), "2026-06-04"),
        (IDS[1], ("edited",), "2026-05-01"),
    ]
    assert story.events[0].fields == (("updated_on", "2026-05-01", "2026-06-04"),)
    assert story.state == "live" and story.first_seen == IDS[0]


def test_an_article_that_came_went_and_came_back() -> None:
    whole = json.dumps(BASE)
    records = [
        record(IDS[1], "added", "article", None, whole),
        record(IDS[2], "removed", "article", whole, None),
        record(IDS[4], "added", "article", None, json.dumps(BASE | {"body_sha256": "9"})),
    ]
    story = article_history("a", None, IDS[0], BASE, records)
    assert story.first_seen == IDS[1]
    assert [v.snapshot for v in story.versions] == [IDS[1], IDS[4]]
    assert story.state == "live"
    gone = article_history("a", None, IDS[0], None, records[:2])
    assert gone.state == "removed" and gone.title == "T"
    unseen = article_history("a", BASE, IDS[0], None, [record(IDS[2], "unverified", "article", whole, None)])
    assert unseen.state == "unverified"


def test_a_rename_keeps_the_former_address_and_is_not_its_companion() -> None:
    records = [
        record(IDS[1], "renamed", "source_id", "old", "a"),
        record(IDS[1], "renamed", "source_id", "old", "a2"),
        record(IDS[1], "renamed", "url", "/old", "/a"),
    ]
    story = article_history("a", BASE, IDS[0], BASE, records)
    assert story.former_ids == ("old",)
    assert story.events[0].fields == (("address (same CMS id)", "old", "a"),)


def test_a_label_says_more_than_its_slug() -> None:
    records = [
        record(IDS[1], "moved", "section", "faq-a", "faq-b"),
        record(IDS[1], "moved", "section_title", "A", "B"),
    ]
    assert article_history("a", BASE, IDS[0], BASE, records).events[0].fields == (("section", "A", "B"),)


@given(st.lists(st.tuples(st.integers(1, 27), st.sampled_from("123")), max_size=20))
def test_versions_are_the_runs_of_the_body(steps: list[tuple[int, str]]) -> None:
    """Whatever the edits: the last version is the latest body, and no two neighbours are equal."""
    at, body, records = {}, "1", []
    at |= dict(sorted(steps))
    for day, key in sorted(at.items()):
        if key != body:
            records.append(record(IDS[day], "edited", "body_sha256", body, key))
            body = key
    story = article_history("a", BASE, IDS[0], BASE | {"body_sha256": body}, records)
    bodies = [version.body for version in story.versions]
    assert bodies[-1] == body and len(bodies) == len(records) + 1
    assert all(one != other for one, other in pairwise(bodies))
    assert [e.snapshot for e in story.events] == sorted({r.snapshot for r in records}, reverse=True)


@given(st.lists(st.none() | st.lists(st.text("ab", max_size=3), max_size=5).map("\n".join), max_size=6))
def test_pooled_blocks_give_every_text_back(texts: list[str | None]) -> None:
    blocks, places = pool_blocks(texts)
    assert len(set(blocks)) == len(blocks)
    for text, found in zip(texts, places, strict=True):
        assert [blocks[place] for place in found] == [
            line for line in (text or "").splitlines() if line.strip()
        ]


@given(st.text())
def test_a_key_is_sixteen_hex_digits_whatever_the_id(article_id: str) -> None:
    key = article_key(article_id)
    assert len(key) == 16 and set(key) <= set("0123456789abcdef")


def test_silent_edits_stand_first() -> None:
    records = [
        record(IDS[1], "edited", "body_sha256", "1", "2", article_id="x", silent=True),
        record(IDS[1], "touched", "updated_on", "2026-01-01", "2026-01-02", article_id="y"),
        record(
            IDS[1],
            "removed",
            "article",
            json.dumps({"title": "Z", "section_title": "S"}),
            None,
            article_id="z",
        ),
    ]
    rows = crawl_rows(records, {"x": ("X", "s", "S"), "y": ("Y", "s", "S")}, IDS[0])
    assert [(row.title, row.kinds[0]) for row in rows] == [
        ("X", "edited"),
        ("Z", "removed"),
        ("Y", "touched"),
    ]
    assert [row.bodies for row in rows] == [("1", "2"), None, None]
    assert rows[1].section_title == "S" and rows[0].silent
    assert [row.anchor for row in rows] == [article_key(name) for name in "xzy"]


@pytest.mark.parametrize("article_id", ["../../x", "a/b", "con", "x" * 5000, "\ud800"])
def test_ids_decide_no_path(article_id: str) -> None:
    assert article_key(article_id).isalnum()
