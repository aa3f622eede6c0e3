"""Reading processes: when they start."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from helpscraper.crawl import readers as module
from helpscraper.crawl.readers import _WORTH_A_POOL, Readers


@pytest.mark.parametrize(("jobs", "tasks"), [(2, _WORTH_A_POOL - 1), (1, _WORTH_A_POOL)])
def test_few_records_or_one_job_start_no_process(jobs: int, tasks: int, tmp_path: Path) -> None:
    with Readers(str(tmp_path), jobs) as readers:
        readers.expect(tasks)
        assert readers._pool is None


def test_processes_start_as_soon_as_there_is_enough_to_do(tmp_path: Path) -> None:
    with Readers(str(tmp_path), 2) as readers:
        readers.expect(_WORTH_A_POOL)
        pool = readers._pool
        assert pool is not None and len(pool._processes) == 2
        assert pool.submit(os.getpid).result() in set(pool._processes) - {os.getpid()}
        readers.expect(_WORTH_A_POOL)
        assert readers._pool is pool


def test_what_a_page_leaves_is_merged_where_the_c_library_can() -> None:
    assert module._merge_what_is_freed() is (platform.libc_ver()[0] == "glibc")


def test_a_reading_process_begins_with_the_archive_and_what_makes_it_quick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(module, "_merge_what_is_freed", lambda: done.append("merge"))
    monkeypatch.setattr(module.gc, "freeze", lambda: done.append("freeze"))
    monkeypatch.setattr(module.gc, "set_threshold", lambda young: done.append(f"collect after {young}"))
    module._begin(str(tmp_path))
    assert done == ["freeze", "collect after 50000", "merge"]
    module._source.close()
