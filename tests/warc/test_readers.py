"""Reading processes: when they start."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
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


_PIECES_APART = """
import ctypes, sys
from lxml import etree
from helpscraper.crawl import readers

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

if sys.argv[1] == "merged":
    readers._merge_what_is_freed()
tree = etree.HTML("<p class='a'>b" * 5_000)
del tree
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Info
print(libc.mallinfo2().fsmblks)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not hasattr(ctypes.CDLL(None), "mallinfo2"),
    reason="only glibc keeps freed pieces apart, and tells of them from 2.33 on",
)
def test_what_a_page_leaves_is_merged_at_once() -> None:
    apart = {
        how: int(subprocess.check_output([sys.executable, "-c", _PIECES_APART, how]))
        for how in ("as usual", "merged")
    }
    assert apart["as usual"] > 10_000
    assert apart["merged"] == 0


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
