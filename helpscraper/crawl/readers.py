"""Recorded answers read on all cores, in their order, with a bounded number of them in memory."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing

from helpscraper.archive.store import Store
from helpscraper.crawl.replay import Said, Source, Task, read
from helpscraper.normalise.article import Context

__all__ = ["read_all"]

_BATCH = 16
# Batches under way for each process: enough that none waits, few enough that memory stays as it is.
_AHEAD = 3
# Below this many records the start of other processes costs more than they bring.
_WORTH_A_POOL = 64


def read_all(uri: str, tasks: Sequence[Task], context: Context, jobs: int | None = None) -> Iterator[Said]:
    """Yield what each of ``tasks`` says, in their order, read by ``jobs`` processes (default: one a core)."""
    jobs = (
        jobs or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else jobs or os.cpu_count() or 1
    )
    if jobs == 1 or len(tasks) < _WORTH_A_POOL:
        with closing(Source(Store(uri))) as source:
            for task in tasks:
                yield read(task, source, context)
        return
    batches = (tasks[start : start + _BATCH] for start in range(0, len(tasks), _BATCH))
    # The caller may hold threads (pyarrow, DuckDB), which a fork would copy in the middle of their work.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[list[Said]]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(_read_batch, uri, batch, context))
                if len(waiting) >= jobs * _AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _read_batch(uri: str, tasks: Sequence[Task], context: Context) -> list[Said]:
    with closing(Source(Store(uri))) as source:
        return [read(task, source, context) for task in tasks]
