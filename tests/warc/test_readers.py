"""Reading processes: when they start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpscraper.replay.workers import _WORTH_A_POOL, WorkerPool


@pytest.mark.parametrize(("jobs", "tasks"), [(2, _WORTH_A_POOL - 1), (1, _WORTH_A_POOL)])
def test_few_records_or_one_job_start_no_process(jobs: int, tasks: int, tmp_path: Path) -> None:
    with WorkerPool(str(tmp_path), jobs) as readers:
        readers.expect(tasks)
        assert readers._pool is None


def test_processes_start_as_soon_as_there_is_enough_to_do(tmp_path: Path) -> None:
    with WorkerPool(str(tmp_path), 2) as readers:
        readers.expect(_WORTH_A_POOL)
        pool = readers._pool
        assert pool is not None and len(pool._processes) == 2
        assert pool.submit(os.getpid).result() in set(pool._processes) - {os.getpid()}
        readers.expect(_WORTH_A_POOL)
        assert readers._pool is pool
