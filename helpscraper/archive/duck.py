"""Open DuckDB in memory, bounded, with a folder of this process for spilled data."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

__all__ = ["cursor", "open_duckdb", "spill_folder"]

_PREFIX = "helpscraper-duckdb-"
_LOCK = ".lock"

# A folder is made before its lock is taken, so a new one without a lock may be in use.
_FRESH_SECONDS = 60


def open_duckdb(
    *, memory_limit: str = "600MB", threads: int | None = None, ordered: bool = True
) -> duckdb.DuckDBPyConnection:
    """Return an in-memory database that shows times in UTC and installs nothing from the network.

    Above ``memory_limit`` DuckDB spills to disk; ``threads`` bounds its workers (default: one per core). Without
    ``ordered`` rows come in any order, which takes less memory.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "memory_limit": memory_limit,
        "preserve_insertion_order": ordered,
        "temp_directory": spill_folder(),
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    # It would go to stdout, into the data of a command, for a query of more than two seconds. In a notebook without
    # ipywidgets there is none, and DuckDB refuses to be told so.
    with suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    return connection


def cursor(*, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return a cursor of the in-memory database that the process shares: to open another takes longer than small work.

    Each cursor has registered and temporary tables of its own; rows come in any order. Close it.
    """
    return _database(threads).cursor()


@lru_cache(maxsize=2)
def _database(threads: int | None) -> duckdb.DuckDBPyConnection:
    return open_duckdb(threads=threads, ordered=False)


# A database that is open when the interpreter ends prints leaks, which cron would mail.
atexit.register(_database.cache_clear)


@cache
def spill_folder() -> str:
    """Return this process's folder for spilled data, which is removed when the process ends.

    The folder of a killed process is no longer locked, and the next process removes it.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, Timeout):  # it belongs to another user or a running process
            _remove_if_dead(folder)
    spill = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = FileLock(spill / _LOCK, timeout=0)
    lock.acquire()
    atexit.register(_remove, spill, lock)
    return str(spill)


def _remove_if_dead(folder: Path) -> None:
    """Remove ``folder`` if its process has ended; raises ``Timeout`` if it is running."""
    if time.time() - folder.stat().st_mtime < _FRESH_SECONDS:
        return
    with FileLock(folder / _LOCK, timeout=0):
        shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)
