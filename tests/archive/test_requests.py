"""An object store answers each question with a request: a command asks the same number, however long the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.archive.compact import compact
from helpscraper.archive.indexing import update_index
from helpscraper.archive.layout import index_path, run_path, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Recorder, load_index, warc_files
from helpscraper.archive.recordings.index import index_path as cdxj_path
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.cli import main
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.session import CrawlSession, SessionOptions
from helpscraper.history.feed import changes_feed
from tests.long_history import BEGIN, EN, build, day, facts_of, fill, invented
from tests.s3_server import S3Server
from tests.warc.made import exchange

COMMANDS = {
    ("log", "--last", "0"): {"LIST": 4, "GET": 3},
    ("runs",): {"LIST": 3, "GET": 2},
    ("runs", "--last", "1"): {"LIST": 3, "GET": 2},
    ("diff", "latest~1", "latest"): {"LIST": 4, "GET": 4},
    ("show", "fees"): {"LIST": 3, "GET": 1},
    ("show", "fees", "--body", "text"): {"LIST": 4, "GET": 4},
}
OPENING = {
    "LIST": 7,
    "GET": 8,
    "PUT": 6,
}  # puts: the probe, the lease, the claim of the id, the three indexes
COMMIT = {"LIST": 1, "GET": 1, "PUT": 6}  # a recording and its index, bodies, feed, run facts, snapshot


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A history of eight days on this machine."""
    store = open_store(tmp_path_factory.mktemp("history"))
    build(store, range(8))
    return store


@pytest.fixture
def on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def asked(s3: S3Server, work: Callable[[], object]) -> dict[str, int]:
    with s3.counted() as counts:
        work()
    return dict(counts)


def crawl(s3: S3Server, uri: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the requests before the first page of a crawl and after the last one."""
    with s3.counted() as opening:
        options = SessionOptions(archive_uri=uri, versions={"extractor": "okx/3"})
        session = CrawlSession.open(CrawlArguments.parse(), options)
        recorder = Recorder(session.catalog.store, EN, session.snapshot_id, info={})
    assert len(session.known) == 3
    with s3.counted() as commit:
        recorder.write(exchange("https://help.example/help/fees", b"a page"))
        recorder.close()
        store = session.catalog.store
        store.drop_listings("snapshots")
        _, rows, bodies = day(99, *invented())  # the first article, unlike the newest of both histories
        name, at = session.snapshot_id, session.snapshot_at
        place = rows.schema.get_field_index("snapshot_at")
        rows = rows.set_column(place, rows.schema.field(place), [[at] * rows.num_rows])
        run = facts_of(name, rows)
        changes = changes_feed(session.catalog, EN, name, rows, run, bodies.to_batches())
        write_snapshot(store, EN, name, rows, bodies, run, changes)
    session.finish()
    return dict(opening), dict(commit)


@pytest.mark.usefixtures("on_another_machine")
def test_a_longer_history_costs_no_more_requests(s3: S3Server, built: Store) -> None:
    for snapshots in (3, 8):
        uri = s3.new_uri(f"requests-{snapshots}")
        fill(uri, built, snapshots)
        for command, expected in COMMANDS.items():
            assert asked(s3, partial(main, [*command, "--archive", uri])) == expected, (command, snapshots)
        assert crawl(s3, uri) == (OPENING, COMMIT), snapshots


@pytest.mark.usefixtures("on_another_machine")
def test_a_packed_history_is_indexed(s3: S3Server, built: Store, capsys: pytest.CaptureFixture[str]) -> None:
    uri = s3.new_uri("packed")
    fill(uri, built, 4)
    before = answers(uri, capsys)
    assert main(["compact", "--archive", uri]) == 0
    assert answers(uri, capsys) == before
    assert asked(s3, partial(main, ["log", "--archive", uri])) == {"LIST": 4, "GET": 1}


def test_a_filter_lists_only_its_edition(s3: S3Server, built: Store) -> None:
    uri = s3.new_uri("one-edition")
    fill(uri, built, 2)
    begin = len(s3.log.read_text())
    main(["log", "--site", "okx", "--locale", "en", "--archive", uri])
    listed = [line for line in s3.log.read_text()[begin:].splitlines() if "list-type" in line]
    assert len(listed) == 4
    assert all("site%3Dokx/locale%3Den/&" in line for line in listed)


def answers(uri: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    found = []
    for command in (["log", "--last", "0"], ["runs"], ["show", "fees", "--body", "text"]):
        assert main([*command, "--archive", uri]) == 0
        found.append(capsys.readouterr().out)
    return found


def test_an_index_is_no_truth(s3: S3Server, built: Store, capsys: pytest.CaptureFixture[str]) -> None:
    uri = s3.new_uri("no-truth")
    catalog = fill(uri, built, 4)
    store = catalog.store
    indexes = {name: index_path(EN, name) for name in ("footers", "bodies", "captures")}
    assert store.list("index") == sorted(indexes.values())
    before = answers(uri, capsys)
    others = {
        name: store.read(path) for name, path in indexes.items()
    }  # whole ones of another kind, and a cut one
    for wrong in (others["bodies"], others["footers"][:-20]):
        for path in indexes.values():
            store.overwrite(path, wrong)
        assert answers(uri, capsys) == before
    for path in indexes.values():
        store.remove(path)
    assert answers(uri, capsys) == before
    update_index(catalog.with_cached_listings(), EN)
    assert store.list("index") == sorted(indexes.values())
    assert answers(uri, capsys) == before
    name = snapshot_id(BEGIN)
    store.replace(run_path(EN, name), replace(catalog.run(EN, name), seconds=61.0).dump())
    assert Archive(uri).runs()["seconds"].tolist() == [61.0, 60.0, 60.0, 60.0]


def test_an_index_of_captures_goes_with_the_list_that_it_was_read_from(s3: S3Server, built: Store) -> None:
    uri = s3.new_uri("captures")
    store = fill(uri, built, 2).store
    file = warc_files(store, EN)[0]
    right = load_index(store, file)
    wrong = store.read(cdxj_path(file)).replace(b'"digest": "', b'"digest": "x')
    store.overwrite(cdxj_path(file), wrong)
    update_index(Catalog(uri).with_cached_listings(), EN)
    assert load_index(open_store(uri).with_cached_listings(), file) != right
    store.remove(cdxj_path(file))
    assert load_index(open_store(uri).with_cached_listings(), file) == right


def test_an_archive_on_this_machine_has_no_index(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    build(store, range(2))
    update_index(Catalog(store).with_cached_listings(), EN)
    assert store.list("index") == []


def test_a_notebook_sees_what_was_crawled_meanwhile(
    s3: S3Server, commit: Callable[..., SnapshotFile]
) -> None:
    uri = s3.new_uri("notebook")
    commit(open_store(uri), "2026-01-01", [{"article_id": "fees", "body": "words"}])
    archive = Archive(uri)
    assert len(archive.snapshots()) == len(archive.load(bodies=True)) == 1
    commit(open_store(uri), "2026-02-01", [{"article_id": "fees", "body": "other"}])
    assert len(archive.snapshots()) == 2
    assert archive.load(bodies=True)["body_text"].tolist() == ["other"]
    assert archive.sql("select distinct snapshot_at from snapshots").size == 2
    assert archive.history("fees").table.num_rows == 1


def test_a_feed_that_a_compaction_moves_while_it_is_open_is_read(s3: S3Server, built: Store) -> None:
    fill(uri := s3.new_uri("moved"), built, 4)
    catalog = Catalog(uri).with_cached_listings()
    snapshot, other = catalog.snapshots(EN)[2], Catalog(uri)
    before = Catalog(built).open_feed(snapshot)
    with before as right, catalog.open_feed(snapshot) as feed:
        packed = compact(other, EN, BEGIN + 365 * dt.timedelta(days=1))
        assert not [each for report in packed for each in report.problems]
        assert not other.store.exists(feed.path)
        assert feed.read().equals(right.read())
