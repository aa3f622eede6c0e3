"""What a crawl believes before it begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store
from helpscraper.archive.writer import SnapshotFile
from helpscraper.crawl.known import good_crawls, newest_run, read_known

HERE = Partition("okx", "en")
Commit = Callable[..., SnapshotFile]


def test_an_empty_archive_knows_nothing(store: Store) -> None:
    catalog = Catalog(store)
    assert read_known(catalog, HERE).rows == {}
    assert good_crawls(catalog, HERE, 5) == []
    assert newest_run(catalog, HERE) is None


def test_the_newest_complete_snapshot_and_the_parts_after_it(store: Store, commit: Commit) -> None:
    commit(store, "2026-01-01", [{"article_id": "forgotten"}])
    commit(
        store,
        "2026-01-02",
        [{"article_id": "a", "title": "old", "body": "A"}, {"article_id": "b", "body": "B"}],
    )
    commit(
        store,
        "2026-01-03",
        [{"article_id": "a", "title": "new", "body": "A"}],
        complete=False,
        scope="a part",
    )
    commit(
        store, "2026-01-04", [{"article_id": "z", "title": "of a saved page"}], kind="import", complete=False
    )
    known = read_known(Catalog(store), HERE)
    assert {name: row["title"] for name, row in known.rows.items()} == {"a": "new", "b": "B"}
    assert known.extractors == {"1"}


def test_what_is_gone_is_not_known_and_a_lost_body_is_to_be_fetched(store: Store, commit: Commit) -> None:
    commit(store, "2026-01-01", [{"article_id": "a", "body": "A"}, {"article_id": "b"}, {"article_id": "c"}])
    partly = {"complete": False, "scope": "a part"}
    commit(store, "2026-01-02", [], gone={"b": {"status": 404}, "c": {"status": 410}}, **partly)
    commit(store, "2026-01-03", [{"article_id": "c"}], **partly)
    for path in store.list("bodies"):
        Path(store.url(path)).unlink()
    known = read_known(Catalog(store), HERE)
    assert known.rows.keys() == {"a", "c"}, "c was listed again"
    assert known.rows["a"]["body_sha256"] is None


@pytest.mark.parametrize("damage", ["data", "footer"])
def test_a_damaged_snapshot_is_named_and_the_one_before_is_used(
    damage: str, store: Store, commit: Commit, caplog: pytest.LogCaptureFixture
) -> None:
    commit(store, "2026-01-01", [{"article_id": "a", "body": "A"}])
    damaged = commit(store, "2026-01-02", [{"article_id": "b", "body": "B"}])
    path = Path(store.url(damaged.path))
    data = bytearray(path.read_bytes())
    data[8:200] = bytes(192)
    path.write_bytes(data if damage == "data" else data[:-50])
    with caplog.at_level(logging.WARNING):
        assert read_known(Catalog(store), HERE).rows.keys() == {"a"}
    assert damaged.snapshot_id in caplog.text


def test_what_was_accepted_is_the_measure_and_nothing_before_it(store: Store, commit: Commit) -> None:
    for day, more in (
        ("2026-01-01", {}),
        ("2026-01-02", {"accepted": True}),
        ("2026-01-03", {}),
        ("2026-01-04", {}),
    ):
        commit(store, day, [{"article_id": "a"}], **more)
    commit(store, "2026-01-05", [{"article_id": "a"}], kind="import")
    found = [run["run_id"][:8] for run in good_crawls(Catalog(store), HERE, 5)]
    assert found == ["20260104", "20260103", "20260102"]
    assert len(good_crawls(Catalog(store), HERE, 1)) == 1


def test_a_hole_that_lasts_does_not_push_the_complete_crawls_out_of_sight(
    store: Store, commit: Commit
) -> None:
    for day in range(1, 5):
        commit(store, f"2026-01-0{day}", [{"article_id": "a"}])
    commit(store, "2026-01-05", [{"article_id": "a"}], complete=False, scope="limit=1")
    for day in range(6, 10):
        commit(store, f"2026-01-0{day}", [{"article_id": "a"}], complete=False)
    found = [(run["run_id"][6:8], run["complete"]) for run in good_crawls(Catalog(store), HERE, 3)]
    assert found == [
        ("09", False), ("08", False), ("07", False), ("04", True), ("03", True), ("02", True),
    ]  # fmt: skip


def test_the_look_back_for_complete_crawls_has_an_end(
    store: Store, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, "2026-01-01", [{"article_id": "a"}])
    for day in range(2, 5):
        commit(store, f"2026-01-0{day}", [{"article_id": "a"}], complete=False)
    assert [run["complete"] for run in good_crawls(Catalog(store), HERE, 2)] == [False, False, True]
    monkeypatch.setattr("helpscraper.crawl.known._LOOK_BACK", 3)
    assert [run["complete"] for run in good_crawls(Catalog(store), HERE, 2)] == [False, False]


def test_the_run_before_is_that_of_any_outcome(store: Store, commit: Commit) -> None:
    commit(store, "2026-01-01", [{"article_id": "a"}])
    second = commit(store, "2026-01-02", [{"article_id": "a"}], outcome="refused")
    catalog = Catalog(store)
    assert (newest_run(catalog, HERE) or {})["outcome"] == "refused"
    assert (newest_run(catalog, HERE, before=second.snapshot_id) or {})["run_id"].startswith("20260101")
