"""What is worth fetching: evidence in a listing, and the rotating audit."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.crawl.plan import audit_share, needs_fetch

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
KNOWN: dict[str, Any] = {
    "title": "How to sign in",
    "published_at": AT,
    "published_on": AT.date(),
    "updated_at": AT,
    "updated_on": AT.date(),
    "source_id": "1",
    "listed_in": ["faq-login"],
    "body_sha256": "0" * 64,
    "status": "fetched",
}


def test_an_unchanged_article_is_not_fetched() -> None:
    assert needs_fetch(KNOWN, KNOWN, "faq-login") is None
    assert needs_fetch(KNOWN, KNOWN | {"status": "carried"}, "faq-login") is None


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ({"title": "How to log in"}, "title"),
        ({"updated_at": AT + dt.timedelta(milliseconds=1)}, "updated_at"),
        ({"updated_on": AT.date() + dt.timedelta(days=1)}, "updated_on"),
        ({"published_at": AT + dt.timedelta(minutes=1)}, "published_at"),
        ({"published_on": AT.date() - dt.timedelta(days=1)}, "published_on"),
        ({"source_id": "2"}, "source_id"),
    ],
)
def test_each_piece_of_evidence_is_a_reason(listed: dict[str, Any], reason: str) -> None:
    assert needs_fetch(KNOWN | listed, KNOWN, "faq-login") == reason


def test_what_a_listing_does_not_state_says_nothing() -> None:
    assert needs_fetch(dict.fromkeys(KNOWN), KNOWN, "faq-login") is None
    assert needs_fetch(KNOWN, KNOWN | {"updated_at": None}, "faq-login") is None


def test_listings_state_milliseconds_where_articles_state_minutes() -> None:
    assert needs_fetch({"published_at": AT + dt.timedelta(seconds=59.999)}, KNOWN) is None


@pytest.mark.parametrize(
    ("previous", "reason"),
    [
        (None, "new"),
        (KNOWN | {"body_sha256": None}, "never fetched"),
        (KNOWN | {"status": "failed"}, "not fetched last time"),
        (KNOWN | {"status": "gone"}, "not fetched last time"),
    ],
)
def test_what_is_not_at_hand_is_fetched(previous: dict[str, Any] | None, reason: str) -> None:
    assert needs_fetch(KNOWN, previous, "faq-login") == reason


def test_another_section_is_a_reason_and_a_tag_is_none() -> None:
    assert needs_fetch(KNOWN, KNOWN, "faq-account") == "section"
    assert needs_fetch(KNOWN, KNOWN, None) is None


@given(n=st.integers(1, 300), share=st.floats(0.01, 1.0))
def test_audits_reach_every_article_in_time(n: int, share: float) -> None:
    rows: dict[str, dict[str, Any]] = {
        f"a{i}": {"fetched_at": AT, "body_sha256": "0", "status": "fetched"} for i in range(n)
    }
    waiting = set(rows)
    for run in range(1, math.ceil(1 / share) + 1):
        chosen = audit_share(rows, share)
        assert len(chosen) <= math.ceil(share * n)
        for article_id in chosen:
            rows[article_id]["fetched_at"] = AT + dt.timedelta(days=run)
        waiting -= chosen
    assert not waiting


def test_no_audit_where_none_is_wanted_or_possible() -> None:
    row = {"fetched_at": AT, "body_sha256": "0", "status": "fetched"}
    assert audit_share({"a": row}, 0) == set()
    assert audit_share({"a": row | {"body_sha256": None}, "b": row | {"status": "failed"}}, 1) == set()


def test_a_share_is_not_rounded_up_for_binary_reasons() -> None:
    rows = {f"a{i}": {"fetched_at": AT, "body_sha256": "0", "status": "carried"} for i in range(100)}
    assert len(audit_share(rows, 0.07)) == 7


def test_a_count_or_an_excerpt_that_moved_is_no_sign_of_an_edit() -> None:
    """All editions share one count, so a reader of another one moves it."""
    known = KNOWN | {"view_count": 278, "snippet": "An excerpt"}
    moved = known | {"view_count": 1806, "snippet": "Another excerpt"}
    assert needs_fetch(moved, known, "faq-login") is None
    assert needs_fetch(moved | {"view_count": None}, known, "faq-login") is None
