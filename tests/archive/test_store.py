from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, CommandError

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["local", "memory"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "local":
        yield Store(tmp_path / "archive")
        return
    store = Store(f"memory://{uuid.uuid4()}/archive")
    yield store
    if store.fs.exists(store.root):
        store.fs.rm(store.root, recursive=True)


def test_a_committed_file_is_read_back(any_store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"two")
    any_store.commit("a/b/one", b"one")
    any_store.commit("a/two", source)
    assert any_store.list("a") == ["a/b/one", "a/two"]
    assert [any_store.read(path) for path in any_store.list("")] == [b"one", b"two"]
    assert any_store.size("a/two") == 3
    with any_store.open("a/two") as stream:
        assert stream.read() == b"two"


def test_a_file_is_never_overwritten(any_store: Store) -> None:
    any_store.commit("a/one", b"one")
    any_store.commit("a/one", b"one")
    with pytest.raises(ArchiveError, match="a/one is already there with other contents"):
        any_store.commit("a/one", b"uno")
    assert any_store.read("a/one") == b"one"


def test_replace_is_for_what_was_not_committed(any_store: Store) -> None:
    any_store.commit("runs/x.json", b"1")
    any_store.commit("runs/x.json", b"2", replace=True)
    assert any_store.read("runs/x.json") == b"2"


@pytest.mark.parametrize("method", ["read", "size", "open"])
def test_a_missing_file_is_named(any_store: Store, method: str) -> None:
    with pytest.raises(ArchiveError, match="a/nothing: no such file"):
        getattr(any_store, method)("a/nothing")


def test_a_missing_folder_is_empty(any_store: Store) -> None:
    assert any_store.list("nothing") == []


def test_hidden_files_are_no_data(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in (".hidden", "a/.b/c", "a/.tmp", "a/seen"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert store.list("") == ["a/seen"]


def test_nothing_is_left_beside_the_data(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.commit("snapshots/x", b"1")
    with pytest.raises(ArchiveError):
        store.commit("snapshots/x", b"2")
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert files == ["snapshots/x"]


def test_what_a_killed_writer_left_is_swept_an_hour_later(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.scratch() as first:
        folder = first.parent
    old, new = folder / ".old.tmp", folder / ".new.tmp"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    store.commit("a", b"1")
    assert not old.exists()
    assert new.exists()


def test_a_file_system_whose_clock_is_behind_keeps_what_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: ahead)
    store = Store(tmp_path)
    with store.scratch("a") as first, store.scratch("b"):
        first.write_bytes(b"1")
        store.commit("a", first)
    assert store.read("a") == b"1"


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    store = Store(tmp_path)
    lost: list[ArchiveError] = []
    gate = threading.Barrier(8)

    def write(number: int) -> None:
        gate.wait()
        try:
            store.commit("snapshots/x", str(number).encode() * 1000)
        except ArchiveError as error:
            lost.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 7
    assert len(set(store.read("snapshots/x"))) == 1


ON_A_SMALL_DISK = """
import datetime as dt, os, subprocess, sys
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import articles_table, bodies_table
from helpscraper.archive.store import Store
from helpscraper.archive.writer import write_snapshot
from helpscraper.errors import ArchiveError
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key

folder, way = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", folder], check=True)

def commit(day, text):
    at = dt.datetime(2026, 11, day, 6, tzinfo=dt.UTC)
    body = Body(body_key(text, ""), text, "", "")
    row = Article(
        snapshot_at=at, article_id="a", url="u", title="t", status="fetched", body_sha256=body.sha256
    )
    name = f"202611{day}T060000Z"
    rows, bodies = articles_table([row]), bodies_table([body], at)
    write_snapshot(store, Partition("okx", "en"), name, rows, bodies, {"run_id": name})

store = Store(folder)
commit(20, "small")
if way == "ro":
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
try:
    commit(21, os.urandom(400_000).hex())
except ArchiveError as error:
    print(error)
catalog = Catalog(store)
print(catalog.ids(Partition("okx", "en")), catalog.load_table(bodies=True).column("body_text").to_pylist())
if way == "full":
    commit(22, "small again")
    print(catalog.ids(Partition("okx", "en")))
"""


def on_a_small_disk(folder: Path, way: str) -> list[str]:
    """Run the program above in a mount namespace of its own, with a tmpfs of 300 kB as the archive."""
    command = [
        "unshare",
        "--mount",
        "--map-root-user",
        sys.executable,
        "-c",
        ON_A_SMALL_DISK,
        str(folder),
        way,
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if "mount" in ran.stderr or "unshare" in ran.stderr:
        pytest.skip(f"this system lets tests mount nothing: {ran.stderr.strip().splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_a_full_disk_loses_nothing_and_the_next_writer_works(tmp_path: Path) -> None:
    error, advice, kept, after = on_a_small_disk(tmp_path, "full")
    assert error.startswith(f"{tmp_path}/bodies/site=okx/locale=en/20261121T060000Z.parquet: ")
    assert "disk is full" in advice
    assert kept == "['20261120T060000Z'] ['small']"
    assert after == "['20261120T060000Z', '20261122T060000Z']"


def test_a_read_only_archive_says_so_and_stays_readable(tmp_path: Path) -> None:
    error, advice, kept = on_a_small_disk(tmp_path, "ro")
    assert str(tmp_path) in error
    assert "read-only" in advice
    assert kept == "['20261120T060000Z'] ['small']"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_archive_of_another_user_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ArchiveError, match="not writable"):
        Store(tmp_path).commit("a", b"1")
    tmp_path.chmod(0o700)


def test_an_archive_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("not a folder")
    with pytest.raises(CommandError, match=r"archive.*this is a file") as caught:
        Store(tmp_path / "archive")
    assert caught.value.advice


@pytest.mark.parametrize("uri", ["", " ", "x::y", "simplecache::memory://x"])
def test_a_uri_that_names_no_place_is_refused(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="is wanted"):
        Store(uri)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named_once(tmp_path: Path) -> None:
    (tmp_path / ".state").write_text("not a folder")
    store = Store(tmp_path)
    with pytest.raises(ArchiveError, match="a file stands where") as caught:
        store.state_dir(Partition("okx", "en"))
    assert caught.value.message.count(str(tmp_path)) == 1
    (tmp_path / "snapshots").write_text("not a folder")
    with pytest.raises(ArchiveError, match="a file stands where"):
        store.commit("snapshots/a", b"1")


def test_a_write_that_does_not_fit_loses_nothing(tmp_path: Path) -> None:
    """In a process that may write files of 50 kB only, so that the operating system itself refuses."""
    code = """
import resource, signal, sys
from helpscraper.archive.layout import Partition
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, CommandError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
store = Store(sys.argv[1])
store.commit("small", b"1")
try:
    store.commit("large", bytes(100_000))
except ArchiveError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "large: File too large" in said
    assert Store(tmp_path).list("") == ["small"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_an_unknown_protocol_says_what_to_install() -> None:
    with pytest.raises(ArchiveError, match="fsspec"):
        Store("nosuch://bucket")


def test_published_files_can_be_read_by_others(tmp_path: Path) -> None:
    Store(tmp_path).commit("a", b"1")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=4096))
def test_bytes_come_back(data: bytes) -> None:
    store = Store(f"memory://{uuid.uuid4()}")
    store.commit("x", data)
    assert store.read("x") == data
    store.fs.rm(store.root, recursive=True)
