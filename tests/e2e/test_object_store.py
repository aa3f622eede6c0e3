"""Crawls into an object store whose server, network or credentials fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.overview import runs_table
from helpscraper.archive.reader import Catalog
from helpscraper.archive.verify import verify
from helpscraper.sample import SampleServer
from tests import forked
from tests.e2e.conftest import command
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.s3_server import S3Server, endpoint, rclone_server

HERE = Partition("okx", "en")


@pytest.fixture
def proxy(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with fault_proxy(s3.url) as proxy, endpoint(proxy.url):
        yield proxy


@pytest.fixture(scope="module")
def site() -> Iterator[SampleServer]:
    with SampleServer(articles=12) as server:
        yield server


def crawl(site: SampleServer, uri: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return forked.run(command(site.url, Path("unused"), "--archive", uri, *flags)[3:], timeout=120)


def ids(uri: str) -> list[str]:
    return Catalog(uri).ids(HERE)


def is_one_line_with_advice(done: subprocess.CompletedProcess[str], said: str) -> bool:
    lines = done.stderr.strip().splitlines()
    return done.returncode == 1 and len(lines) == 2 and said in lines[0] and lines[1].startswith("  ")


def test_a_bucket_that_is_not_there_ends_a_crawl_before_its_first_page(
    proxy: FaultProxy, site: SampleServer
) -> None:
    asked = len(site.requests)
    done = crawl(site, "s3://misspelt-bucket/archive")
    assert is_one_line_with_advice(done, "there is no such bucket"), done.stderr
    assert len(site.requests) == asked


@pytest.mark.long
@pytest.mark.parametrize("look_first", [False, True])
@pytest.mark.parametrize("fault", ["down", "no credentials", "wrong credentials", "busy"])
def test_a_store_that_cannot_be_written_ends_a_crawl_before_its_first_page(
    proxy: FaultProxy,
    s3: S3Server,
    site: SampleServer,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    look_first: bool,
) -> None:
    uri = s3.new_uri(f"{fault} {look_first}")
    said = "no access"
    if fault == "down":
        said = "cannot be reached"
    elif fault == "no credentials":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    elif fault == "wrong credentials":
        proxy.add(Fault("PUT", "probe", "refused", 403, "InvalidAccessKeyId", times=99))
    else:
        proxy.add(Fault("PUT", "probe", "refused", 503, "ServiceUnavailable", times=99))
        said = "busy (503)"
    asked = len(site.requests)
    # A URL makes the crawl look at the site before it begins.
    words = ["crawl", f"{site.url}/help", "--archive", uri]
    with endpoint("http://127.0.0.1:9" if fault == "down" else proxy.url):
        done = forked.run(words, timeout=120) if look_first else crawl(site, uri)
    assert is_one_line_with_advice(done, said), done.stderr
    assert len(site.requests) == asked


@pytest.mark.long
def test_an_answer_that_is_lost_at_the_commit_is_a_success(
    proxy: FaultProxy, s3: S3Server, site: SampleServer
) -> None:
    uri = s3.new_uri("lost-answer")
    for part in ("/snapshots/", "/runs/", "/bodies/", "warc.gz"):
        proxy.add(Fault("PUT", part, "lost"))
    done = crawl(site, uri)
    assert done.returncode == 0, done.stderr
    assert [fault.met for fault in proxy.faults] == [1, 1, 1, 1]
    assert len(ids(uri)) == 1


@pytest.mark.long
def test_a_conflict_at_the_commit_is_tried_again(proxy: FaultProxy, s3: S3Server, site: SampleServer) -> None:
    uri = s3.new_uri("conflict")
    fault = proxy.add(Fault("PUT", "/snapshots/", "refused", 409, "ConditionalRequestConflict", times=2))
    done = crawl(site, uri)
    assert done.returncode == 0, done.stderr
    assert (fault.met, len(ids(uri))) == (2, 1)


@pytest.mark.long
def test_a_store_that_is_busy_for_a_while_at_the_commit_is_waited_for(
    proxy: FaultProxy, s3: S3Server, site: SampleServer
) -> None:
    uri = s3.new_uri("busy-commit")
    faults = [
        proxy.add(Fault("PUT", part, "refused", 503, "ServiceUnavailable", times=5))
        for part in ("warc.gz", "/snapshots/")
    ]
    done = crawl(site, uri)
    assert done.returncode == 0, done.stderr
    assert [fault.met for fault in faults] == [5, 5]
    assert len(ids(uri)) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("part", "status", "code"),
    [
        ("/snapshots/", 403, "ExpiredToken"),
        ("/", 403, "ExpiredToken"),
        (".cdxj", 403, "RequestTimeTooSkewed"),
    ],
)
def test_credentials_that_expire_during_a_crawl_leave_what_was_there(
    proxy: FaultProxy, s3: S3Server, site: SampleServer, part: str, status: int, code: str
) -> None:
    """The crawl is kept: with new credentials ``--resume`` commits it and asks for no article again."""
    uri = s3.new_uri(f"expire{part}{code}")
    assert crawl(site, uri).returncode == 0
    [first] = ids(uri)
    before = len(site.requests)
    # `/` stands for everything from the moment at which the recording is published.
    opening = proxy.add(Fault("PUT", "warc.gz" if part == "/" else part, "refused", status, code, times=99))
    if part == "/":
        opening.then = Fault("*", "/", "refused", status, code, times=9999)
    done = crawl(site, uri, "-a", "mode=full", "-s", "LEASE_SECONDS=5")
    assert done.returncode == 1
    assert "no access" in done.stderr
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert opening.met
    proxy.faults.clear()
    assert ids(uri) == [first]
    assert len(site.requests) > before
    # A store that gave no access kept the lease, which ends by itself.
    while (done := crawl(site, uri, "-a", "mode=full", "--resume")).returncode == 75:
        assert "another crawl of this site and locale is running" in done.stderr
    assert done.returncode == 0, done.stderr
    assert len(ids(uri)) == 2
    assert not Catalog(uri).store.list("snapshots")[2:]


@pytest.mark.long
def test_a_store_that_ignores_conditions_is_refused_or_has_one_writer(
    s3: S3Server,
    site: SampleServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with rclone_server(tmp_path / "rclone") as url, endpoint(url):
        uri, asked = "s3://bucket/archive", len(site.requests)
        assert is_one_line_with_advice(crawl(site, uri), "ignores conditional puts")
        assert len(site.requests) == asked
        for _ in range(2):
            done = crawl(site, uri, "--single-writer")
            assert done.returncode == 0, done.stderr
        catalog = Catalog(uri)
        assert [catalog.run(HERE, name).single_writer for name in ids(uri)] == [True, True]
        for reading in ("log", "runs", "diff", "verify"):
            read = forked.run([reading, "--archive", uri], timeout=120)
            assert read.returncode == 0, read.stdout + read.stderr


@pytest.mark.long
def test_two_machines_that_begin_in_one_second_go_on_as_ever(
    s3: S3Server, site: SampleServer, tmp_path: Path
) -> None:
    """The loser ends with 75 before its first page, and its next crawl works."""
    uri = s3.new_uri("one-second")
    words = command(site.url, Path("unused"), "--archive", uri)[3:]
    homes = [os.environ | {"XDG_STATE_HOME": str(tmp_path / name)} for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        begun = [pool.submit(forked.run, words, timeout=120, env=home) for home in homes]
        codes = sorted(each.result().returncode for each in begun)
    assert codes in ([0, 75], [0, 0])  # on a slow machine one may end before the other begins
    for home in homes:
        done = forked.run(words, timeout=120, env=home)
        assert done.returncode == 0, done.stderr
    catalog = Catalog(uri)
    assert len(ids(uri)) == codes.count(0) + 2
    assert not [path for path in catalog.store.list("runs") if path.endswith(".claim")]
    assert {catalog.run(HERE, name).outcome for name in catalog.run_ids(HERE)} == {"committed"}
    assert verify(catalog).problems == []


@pytest.mark.long
@pytest.mark.parametrize("part", ["warc.gz", "/bodies/", "Z.json", "/snapshots/"])
def test_a_run_that_died_is_named_by_the_next_crawl_of_another_machine(
    proxy: FaultProxy, s3: S3Server, site: SampleServer, tmp_path: Path, part: str
) -> None:
    uri = s3.new_uri(f"died{part}")
    words = command(site.url, Path("unused"), "--archive", uri, settings={"LEASE_SECONDS": "5"})
    fault = proxy.add(Fault("PUT", part, "stalled"))
    died = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert fault.reached.wait(60)
    died.kill()
    died.wait()
    proxy.faults.clear()
    other = os.environ | {"XDG_STATE_HOME": str(tmp_path / "other")}
    while (done := forked.run(words[3:], timeout=120, env=other)).returncode == 75:
        assert "another crawl of this site and locale is running" in done.stderr
    assert done.returncode == 0, done.stderr
    catalog = Catalog(uri)
    first, second = catalog.run_ids(HERE)
    assert ids(uri) == [second]
    table = runs_table(catalog).to_pylist()
    assert [(run["run_id"], run["outcome"]) for run in table] == [(first, "failed"), (second, "committed")]
    if part != "/snapshots/":
        assert f"The run {first} of process {died.pid} on" in done.stderr
    assert not [path for path in catalog.store.list("runs") if path.endswith(".claim")]
    assert verify(catalog).problems == []
