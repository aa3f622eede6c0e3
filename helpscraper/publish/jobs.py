"""Run the jobs of a build in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import TypeVar

__all__ = ["run_jobs"]

Job = TypeVar("Job")
Result = TypeVar("Result")


def run_jobs(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int
) -> Iterator[tuple[Job, Result]]:
    """Yield each job with the result of ``work``, in any order; with one worker, in this process.

    Jobs are taken from ``jobs`` as workers become free, so that few are in memory.
    """
    if workers < 2:
        yield from ((job, work(job)) for job in jobs)
        return
    # A fork would copy the memory and the threads of DuckDB.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: dict[Future[Result], Job] = {}
        for job in jobs:
            waiting[pool.submit(work, job)] = job
            if len(waiting) > 2 * workers:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[Result], Job]) -> Iterator[tuple[Job, Result]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()
