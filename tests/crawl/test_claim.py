"""Of two machines that begin in one second each gets an id of its own, and a run that died anywhere is named."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from helpscraper.archive.layout import Partition, claim_path, snapshot_id
from helpscraper.archive.overview import runs_table
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts
from helpscraper.archive.schema import FROM_KEY
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile, write_refused, write_run, write_snapshot
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.claim import claim, record_dead_runs
from helpscraper.crawl.clock import free_instant
from helpscraper.crawl.conclude import accept
from helpscraper.crawl.lock import EditionLock
from helpscraper.crawl.session import CrawlSession, SessionOptions
from helpscraper.errors import ArchiveError
from tests.conftest import article
from tests.tables import articles_table

HERE = Partition("okx", "en")
FACTS = CrawlArguments.parse().as_facts()
DEAD = "20260101T060000Z"


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.long)])
def any_uri(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if request.param == "local":
        return str(tmp_path / "archive")
    uri: str = request.getfixturevalue("s3").new_uri(f"{uuid4().hex[:8]} {request.node.name}")
    return uri


def take(store: Store) -> Callable[[str], bool]:
    return lambda name: claim(store, HERE, FACTS, {"extractor": "okx/3"}, name)


def test_two_machines_in_one_second_get_two_ids(any_uri: str) -> None:
    gate = threading.Barrier(2)
    got: list[dt.datetime] = []

    def begin() -> None:
        store = open_store(any_uri)
        gate.wait()
        got.append(free_instant(Catalog(store), HERE, take(store)))

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 2


def test_a_claim_is_no_crawl(any_uri: str, commit: Callable[..., SnapshotFile]) -> None:
    store = open_store(any_uri)
    commit(store, "2026-01-02", [{"article_id": "a"}])
    before = runs_table(Catalog(store))
    assert take(store)("20260103T060000Z")
    assert runs_table(Catalog(store)).equals(before)
    assert Catalog(store).run_ids(HERE) == Catalog(store).ids(HERE) == ["20260102T060000Z"]


def test_a_run_that_died_on_another_machine_is_named(any_uri: str, caplog: pytest.LogCaptureFixture) -> None:
    store = open_store(any_uri)
    assert take(store)(DEAD)
    found = json.loads(store.read(claim_path(HERE, DEAD))) | {"host": "worker-7", "pid": 42}
    store.replace(claim_path(HERE, DEAD), json.dumps(found).encode())
    session = CrawlSession.open(CrawlArguments.parse(), SessionOptions(archive_uri=any_uri))
    try:
        assert f"The run {DEAD} of process 42 on worker-7 ended without facts" in caplog.text
        facts = Catalog(store).run(HERE, DEAD)
        assert (facts.outcome, facts.arguments, facts.versions) == ("failed", FACTS, {"extractor": "okx/3"})
        assert "process 42 on worker-7" in str(facts.reason)
        claims = [path for path in store.list("runs") if path.endswith(".claim")]
        assert claims == [claim_path(HERE, session.snapshot_id)]
    finally:
        session.release()


def test_a_claim_whose_run_wrote_its_facts_goes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = open_store(tmp_path)
    assert take(store)(DEAD)
    facts = RunFacts(run_id=DEAD, outcome="refused")
    write_run(store, HERE, DEAD, facts)
    with EditionLock(store, HERE) as lock:
        assert list(record_dead_runs(Catalog(store), HERE, lock, None, 36)) == []
    assert store.list("runs") == [f"runs/{HERE.folder}/{DEAD}.json"]
    assert Catalog(store).run(HERE, DEAD).outcome == "refused"
    assert "ended without facts" not in caplog.text


def test_a_run_that_may_go_on_is_not_recorded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where no lock holds across machines: a young claim is named only, an old one is of a dead run."""
    store = open_store(tmp_path)
    young = snapshot_id(dt.datetime.now(dt.UTC))
    assert take(store)(young)
    assert take(store)(DEAD)
    with EditionLock(store, HERE) as lock:
        lock._on_this_machine = False
        assert [each.run_id for each in record_dead_runs(Catalog(store), HERE, lock, None, 36)] == [DEAD]
    assert f"The run {young} of process {os.getpid()} on" in caplog.text
    assert "it is going on, or it died" in caplog.text
    assert store.exists(claim_path(HERE, young))


@pytest.mark.parametrize("contents", [b"", b"[]", b'{"arguments": 3}', b"\xff"])
def test_a_damaged_claim_stops_nobody(contents: bytes, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put_new(claim_path(HERE, DEAD), contents)
    with EditionLock(store, HERE) as lock:
        assert [each.run_id for each in record_dead_runs(Catalog(store), HERE, lock, None, 36)] == [DEAD]


def test_a_run_recorded_as_failed_may_still_write_its_facts(any_uri: str) -> None:
    """Another machine took it for dead; its own facts count."""
    store = open_store(any_uri)
    write_run(store, HERE, DEAD, RunFacts.lost(HERE, DEAD, {}, ArgumentFacts(), {}, "process 1 on a"))
    write_run(store, HERE, DEAD, RunFacts(run_id=DEAD, outcome="refused"))
    assert Catalog(store).run(HERE, DEAD).outcome == "refused"


def test_facts_that_two_programs_write_at_once_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    write_run(store, HERE, DEAD, RunFacts(run_id=DEAD, outcome="failed"))
    real = type(store).put_if_match

    def late(self: Store, path: str, data: bytes, etag: str | None) -> str | None:
        open_store(self.uri)._overwrite(path, RunFacts(run_id=DEAD, outcome="refused").dump())
        return real(self, path, data, etag)

    with monkeypatch.context() as patch, pytest.raises(ArchiveError, match="at the same time"):
        patch.setattr(type(store), "put_if_match", late)
        write_run(store, HERE, DEAD, RunFacts(run_id=DEAD, outcome="failed", reason="other"))
    assert Catalog(store).run(HERE, DEAD).outcome == "refused"


@pytest.mark.parametrize("late", [False, True])
def test_a_feed_is_from_the_newest_snapshot_before_it(
    store: Store, commit: Callable[..., SnapshotFile], late: bool
) -> None:
    """Another machine committed since this one listed the archive; after a later snapshot there is no feed at all."""
    rows = [{"article_id": "a"}]
    commit(store, "2026-01-01", rows)
    commit(store, "2026-01-03", rows, write=write_refused, outcome="refused")
    catalog = Catalog(store).with_cached_listings()
    assert catalog.ids(HERE) == ["20260101T060000Z"]
    commit(open_store(store.uri), "2026-01-04" if late else "2026-01-02", rows)
    accept(catalog, HERE, "20260103T060000Z")
    found = Catalog(store).feeds(HERE)
    if late:
        assert found == {}
    else:
        with catalog.months.open("changes", HERE, "20260103T060000Z", found["20260103T060000Z"]) as feed:
            assert feed.metadata[FROM_KEY] == b"20260102T060000Z"


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_clock_of_a_worker_differs_by_an_hour(
    hours: int, any_uri: str, commit: Callable[..., SnapshotFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two clocks the order stays that of the crawls, or the second one does not begin and says why."""

    def begin(clock: dt.timedelta) -> dt.datetime:
        monkeypatch.setattr("helpscraper.crawl.clock._now", lambda: dt.datetime.now(dt.UTC) + clock)
        return free_instant(Catalog(any_uri), HERE, take(open_store(any_uri)))

    other = dt.timedelta(hours=hours)
    first = begin(other)
    rows = articles_table([article(first, "a")])
    facts = RunFacts(run_id=snapshot_id(first), outcome="committed")
    write_snapshot(open_store(any_uri), HERE, snapshot_id(first), rows, [], facts)
    if hours < 0:
        assert begin(dt.timedelta()) > first
    else:
        with pytest.raises(ArchiveError, match="lies in the future") as caught:
            begin(dt.timedelta())
        assert "set the clock" in caught.value.advice
    assert Catalog(any_uri).ids(HERE) == [snapshot_id(first)]
