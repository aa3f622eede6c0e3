"""A validator says "you have this version"; it is sent only right after the good crawl that it came with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store
from helpscraper.archive.writer import SnapshotFile
from helpscraper.crawl.validators import load_validators, save_validators
from helpscraper.intake.known import newest_run

HERE = Partition("okx", "en")
KEPT = {"a": ('"1"', None), "b": (None, "Sun, 22 Nov 2026 06:00:30 GMT")}
Commit = Callable[..., SnapshotFile]


@pytest.fixture
def catalog(store: Store, commit: Commit) -> Catalog:
    """An archive whose one crawl was good and came with validators."""
    good = commit(store, "2026-01-01", [{"article_id": "a"}])
    catalog = Catalog(store)
    catalog.store.state_dir(HERE).mkdir(parents=True, exist_ok=True)
    save_validators(catalog, HERE, good.snapshot_id, KEPT)
    return catalog


def sent(catalog: Catalog) -> dict[str, tuple[str | None, str | None]]:
    return load_validators(catalog, HERE, newest_run(catalog, HERE))


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
    outcome: str, catalog: Catalog, store: Store, commit: Commit
) -> None:
    bad = commit(store, "2026-01-02", [{"article_id": "a"}], outcome=outcome)
    save_validators(catalog, HERE, bad.snapshot_id, KEPT)
    assert sent(catalog) == {}
