"""One crawl at a time per archive, site and locale.

The operating system holds the lock (through ``filelock``) and releases it when the process ends, however that happens.
A file beside it names the owner; when that file exists and the lock is free, the owner died.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from helpscraper.errors import ArchiveError, LockHeldError

__all__ = ["CrawlLock"]


class CrawlLock:
    """The lock of one partition's state folder; ``work`` names the owner's task in the error for the next process."""

    def __init__(self, folder: Path, work: str = "crawl") -> None:
        self._work = work
        self._owner_file = folder / "lock.json"
        self._lock = FileLock(folder / "lock", timeout=0)

    def acquire(self) -> dict[str, Any] | None:
        """Take the lock; return the facts of a dead owner, if it left any.

        Raises ``LockHeldError`` with owner, host and start when another process holds it, and ``ArchiveError`` when
        the folder cannot be written.
        """
        try:
            self._owner_file.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            owner = self._owner() or {}
            who = f"process {owner.get('pid', '?')} on {owner.get('host', '?')}, started {owner.get('started_at', '?')}"
            raise LockHeldError(
                f"{self._owner_file}: another {self._work} of this site and locale is running: {who}",
                advice="wait for it to end; the lock is released with its process, so there is nothing to delete",
            ) from None
        except OSError as error:
            raise ArchiveError(
                f"{self._owner_file.parent}: the lock cannot be taken: {error}",
                advice="check that the archive is writable and the disk is not full",
            ) from error
        dead = self._owner()
        facts = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        }
        try:
            self._owner_file.write_text(json.dumps(facts), encoding="utf-8")
        except OSError as error:
            self._lock.release()
            raise ArchiveError(
                f"{self._owner_file}: cannot be written: {error}",
                advice="check that the archive is writable and the disk is not full",
            ) from error
        return dead

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._owner_file.unlink(missing_ok=True)
            self._lock.release()

    def _owner(self) -> dict[str, Any] | None:
        try:
            facts = json.loads(self._owner_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # The file is absent or cut short; it only informs, the lock decides.
            return None
        return facts if isinstance(facts, dict) else None
