"""An object store answers each question with a request: a command lists the archive once, however long its history."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.archive.store import open_store
from helpscraper.archive.store.objects import ObjectStore
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.cli import main
from tests.s3_server import S3Server

Counting = Callable[[], AbstractContextManager[Counter[str]]]

FIRST = dt.date(2026, 1, 1)

COMMANDS: dict[str, Callable[[str], object]] = {
    "log": lambda uri: main(["log", "--archive", uri]),
    "snapshots": lambda uri: Archive(uri).snapshots(),
    "sql": lambda uri: Archive(uri).sql("select count(*) from snapshots join changes on true"),
    "runs": lambda uri: main(["runs", "--archive", uri]),
    "load": lambda uri: Archive(uri).load("latest", bodies=True),
    "diff": lambda uri: main(["diff", "--archive", uri]),
    "history": lambda uri: Archive(uri).history("fees"),
    "verify": lambda uri: Archive(uri).verify(),
}


def grow(uri: str, commit: Callable[..., SnapshotFile], days: range) -> None:
    """Commit a snapshot of each day, each with an empty change feed against the day before."""
    for number in days:
        day = FIRST + dt.timedelta(days=number)
        before = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(6), dt.UTC)
        noted = {b"helpscraper.from": snapshot_id(before).encode(), b"helpscraper.evidence": b"[]"}
        feed = CHANGES_SCHEMA.empty_table().replace_schema_metadata(noted) if number else None
        rows = [{"article_id": "fees", "body": "words"}]
        commit(open_store(uri), day, rows, write=partial(write_snapshot, changes=feed))


@contextmanager
def questions() -> Iterator[Counter[str]]:
    """Count what object stores of this process ask: listings and looks at single files."""
    counts: Counter[str] = Counter()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any) -> Any:
            counts[name] += 1
            return real(*args)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ObjectStore, "_list", counted("LIST", ObjectStore._list))
        patch.setattr(ObjectStore, "_stat", counted("HEAD", ObjectStore._stat))
        yield counts


def asked(uri: str, counting: Counting, names: Iterable[str] = COMMANDS) -> dict[str, tuple[int, int]]:
    """Return the number of listings and of looks at single files that each command takes."""
    found = {}
    for name in names:
        with counting() as counts:
            COMMANDS[name](uri)
        found[name] = counts["LIST"], counts["HEAD"]
    return found


def test_no_command_asks_more_for_a_longer_history(
    tmp_path: Any, commit: Callable[..., SnapshotFile]
) -> None:
    uri, names = f"memory://{tmp_path.name}/archive", ["log", "snapshots", "sql"]
    grow(uri, commit, range(30))
    at_30 = asked(uri, questions, names)
    grow(uri, commit, range(30, 60))
    assert asked(uri, questions, names) == at_30
    assert {name: looks for name, (_, looks) in at_30.items() if looks} == {}
    assert max(lists for lists, _ in at_30.values()) <= 8


@pytest.mark.parametrize(("few", "many"), [(2, 4), pytest.param(30, 60, marks=pytest.mark.long)])
def test_the_log_of_a_real_server_says_the_same(
    s3: S3Server, commit: Callable[..., SnapshotFile], few: int, many: int
) -> None:
    uri = s3.new_uri(f"requests-{many}")
    grow(uri, commit, range(few))
    before = asked(uri, s3.counted)
    grow(uri, commit, range(few, many))
    assert asked(uri, s3.counted) == before
    assert max(map(sum, before.values())) <= 14


def test_a_notebook_sees_what_was_crawled_meanwhile(
    s3: S3Server, commit: Callable[..., SnapshotFile]
) -> None:
    uri = s3.new_uri("notebook")
    grow(uri, commit, range(1))
    archive = Archive(uri)
    assert len(archive.snapshots()) == len(archive.load(bodies=True)) == 1
    commit(open_store(uri), "2026-02-01", [{"article_id": "fees", "body": "other"}])
    assert len(archive.snapshots()) == 2
    assert archive.load(bodies=True)["body_text"].tolist() == ["other"]
    assert archive.sql("select distinct snapshot_at from snapshots").size == 2
    assert archive.history("fees").table.num_rows == 1
