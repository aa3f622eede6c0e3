"""SIGKILL at random instants of a compaction: no row is ever missing, and the next run ends the job.

``--kills N`` sets how often, as for ``test_kill``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.verify import verify
from tests.archive.test_compact import commit, digests, rows_of
from tests.feeds import changes_table

EN = Partition("okx", "en")
# Says when it begins: the interpreter's start is no part of what is to be killed.
PROGRAM = """
import datetime as dt, sys
from helpscraper.archive.compact import compact
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
catalog = Catalog(sys.argv[1])
print("begin", flush=True)
en = Partition("okx", "en")
for _ in compact(catalog, en, dt.datetime(2027, 1, 1, tzinfo=dt.UTC)):
    pass
print("end", flush=True)
"""


def start(archive: Store) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, archive.root], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begin\n"
    return process


def finish(process: subprocess.Popen[bytes]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


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
    process = start(packed)
    begin = time.monotonic()
    finish(process)
    seconds, final, untouched = time.monotonic() - begin, digests(packed), digests(plain)
    expected = seen(plain)
    assert seen(packed) == expected
    landed = between = number = 0
    # A few kills may all miss the short time in which the job is half done: then there are more of them.
    while number < kills or (not between and number < 40):
        archive = open_store(shutil.copytree(plain.root, tmp_path / f"killed-{number}"))
        process = start(archive)
        time.sleep(seconds * luck.uniform(0, 0.9))
        landed += process.poll() is None
        process.kill()
        process.communicate()
        between += digests(archive) not in (untouched, final)
        assert seen(archive) == expected
        assert {problem.problem for problem in verify(Catalog(archive)).problems} <= {"redundant"}
        finish(start(archive))
        assert digests(archive) == final
        assert verify(Catalog(archive)).ok
        shutil.rmtree(archive.root)
        number += 1
    print(f"{landed} of {number} kills fell into running processes, {between} left it half done")
    assert landed >= kills // 2
    assert between > 0
