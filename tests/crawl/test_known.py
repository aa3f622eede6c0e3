"""The known articles and the baseline with which a crawl begins."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile, write_run
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.session import CrawlSession, SessionOptions
from helpscraper.intake.known import crawls_alike, good_crawls, newest_run, read_earlier_rows

HERE = Partition("okx", "en")
Commit = Callable[..., SnapshotFile]


def test_an_empty_archive_knows_nothing(store: Store) -> None:
    catalog = Catalog(store)
    assert read_earlier_rows(catalog, HERE).rows == {}
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
    known = read_earlier_rows(Catalog(store), HERE)
    assert {name: row["title"] for name, row in known.rows.items()} == {"a": "new", "b": "B"}
    assert known.extractors == {"1"}


def test_what_is_gone_is_not_known_and_a_lost_body_is_to_be_fetched(store: Store, commit: Commit) -> None:
    commit(store, "2026-01-01", [{"article_id": "a", "body": "A"}, {"article_id": "b"}, {"article_id": "c"}])
    partly = {"complete": False, "scope": "a part"}
    commit(store, "2026-01-02", [], gone={"b": {"status": 404}, "c": {"status": 410}}, **partly)
    commit(store, "2026-01-03", [{"article_id": "c"}], **partly)
    for path in store.list("bodies"):
        Path(store.url(path)).unlink()
    known = read_earlier_rows(Catalog(store), HERE)
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
        assert read_earlier_rows(Catalog(store), HERE).rows.keys() == {"a"}
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
    found = [run.run_id[:8] for run in good_crawls(Catalog(store), HERE, 5)]
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
    found = [(run.run_id[6:8], run.complete) for run in good_crawls(Catalog(store), HERE, 3)]
    assert found == [
        ("09", False), ("08", False), ("07", False), ("04", True), ("03", True), ("02", True),
    ]  # fmt: skip


def test_the_look_back_for_complete_crawls_has_an_end(
    store: Store, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(store, "2026-01-01", [{"article_id": "a"}])
    for day in range(2, 5):
        commit(store, f"2026-01-0{day}", [{"article_id": "a"}], complete=False)
    assert [run.complete for run in good_crawls(Catalog(store), HERE, 2)] == [False, False, True]
    monkeypatch.setattr("helpscraper.intake.known._LOOK_BACK", 3)
    assert [run.complete for run in good_crawls(Catalog(store), HERE, 2)] == [False, False]


def test_the_run_before_is_that_of_any_outcome(store: Store, commit: Commit) -> None:
    commit(store, "2026-01-01", [{"article_id": "a"}])
    commit(store, "2026-01-02", [{"article_id": "a"}], outcome="refused")
    assert (newest_run(Catalog(store), HERE) or RunFacts()).outcome == "refused"


def test_the_schedule_is_that_of_crawls_of_the_same_part(store: Store) -> None:
    part = {"sections": "faq-identity", "mode": "full"}
    runs = [
        ("20260101T000000Z", {"kind": "crawl", "arguments": {"sections": "", "mode": "full"}}),
        ("20260102T000000Z", {"kind": "import"}),
        ("20260103T000000Z", {"kind": "crawl", "arguments": part, "outcome": "failed"}),
        ("20260104T000000Z", {"kind": "crawl", "arguments": {"limit": "3"}}),
        ("20260108T000000Z", {"kind": "crawl", "arguments": {}}),
        ("20260109T000000Z", {"kind": "crawl", "arguments": {}}),
    ]
    for run_id, facts in runs:
        write_run(store, HERE, run_id, RunFacts.from_json({"run_id": run_id, **facts}))

    def alike(**arguments: str) -> list[str]:
        found = crawls_alike(
            Catalog(store), HERE, ArgumentFacts.from_json(arguments), before="20260109T000000Z"
        )
        return [run.run_id[:8] for run in found]

    assert alike(mode="incremental") == ["20260101", "20260108"]
    assert alike(sections="faq-identity") == ["20260103"]
    assert alike(query="face") == []


def test_crawls_of_a_part_and_crawls_that_ended_early_set_no_pace(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    part, whole = {"arguments": {"sections": "faq-identity"}}, {"arguments": {"sections": ""}}
    runs = {
        f"2026010{day}T000000Z": {**whole, "finish_reason": "finished", "seconds": 90} for day in range(1, 6)
    }
    runs["20260106T000000Z"] = {**whole, "finish_reason": "robots_unavailable", "seconds": 7}
    runs |= {f"20260107T{hour:02}0000Z": {**part, "finish_reason": "finished"} for hour in range(10)}
    for run_id, facts in runs.items():
        write_run(store, HERE, run_id, RunFacts.from_json({"run_id": run_id, "kind": "crawl", **facts}))
    session = CrawlSession.open(CrawlArguments.parse(), SessionOptions(archive_uri=str(tmp_path)))
    session.finish()
    assert session.pace.usual == dt.timedelta(days=1)
    assert session.pace.takes == dt.timedelta(seconds=90)
