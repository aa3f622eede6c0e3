"""One crawl at a time; a lock is released with its process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpscraper.crawl.lock import CrawlLock
from helpscraper.errors import ArchiveError, LockHeldError


def test_the_second_one_is_told_who_and_since_when(tmp_path: Path) -> None:
    first = CrawlLock(tmp_path)
    assert first.acquire() is None
    with pytest.raises(LockHeldError, match=r"process [0-9]+ on .+, started 20") as caught:
        CrawlLock(tmp_path).acquire()
    assert caught.value.exit_code == 75
    first.release()
    first.release()
    second = CrawlLock(tmp_path)
    assert second.acquire() is None
    second.release()


def test_a_dead_owner_is_recognised(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from helpscraper.crawl.lock import CrawlLock;"
        "CrawlLock(pathlib.Path(sys.argv[1])).acquire(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    lock = CrawlLock(tmp_path)
    dead = lock.acquire()
    assert dead is not None
    assert dead.keys() == {"pid", "host", "started_at"}
    lock.release()


def test_a_torn_owner_file_only_informs(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text('{"pid": 1')
    lock = CrawlLock(tmp_path)
    assert lock.acquire() is None
    assert json.loads((tmp_path / "lock.json").read_text())["pid"] > 1
    lock.release()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(ArchiveError, match="the lock cannot be taken"):
        CrawlLock(tmp_path / "state").acquire()
