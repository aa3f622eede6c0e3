"""One archive of each schema version is kept in ``tests/data`` and stays readable for ever."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from helpscraper.archive.overview import runs_table
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import SCHEMA_VERSION, SNAPSHOT_SCHEMA
from helpscraper.archive.sql import query
from helpscraper.archive.verify import verify
from tests.docs import dictionary
from tests.feeds import changes_table

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"


def test_there_is_an_archive_of_every_version() -> None:
    kept = {path.name for path in DATA.glob("archive-v*")}
    assert kept == {f"archive-v{version}" for version in range(1, SCHEMA_VERSION + 1)}


@pytest.mark.parametrize("path", sorted(DATA.glob("archive-v*")), ids=lambda path: path.name)
def test_every_version_is_whole_and_has_all_columns(path: Path) -> None:
    catalog = Catalog(path)
    assert verify(catalog).problems == []
    for snapshot in catalog.snapshots():
        assert catalog.load_table(snapshot).schema.equals(SNAPSHOT_SCHEMA)
    names = set(query(catalog, "SELECT * FROM snapshots").column_names)
    assert names == {*SNAPSHOT_SCHEMA.names, "site", "locale"}


def test_version_1_says_what_it_always_said() -> None:
    catalog = Catalog(DATA / "archive-v1")
    fees = catalog.load_table("latest", article_id="trading-fees", bodies=True).to_pylist()[0]
    assert fees["body_markdown"] == "## Fees\n\n- Maker 0.07 %\n- Taker 0.10 %"
    assert fees["listed_in"] == ["faq-fees", "latest"]
    passkey = catalog.load_table("2026-11-20", article_id="set-up-a-passkey").to_pylist()[0]
    assert passkey["published_at"] == dt.datetime(2026, 3, 9, 16, 10, tzinfo=dt.UTC)
    assert (passkey["published_on"], passkey["view_count"]) == (dt.date(2026, 3, 10), 1200)
    assert catalog.load_table("latest", article_id="listed-only").column("body_sha256").to_pylist() == [None]
    assert [(row["outcome"], row["reason"]) for row in runs_table(catalog).to_pylist()] == [
        ("committed", None),
        ("committed", None),
        ("failed", "connection refused"),
    ]
    changes = changes_table(catalog, catalog.resolve())
    assert changes is not None
    assert changes.select(["article_id", "kind", "silent"]).to_pylist() == [
        {"article_id": "set-up-a-passkey", "kind": "counted", "silent": False},
        {"article_id": "trading-fees", "kind": "edited", "silent": True},
    ]


def test_version_2_says_what_it_always_said() -> None:
    catalog = Catalog(DATA / "archive-v2")
    campaign = catalog.load_table("latest~1", article_id="old-campaign").to_pylist()[0]
    named = {name: campaign[name] for name in ("labels", "votes_up", "votes", "confidence")}
    assert named == {"labels": ["campaign"], "votes_up": 3, "votes": 4, "confidence": "generic"}
    assert catalog.load_table("latest", columns=["article_id"]).to_pydict() == {
        "article_id": ["listed-only", "set-up-a-passkey", "trading-fees"]
    }
    assert catalog.facts(catalog.resolve()).to_json()["gone"] == {
        "old-campaign": {
            "url": "https://www.okx.com/help/old-campaign",
            "status": 410,
            "at": "2026-11-21T06:00:09+00:00",
        }
    }
    changes = changes_table(catalog, catalog.resolve())
    assert changes is not None
    assert changes.select(["article_id", "kind"]).to_pylist()[0] == {
        "article_id": "old-campaign",
        "kind": "removed",
    }


def test_the_data_dictionary_is_current() -> None:
    page = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert page == dictionary.render(), "run python -m tests.docs.dictionary"
