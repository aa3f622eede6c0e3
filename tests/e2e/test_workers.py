"""Several workers, each with its own state folder, and one edition in one bucket."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.archive.layout import Partition, lease_path
from helpscraper.archive.store import Store, open_store
from helpscraper.crawl.lock import EditionLock
from helpscraper.errors import ArchiveError
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from tests import faults, forked
from tests.e2e.conftest import command, differences, expected, rows
from tests.e2e.test_kill import fetched
from tests.s3_server import S3Server

ARTICLES = 12
ENOUGH = 5
EDITION = Partition("okx", "en")
LEASE = lease_path(EDITION)


@dataclass(frozen=True)
class Workers:
    """Workers on one edition; each is a name and a state folder, and the site sees its name as the user agent."""

    server: SampleServer
    uri: str
    folder: Path

    def environment(self, name: str) -> dict[str, str]:
        return os.environ | {"XDG_STATE_HOME": str(self.folder / name)}

    def words(self, name: str, *flags: str, **settings: str) -> list[str]:
        settings = {"USER_AGENT": name, "LEASE_SECONDS": "30", "ROBOTSTXT_OBEY": "False"} | settings
        return command(self.server.url, self.uri, "--resume", *flags, settings=settings)

    def crawl(self, name: str, *flags: str, **settings: str) -> CompletedProcess[str]:
        words = self.words(name, *flags, **settings)
        return forked.run(words[3:], timeout=60, env=self.environment(name))

    @property
    def store(self) -> Store:
        return open_store(self.uri)

    def articles(self) -> set[str]:
        """The addresses of the site's articles."""
        return {f"/help/{record.slug}" for record in self.server.truth()}

    def stall(self) -> None:
        """From now on the site answers for ``ENOUGH`` articles; a request for another one gets no answer."""
        articles, answered = self.articles(), set[str]()

        def action(pending: PendingReply) -> Reply:
            if pending.target in articles:
                if len(answered) == ENOUGH:
                    return faults.hang()(pending)
                answered.add(pending.target)
            return pending.reply

        self.server.faults.append(Fault(action))

    def asked(self, since: int = 0) -> set[str]:
        """The addresses that were asked for, from request number ``since`` on."""
        return {each.path for each in self.server.requests[since:]}

    def lease(self) -> dict[str, Any]:
        """The lease as it lies in the bucket; empty when there is none."""
        found = self.store.read_with_etag(LEASE)
        return {} if found is None else dict(json.loads(found[0]))

    def shipped(self) -> set[str]:
        """The addresses of the articles that the newest copy of the ledger holds."""
        kept = self.lease().get("kept")
        if kept is None or kept["copy"] is None:
            return set()
        try:
            data = self.store.read(kept["copy"])
        except ArchiveError:  # there is a newer one by now
            return self.shipped()
        (copy := self.folder / "ledger.sqlite").write_bytes(gzip.decompress(data))
        return {f"/help/{article}" for article in fetched(copy)}

    def until(self, there: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not there():
            assert time.monotonic() < end
            time.sleep(0.05)

    def facts(self) -> dict[str, Any]:
        """The facts of the newest run."""
        found: dict[str, Any] = json.loads(self.store.read(self.store.list("runs")[-1]))
        return found


@pytest.fixture
def workers(s3: S3Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workers]:
    with SampleServer(articles=ARTICLES) as server:
        yield Workers(server, s3.new_uri(request.node.name), tmp_path)


def test_a_crawl_cut_off_on_one_worker_goes_on_on_another(workers: Workers) -> None:
    workers.stall()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(workers.crawl, "a", SHIP_MINUTES="0.01", LEASE_SECONDS="5")
        workers.until(lambda: len(workers.shipped()) == ENOUGH)
        os.kill(workers.lease()["pid"], signal.SIGKILL)
        assert first.result().returncode == -signal.SIGKILL
    held = workers.shipped()
    assert Archive(workers.uri).verify().problems == []
    workers.server.faults.clear()
    asked = len(workers.server.requests)
    while (second := workers.crawl("b")).returncode == 75:
        assert "another crawl of this site and locale is running: process" in second.stderr
    assert second.returncode == 0, second.stderr
    facts = workers.facts()
    assert facts["resumed"]
    assert not workers.asked(asked) & held
    assert not differences(rows(workers.uri), expected(workers.server))
    assert Archive(workers.uri).verify().problems == []
    assert workers.store.list("locks") == workers.store.list("state") == []
    # The ledger on the first worker no longer counts.
    third = workers.crawl("a")
    assert third.returncode == 0 and not workers.facts()["resumed"], third.stderr
    assert Archive(workers.uri).verify().problems == []


def test_a_crawl_of_another_machine_is_named_and_nothing_is_asked(workers: Workers) -> None:
    with EditionLock(workers.store, EDITION):
        told = workers.crawl("b")
    assert told.returncode == 75
    assert f"another crawl of this site and locale is running: process {os.getpid()} on" in told.stderr
    assert "s ago by its own clock" in told.stderr
    assert workers.server.requests == []


@pytest.mark.long
def test_a_crawl_that_loses_its_lease_stops_and_keeps_its_ledger(workers: Workers) -> None:
    workers.stall()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(workers.crawl, "a", LEASE_SECONDS="8", DOWNLOAD_TIMEOUT="2", RETRY_TIMES="0")
        workers.until(lambda: len(workers.asked() & workers.articles()) > ENOUGH)
        workers.store.remove(LEASE)
        done = first.result()
    assert done.returncode == 75
    assert "the lease is lost: its file is gone" in done.stderr
    assert "Traceback" not in done.stderr
    assert workers.store.list("runs") == workers.store.list("snapshots") == []
    assert list(workers.folder.glob("a/helpscraper/*/*/*/ledger.sqlite"))
