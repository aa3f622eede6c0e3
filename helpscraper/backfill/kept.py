"""Keep fetched captures in a WARC file of our own, which only grows.

Each record is a gzip member of its own: a run that was cut off damages at most the last one, which the next run cuts
away. The captures in the file are not requested again.
"""

from __future__ import annotations

import contextlib
import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from helpscraper import __version__
from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.sources import captures_in
from helpscraper.backfill.choose import identity
from helpscraper.backfill.records import as_bytes
from helpscraper.errors import ArchiveError
from helpscraper.warc.build import warcinfo_record
from helpscraper.warc.record import Damage, Record, digest_of

__all__ = ["Held", "Kept"]

_LEVEL = 6
_BESIDE = frozenset({"warcinfo", "request", "metadata"})


@dataclass(frozen=True, slots=True)
class Held:
    """A record that is kept: its ``file#offset``, and the digest of its payload as it states it."""

    ref: str
    digest: str


class Kept:
    """The records that were fetched from one source. Only for one process at a time."""

    def __init__(self, path: Path, source: str) -> None:
        """Read the file, if it exists, and cut off a damaged end, as a killed run leaves it."""
        self.path = path
        self._held: dict[tuple[tuple[str, bool], str], Held] = {}
        self._stream: FileIO | None = None
        whole = self._read() if path.exists() else 0
        with self._named():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("ab", buffering=0)
            self._stream.truncate(whole)
        if not whole:
            info = {"software": f"helpscraper/{__version__}", "isPartOf": f"captures of {source}"}
            self._append(warcinfo_record(path.name, info))

    def get(self, capture: Capture) -> Held | None:
        """Return the record of ``capture``, None where it is not kept.

        An index may state no status for a revisit, which is then that of a page or else of a redirect.
        """
        kinds = (200, 301) if capture.status is None else (capture.status,)
        found = (self._held.get((identity(capture.url, status), capture.date)) for status in kinds)
        return next((held for held in found if held is not None), None)

    def add(self, record: Record) -> None:
        """Keep a record; raises ``ArchiveError`` when it cannot be written."""
        offset = self._append(as_bytes(record))
        self._enter(record, offset)

    def close(self) -> None:
        """Flush the file to disk."""
        if self._stream is not None:
            with self._named():
                os.fsync(self._stream.fileno())
                self._stream.close()
            self._stream = None

    def _read(self) -> int:
        """Enter the records of the file; return the offset after its last whole record."""
        damaged: int | None = None
        for item in captures_in(self.path):
            if isinstance(item, Damage):
                damaged = item.offset if damaged is None else damaged
                continue
            damaged = None
            if item.type not in _BESIDE:
                self._enter(item, item.offset)
        return self.path.stat().st_size if damaged is None else damaged

    def _enter(self, record: Record, offset: int) -> None:
        if record.date is not None:
            digest = record.digest or digest_of(record.payload)
            key = identity(record.url, record.status), f"{record.date:%Y%m%d%H%M%S}"
            self._held[key] = Held(f"{self.path}#{offset}", digest)

    def _append(self, plain: bytes) -> int:
        """Write a member and return its offset; undo a partial write."""
        if self._stream is None:
            raise ArchiveError(f"{self.path}: is closed")
        left = memoryview(gzip.compress(plain, _LEVEL, mtime=0))
        offset = os.fstat(self._stream.fileno()).st_size
        with self._named():
            try:
                while left:
                    left = left[self._stream.write(left) :]
            except OSError:
                self._stream.truncate(offset)
                raise
        return offset

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveError(
                f"{self.path}: the fetched record cannot be stored: {error.strerror or error}",
                advice="free disk space or check the folder, then run the command again: it continues from here",
            ) from error
