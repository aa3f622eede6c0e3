"""SIGKILL at random instants of a compaction: no row is ever missing, and the next run ends the job.

``--kills N`` sets how often, as for ``test_kill``.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.verify import verify
from tests import forked
from tests.archive.test_compact import commit, digests, rows_of
from tests.feeds import changes_table


def words(archive: Store) -> list[str]:
    return ["compact", "--archive", archive.root, "--before", "2027-01-01"]


def finish(archive: Store) -> None:
    done = forked.run(words(archive), timeout=60)
    assert done.returncode == 0, done.stderr


def seen(archive: Store) -> dict[str, Any]:
    catalog = Catalog(archive)
    return {
        each.id: (
            catalog.load_table(each, bodies=True).to_pylist(),
            catalog.facts(each),
            changes_table(catalog, each),
        )
        for each in catalog.snapshots()
    }


def test_kills_lose_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills, luck = request.config.getoption("--kills"), Random(7)
    plain = open_store(tmp_path / "plain")
    days = [f"2026-{month:02d}-{day:02d}" for month in (8, 9, 10) for day in range(1, 29, 9)]
    for number, day in enumerate(days):
        commit(plain, day, rows_of(number))
    packed = open_store(shutil.copytree(plain.root, tmp_path / "packed"))
    forked.run(["--version"], timeout=60)  # so that the time does not hold the start of the server
    begin = time.monotonic()
    finish(packed)
    seconds, final, untouched = time.monotonic() - begin, digests(packed), digests(plain)
    expected = seen(plain)
    assert seen(packed) == expected
    landed = between = number = 0
    # A few kills may all miss the short time in which the job is half done: then there are more of them.
    while number < kills or (not between and number < 40):
        archive = open_store(shutil.copytree(plain.root, tmp_path / f"killed-{number}"))
        process = forked.Started(words(archive))
        time.sleep(seconds * luck.uniform(0, 0.9))
        landed += process.is_running
        process.kill()
        process.wait(60)
        between += digests(archive) not in (untouched, final)
        assert seen(archive) == expected
        assert {problem.problem for problem in verify(Catalog(archive)).problems} <= {"redundant"}
        finish(archive)
        assert digests(archive) == final
        assert verify(Catalog(archive)).ok
        shutil.rmtree(archive.root)
        number += 1
    print(f"{landed} of {number} kills fell into running processes, {between} left it half done")
    assert landed >= kills // 2
    assert between > 0
