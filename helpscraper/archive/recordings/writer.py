"""Write the WARC files of one crawl; when ``write`` returns, the operating system has the record.

Each record is a gzip member of its own, so a killed crawl damages at most the last record.
"""

from __future__ import annotations

import gzip
import logging
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from uuid import uuid4
from weakref import finalize

from helpscraper.archive.layout import Partition, folder, parse_path, warc_path
from helpscraper.archive.recordings.index import (
    Capture,
    capture_of,
    index_line,
    index_path,
    iter_index,
    redirect_target,
    warc_files,
)
from helpscraper.archive.run_parts import WarcFacts
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError
from helpscraper.warc.build import (
    Exchange,
    request_record,
    response_record,
    warcinfo_record,
)
from helpscraper.warc.record import Record, digest_of

__all__ = ["ROTATE_BYTES", "Recorder"]

logger = logging.getLogger(__name__)

ROTATE_BYTES = 1 << 30

_LEVEL = 6


_TABLES = """
CREATE TABLE payload (digest TEXT PRIMARY KEY, url TEXT NOT NULL, date TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE newest (url TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE line (file TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE capture (url, date, status, mime, digest, file, offset, length, location);
"""


class _StoredPayloads:
    """The payloads that the archive holds, and the captures of the current file.

    They are kept in a temporary SQLite database, because they grow with the site and with every crawl.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")  # never committed, because only this connection reads it
        finalize(self, self._db.close)

    def add(self, capture: Capture) -> None:
        """Add one capture, oldest first."""
        if not capture.digest:
            return
        if not capture.is_revisit:
            d = capture.date
            date = f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}Z"
            self._db.execute(
                "INSERT OR IGNORE INTO payload VALUES (?, ?, ?)", (capture.digest, capture.url, date)
            )
        if capture.status == HTTPStatus.OK:
            self._db.execute("INSERT OR REPLACE INTO newest VALUES (?, ?)", (capture.url, capture.digest))

    def payload(self, digest: str) -> tuple[str, str] | None:
        """Return (URL, ISO date) of the first record of a payload."""
        row = self._db.execute("SELECT url, date FROM payload WHERE digest = ?", (digest,)).fetchone()
        return row and (row[0], row[1])

    def newest(self, url: str) -> str:
        """Return the digest of the newest payload of ``url``, empty for none."""
        row = self._db.execute("SELECT digest FROM newest WHERE url = ?", (url,)).fetchone()
        return row[0] if row else ""

    def add_earlier(self, captures: Iterable[Capture]) -> tuple[int, int]:
        """Add the captures of one earlier file, in any order; return the numbers of captures and of revisits."""
        self._db.executemany("INSERT INTO capture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(astuple, captures))
        number = revisits = 0
        for row in self._db.execute("SELECT * FROM capture ORDER BY offset, rowid"):
            capture = Capture(*row)
            self.add(capture)
            number += 1
            revisits += capture.is_revisit
        self._db.execute("DELETE FROM capture")
        return number, revisits

    def add_current(self, captures: Iterable[Capture]) -> None:
        """Add captures to the index of the current file."""
        lines = ((capture.file, index_line(capture)) for capture in captures)
        self._db.executemany("INSERT INTO line VALUES (?, ?)", lines)

    def write_index(self, file: str, target: Path) -> None:
        """Write the index of ``file``, whose captures were added as current, to ``target``."""
        lines = self._db.execute("SELECT text FROM line WHERE file = ? ORDER BY text", (file,))
        with target.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(line for (line,) in lines)

    def drop_lines(self, file: str) -> None:
        """Drop the captures of ``file``, whose index is stored."""
        self._db.execute("DELETE FROM line WHERE file = ?", (file,))


class Recorder:
    """Writes the WARC files of one crawl. Not thread-safe. Close it before the snapshot is committed.

    A file is a draft of the store until ``close`` publishes it; drafts of a killed crawl are published first.
    """

    def __init__(
        self,
        store: Store,
        partition: Partition,
        snapshot_id: str,
        *,
        info: Mapping[str, str],
        rotate_bytes: int = ROTATE_BYTES,
        leave_out: int = 0,
        copies: bool = False,
    ) -> None:
        """Prepare the next file, which is created with its first record; ``info`` goes into ``warcinfo``.

        ``leave_out`` is the number of file names that another machine may still publish of this crawl. A recorder of
        ``copies`` writes no revisits of its own, so it reads no earlier recording. Raises ``ArchiveError`` when the
        recordings of earlier crawls cannot be read.
        """
        self._store, self._partition, self._id = store, partition, snapshot_id
        self._info, self._rotate_bytes, self._copies = info, rotate_bytes, copies
        self._stream: FileIO | None = None
        self._file = ""
        self._size = 0
        self._closed: list[str] = []  # files that are to be published
        self._unindexed: list[str] = []
        self.files: list[str] = []  # of this process, not those written before a resume
        self._before: list[str] = []
        self.records = self.revisits = self.bytes = 0
        for left in store.drafts(folder("warc", partition)):
            self._publish_left(left, needed=not leave_out)
        self._stored = _StoredPayloads()
        before = warc_files(store, partition, snapshot_id)  # those of a resumed crawl
        parts = [found.part for found in map(parse_path, before) if found is not None]
        self._number = max(parts, default=-1) + 1 + leave_out
        own = warc_path(partition, snapshot_id, self._number)
        for file in warc_files(store, partition):
            if not store.exists(index_path(file)):
                self._stored.add_current(iter_index(store, file))
                self._write_index(file)
            if file > own or copies:
                continue  # a later import; a revisit may refer only to earlier files
            records, revisits = self._stored.add_earlier(iter_index(store, file))
            if file in before:
                self._before.append(file)
                self.records += records
                self.revisits += revisits
                self.bytes += store.size(file)

    def go_on(self, snapshot_id: str, info: Mapping[str, str]) -> None:
        """Copy for another snapshot from here on; ``close`` comes first."""
        self._id, self._info, self.files, self._number = snapshot_id, info, [], 0
        while self._store.exists(warc_path(self._partition, snapshot_id, self._number)):
            self._number += 1  # of an import that was killed

    def _publish_left(self, left: str, *, needed: bool) -> None:
        """Publish the draft of a crawl that was killed, under the next free number when its name is taken.

        Two machines that began in one second had one id in earlier versions, and several may go on with one crawl in
        turn. Raises ``ArchiveError`` for the crawl to resume if its ledger may name the file (``needed``).
        """
        draft, path = self._store.draft(left), left
        while not self._store.create(path, draft) and (item := parse_path(path)) is not None:
            if needed and item.snapshot_id == self._id:
                raise ArchiveError(
                    f"{self._store.url(left)}: another crawl took this id, so this one cannot go on",
                    advice="run it without --resume",
                )
            path = warc_path(self._partition, item.snapshot_id, item.part + 1)
        if path != left:
            logger.warning("%s holds another crawl; the records here are in %s", self._store.url(left), path)
        draft.unlink()

    def facts(self) -> WarcFacts:
        """Return the run facts of the recording, for all parts of a resumed crawl."""
        files = (*self._before, *self.files)
        return WarcFacts(files=files, responses=self.records, revisits=self.revisits, bytes=self.bytes)

    def write(self, exchange: Exchange) -> str:
        """Write request and response and return ``file#offset`` of the response; raises ``ArchiveError``.

        A payload that the archive holds already is written as a revisit, and so is a 304.
        """
        digest, refers_to = digest_of(exchange.payload), None
        if exchange.status == HTTPStatus.NOT_MODIFIED:
            digest = self._stored.newest(exchange.url)
            refers_to = self._stored.payload(digest)
        elif exchange.payload:
            refers_to = self._stored.payload(digest)
        revisit = refers_to is not None or exchange.status == HTTPStatus.NOT_MODIFIED
        identity = f"<urn:uuid:{uuid4()}>"
        response = response_record(exchange, identity, digest, refers_to)
        member = _compressed(response)
        offset = self._append(member + _compressed(request_record(exchange, identity)))
        capture = Capture(
            url=exchange.url,
            date=f"{exchange.date:%Y%m%d%H%M%S}",
            status=exchange.status,
            mime="warc/revisit" if revisit else _mime(exchange),
            digest=digest,
            file=self._file,
            offset=offset,
            length=len(member),
            location=redirect_target(exchange.url, exchange.status, exchange.header(b"Location")),
        )
        self._add_capture(capture)
        return capture.ref

    def copy(self, record: Record, digest: str = "") -> str:
        """Copy a record of another archive and return its reference; raises ``ArchiveError``.

        ``digest`` replaces the digest of its payload, by which revisits find the payload.
        """
        if digest:
            record.headers.replace_header("WARC-Payload-Digest", digest)
        head: bytes = record.headers.to_bytes()
        member = _compressed(head + record.block + b"\r\n\r\n")
        offset = self._append(member)
        capture = capture_of(record)
        if capture is not None:
            self._add_capture(replace(capture, file=self._file, offset=offset, length=len(member)))
        return f"{self._file}#{offset}"

    def _add_capture(self, capture: Capture) -> None:
        self._stored.add_current([capture])
        if not self._copies:
            self._stored.add(capture)
        self.records += 1
        self.revisits += capture.is_revisit

    def close(self) -> None:
        """Publish what was recorded, and its index; a later record begins a new file. Raises ``ArchiveError``.

        After an error another call publishes the rest.
        """
        if self._stream is not None:
            stream, self._stream = self._stream, None
            try:
                with stream:
                    os.fsync(stream.fileno())
            except OSError as error:
                raise self._failed(error) from error
            self._closed.append(self._file)
        while self._closed:
            self._store.publish(self._closed[0])
            self._unindexed.append(self._closed.pop(0))
        while self._unindexed:
            self._write_index(self._unindexed[0])
            del self._unindexed[0]

    def _write_index(self, file: str) -> None:
        path = index_path(file)
        with self._store.scratch(path) as target:
            self._stored.write_index(file, target)
            self._store.put_new(path, target)
        self._stored.drop_lines(file)

    def close_unindexed(self) -> None:
        """Close the file without writing an index, after an interrupted crawl; the next crawl writes it."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    # ---- files

    def _append(self, members: bytes) -> int:
        """Write members, in a new file if this one is full, and return their offset; undo a partial write."""
        if self._stream is None or self._size >= self._rotate_bytes:
            self._begin_file()
        return self._append_here(members)

    def _append_here(self, members: bytes) -> int:
        stream = self._stream
        if stream is None:
            raise ArchiveError(f"{self._file}: the recording is closed")
        offset, left = self._size, memoryview(members)
        try:
            while left:
                left = left[stream.write(left) :]
        except OSError as error:
            stream.truncate(offset)
            stream.seek(offset)
            raise self._failed(error) from error
        self._size += len(members)
        self.bytes += len(members)
        return offset

    def _begin_file(self) -> None:
        if self._stream is not None:
            self.close()
        self._file = warc_path(self._partition, self._id, self._number)
        try:
            path = self._store.draft(self._file)
            self._stream = path.open("xb", buffering=0)
        except OSError as error:
            raise self._failed(error) from error
        self._number += 1
        self._size = 0
        self.files.append(self._file)
        self._append_here(_compressed(warcinfo_record(path.name, self._info)))

    def _failed(self, error: OSError) -> ArchiveError:
        return ArchiveError(
            f"{self._store.url(self._file)}: the response cannot be recorded: {error.strerror or error}",
            advice="free disk space or check the folder, then continue with --resume; "
            "WARC_ENABLED=False crawls without recording",
        )


def _mime(exchange: Exchange) -> str:
    return exchange.header(b"Content-Type").split(";", 1)[0].strip().lower() or "unk"


def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, _LEVEL, mtime=0)
