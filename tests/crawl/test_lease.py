"""The lease of an edition: one holder at a time, judged by no clock but one's own."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from helpscraper.archive.layout import Partition, lease_path
from helpscraper.archive.store import LocalStore
from helpscraper.crawl.lease import Kept, Lease
from helpscraper.errors import ArchiveError, LeaseLostError, LockHeldError

PATH = lease_path(Partition("acme", "en"))
SECONDS = 100.0


class World:
    """Time passes only in sleeps; ``meanwhile`` is called in each of them."""

    def __init__(self, folder: Path) -> None:
        self.store = LocalStore(str(folder))
        self.uptime = 0.0
        self.meanwhile: Callable[[], object] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.uptime += seconds
        self.meanwhile()

    def worker(self, *, ahead: dt.timedelta = dt.timedelta(), booted: float = 0.0) -> Lease:
        """A worker whose calendar is ``ahead`` of the true one and whose machine runs since ``booted``."""
        begin = dt.datetime(2026, 11, 28, 6, tzinfo=dt.UTC)

        def now() -> dt.datetime:
            return begin + ahead + dt.timedelta(seconds=self.uptime)

        def clock() -> float:
            return self.uptime - booted

        return Lease(self.store, PATH, "crawl", SECONDS, now=now, clock=clock, sleep=self.sleep)

    def file(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.store.read(PATH))
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_second_worker_is_told_at_once_who_and_for_how_long(world: World) -> None:
    first = world.worker()
    first.acquire()
    world.uptime += 30
    with pytest.raises(
        LockHeldError, match=r"process \d+ on .+, started 2026-11-28T06:00:00\+00:00, renewed 30 s ago"
    ):
        world.worker().acquire()
    assert world.uptime == 30
    first.release()
    assert not world.store.exists(PATH)
    world.worker().acquire()


def test_the_lease_of_a_dead_holder_is_taken_over_after_one_time_to_live(world: World) -> None:
    first = world.worker()
    first.acquire()
    first.note(Kept("its ledger"))
    first.confirm()
    world.uptime += SECONDS + 1
    heir = world.worker(booted=50)
    heir.acquire()
    assert world.uptime == 2 * SECONDS + 1
    assert heir.before is not None and heir.before.held
    assert heir.kept == Kept("its ledger")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_by_an_hour_never_ends_a_living_lease(world: World, hours: int) -> None:
    first = world.worker()
    first.acquire()
    world.meanwhile = first.confirm
    with pytest.raises(LockHeldError):
        world.worker(ahead=dt.timedelta(hours=hours)).acquire()
    assert first.lost is None
    first.confirm()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_by_an_hour_takes_a_dead_lease_over(world: World, hours: int) -> None:
    world.worker().acquire()
    world.worker(ahead=dt.timedelta(hours=hours)).acquire()
    assert world.uptime == SECONDS


def test_the_holder_stops_before_another_one_can_begin(world: World) -> None:
    first = world.worker()
    first.acquire()
    world.uptime += SECONDS - 1
    assert first.lost is None
    world.uptime += 1
    assert first.lost == "it could not be renewed for 100 s"
    with pytest.raises(LeaseLostError) as caught:
        first.confirm()
    assert caught.value.exit_code == 75


def test_a_holder_whose_lease_was_taken_over_leaves_it_alone(world: World) -> None:
    first, second = world.worker(), world.worker()
    first.acquire()
    second.acquire(dead=first.token)  # as the next process on the same machine knows it
    assert world.uptime == 0
    with pytest.raises(LeaseLostError, match="has taken it over"):
        first.confirm()
    first.release()
    assert world.file()["token"] == second.token
    second.confirm()


def test_a_lease_that_somebody_removed_is_lost(world: World) -> None:
    first = world.worker()
    first.acquire()
    world.store.remove(PATH)
    with pytest.raises(LeaseLostError, match="its file is gone"):
        first.confirm()


def test_a_renewal_that_arrived_although_its_answer_was_lost_is_the_holder_s_own(world: World) -> None:
    first = world.worker()
    first.acquire()
    late = json.dumps(world.file() | {"beat": 1}).encode()
    etag = world.store.read_with_etag(PATH)
    assert etag is not None and world.store.put_if_match(PATH, late, etag[1])
    first.confirm()
    assert world.file()["beat"] == 2


def test_the_state_of_an_unfinished_crawl_stays_through_other_work(world: World) -> None:
    crawl = world.worker()
    crawl.acquire()
    crawl.note(Kept("a", "state/copy"))
    crawl.release()
    compact = world.worker()
    compact.acquire()
    compact.release()
    again = world.worker()
    again.acquire()
    assert again.kept == Kept("a", "state/copy")
    assert again.before is not None and not again.before.held
    again.note(None)
    again.release()
    assert not world.store.exists(PATH)


def test_a_bucket_without_removals_shows_a_free_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ArchiveError("the store gives no access")

    first = world.worker()
    first.acquire()
    monkeypatch.setattr(world.store, "remove_if_match", refuse)
    first.release()
    assert world.file()["held"] is False
    second = world.worker()
    second.acquire()
    assert world.uptime == 0 and second.kept is None


def test_a_thread_renews_the_lease(tmp_path: Path) -> None:
    lease = Lease(LocalStore(str(tmp_path)), PATH, "crawl", 0.4)
    lease.acquire()
    time.sleep(0.7)
    assert lease.lost is None
    assert json.loads((tmp_path / PATH).read_text())["beat"] >= 2
    lease.release()


@pytest.mark.parametrize("contents", [b"{", b"[]", b'{"token": "a"}'])
def test_a_file_that_is_no_lease_is_named(world: World, contents: bytes) -> None:
    world.store.put_new(PATH, contents)
    with pytest.raises(ArchiveError, match="this is no lease"):
        world.worker().acquire()


@pytest.mark.parametrize("dead", [False, True])
def test_of_many_workers_one_gets_the_lease(tmp_path: Path, *, dead: bool) -> None:
    store = LocalStore(str(tmp_path))
    for number in range(5):
        path = f"locks/{number}.json"
        if dead:
            store.put_new(path, _holder("dead"))
        got: list[Lease] = []

        def run(path: str = path, got: list[Lease] = got) -> None:
            lease = Lease(store, path, "crawl", SECONDS)
            try:
                lease.acquire()
            except LockHeldError:
                return
            got.append(lease)

        threads = [Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        got[0].confirm()
        got[0].release()


def _holder(token: str) -> bytes:
    at = "2020-01-01T00:00:00+00:00"
    facts = {
        "token": token,
        "work": "crawl",
        "pid": 1,
        "host": "elsewhere",
        "started_at": at,
        "renewed_at": at,
    }
    return json.dumps(facts | {"seconds": 0.05, "beat": 7, "held": True, "kept": None}).encode()
