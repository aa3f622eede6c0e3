"""The rows and values that a re-extraction keeps from before."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from helpscraper.intake.ledger import Ledger
from helpscraper.replay.keep import settle_rest

VISIT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)


def test_what_this_crawl_did_not_read_is_settled_as_it_was(tmp_path: Path) -> None:
    statuses = ("carried", "failed", "fetched", "listed", "carried")
    before = pa.table(
        {"article_id": list("abcde"), "status": list(statuses), "fetched_at": pa.array([VISIT] * 5)}
    )
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        ledger.fetched("e", {"title": "Read"}, None)
        settle_rest(ledger, before)
        found = {entry.article_id: (entry.outcome, entry.columns) for entry in ledger.entries()}
    # The day on which the server vouched for an article stands in no page.
    assert found == {
        "a": ("carried", {"fetched_at": VISIT}),
        "b": ("failed", None),
        "e": ("fetched", {"title": "Read"}),
    }
