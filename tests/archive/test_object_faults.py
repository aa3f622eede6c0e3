"""What an archive on an object store does when the store or the network fails, and on a store that keeps no promise."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.store import Store, client, open_store
from helpscraper.crawl.lock import EditionLock
from helpscraper.errors import ArchiveError, HelpscraperError
from tests.emulators import AZURITE, free_url
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.s3_server import S3Server, endpoint, rclone_server


@pytest.fixture
def proxy(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """The S3 server behind a proxy that fails on request; only helpscraper tries again, and at once."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(client, "_PAUSES_SECONDS", (0.01, 0.05))
    with fault_proxy(s3.url) as proxy, endpoint(proxy.url):
        yield proxy


@pytest.fixture
def faulty(proxy: FaultProxy, s3: S3Server, request: pytest.FixtureRequest) -> Store:
    store = open_store(s3.new_uri(request.node.name))
    store.probe()
    proxy.asked.clear()
    return store


@pytest.mark.parametrize("kind", ["bytes", pytest.param("file", marks=pytest.mark.long)])
def test_a_put_whose_answer_is_lost_is_a_success(
    faulty: Store, proxy: FaultProxy, tmp_path: Path, kind: str
) -> None:
    lost = proxy.add(Fault("PUT", "snapshots/x", "lost"))
    (tmp_path / "x").write_bytes(b"rows")
    faulty.put_new("snapshots/x", b"rows" if kind == "bytes" else tmp_path / "x")
    assert lost.met == 1
    assert faulty.read("snapshots/x") == b"rows"


@pytest.mark.long
def test_an_answer_that_is_lost_in_a_lost_race_is_no_success(faulty: Store, proxy: FaultProxy) -> None:
    faulty.put_new("snapshots/x", b"those of another")
    proxy.add(Fault("PUT", "snapshots/x", "lost"))
    with pytest.raises(ArchiveError, match="already there with other contents"):
        faulty.put_new("snapshots/x", b"rows")
    assert faulty.read("snapshots/x") == b"those of another"


def test_a_conflict_is_tried_again(faulty: Store, proxy: FaultProxy) -> None:
    """S3 answers 409 to two conditional puts at a time, and says to put again."""
    fault = proxy.add(Fault("PUT", "snapshots/x", "refused", 409, "ConditionalRequestConflict", times=2))
    faulty.put_new("snapshots/x", b"rows")
    assert (fault.met, faulty.read("snapshots/x")) == (2, b"rows")


@pytest.mark.long
def test_a_version_put_whose_answer_is_lost_is_a_success(faulty: Store, proxy: FaultProxy) -> None:
    etag = faulty.put_if_match("locks/x", b"1", None)
    proxy.add(Fault("PUT", "locks/x", "lost"))
    new = faulty.put_if_match("locks/x", b"2", etag)
    assert faulty.read_with_etag("locks/x") == (b"2", new)
    proxy.add(Fault("DELETE", "locks/x", "lost"))
    assert faulty.remove_if_match("locks/x", str(new))


@pytest.mark.long
def test_a_busy_store_is_waited_for(faulty: Store, proxy: FaultProxy) -> None:
    fault = proxy.add(Fault("PUT", "snapshots/x", "refused", 503, "ServiceUnavailable", times=7))
    faulty.put_new("snapshots/x", b"rows")
    assert (fault.met, faulty.read("snapshots/x")) == (7, b"rows")


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "ExpiredToken", "the store gives no access"),
        pytest.param(503, "ServiceUnavailable", "the store is busy", marks=pytest.mark.long),
        pytest.param(409, "ConditionalRequestConflict", "the store is busy", marks=pytest.mark.long),
    ],
)
def test_a_store_that_fails_is_one_clear_error(
    faulty: Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch, status: int, code: str, said: str
) -> None:
    monkeypatch.setattr(client, "_CONFLICT_SECONDS", 0.3)
    faulty.put_new("snapshots/earlier", b"earlier")
    monkeypatch.setattr(faulty.fs, "_patience", 0.3)
    proxy.add(Fault("PUT", "snapshots/x", "refused", status, code, times=1000))
    with pytest.raises(ArchiveError, match=said) as caught:
        faulty.put_new("snapshots/x", b"rows")
    assert caught.value.message.startswith("s3://")
    assert "\n" not in caught.value.message
    assert caught.value.advice
    assert faulty.list("snapshots") == ["snapshots/earlier"]
    assert faulty.read("snapshots/earlier") == b"earlier"


@pytest.mark.long
def test_one_outage_is_waited_for_once(
    faulty: Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.5)
    fault = proxy.add(Fault("PUT", "/", "refused", 503, "ServiceUnavailable", times=1000))
    faulty.list("")
    tried = []
    for name in ("warc", "runs"):
        fault.met = 0
        with pytest.raises(ArchiveError, match="busy"):
            faulty.put_new(f"{name}/x", b"1")
        tried.append(fault.met)
    assert tried[0] > 3
    assert tried[1] == 1
    proxy.faults.clear()
    faulty.put_new("runs/x", b"1")
    proxy.add(Fault("PUT", "/", "refused", 503, "ServiceUnavailable", times=3))
    faulty.put_new("runs/y", b"1")


@pytest.mark.long
@pytest.mark.parametrize("way", ["lost", "refused"])
def test_the_end_of_an_upload_in_parts_is_as_safe(
    faulty: Store, proxy: FaultProxy, tmp_path: Path, way: Literal["lost", "refused"]
) -> None:
    source = tmp_path / "source"
    with source.open("wb") as stream:
        stream.truncate(101 << 20)
    fault = proxy.add(Fault("POST", "uploadId=", way, 409, "ConditionalRequestConflict"))
    faulty.put_new("warc/large", source)
    assert fault.met == 1
    assert (faulty.list(""), faulty.size("warc/large")) == (["warc/large"], 101 << 20)
    with source.open("r+b") as stream:
        stream.write(b"other")
    with pytest.raises(ArchiveError, match="other contents"):
        faulty.put_new("warc/large", source)


@pytest.mark.long
@pytest.mark.parametrize("uri", ["s3://", "s3://no/such", "s3://Not A Bucket/x"])
def test_a_strange_url_is_one_line(uri: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HelpscraperError) as caught:
        open_store(uri).probe()
    assert "\n" not in caught.value.message
    assert caught.value.advice


@pytest.mark.long
def test_a_profile_that_is_not_there_is_one_line(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with endpoint(s3.url), pytest.raises(ArchiveError, match="nobody") as caught:
        open_store("s3://bucket/archive").probe()
    assert caught.value.advice


@pytest.mark.long
def test_a_put_that_stalls_is_not_seen_by_half(faulty: Store, proxy: FaultProxy) -> None:
    stalled = proxy.add(Fault("PUT", "snapshots/x", "stalled"))
    thread = threading.Thread(target=faulty.put_new, args=("snapshots/x", b"rows"))
    thread.start()
    assert stalled.reached.wait(10)
    assert faulty.list("snapshots") == []
    stalled.go.set()
    thread.join(20)
    assert faulty.read("snapshots/x") == b"rows"


# ---- the probe


def test_a_store_is_asked_once_and_readers_do_not_ask(proxy: FaultProxy, s3: S3Server) -> None:
    uri = s3.new_uri("asked-once")
    reader = open_store(uri)
    assert (reader.list(""), reader.exists("a")) == ([], False)
    assert not [asked for asked in proxy.asked if asked.startswith("PUT") and "probe" in asked]
    writer = open_store(uri)
    writer.put_new("a", b"1")
    writer.with_cached_listings().put_new("b", b"1")
    again = open_store(uri)
    again.put_new("c", b"1")
    puts = [asked.rpartition("/")[2] for asked in proxy.asked if asked.startswith("PUT")]
    # The bucket, three puts of the first probe, and one of the next process.
    assert puts[1:] == ["probe", "probe", "probe", "a", "b", "probe", "c"]
    assert open_store(uri).list("") == ["a", "b", "c"]


def test_a_bucket_that_is_not_there_is_named(s3: S3Server) -> None:
    started = time.monotonic()
    with pytest.raises(ArchiveError, match="there is no such bucket") as caught:
        open_store("s3://nobody-made-this/archive").probe()
    assert caught.value.message.startswith("s3://nobody-made-this/archive: ")
    assert "make the bucket" in caught.value.advice
    assert time.monotonic() - started < 5


def test_missing_credentials_are_named(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = s3.new_uri("no-credentials")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with endpoint(s3.url), pytest.raises(ArchiveError, match="no access") as caught:
        open_store(uri).probe()
    assert "credentials" in caught.value.advice


@pytest.mark.long
def test_wrong_credentials_are_named(proxy: FaultProxy, s3: S3Server) -> None:
    uri = s3.new_uri("wrong-credentials")
    proxy.add(Fault("PUT", "probe", "refused", 403, "InvalidAccessKeyId", times=9))
    with pytest.raises(ArchiveError, match="no access"):
        open_store(uri).probe()


@pytest.mark.long
@pytest.mark.parametrize("protocol", ["s3", "gs", "az"])
def test_a_store_that_is_down_is_two_lines_soon(
    protocol: str, monkeypatch: pytest.MonkeyPatch, s3: S3Server
) -> None:
    url = free_url()
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", AZURITE.format(url=url))
    command = [sys.executable, "-m", "helpscraper", "log", "--archive", f"{protocol}://bucket/archive"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    said, advice = done.stderr.splitlines()
    assert "cannot be reached" in said
    assert url.removeprefix("http://") in said
    assert "AWS_ENDPOINT_URL, STORAGE_EMULATOR_HOST or AZURE_STORAGE_CONNECTION_STRING" in advice


# ---- a store of another make, which ignores conditions


@pytest.fixture(scope="module")
def rclone_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rclone_server(tmp_path_factory.mktemp("rclone")) as url:
        yield url


@pytest.fixture
def rclone(s3: S3Server, rclone_url: str) -> Iterator[str]:
    """The URI of a bucket of `rclone serve s3`, with the credentials of the other server."""
    with endpoint(rclone_url):
        yield "s3://bucket"


def test_a_store_that_ignores_conditions_is_not_written(rclone: str) -> None:
    store = open_store(f"{rclone}/refused")
    for write in (store.probe, lambda: store.put_new("a", b"1"), lambda: store.remove("a")):
        with pytest.raises(ArchiveError, match="ignores conditional puts") as caught:
            write()
    assert "--single-writer" in caught.value.advice
    assert store.list("") == []


@pytest.mark.long
def test_the_only_writer_may_write_there_and_looks_first(rclone: str, tmp_path: Path) -> None:
    store = open_store(f"{rclone}/single")
    assert store.probe(single_writer=True) is False
    assert not store.swaps
    store.put_new("a/one", b"one")
    store.put_new("a/one", b"one")
    with pytest.raises(ArchiveError, match="already there with other contents"):
        store.put_new("a/one", b"uno")
    (tmp_path / "two").write_bytes(b"two")
    store.put_new("a/two", tmp_path / "two")
    store.replace("runs/x.json", b"1")
    store.replace("runs/x.json", b"2")
    reader = open_store(f"{rclone}/single")
    assert reader.list("") == ["a/one", "a/two", "runs/x.json"]
    assert [reader.read(path) for path in reader.list("")] == [b"one", b"two", b"2"]
    store.remove("a/one")
    assert reader.list("a") == ["a/two"]


@pytest.mark.long
def test_other_work_of_the_only_writer_needs_no_lease(rclone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPSCRAPER_SINGLE_WRITER", "1")
    store = open_store(f"{rclone}/packing")
    with EditionLock(store, Partition("okx", "en"), "compact"):
        assert store.list("locks") == []
