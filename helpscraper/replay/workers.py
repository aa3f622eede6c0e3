"""Read recorded answers on all cores or on a cluster, in order, with a bounded number of them in memory."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from itertools import groupby
from types import TracebackType

from helpscraper.archive.store import open_store
from helpscraper.errors import HelpscraperError
from helpscraper.intake.notes import Batch
from helpscraper.normalise.article import Context
from helpscraper.replay.answers import RecordReader, read
from helpscraper.replay.plan import RecordedAnswer

__all__ = ["WorkerPool"]

_BATCH = 16
# A task of a cluster is a message to another machine.
_CLUSTER_BATCH = 256
# Batches submitted for each process: enough to keep it busy, few enough to bound memory.
_AHEAD = 3
# Below this many records, starting processes takes longer than it saves.
_WORTH_A_POOL = 256


class WorkerPool:
    """Processes that read records of the archive at ``uri``; they start once, when there is enough to do.

    ``cluster`` is an executor that runs tasks on other machines instead, ``jobs`` of them at a time.
    """

    def __init__(self, uri: str, jobs: int | None = None, cluster: Executor | None = None) -> None:
        self._uri = uri
        self._jobs = jobs or _cores()
        self._cluster = cluster
        self._pool = cluster

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self._pool, ProcessPoolExecutor):
            self._pool.shutdown(cancel_futures=True)

    def expect(self, recorded: int) -> None:
        """Start the processes now if ``recorded`` answers are enough, while the caller still looks for the records."""
        if self._jobs > 1 and recorded >= _WORTH_A_POOL:
            self._started()

    def _started(self) -> Executor:
        if self._pool is None:
            # A fork would copy the caller's threads (pyarrow, DuckDB) in the middle of their work.
            self._pool = ProcessPoolExecutor(self._jobs, multiprocessing.get_context("spawn"))
            for _ in range(self._jobs):
                self._pool.submit(_source, self._uri)  # each task starts a process when none is idle
        return self._pool

    def read(self, recorded: Sequence[RecordedAnswer], context: Context) -> Iterator[Batch]:
        """Yield the notes of ``recorded`` in their order, a batch at a time.

        Raises ``HelpscraperError`` when a process dies.
        """
        if self._cluster is not None:
            batches = _by_file(recorded)
        else:
            batches = (recorded[start : start + _BATCH] for start in range(0, len(recorded), _BATCH))
        if self._cluster is None and (
            self._jobs == 1 or (self._pool is None and len(recorded) < _WORTH_A_POOL)
        ):
            with closing(RecordReader(open_store(self._uri))) as source:
                for batch in batches:
                    yield read(batch, source, context)
            return
        pool = self._started()
        waiting: deque[Future[Batch]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(_read_batch, self._uri, batch, context))
                if len(waiting) >= self._jobs * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise HelpscraperError(
                "a process that reads records died",
                advice="perhaps memory was short: run it again with fewer --jobs; it goes on where it stopped",
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_file(recorded: Sequence[RecordedAnswer]) -> Iterator[Sequence[RecordedAnswer]]:
    """Yield runs of answers of one WARC file, which a worker opens once."""
    for _, answers in groupby(recorded, key=lambda answer: answer.record.partition("#")[0]):
        run = list(answers)
        yield from (run[start : start + _CLUSTER_BATCH] for start in range(0, len(run), _CLUSTER_BATCH))


# The archive that a thread of a worker reads.
_open = threading.local()


def _source(uri: str) -> None:
    """Open the archive for this thread, unless it is open."""
    if getattr(_open, "uri", uri) != uri:
        _open.source.close()
    if getattr(_open, "uri", None) != uri:
        _open.source, _open.uri = RecordReader(open_store(uri)), uri


def _read_batch(uri: str, recorded: Sequence[RecordedAnswer], context: Context) -> Batch:
    _source(uri)
    return read(recorded, _open.source, context)
