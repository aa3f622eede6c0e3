"""A crawl is named by an instant that is later than all that the archive holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store
from helpscraper.archive.writer import SnapshotFile, write_refused, write_snapshot
from helpscraper.crawl.clock import free_instant
from helpscraper.errors import ArchiveError
from tests.e2e.conftest import crawl

HERE = Partition("okx", "en")
Commit = Callable[..., SnapshotFile]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.mark.parametrize("write", [write_snapshot, write_refused])
def test_a_snapshot_of_the_future_stops_every_crawl_after_it(
    write: Callable[..., SnapshotFile], store: Store, commit: Commit
) -> None:
    day = (now() + dt.timedelta(days=2)).date()
    ahead = commit(store, day, [{"article_id": "a"}], write=write)
    commit(store, "2026-01-01", [{"article_id": "a"}])
    with pytest.raises(ArchiveError, match=f"snapshot {ahead.snapshot_id} lies in the future") as caught:
        free_instant(Catalog(store), HERE)
    assert "set the clock" in caught.value.advice
    assert caught.value.exit_code == 1
    # Another locale has its own order.
    assert free_instant(Catalog(store), Partition("okx", "zh-hans")) >= now() - dt.timedelta(seconds=1)


def test_what_the_clock_is_ahead_by_a_moment_is_waited_for(
    store: Store, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = dt.datetime(2026, 1, 2, 6, tzinfo=dt.UTC)
    commit(store, newest.date(), [{"article_id": "a"}])
    ticks = iter(newest + dt.timedelta(seconds=seconds) for seconds in (-5, -1, 0, 1.5))

    monkeypatch.setattr("helpscraper.crawl.clock._now", lambda: next(ticks))
    monkeypatch.setattr("helpscraper.crawl.clock.time.sleep", lambda seconds: None)
    assert free_instant(Catalog(store), HERE) == newest + dt.timedelta(seconds=1)


def test_a_crawl_that_would_never_be_the_latest_does_not_begin(store: Store, commit: Commit) -> None:
    day = (now() + dt.timedelta(days=2)).date()
    commit(store, day, [{"article_id": "a"}])
    archive = Path(store.url(""))
    result = crawl("http://127.0.0.1:9", archive)
    assert result.code == 1
    assert "lies in the future" in result.stderr
    assert "set the clock" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(list(archive.glob("runs/*/*/*"))) == 1
