"""The state of a running crawl in an archive on an object store, so that any machine can go on with it.

At intervals the open WARC file is closed and put, then a copy of the ledger, then the lease names that copy: a ledger
in the archive refers only to records in the archive. Every put is whole or nothing, and a copy that no lease names is
ignored. Of two ledgers of one crawl the one counts that the lease names; a worker that goes on from a copy gives its
ledger a new id first, so the ledger on the machine that died cannot come back.
"""

from __future__ import annotations

import gzip
import logging
import shutil
import zlib
from pathlib import Path

from helpscraper.archive.layout import Partition, shipped_folder, shipped_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Recorder
from helpscraper.archive.store import Store
from helpscraper.crawl.lease import Kept, Lease
from helpscraper.crawl.lock import EditionLock
from helpscraper.crawl.recovery import Leftover, open_or_recover
from helpscraper.errors import ArchiveError, LeaseLostError
from helpscraper.intake.ledger import Ledger

__all__ = ["Shipping", "ledger_that_counts"]

logger = logging.getLogger(__name__)

_ID = "ledger"
"""The name of the ledger's id among its facts."""

_FAST = 1  # gzip's level: a page of text shrinks to a quarter, and the crawl waits for it


class Shipping:
    """Ships the state of one crawl under its lease."""

    def __init__(
        self, store: Store, partition: Partition, lease: Lease, ledger: Ledger, *, moved: bool
    ) -> None:
        """Make ``ledger`` the one that counts; ``moved`` if it was made from the copy of another machine."""
        self._store, self._partition, self._lease, self._ledger = store, partition, lease, ledger
        self.moved = moved
        self._number = 0
        before = lease.kept
        if before is not None and before.ledger == ledger.meta().get(_ID) and not moved:
            return
        ledger.set_meta(**{_ID: lease.token})
        kept = Kept(lease.token, before.copy if moved and before is not None else None)
        lease.note(kept)
        if before is not None:
            lease.confirm()
            if before.copy is not None and before.copy != kept.copy:
                self._remove(before.copy)

    @classmethod
    def under(
        cls, lock: EditionLock, store: Store, partition: Partition, ledger: Ledger, *, moved: bool
    ) -> Shipping | None:
        """Return the shipping under ``lock``; None where no other machine can go on."""
        return None if lock.lease is None else cls(store, partition, lock.lease, ledger, moved=moved)

    def ship(self, recorder: Recorder | None) -> None:
        """Put what was recorded and a copy of the ledger.

        Raises ``ArchiveError``, after which the crawl can go on, and ``LeaseLostError``.
        """
        if self._lease.lost is not None:
            raise self._lease.lost_error(self._lease.lost)
        if recorder is not None:
            recorder.close()
        path = shipped_path(self._partition, f"{self._lease.token}-{self._number}")
        self._number += 1
        with self._store.scratch(path) as plain, self._store.scratch(path) as packed:
            self._ledger.copy_to(plain)
            with plain.open("rb") as source, gzip.open(packed, "wb", _FAST) as target:
                shutil.copyfileobj(source, target, 1 << 20)
            self._store.put_new(path, packed)
        before = self._lease.kept
        self._lease.note(Kept(self._ledger.meta()[_ID], path))
        try:
            self._lease.confirm()
        except LeaseLostError:
            self._remove(path)
            raise
        if before is not None and before.copy is not None:
            self._remove(before.copy)

    def clear(self) -> None:
        """Remove what was shipped, because the crawl has ended and the archive holds all of it."""
        kept = self._lease.kept
        self._lease.note(None)
        if kept is None or kept.copy is None:
            return
        try:
            # A process that was killed between a put and the swap left a copy that no lease names.
            copies = self._store.list(shipped_folder(self._partition))
        except ArchiveError as error:
            logger.warning("Copies of the ledger stay, and nobody reads them: %s", error.message)
            return
        for path in copies:
            self._remove(path)

    def _remove(self, path: str) -> None:
        try:
            self._store.remove(path)
        except ArchiveError as error:
            logger.warning("A copy of the ledger stays, and nobody reads it: %s", error.message)


def ledger_that_counts(
    path: Path, catalog: Catalog, partition: Partition, lock: EditionLock
) -> tuple[Ledger, Leftover | None, bool]:
    """Open the ledger of the crawl to go on with: the one at ``path``, or a copy that another machine shipped.

    Return it, the unfinished crawl in it (see ``open_or_recover``), and whether it came from a copy. Where the crawl of
    another machine left no copy, says so.
    """
    ledger, leftover = open_or_recover(path, catalog, partition)
    if lock.lease is None:
        return ledger, leftover, False
    kept, before = lock.lease.kept, lock.lease.before
    if ledger.meta().get(_ID) == (kept and kept.ledger):
        return ledger, leftover, False
    if leftover is not None:
        logger.warning(
            "The ledger on this machine, of the crawl %s, is out of date: another worker has gone on from there.",
            leftover,
        )
    ledger.delete()
    if kept is None or kept.copy is None:
        if kept is not None:
            logger.warning(
                "The crawl of %s ended early and left no copy of its ledger: starting anew.", before
            )
        return Ledger(path), None, False
    try:
        _unpack(catalog.store, kept.copy, path)
    except (ArchiveError, OSError, EOFError, zlib.error) as error:
        logger.warning("%s: this copy of a ledger cannot be read, starting anew: %s", kept.copy, error)
        return Ledger(path), None, False
    ledger, leftover = open_or_recover(path, catalog, partition)
    return ledger, leftover, leftover is not None


def _unpack(store: Store, copy: str, path: Path) -> None:
    half = path.with_name(f"{path.name}.half")
    with store.open(copy) as packed, gzip.open(packed) as source, half.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    half.replace(path)
