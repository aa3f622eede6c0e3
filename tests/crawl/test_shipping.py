"""The ledger of a crawl goes on from one machine to another, and only the newest one counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from helpscraper.archive.layout import Partition, lease_path, shipped_path
from helpscraper.archive.reader import Catalog
from helpscraper.crawl.lock import EditionLock
from helpscraper.crawl.shipping import Shipping, ledger_that_counts
from helpscraper.errors import LeaseLostError
from helpscraper.intake.ledger import Ledger

HERE = Partition("acme", "en")


class Worker:
    """A machine that has the lock of the edition, and its ledger."""

    def __init__(self, catalog: Catalog, *, resume: bool = True) -> None:
        self.catalog = catalog
        self.lock = EditionLock(catalog.store, HERE)
        self.lock.acquire()
        self.path = self.lock.folder / "ledger.sqlite"
        self.ledger, self.leftover, self.moved = ledger_that_counts(self.path, catalog, HERE, self.lock)
        if self.leftover is None or not resume:
            self.ledger.delete()
            self.ledger = Ledger(self.path)
            self.ledger.set_meta(snapshot_id="20261128T060000Z", arguments="{}", versions="{}")
        shipping = Shipping.under(self.lock, catalog.store, HERE, self.ledger, moved=self.moved and resume)
        assert shipping is not None
        self.shipping = shipping

    def read(self, article: str) -> None:
        self.ledger.settle(article, "carried")

    @property
    def found(self) -> set[str]:
        return self.ledger.articles()

    def interrupt(self) -> None:
        self.shipping.ship(None)
        self.ledger.close()
        self.lock.release()

    def die(self) -> None:
        """End as a killed process does: nothing is released but the lock of the system."""
        assert self.lock.lease is not None
        self.lock.lease._end.set()
        self.ledger.close()
        self.lock._local._lock.release()

    def finish(self) -> None:
        self.ledger.delete()
        self.shipping.clear()
        self.lock.release()


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Worker]]:
    """Begin to work on the machine of a name."""
    catalog = Catalog(f"memory://{uuid4().hex}/archive")

    def begin(name: str, *, resume: bool = True) -> Worker:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
        return Worker(catalog, resume=resume)

    yield begin


def test_a_crawl_goes_on_where_its_copy_is_and_the_older_ledger_is_dropped(
    on: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    first = on("a")
    first.read("one")
    first.interrupt()
    second = on("b")
    assert second.moved and second.found == {"one"}
    second.read("two")
    second.interrupt()
    again = on("a")
    assert again.moved and again.found == {"one", "two"}
    assert "the crawl 20261128T060000Z (articles: 1 carried), is out of date" in caplog.text
    again.interrupt()
    # Its own ledger is the one of the copy now.
    assert not on("a").moved


def test_a_process_that_died_goes_on_with_its_own_ledger_on_its_machine(on: Callable[..., Worker]) -> None:
    first = on("a")
    first.read("one")
    first.shipping.ship(None)
    first.read("two")
    first.die()
    again = on("a")
    assert not again.moved and again.found == {"one", "two"}


def test_so_does_one_that_died_before_it_shipped_or_renewed_anything(on: Callable[..., Worker]) -> None:
    first = on("a")
    first.read("one")
    first.die()
    again = on("a")
    assert not again.moved and again.found == {"one"}


def test_other_work_on_the_edition_in_between_changes_nothing_of_that(on: Callable[..., Worker]) -> None:
    first = on("a")
    first.read("one")
    first.die()
    with EditionLock(first.catalog.store, HERE, "compact"):
        pass
    assert on("a").found == {"one"}


def test_a_crawl_that_left_no_copy_is_named_and_begins_anew(
    on: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    first = on("a")
    first.read("one")
    first.lock.release()  # as when the store did not take the copy
    second = on("b")
    assert not second.found
    assert "ended early and left no copy of its ledger: starting anew" in caplog.text


def test_the_end_of_a_crawl_removes_all_that_was_shipped(
    on: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    first = on("a")
    first.read("one")
    store = first.catalog.store
    store.put_new(shipped_path(HERE, "of-a-killed-process"), b"half a ledger, which no lease names")
    first.interrupt()
    on("b").finish()
    assert store.list("state") == store.list("locks") == []
    # The ledger on the first machine is of a crawl that has ended elsewhere.
    caplog.set_level(logging.WARNING)
    again = on("a")
    assert not again.found and again.leftover is None
    assert "is out of date" in caplog.text


def test_a_new_crawl_leaves_no_copy_of_the_old_one(on: Callable[..., Worker]) -> None:
    first = on("a")
    first.read("one")
    first.interrupt()
    second = on("b", resume=False)
    assert second.catalog.store.list("state") == []
    second.interrupt()
    assert on("c").found == set()


def test_a_copy_that_cannot_be_read_is_named(
    on: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    first = on("a")
    first.read("one")
    first.interrupt()
    store = first.catalog.store
    (copy,) = store.list("state")
    cut = store.read(copy)[:-20]
    store.remove(copy)
    store.put_new(copy, cut)
    assert on("b").found == set()
    assert f"{copy}: this copy of a ledger cannot be read" in caplog.text


def test_a_worker_without_the_lease_ships_nothing(on: Callable[..., Worker]) -> None:
    first = on("a")
    first.read("one")
    first.shipping.ship(None)
    store = first.catalog.store
    first.shipping.ship(None)
    (copy,) = store.list("state")  # the newest one only
    store.remove(lease_path(HERE))
    with pytest.raises(LeaseLostError):
        first.shipping.ship(None)
    assert store.list("state") == [copy]
