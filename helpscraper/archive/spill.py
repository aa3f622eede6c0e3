"""The folder into which a database in memory writes what memory does not hold."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["spill_folder"]

_PREFIX = "helpscraper-duckdb-"
_LOCK = ".lock"

# Between the making of a folder and its lock nothing tells whose it is.
_FRESH_SECONDS = 60


def spill_folder() -> str:
    """Return a new folder in the temporary directory, which is removed when this process ends.

    A killed process cannot remove its folder, so its lock tells the next call: it falls with the process.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, Timeout):  # another user's, or another process's
            _remove_if_dead(folder)
    spill = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = FileLock(spill / _LOCK, timeout=0)
    lock.acquire()
    atexit.register(_remove, spill, lock)
    return str(spill)


def _remove_if_dead(folder: Path) -> None:
    """Remove ``folder`` if its process is dead; raises ``Timeout`` when it lives."""
    if time.time() - folder.stat().st_mtime < _FRESH_SECONDS:
        return
    with FileLock(folder / _LOCK, timeout=0):
        shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)
