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
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st
from s3fs import S3FileSystem

from helpscraper.archive.layout import Partition
from helpscraper.archive.store import FileInfo, LocalStore, Store, open_store
from helpscraper.archive.store.objects import ObjectStore
from helpscraper.errors import ArchiveError, CommandError
from tests.emulators import NewUri, azure_server, google_server
from tests.s3_server import S3Server, endpoint, rclone_server

ROOT = Path(__file__).parents[2]


EN = Partition("okx", "en")
WARC = "warc/site=okx/locale=en/20261122T060000Z-00000.warc.gz"


@pytest.fixture(scope="module")
def rclone_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rclone_server(tmp_path_factory.mktemp("rclone")) as url:
        yield url


@pytest.fixture(scope="module")
def gs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewUri]:
    with google_server(tmp_path_factory.mktemp("gs")) as new_uri:
        yield new_uri


@pytest.fixture(scope="module")
def az(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewUri]:
    with azure_server(tmp_path_factory.mktemp("az")) as new_uri:
        yield new_uri


@pytest.fixture(
    params=[
        "local",
        "memory",
        "s3",
        *(pytest.param(each, marks=pytest.mark.long) for each in ("rclone", "gs", "az")),
    ]
)
def uri(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a new archive is kept, in each kind of store."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if request.param == "local":
        yield str(tmp_path / "archive")
    elif request.param == "rclone":
        # A second make of server: it ignores conditions, so it has one writer.
        monkeypatch.setenv("HELPSCRAPER_SINGLE_WRITER", "1")
        request.getfixturevalue("s3")
        with endpoint(request.getfixturevalue("rclone_url")):
            yield f"s3://bucket/{uuid.uuid4()}"
    elif request.param in {"gs", "az"}:
        yield request.getfixturevalue(request.param)(request.node.name)
    elif request.param == "s3":
        yield request.getfixturevalue("s3").new_uri(request.node.name)
    else:
        place = f"memory://{uuid.uuid4()}/archive"
        yield place
        for name in MemoryFileSystem().find(place):
            MemoryFileSystem().rm_file(name)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["gs", "az"])
def test_a_bucket_that_is_not_there_is_named(kind: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(kind)
    with pytest.raises(ArchiveError, match="there is no such bucket"):
        open_store(f"{kind}://missing/archive").probe()


@pytest.fixture
def any_store(uri: str) -> Store:
    return open_store(uri)


@pytest.fixture
def conditional_store(any_store: Store) -> Store:
    """A store that honours conditions, as every one but rclone's."""
    if not any_store.probe():
        pytest.skip("this store ignores conditions")
    return any_store


def test_the_uri_picks_the_kind_of_store(uri: str) -> None:
    assert isinstance(open_store(uri), ObjectStore if "://" in uri else LocalStore)
    assert isinstance(open_store(f"file://{uri}"), LocalStore) or "://" in uri


def test_a_committed_file_is_read_back(any_store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"two")
    any_store.put_new("a/b/one", b"one")
    any_store.put_new("a/two", source)
    assert any_store.list("a") == ["a/b/one", "a/two"]
    assert [any_store.read(path) for path in any_store.list("")] == [b"one", b"two"]
    assert any_store.size("a/two") == 3
    assert any_store.exists("a/two")
    assert not any_store.exists("a")


def test_a_part_of_a_file_is_read(any_store: Store) -> None:
    data = bytes(range(256)) * 5000
    any_store.put_new("a/file", data)
    with any_store.open("a/file") as stream:
        assert stream.seek(-100, os.SEEK_END) == len(data) - 100
        assert stream.read() == data[-100:]
        stream.seek(1_100_000)
        assert stream.read(70_000) == data[1_100_000:1_170_000]
        stream.seek(10)
        assert (stream.read(5), stream.tell()) == (data[10:15], 15)
        stream.seek(len(data) + 5)
        assert stream.read(1) == b""
    any_store.put_new("a/empty", b"")
    assert any_store.read("a/empty") == b""


def test_a_part_costs_one_request(s3: S3Server) -> None:
    store = open_store(s3.new_uri("ranges"))
    store.put_new("a/file", bytes(4_000_000))
    store = store.with_cached_listings()
    store.list("a")
    with s3.counted() as requests, store.open("a/file") as stream:
        stream.seek(-1000, os.SEEK_END)
        stream.read()
    assert requests == {"GET": 1}


def test_nothing_is_asked_twice(s3: S3Server) -> None:
    store = open_store(s3.new_uri("once")).with_cached_listings()
    store.probe()
    with s3.counted() as requests:
        assert store.list("a") == []
        store.put_new("a/one", b"one")
        store.replace("a/two", b"two")
        store.put_new("b/three", b"three")
        assert store.list("a") == ["a/one", "a/two"]
        assert store.size("a/one") == 3
    assert requests == {"LIST": 1, "PUT": 3}
    with s3.counted() as requests:
        for _ in range(2):
            assert (store.read("a/one"), store.read("a/two")) == (b"one", b"two")
    assert requests == {"GET": 2}
    store.replace("a/two", b"zwo")
    assert store.read("a/two") == b"zwo"
    store.remove("a/one")
    assert store.list("a") == ["a/two"]


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_a_file_is_never_overwritten(any_store: Store, tmp_path: Path, kind: str) -> None:
    def given(data: bytes) -> bytes | Path:
        source = tmp_path / str(uuid.uuid4())
        source.write_bytes(data)
        return source if kind == "file" else data

    any_store.put_new("a/one", given(b"one"))
    any_store.put_new("a/one", given(b"one"))
    with pytest.raises(ArchiveError, match="a/one is already there with other contents") as caught:
        any_store.put_new("a/one", given(b"uno"))
    assert caught.value.message.startswith(any_store.url("a/one"))
    assert any_store.read("a/one") == b"one"


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_a_file_that_came_after_the_look_is_not_overwritten(
    conditional_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The look before the put is no promise: the put itself must refuse."""
    conditional_store.put_new("a/one", b"one")
    monkeypatch.setattr(type(conditional_store), "_stat", lambda *_: None)
    (tmp_path / "source").write_bytes(b"uno")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ArchiveError, match="is already there"):
        patch.setattr(type(conditional_store), "_digest", lambda *_: b"")
        conditional_store.put_new("a/one", tmp_path / "source" if kind == "file" else b"uno")
    monkeypatch.undo()
    assert conditional_store.read("a/one") == b"one"


def test_of_many_writers_one_wins(conditional_store: Store) -> None:
    if conditional_store.url().startswith("memory:"):
        pytest.skip("one process's memory knows no second writer: fsspec looks, then writes")
    lost: list[ArchiveError] = []
    gate = threading.Barrier(8)

    def write(number: int) -> None:
        gate.wait()
        try:
            conditional_store.put_new("snapshots/x", str(number).encode() * 1000)
        except ArchiveError as error:
            lost.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 7
    assert {"is already there" in error.message for error in lost} == {True}
    assert len(set(conditional_store.read("snapshots/x"))) == 1


def test_a_file_of_another_machine_is_seen(s3: S3Server) -> None:
    store = open_store(s3.new_uri("another-machine"))
    store.put_new("a/site=x/one", b"1")
    assert store.list("a") == ["a/site=x/one"]
    other = S3FileSystem(skip_instance_cache=True)
    other.pipe_file(store._full("a/site=x/two"), b"22")
    assert store.exists("a/site=x/two")
    assert store.size("a/site=x/two") == 2
    assert store.list("a") == ["a/site=x/one", "a/site=x/two"]


def test_a_folder_that_fills_during_its_listing_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """s3fs looks at the folder itself when its listing is empty, and finds it if a file came in between."""
    store = open_store("memory://filling")
    found = {"type": "directory", "size": 0}
    monkeypatch.setattr(store.fs, "find", lambda path, detail: {path: {"name": path, **found}})
    assert store.list("") == []


@pytest.mark.long
def test_a_file_of_many_parts_is_never_overwritten(s3: S3Server, tmp_path: Path) -> None:
    """Above 100 MB s3fs uploads in parts; the condition then stands in the request that completes them."""
    store = open_store(s3.new_uri("parts"))
    source = tmp_path / "source"
    with source.open("wb") as stream:
        stream.truncate(120 << 20)
    store.put_new("warc/large", source)
    assert (store.list(""), store.size("warc/large")) == (["warc/large"], 120 << 20)
    assert store._create("warc/large", source) is False


def test_replace_is_for_what_was_not_committed(any_store: Store) -> None:
    any_store.put_new("runs/x.json", b"1")
    before = any_store.etag("runs/x.json")
    any_store.replace("runs/x.json", b"2")
    any_store.replace("runs/y.json", b"3")
    assert any_store.etag("runs/x.json") != before
    assert [any_store.read(path) for path in any_store.list("runs")] == [b"2", b"3"]


def test_a_removed_file_is_gone(any_store: Store) -> None:
    any_store.put_new("a/one", b"1")
    any_store.put_new("a/two", b"2")
    any_store.remove("a/one")
    any_store.remove("a/one")
    assert any_store.list("") == ["a/two"]


def test_a_version_is_replaced_and_no_other(conditional_store: Store) -> None:
    assert conditional_store.swaps
    assert conditional_store.read_with_etag("locks/x") is None
    first = conditional_store.put_if_match("locks/x", b"1", None)
    assert first is not None
    assert conditional_store.put_if_match("locks/x", b"other", None) is None
    assert conditional_store.read_with_etag("locks/x") == (b"1", first)
    second = conditional_store.put_if_match("locks/x", b"2", first)
    assert second is not None
    assert conditional_store.put_if_match("locks/x", b"other", first) is None
    if not conditional_store.uri.startswith(
        "gs:"
    ):  # fake-gcs-server does not look at the condition of a removal
        assert not conditional_store.remove_if_match("locks/x", first)
    assert conditional_store.read_with_etag("locks/x") == (b"2", second)
    assert conditional_store.remove_if_match("locks/x", second)
    assert conditional_store.read_with_etag("locks/x") is None
    assert conditional_store.put_if_match("locks/x", b"other", second) is None
    assert conditional_store.put_if_match("locks/x", b"3", None) is not None


def test_a_put_whose_answer_is_lost_was_done(conditional_store: Store) -> None:
    """The client puts again, and the second put of the same contents finds them there."""
    etag = conditional_store.put_if_match("locks/x", b"mine", None)
    assert etag is not None
    assert conditional_store.put_if_match("locks/x", b"mine", None) == etag
    new = conditional_store.put_if_match("locks/x", b"mine, renewed", etag)
    assert conditional_store.put_if_match("locks/x", b"mine, renewed", etag) == new
    assert conditional_store.remove_if_match("locks/x", str(new))
    assert conditional_store.remove_if_match("locks/x", str(new))


def test_of_many_that_compare_and_swap_one_wins(conditional_store: Store) -> None:
    etag = conditional_store.put_if_match("locks/x", b"start", None)
    won: list[bytes] = []
    gate = threading.Barrier(6)

    def swap(data: bytes) -> None:
        gate.wait()
        if conditional_store.put_if_match("locks/x", data, etag) is not None:
            won.append(data)

    threads = [threading.Thread(target=swap, args=(str(number).encode(),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = conditional_store.read_with_etag("locks/x")
    assert now is not None
    assert won == [now[0]]


@pytest.mark.parametrize("method", ["read", "size", "open", "etag"])
def test_a_missing_file_is_named(any_store: Store, method: str) -> None:
    any_store.put_new("a/there", b"1")
    for store in (any_store, any_store.with_cached_listings()):
        with pytest.raises(ArchiveError) as caught:
            getattr(store, method)("a/nothing")
        assert caught.value.message == f"{store.url('a/nothing')}: no such file"


def test_a_missing_folder_is_empty(any_store: Store) -> None:
    any_store.put_new("a/there", b"1")
    assert any_store.list("nothing") == any_store.with_cached_listings().list("nothing") == []


def test_a_listing_is_taken_once_and_shows_what_there_was(any_store: Store, uri: str) -> None:
    any_store.put_new("a/site=x/one", b"1")
    any_store.put_new("ab/other", b"1")
    view = any_store.with_cached_listings()
    assert view.list("a") == ["a/site=x/one"]
    open_store(uri).put_new("a/site=x/two", b"22")
    assert view.with_cached_listings().list("a/site=x") == ["a/site=x/one"]
    assert not view.exists("a/site=x/two")
    assert (
        any_store.list("a/site=x")
        == any_store.with_cached_listings().list("a/site=x")
        == ["a/site=x/one", "a/site=x/two"]
    )
    assert any_store.size("a/site=x/two") == 2
    view.drop_listings()
    assert view.exists("a/site=x/two")
    view.put_new("a/site=x/three", b"3")
    assert view.size("a/site=x/three") == 1


def test_two_threads_share_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    view = open_store("memory://threads").with_cached_listings()
    asked: list[str] = []

    def slow(_: Store, folder: str) -> dict[str, FileInfo]:
        asked.append(folder)
        time.sleep(0.05)
        return {}

    monkeypatch.setattr(ObjectStore, "_list", slow)
    threads = [threading.Thread(target=view.list, args=("a",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == ["a"]


def test_a_draft_is_published_or_found_again(any_store: Store) -> None:
    any_store.draft(WARC).write_bytes(b"record")
    any_store.publish(WARC)
    assert any_store.read(WARC) == b"record"
    second, folder = WARC.replace("-00000", "-00001"), WARC.rpartition("/")[0]
    any_store.draft(second).write_bytes(b"record of a killed crawl")
    any_store.draft(f"{folder}/note.txt").write_bytes(b"no file of an archive")
    for left in any_store.drafts(folder):
        any_store.publish(left)
    assert any_store.drafts(folder) == ()
    assert any_store.read(second) == b"record of a killed crawl"


def test_the_state_of_a_crawl_is_on_this_machine_and_no_data(any_store: Store) -> None:
    (any_store.state_dir(EN) / "ledger.sqlite").write_bytes(b"1")
    with any_store.scratch("a") as file:
        file.write_bytes(b"2")
        assert any_store.list("") == []
        any_store.put_new("a", file)
    assert not file.exists()
    assert any_store.list("") == ["a"]


def test_hidden_files_are_no_data(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for name in (".hidden", "a/.b/c", "a/.tmp", "a/seen"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert store.list("") == ["a/seen"]


def test_nothing_is_left_beside_the_data(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put_new("snapshots/x", b"1")
    with pytest.raises(ArchiveError):
        store.put_new("snapshots/x", b"2")
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert files == ["snapshots/x"]


def test_what_a_killed_writer_left_is_swept_an_hour_later(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.scratch() as first:
        folder = first.parent
    old, new = folder / ".old.tmp", folder / ".new.tmp"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    store.put_new("a", b"1")
    assert not old.exists()
    assert new.exists()


def test_a_file_system_whose_clock_is_behind_keeps_what_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: ahead)
    store = open_store(tmp_path)
    with store.scratch("a") as first, store.scratch("b"):
        first.write_bytes(b"1")
        store.put_new("a", first)
    assert store.read("a") == b"1"


ON_A_SMALL_DISK = """
import datetime as dt, os, subprocess, sys
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import bodies_table
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import write_snapshot
from helpscraper.errors import ArchiveError
from helpscraper.items import Article, Body
from tests.tables import articles_table
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
    write_snapshot(store, Partition("okx", "en"), name, rows, bodies, RunFacts(run_id=name))

store = open_store(folder)
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
        open_store(tmp_path).put_new("a", b"1")
    tmp_path.chmod(0o700)


def test_an_archive_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("not a folder")
    with pytest.raises(CommandError, match=r"archive.*this is a file") as caught:
        open_store(tmp_path / "archive")
    assert caught.value.advice


@pytest.mark.parametrize("uri", ["", " ", "x::y", "simplecache::memory://x"])
def test_a_uri_that_names_no_place_is_refused(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=r"is empty|chains several"):
        open_store(uri)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named_once(tmp_path: Path) -> None:
    (tmp_path / ".state").write_text("not a folder")
    store = open_store(tmp_path)
    with pytest.raises(ArchiveError, match="a file has the name of a folder") as caught:
        store.state_dir(Partition("okx", "en"))
    assert caught.value.message.count(str(tmp_path)) == 1
    (tmp_path / "snapshots").write_text("not a folder")
    with pytest.raises(ArchiveError, match="a file has the name of a folder"):
        store.put_new("snapshots/a", b"1")


def test_a_write_that_does_not_fit_loses_nothing(tmp_path: Path) -> None:
    """In a process that may write files of 50 kB only, so that the operating system itself refuses."""
    code = """
import resource, signal, sys
from helpscraper.archive.layout import Partition
from helpscraper.archive.store import Store, open_store
from helpscraper.errors import ArchiveError, CommandError
from tests.tables import articles_table
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
store = open_store(sys.argv[1])
store.put_new("small", b"1")
try:
    store.put_new("large", bytes(100_000))
except ArchiveError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "large: File too large" in said
    assert open_store(tmp_path).list("") == ["small"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_an_unknown_protocol_says_what_to_install() -> None:
    with pytest.raises(ArchiveError, match="fsspec"):
        open_store("nosuch://bucket")


def test_published_files_can_be_read_by_others(tmp_path: Path) -> None:
    open_store(tmp_path).put_new("a", b"1")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=4096))
def test_bytes_come_back(data: bytes) -> None:
    store = open_store(f"memory://{uuid.uuid4()}")
    store.put_new("x", data)
    assert store.read("x") == data
    store.fs.rm(store.root, recursive=True)
