"""Several workers, each with its own state folder, and one edition in one bucket.

``make lease-test`` kills one of two workers at 100 random instants.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from random import Random
from subprocess import CompletedProcess, run
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
from tests.emulators import NewUri, azure_server, google_server
from tests.s3_server import S3Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="commands are started by a fork")

ARTICLES = 12
ENOUGH = 5
EDITION = Partition("okx", "en")
LEASE = lease_path(EDITION)


# In rounds of that many, because each looks at the whole archive.
ROUND = 20
MOST_QUEUED = 4


_WRONG_CLOCK = """
import datetime as dt, sys
from helpscraper.crawl import clock, lease, recovery
class Wrong(dt.datetime):
    @classmethod
    def now(cls, tz=None):
        return dt.datetime.now(tz) + dt.timedelta(hours={hours})
class Calendar:
    datetime = Wrong
    def __getattr__(self, name):
        return getattr(dt, name)
clock.dt = lease.dt = recovery.dt = Calendar()
"""


@dataclass(frozen=True)
class Workers:
    """Workers on one edition; each is a name and a state folder, and the site sees its name as the user agent."""

    server: SampleServer
    uri: str
    folder: Path

    def words(self, name: str, *flags: str, **settings: str) -> list[str]:
        settings = {"USER_AGENT": name, "LEASE_SECONDS": "30", "ROBOTSTXT_OBEY": "False"} | settings
        return command(self.server.url, self.uri, "--resume", *flags, settings=settings)

    def start(self, name: str, *flags: str, **settings: str) -> forked.Started:
        """Begin a crawl and do not wait for it."""
        environment = os.environ | {"XDG_STATE_HOME": str(self.folder / name)}
        return forked.Started(self.words(name, *flags, **settings)[3:], environment)

    def crawl_by_clock(self, name: str, hours: int) -> CompletedProcess[str]:
        """Crawl to the end on a machine whose calendar is wrong by so many hours."""
        code = _WRONG_CLOCK.format(hours=hours) + "from helpscraper.cli import main; sys.exit(main())"
        words = [sys.executable, "-c", code, *self.words(name)[3:]]
        env = os.environ | {"XDG_STATE_HOME": str(self.folder / name)}
        return run(words, capture_output=True, text=True, timeout=120, check=False, env=env)

    def crawl(self, name: str, *flags: str, **settings: str) -> CompletedProcess[str]:
        return self.start(name, *flags, **settings).wait(300)

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
        end = time.monotonic() + 300  # machines may be busy
        while not there():
            assert time.monotonic() < end
            time.sleep(0.05)

    def facts(self) -> dict[str, Any]:
        """The facts of the newest run."""
        found: dict[str, Any] = json.loads(self.store.read(self.store.list("runs")[-1]))
        return found


@pytest.fixture
def workers(s3: S3Server, tmp_path: Path) -> Iterator[Workers]:
    with SampleServer(articles=ARTICLES) as server:
        yield Workers(server, s3.new_uri(tmp_path.name), tmp_path)


def test_a_crawl_cut_off_on_one_worker_goes_on_on_another(workers: Workers) -> None:
    check_resume_elsewhere(workers)


@pytest.mark.long
@pytest.mark.parametrize("start", [google_server, azure_server])
def test_other_object_stores_have_the_lease_too(
    start: Callable[[Path], AbstractContextManager[NewUri]], tmp_path: Path
) -> None:
    with start(tmp_path) as new_uri, SampleServer(articles=ARTICLES) as server:
        check_resume_elsewhere(Workers(server, new_uri(tmp_path.name), tmp_path))


def check_resume_elsewhere(workers: Workers) -> None:
    workers.stall()
    first = workers.start("a", SHIP_MINUTES="0.01", LEASE_SECONDS="5")
    workers.until(lambda: len(workers.shipped()) == ENOUGH)
    first.send_signal(signal.SIGKILL)
    assert first.wait(10).returncode == -signal.SIGKILL
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


@pytest.mark.long
def test_a_crawl_of_another_machine_is_named_and_nothing_is_asked(workers: Workers) -> None:
    with EditionLock(workers.store, EDITION):
        told = workers.crawl("b")
    assert told.returncode == 75
    assert f"another crawl of this site and locale is running: process {os.getpid()} on" in told.stderr
    assert "s ago by its own clock" in told.stderr
    assert workers.server.requests == []


@pytest.mark.long
def test_compact_keeps_out_of_an_edition_that_another_machine_crawls(workers: Workers) -> None:
    assert workers.crawl("a").returncode == 0
    words = ["compact", "--before", "2100-01-01", "--archive", workers.uri]
    with EditionLock(workers.store, EDITION):
        told = forked.run(words, timeout=60)
    assert told.returncode == 75
    assert "another crawl of this site and locale is running" in told.stderr
    assert forked.run(words, timeout=60).returncode == 0
    assert workers.store.list("locks") == []


@pytest.mark.long
@pytest.mark.parametrize("seconds", [pytest.param("8", id="renewal"), pytest.param("300", id="commit")])
def test_a_crawl_that_loses_its_lease_stops_and_keeps_its_ledger(workers: Workers, seconds: str) -> None:
    """It learns that at the next renewal, at the latest just before the commit."""
    workers.stall()
    first = workers.start("a", LEASE_SECONDS=seconds, DOWNLOAD_TIMEOUT="3", RETRY_TIMES="1")
    workers.until(lambda: len(workers.asked() & workers.articles()) > ENOUGH)
    workers.store.remove(LEASE)
    if seconds == "300":
        workers.server.faults.clear()
    done = first.wait(60)
    assert done.returncode == 75
    assert "the lease is lost: its file is gone" in done.stderr
    assert "Traceback" not in done.stderr
    assert workers.store.list("snapshots") == []
    assert not any(path.endswith(".json") for path in workers.store.list("runs"))
    assert list(workers.folder.glob("a/helpscraper/*/*/*/ledger.sqlite"))


@pytest.mark.long
@pytest.mark.parametrize("hours", [pytest.param(-1, id="behind"), pytest.param(1, id="ahead")])
def test_a_worker_whose_clock_is_wrong_by_an_hour(workers: Workers, hours: int) -> None:
    workers.stall()
    first = workers.start("right", SHIP_MINUTES="0.01", LEASE_SECONDS="8")
    workers.until(lambda: len(workers.shipped()) == ENOUGH)
    told = workers.crawl_by_clock("wrong", hours)
    assert told.returncode == 75, told.stderr
    assert "waiting up to 8 s to see whether it is abandoned" in told.stderr
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    workers.server.faults.clear()
    done = workers.crawl_by_clock("wrong", hours)
    assert done.returncode == 0, done.stderr
    assert ("Resuming the crawl of" in done.stderr) == (hours > 0)
    assert hours > 0 or "is still to come: the clock was ahead" in done.stdout
    assert workers.crawl("right").returncode == 0
    assert Archive(workers.uri).verify().problems == []
    agents = [name for name, _ in groupby(each.headers["User-Agent"] for each in workers.server.requests)]
    assert agents == ["right", "wrong", "right"]


@pytest.mark.long
def test_a_worker_that_slept_through_its_lease_stops(workers: Workers) -> None:
    """A machine that was suspended goes on when another one has its edition: it commits nothing over it."""
    sleeper = workers.start("sleeper", SHIP_MINUTES="0.01", LEASE_SECONDS="5", DOWNLOAD_DELAY="0.3")
    workers.until(lambda: workers.shipped())
    sleeper.send_signal(signal.SIGSTOP)
    time.sleep(5)
    heir = workers.start("heir", DOWNLOAD_DELAY="0.5")
    workers.until(lambda: any(each.headers["User-Agent"] == "heir" for each in workers.server.requests))
    asked = len(workers.server.requests)
    sleeper.send_signal(signal.SIGCONT)
    late = sleeper.wait(120)
    assert late.returncode == 75 and "the lease is lost" in late.stderr, late.stderr
    done = heir.wait(120)
    assert done.returncode == 0 and workers.facts()["resumed"], done.stderr
    # Only the requests that were queued for their delay.
    agents = [each.headers["User-Agent"] for each in workers.server.requests[asked:]]
    assert agents.count("sleeper") <= MOST_QUEUED
    assert len(workers.store.list("snapshots")) == 1
    assert workers.crawl("sleeper").returncode == 0
    assert not differences(rows(workers.uri), expected(workers.server))
    assert Archive(workers.uri).verify().problems == []


@pytest.mark.long
def test_kills_of_one_of_two_workers(s3: S3Server, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills = request.config.getoption("--kills")
    seen = Counter[str]()
    for first in range(0, kills, ROUND):
        with SampleServer(articles=ARTICLES) as server:
            workers = Workers(server, s3.new_uri(f"kills-{first}"), tmp_path / str(first))
            luck = Random(first)
            for number in range(first, min(kills, first + ROUND)):
                seen += kill_once(workers, luck, number)
                print(number + 1, dict(seen), flush=True)
            assert Archive(workers.uri).verify().problems == []
    assert seen["killed at work"] >= kills // 2
    assert seen["resumed"], seen


def kill_once(workers: Workers, luck: Random, number: int) -> Counter[str]:
    """Start both workers, kill one, and let the other one try until it has crawled; return what happened."""
    names = luck.sample(["a", "b"], 2)
    before = len(workers.store.list("snapshots"))
    asked = len(workers.server.requests)
    settings = {"SHIP_MINUTES": "0.005", "LEASE_SECONDS": "20", "DOWNLOAD_DELAY": "0.05"}
    victim = workers.start(names[0], "-a", "mode=full", **settings)
    bound = asked + luck.randint(0, 30)
    workers.until(lambda: len(workers.server.requests) >= bound or not victim.is_running)
    time.sleep(luck.uniform(0, 0.5))
    rival = workers.start(names[1], "-a", "mode=full", **settings) if luck.random() < 0.5 else None
    if rival is not None:
        time.sleep(luck.uniform(0, 1.5))
    victim.send_signal(signal.SIGKILL)
    killed = victim.wait(60)
    assert killed.returncode in {-signal.SIGKILL, 0, 75}, killed.stderr
    lease = workers.lease()
    held = workers.shipped() if lease.get("pid") == victim.pid else set()
    tries = [rival.wait(300)] if rival is not None else []
    while not tries or tries[-1].returncode == 75:
        assert len(tries) < 60, tries[-1].stderr
        time.sleep(1)
        tries.append(workers.crawl(names[1], "-a", "mode=full", **settings))
    done = tries[-1]
    assert done.returncode == 0, done.stderr
    for each in (killed, *tries):
        assert "the lease is lost" not in each.stderr
        assert "Traceback" not in each.stderr
    agents = [
        name for name, _ in groupby(each.headers["User-Agent"] for each in workers.server.requests[asked:])
    ]
    assert len(agents) == len(set(agents)), f"two crawls at once: {agents}"
    facts = workers.facts()
    if held and len(workers.store.list("snapshots")) == before + 1:  # it was not killed after its commit
        assert facts["resumed"], done.stderr
        since = [each for each in workers.server.requests[asked:] if each.headers["User-Agent"] == names[1]]
        assert not {each.path for each in since} & held
    assert facts["resumed"] or "a new crawl: " in done.stdout
    assert workers.store.list("locks") == workers.store.list("state") == []
    assert not differences(rows(workers.uri), expected(workers.server))
    return Counter(
        {
            "killed at work": killed.returncode == -signal.SIGKILL,
            "killed with a copy": bool(held),
            "resumed": facts["resumed"],
            "turned away": sum(each.returncode == 75 for each in tries),
        }
    )
