"""A commit is on disk: the real order of the system calls."""

from __future__ import annotations

import errno
import io
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpscraper.archive.layout import Partition, changes_path
from helpscraper.archive.recordings import Recorder, warc_files
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import CHANGES_SCHEMA, bodies_table
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import write_snapshot
from helpscraper.errors import ArchiveError
from tests.conftest import article, body
from tests.tables import articles_table
from tests.warc.made import AT, exchange

EN = Partition("okx", "en")
ID = "20260301T060000Z"


@dataclass(frozen=True)
class Call:
    """One system call: ``what`` (``fsync``, ``publish``), the inode it was about, its size then, and the new name."""

    what: str
    inode: int
    size: int
    path: Path | None = None


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Call]]:
    calls: list[Call] = []
    fsync = os.fsync

    def synced(handle: int) -> None:
        fsync(handle)
        found = os.fstat(handle)
        calls.append(Call("fsync", found.st_ino, found.st_size))

    def published(real: Callable[..., None]) -> Callable[..., None]:
        def call(source: Any, target: Any, **more: Any) -> None:
            found = Path(source).stat()
            real(source, target, **more)
            calls.append(Call("publish", found.st_ino, found.st_size, Path(target)))

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", synced)
        for name in ("link", "rename", "replace"):
            patch.setattr(os, name, published(getattr(os, name)))
        yield calls


def assert_durable(calls: list[Call]) -> list[Path]:
    """Each file was on disk, whole, before it got its name, and the name was before the next file got one."""
    places = [number for number, call in enumerate(calls) if call.what == "publish"]
    names = []
    for place, end in zip(places, [*places[1:], len(calls)], strict=True):
        file = calls[place]
        assert file.path is not None
        assert any((c.what, c.inode, c.size) == ("fsync", file.inode, file.size) for c in calls[:place])
        folder = file.path.parent.stat().st_ino
        assert any((call.what, call.inode) == ("fsync", folder) for call in calls[place + 1 : end])
        names.append(file.path)
    assert names
    return names


def assert_folders_durable(calls: list[Call], folder: Path, root: Path) -> None:
    """Each folder that is new was synced into the one above it."""
    synced = {call.inode for call in calls if call.what == "fsync"}
    while folder != root:
        assert folder.parent.stat().st_ino in synced
        folder = folder.parent


@pytest.mark.parametrize("put", ["put_new", "replace"])
def test_bytes_are_on_disk_before_their_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: str
) -> None:
    store = open_store(tmp_path)
    with watched(monkeypatch) as calls:
        getattr(store, put)("runs/deep/one.json", b"1" * 10_000)
    assert assert_durable(calls) == [tmp_path / "runs/deep/one.json"]
    assert_folders_durable(calls, tmp_path / "runs/deep", tmp_path)


def test_a_finished_file_is_on_disk_before_its_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path / "archive")
    with watched(monkeypatch) as calls, store.scratch("x/one") as target:
        target.write_bytes(b"1" * 10_000)
        store.put_new("x/one", target)
    assert_durable(calls)


def test_a_file_of_another_disk_is_on_this_one_before_its_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path("/dev/shm") / f"helpscraper-test-{os.getpid()}"  # noqa: S108
    if not source.parent.is_dir() or source.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no other disk here")
    source.write_bytes(b"1" * 3_000_000)
    try:
        with watched(monkeypatch) as calls:
            open_store(tmp_path).put_new("x/one", source)
    finally:
        source.unlink()
    assert_durable(calls)


def test_without_hard_links_the_order_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "this file system has none")

    monkeypatch.setattr(os, "link", link)
    with watched(monkeypatch) as calls:
        open_store(tmp_path).put_new("x/one", b"1")
    assert_durable(calls)


def test_a_snapshot_gets_its_name_when_all_it_refers_to_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    text = body("words")
    recorder = Recorder(store, EN, ID, info={})
    with watched(monkeypatch) as calls:
        record = recorder.write(exchange("https://www.okx.com/help/a", b"<html>"))
        recorder.close()
        write_snapshot(
            store,
            EN,
            ID,
            articles_table([article(AT, "a", body_sha256=text.sha256, warc_record=record)]),
            bodies_table([text], AT),
            RunFacts(run_id=ID, outcome="committed"),
            CHANGES_SCHEMA.empty_table(),
        )
    names = [path.relative_to(tmp_path).parts[0] for path in assert_durable(calls)]
    assert names == ["warc", "bodies", "changes", "runs", "snapshots"]
    # The WARC file itself has its name from the beginning: its bytes and its folders are what must be on disk.
    (file,) = (tmp_path / each for each in warc_files(store, EN))
    index = next(number for number, call in enumerate(calls) if call.what == "publish")
    there = file.stat()
    assert Call("fsync", there.st_ino, there.st_size) in calls[:index]
    assert_folders_durable(calls[:index], file.parent, tmp_path)


# ---- one snapshot, one truth


def commit(store: Store, changes: pa.Table | None = None, **facts: Any) -> None:
    rows = articles_table([article(AT, "a")])
    run = RunFacts.from_json({"run_id": ID, "outcome": "committed", "complete": True} | facts)
    write_snapshot(store, EN, ID, rows, bodies_table([], AT), run, changes)


@pytest.mark.parametrize("other", [{"complete": False}, {"scope": "one section"}, {"counts": {"fetched": 2}}])
def test_other_facts_make_another_snapshot(tmp_path: Path, other: dict[str, Any]) -> None:
    store = open_store(tmp_path)
    commit(store)
    before = {path: store.read(path) for path in store.list("")}
    with pytest.raises(ArchiveError, match="already there with other contents"):
        commit(store, **other)
    assert {path: store.read(path) for path in store.list("")} == before


def test_a_feed_is_sorted_however_it_is_given(tmp_path: Path) -> None:
    keys = ("article_id", "kind", "field", "before", "after")
    records = [
        dict(zip(keys, values, strict=True)) | {"silent": False, "at": AT}
        for values in itertools.product("ab", ("edited", "moved"), ("title", "url"), ("1", "2"), ("3", "4"))
    ]
    written = []
    for name, given in (("one", records), ("other", records[::-1])):
        store = open_store(tmp_path / name)
        commit(store, pa.Table.from_pylist(given, CHANGES_SCHEMA))
        written.append(store.read(changes_path(EN, ID)))
    assert written[0] == written[1]
    assert pq.read_table(io.BytesIO(written[0])).select(keys).to_pylist() == [
        {key: record[key] for key in keys} for record in records
    ]
