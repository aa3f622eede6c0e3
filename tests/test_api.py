from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from helpscraper import Archive
from helpscraper.archive.store import Store
from helpscraper.archive.writer import SnapshotFile
from helpscraper.errors import ReferenceNotFoundError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def archive() -> Archive:
    return Archive(ROOT / "tests" / "data" / "archive-v1")


def test_columns_keep_what_they_are(archive: Archive) -> None:
    frame = archive.load()
    assert {name: str(frame[name].dtype) for name in frame.columns} == {
        "snapshot_at": "datetime64[us, UTC]",
        "article_id": "str",
        "source_id": "str",
        "url": "str",
        "title": "str",
        "category": "str",
        "section": "str",
        "category_title": "str",
        "section_title": "str",
        "listed_in": "object",
        "published_at": "datetime64[us, UTC]",
        "updated_at": "datetime64[us, UTC]",
        "published_on": "datetime64[us]",
        "updated_on": "datetime64[us]",
        "view_count": "Int64",
        "snippet": "str",
        "body_sha256": "str",
        "word_count": "Int32",
        "reading_minutes": "Int16",
        "language": "str",
        "labels": "object",
        "votes_up": "Int64",
        "votes": "Int64",
        "confidence": "str",
        "status": "str",
        "fetched_at": "datetime64[us, UTC]",
        "warc_record": "str",
    }
    assert list(frame["view_count"]) == [pd.NA, 1260, pd.NA]
    assert frame.attrs == {
        "snapshot": "20261121T060000Z",
        "site": "okx",
        "locale": "en",
        "reextracted": False,
    }


def test_bodies_come_on_request(archive: Archive) -> None:
    assert "body_text" not in archive.load().columns
    frame = archive.load("latest~1", bodies=True).set_index("article_id")
    assert frame.loc["trading-fees", "body_text"].splitlines()[1] == "Maker 0.08 %"
    assert archive.body(frame.loc["trading-fees", "body_sha256"])["body_html"].startswith("<h2>Fees")


def test_snapshots_and_runs_are_frames(archive: Archive) -> None:
    assert list(archive.snapshots()["snapshot_id"]) == ["20261120T060000Z", "20261121T060000Z"]
    assert list(archive.runs()["outcome"]) == ["committed", "committed", "failed"]
    assert str(archive.runs()["seconds"].dtype) == "float64"


def test_sql_gives_a_frame(archive: Archive) -> None:
    frame = archive.sql("SELECT snapshot_at, view_count FROM snapshots WHERE view_count > 0 ORDER BY 1")
    assert list(frame["view_count"]) == [1200, 1260]
    assert str(frame["snapshot_at"].dtype) == "datetime64[us, UTC]"


def test_diff_takes_references(archive: Archive) -> None:
    changes = archive.diff("latest~1", "latest").changes
    assert ("trading-fees", "edited", True) in set(
        zip(changes["article_id"], changes["kind"], changes["silent"], strict=True)
    )
    with pytest.raises(ReferenceNotFoundError):
        archive.diff("latest~9", "latest")


def test_editions_show_who_lags(store: Store, commit: Callable[..., SnapshotFile]) -> None:
    commit(store, "2026-11-20", [{"article_id": "fees", "updated_on": pd.Timestamp("2026-11-19").date()}])
    chinese = [{"article_id": "fees", "updated_on": pd.Timestamp("2026-11-01").date()}]
    commit(store, "2026-11-20", chinese, locale="zh-hans")
    frame = Archive(store.root).editions()
    assert list(frame["locale"]) == ["en", "zh-hans"]
    assert list(frame["lags"]) == [pd.NA, True]
    assert list(frame["days_behind"]) == [pd.NA, 18]


def test_verify_and_repr(archive: Archive) -> None:
    assert archive.verify().ok
    assert repr(Archive("output", locale="en")) == "Archive('output', locale='en')"
    assert archive.resolve("2026-11-20").id == "20261120T060000Z"
    ids = archive.snapshots()["snapshot_id"]
    row = f"<tr><td>okx/en</td><td>{len(ids)}</td><td>{ids.iloc[0]}</td><td>{ids.iloc[-1]}</td></tr>"
    assert row in archive._repr_html_()


# PyArrow before 26 reads `Series.values`, which pandas 3.1 warns of.
@pytest.mark.filterwarnings("ignore:Series.values returning")
def test_a_frame_goes_back_to_arrow(archive: Archive) -> None:
    frame = archive.load()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    assert table.column("view_count").to_pylist() == [None, 1260, None]


def test_reading_needs_no_scrapy() -> None:
    code = """
import sys
sys.modules["scrapy"] = sys.modules["twisted"] = None
from helpscraper import Archive
archive = Archive("tests/data/archive-v1")
archive.load(bodies=True); archive.diff(); archive.sql("FROM latest"); archive.verify()
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_snapshot_is_named_by_a_date_too(archive: Archive) -> None:
    earlier = archive.load("2026-11-20")
    for when in (
        dt.date(2026, 11, 20),
        dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC),
        pd.Timestamp("2026-11-20"),
    ):
        assert archive.load(when).equals(earlier)
    assert archive.diff(dt.date(2026, 11, 20), dt.date(2026, 11, 21)).from_id == "20261120T060000Z"
    with pytest.raises(ReferenceNotFoundError, match="-1 names no snapshot"):
        archive.load(-1)  # type: ignore[arg-type]


def test_every_edition_can_be_loaded_at_once(store: Store, commit: Callable[..., SnapshotFile]) -> None:
    for locale in ("en", "zh-hans"):
        commit(store, "2026-11-20", [{"article_id": "fees"}], locale=locale)
    commit(store, "2026-11-19", [{"article_id": "rules"}])
    frame = Archive(store.root, locale="all").load()
    assert list(frame.columns[:2]) == ["site", "locale"]
    assert list(zip(frame["locale"], frame["article_id"], strict=True)) == [
        ("en", "fees"),
        ("zh-hans", "fees"),
    ]
    assert list(Archive(store.root, locale="all").load("2026-11-19")["locale"]) == ["en"]
    with pytest.raises(ReferenceNotFoundError, match="begins later"):
        Archive(store.root, locale="all").load("2026-11-01")
