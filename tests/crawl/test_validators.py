"""A validator says "you have this version"; it is sent only right after the good crawl that it came with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store
from helpscraper.archive.writer import SnapshotFile
from helpscraper.crawl.validators import Validators
from helpscraper.intake.known import newest_run
from helpscraper.intake.ledger import Ledger

HERE = Partition("okx", "en")
KEPT = {"a": ('"1"', None), "b": (None, "Sun, 22 Nov 2026 06:00:30 GMT")}
Commit = Callable[..., SnapshotFile]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger of a crawl that fetched two pages with a validator, and one without."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for article_id, (etag, modified) in {**KEPT, "c": (None, None)}.items():
        ledger.fetched(article_id, {"title": article_id}, None, etag=etag, last_modified=modified)
    yield ledger
    ledger.close()


@pytest.fixture
def catalog(store: Store, commit: Commit, ledger: Ledger) -> Catalog:
    """An archive whose one crawl was good and came with validators."""
    good = commit(store, "2026-01-01", [{"article_id": "a"}])
    catalog = Catalog(store)
    catalog.store.state_dir(HERE).mkdir(parents=True, exist_ok=True)
    Validators(catalog, HERE, None).save(good.snapshot_id, ledger)
    return catalog


def sent(catalog: Catalog) -> dict[str, tuple[str | None, str | None]]:
    with closing(Validators(catalog, HERE, newest_run(catalog, HERE))) as validators:
        found = {article_id: validators.get(article_id) for article_id in "abcd"}
    return {article_id: values for article_id, values in found.items() if values != (None, None)}


def test_they_are_sent_right_after_their_own_crawl(catalog: Catalog) -> None:
    assert sent(catalog) == KEPT


@pytest.mark.parametrize("outcome", ["refused", "failed", "committed", "incomplete"])
def test_they_are_not_sent_after_any_other_run(
    outcome: str, catalog: Catalog, store: Store, commit: Commit
) -> None:
    commit(store, "2026-01-02", [{"article_id": "a"}], outcome=outcome)
    assert sent(catalog) == {}


@pytest.mark.parametrize("outcome", ["refused", "failed"])
def test_those_of_a_run_that_was_not_committed_are_not_sent(
    outcome: str, catalog: Catalog, store: Store, commit: Commit, ledger: Ledger
) -> None:
    bad = commit(store, "2026-01-02", [{"article_id": "a"}], outcome=outcome)
    Validators(catalog, HERE, None).save(bad.snapshot_id, ledger)
    assert sent(catalog) == {}


def test_an_article_that_is_carried_over_keeps_its_own_and_any_other_loses_it(
    catalog: Catalog, store: Store, commit: Commit, tmp_path: Path
) -> None:
    with closing(Ledger(tmp_path / "next.sqlite")) as ledger:
        ledger.settle("a", "carried")
        ledger.settle("b", "failed")
        ledger.fetched("d", {"title": "D"}, None, etag='"4"')
        last = Validators(catalog, HERE, newest_run(catalog, HERE))
        later = commit(store, "2026-01-02", [{"article_id": "a"}])
        last.save(later.snapshot_id, ledger)
    assert sent(catalog) == {"a": KEPT["a"], "d": ('"4"', None)}


@pytest.mark.parametrize("damage", ["no database", "no table", "a page"])
def test_a_damaged_file_costs_transfer_and_not_the_crawl(
    damage: str, catalog: Catalog, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    file = catalog.store.state_dir(HERE) / "validators.sqlite"
    if damage == "no database":
        file.write_bytes(b"not a database" * 100)
    elif damage == "no table":
        with closing(sqlite3.connect(file)) as db:
            db.execute("DROP TABLE validator")
            db.commit()
    else:
        data = file.read_bytes()
        file.write_bytes(data[:8192] + bytes(len(data) - 8192))
    assert sent(catalog) == {}
    assert "fetching in full" in caplog.text
    newest = newest_run(catalog, HERE)
    assert newest is not None
    Validators(catalog, HERE, newest).save(newest.run_id, ledger)
    assert sent(catalog) == KEPT
