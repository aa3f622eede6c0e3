"""Two crawls started together: one commits, and the other one ends at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper.sample import SampleServer
from tests.e2e.conftest import crawl, end, snapshots, start


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(articles=12) as server:
        yield server


def race(server: SampleServer, archive: Path) -> None:
    n = len(snapshots(archive))
    # Slow enough that the second one, on a busy machine, starts before the first one is done.
    both = [start(server, archive, "-a", "mode=full", DOWNLOAD_DELAY="0.05") for _ in range(2)]
    ended = sorted(end(process) for process in both)
    assert [code for code, _ in ended] == [0, 75], ended
    assert "another crawl of this site and locale is running: process" in ended[1][1]
    assert len(snapshots(archive)) == n + 1


def test_two_crawls_started_together_make_one_commit(server: SampleServer, archive: Path) -> None:
    for _ in range(2):
        race(server, archive)


@pytest.mark.long
def test_fifty_times_two_crawls_started_together(server: SampleServer, archive: Path) -> None:
    for _ in range(50):
        race(server, archive)


def test_the_second_crawl_asks_for_nothing_and_the_first_goes_on(server: SampleServer, archive: Path) -> None:
    first = start(server, archive, DOWNLOAD_DELAY="0.5")
    wait_for_lock(archive)
    second = crawl("http://127.0.0.1:9", archive)
    assert second.code == 75
    assert f"process {first.pid} on" in second.stderr
    assert snapshots(archive) == []
    assert not list(archive.glob("runs/**/*.json"))
    first.send_signal(signal.SIGKILL)
    end(first)
    third = crawl(server, archive)
    assert third.code == 0
    assert f"held by process {first.pid} on" in third.stderr


def test_an_interrupted_crawl_can_be_resumed_and_tells_nobody_off(
    server: SampleServer, archive: Path
) -> None:
    before, until = server.count("/help/section/"), time.monotonic() + 60
    first = start(server, archive, DOWNLOAD_DELAY="0.5")
    # Its second request for a list comes when the articles of the first one are entered.
    while server.count("/help/section/") < before + 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    first.send_signal(signal.SIGTERM)
    code, said = end(first)
    assert code == 1
    assert "interrupted; --resume goes on from here" in said
    assert snapshots(archive) == []
    assert crawl(server, archive, "--resume").code == 0


def wait_for_lock(archive: Path) -> None:
    until = time.monotonic() + 60
    while not (archive / ".state/site=okx/locale=en/lock.json").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
