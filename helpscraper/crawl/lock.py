"""One crawl at a time per archive, site and locale.

The operating system holds the lock (through ``filelock``) and releases it when the process ends, however that happens.
A file beside it names the owner; when that file exists and the lock is free, the owner died. On an object store a lease
(see ``lease``) keeps other machines out too.
"""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import json
import os
import socket
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from helpscraper.archive.layout import Partition, lease_path
from helpscraper.archive.store import Store
from helpscraper.crawl.lease import LEASE_SECONDS, Lease
from helpscraper.errors import ArchiveError, LockHeldError

__all__ = ["CrawlLock", "EditionLock"]


class CrawlLock:
    """The lock of one partition's state folder; ``work`` names the owner's task in the error for the next process.

    ``token`` is that of the owner's lease, by which the next process on this machine knows the lease of a dead owner.
    """

    def __init__(self, folder: Path, work: str = "crawl", token: str | None = None) -> None:
        self._work, self._token = work, token
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
        } | ({} if self._token is None else {"lease": self._token})
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


class EditionLock:
    """The lock of one edition: on this machine, and for an archive on an object store a lease among machines.

    ``part`` names work that excludes only its like. Use it as a context manager, or ``acquire`` and ``release``.
    """

    def __init__(
        self,
        store: Store,
        partition: Partition,
        work: str = "crawl",
        *,
        part: str = "",
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self.folder = store.state_dir(partition) / part
        self.lease: Lease | None = None
        self._on_this_machine = store.local_path() is not None
        if not self._on_this_machine:
            store.probe()  # which finds out whether it swaps
        if not self._on_this_machine and store.swaps:
            # A copy, because a put drops the cached listings of its store.
            self.lease = Lease(copy.copy(store), lease_path(partition, part), work, seconds)
        token = None if self.lease is None else self.lease.token
        self._local = CrawlLock(self.folder, work if part else "crawl", token)

    def acquire(self) -> dict[str, Any] | None:
        """Take the lock; return the facts of a dead owner, if it left any.

        See ``CrawlLock.acquire`` and ``Lease.acquire`` for the errors.
        """
        dead = self._local.acquire()
        if self.lease is not None:
            try:
                self.lease.acquire(dead=None if dead is None else dead.get("lease"))
            except BaseException:
                self._local.release()
                raise
        if (
            dead is None
            and self.lease is not None
            and (before := self.lease.before) is not None
            and before.held
        ):
            dead = {"pid": before.pid, "host": before.host, "started_at": before.started_at}
        return dead

    @property
    def is_of_all_machines(self) -> bool:
        """Whether it excludes the crawls of other machines too."""
        return self.lease is not None or self._on_this_machine

    def check(self) -> None:
        """Raise ``LeaseLostError`` if another machine may have taken the lock over, as far as this one knows."""
        if self.lease is not None and (why := self.lease.lost) is not None:
            raise self.lease.lost_error(why)

    def confirm(self) -> None:
        """Ask the store, with one request, and raise ``LeaseLostError`` if another machine has taken the lock over."""
        if self.lease is not None:
            self.lease.confirm()

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        try:
            if self.lease is not None:
                self.lease.release()
        finally:
            self._local.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
