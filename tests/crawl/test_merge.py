"""One row from the page, the listings and the earlier row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.intake.entries import Entry, Outcome
from helpscraper.intake.merge import COLUMNS, Listings, merge_row

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
PAST: dict[str, Any] = dict.fromkeys(COLUMNS) | {
    "article_id": "a",
    "url": "u",
    "title": "Before",
    "section": "s",
    "view_count": 1,
    "updated_on": dt.date(2026, 1, 1),
    "listed_in": ["s", "t"],
    "body_sha256": "0",
    "status": "fetched",
    "fetched_at": AT - dt.timedelta(days=1),
}


def merged(
    outcome: Outcome, own: Any = None, seen: Any = None, past: Any = PAST, **listings: Any
) -> dict[str, Any]:
    row = merge_row(Entry("a", outcome, own, None, seen or {}), past, AT, Listings(**listings))
    assert row is not None
    return row


def test_a_fetched_page_speaks_for_itself() -> None:
    row = merged(
        "fetched",
        {"url": "u", "title": "Now", "updated_on": None},
        {"s": {"title": "Listed", "view_count": 7}},
    )
    assert (row["title"], row["view_count"], row["status"]) == ("Now", 7, "fetched")
    assert row["updated_on"] is None is row["body_sha256"]


@pytest.mark.parametrize("outcome", ["carried", "listed", "failed", "expected", "absent"])
def test_what_was_not_read_keeps_the_past_but_for_the_views(outcome: Outcome) -> None:
    row = merged(outcome, None, {"s": {"title": "Listed", "view_count": 7}})
    assert (row["title"], row["view_count"], row["body_sha256"]) == ("Before", 7, "0")
    assert row["snapshot_at"] == AT
    assert row["fetched_at"] == PAST["fetched_at"]
    assert row["status"] == {"expected": "failed", "absent": "failed"}.get(outcome, outcome)


def test_a_304_moves_only_the_day_of_the_visit() -> None:
    row = merged("carried", {"fetched_at": AT}, {"s": {}})
    assert (row["fetched_at"], row["title"]) == (AT, "Before")


def test_a_section_is_never_guessed_from_a_tag() -> None:
    seen = {"latest": {"url": "u", "title": "T"}, "own": {"url": "u", "title": "T"}}
    assert merged("listed", None, seen, None, tags=frozenset({"latest"}))["section"] == "own"
    assert (
        merged("listed", None, {"latest": seen["latest"]}, None, tags=frozenset({"latest"}))["section"]
        is None
    )


def test_a_section_speaks_before_a_tag() -> None:
    seen = {"a-tag": {"url": "u", "title": "Of the tag"}, "own": {"url": "u", "title": "Of the section"}}
    assert merged("listed", None, seen, None, tags=frozenset({"a-tag"}))["title"] == "Of the section"
    assert merged("listed", None, dict(reversed(seen.items())), None)["title"] == "Of the tag"


def test_a_listing_takes_an_article_off_it_only_when_it_was_read_whole() -> None:
    assert merged("carried", None, {"s": {}}, whole=frozenset({"s", "t"}))["listed_in"] == ["s"]
    assert merged("carried", None, {"s": {}}, whole=frozenset({"s"}))["listed_in"] == ["s", "t"]
    assert merged("fetched", {"url": "u", "title": "T"}, {})["listed_in"] == ["s", "t"]


def test_a_search_is_no_listing() -> None:
    assert merged("listed", None, {"": {"url": "u", "title": "T"}}, None)["listed_in"] == []
    assert merged("listed", None, {"": {"url": "u", "title": "T"}}, None)["section"] is None


def test_without_a_title_there_is_no_row() -> None:
    assert merge_row(Entry("a", "failed", None, None, {"s": {"url": "u"}}), None, AT) is None


@given(
    outcome=st.sampled_from(["fetched", "carried", "listed", "failed", "expected", "absent"]),
    sections=st.sets(st.sampled_from(["s", "t", "x"])),
    past=st.booleans(),
)
def test_a_row_has_every_column_and_nothing_else(outcome: Outcome, sections: set[str], past: bool) -> None:
    own = {"url": "u", "title": "T"} if outcome == "fetched" else None
    seen: dict[str, Any] = {section: {"url": "u", "title": "T"} for section in sections}
    row = merge_row(Entry("a", outcome, own, None, seen), PAST if past else None, AT)
    if row is None:
        assert not (own or seen or past)
    else:
        assert row.keys() == set(COLUMNS)
        assert set(row["listed_in"]) == sections | (set(PAST["listed_in"]) if past else set())
