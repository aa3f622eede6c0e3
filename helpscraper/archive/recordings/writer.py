"""Write the WARC files of one crawl: a record is with the operating system when ``write`` returns.

One gzip member a record, written whole, so a crawl that is killed at any instant leaves a file whose records
can all be read but, at worst, the last one.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import astuple, replace
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import finalize

from helpscraper.archive.layout import Partition, warc_path
from helpscraper.archive.recordings.index import (
    Capture,
    capture_of,
    dump_index,
    index_path,
    load_index,
    redirect_target,
    warc_files,
)
from helpscraper.archive.store import Store, make_folder
from helpscraper.errors import ArchiveError
from helpscraper.warc.build import (
    Exchange,
    request_record,
    response_record,
    warcinfo_record,
)
from helpscraper.warc.record import Record, digest_of

__all__ = ["ROTATE_BYTES", "Recorder"]

ROTATE_BYTES = 1 << 30

_LEVEL = 6


_TABLES = """
CREATE TABLE payload (digest TEXT PRIMARY KEY, url TEXT NOT NULL, date TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE newest (url TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE capture (url, date, status, mime, digest, file, offset, length, location);
"""


class _Stored:
    """Which payloads the archive holds, and the captures of the file that is being written.

    They lie in a database of this process alone, which SQLite keeps on the disk where it grows and removes by itself:
    in memory they would grow with the site and with every crawl before.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")  # never ended: nobody else reads it
        finalize(self, self._db.close)

    def add(self, capture: Capture) -> None:
        """Take in one capture, oldest first."""
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

    def note(self, capture: Capture) -> None:
        """Keep a capture of the file that is being written."""
        self._db.execute("INSERT INTO capture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(capture))

    def take_noted(self) -> list[Capture]:
        """Return the captures of the file that was written, in their order, and forget them."""
        captures = [Capture(*row) for row in self._db.execute("SELECT * FROM capture ORDER BY rowid")]
        self._db.execute("DELETE FROM capture")
        return captures


class Recorder:
    """The WARC files of one crawl of one partition. Not thread-safe. Close it before the snapshot is
    committed.

    For an archive on an object store the files are written in the local state folder and published by
    ``close``.
    """

    def __init__(
        self,
        store: Store,
        partition: Partition,
        snapshot_id: str,
        *,
        info: Mapping[str, str],
        rotate_bytes: int = ROTATE_BYTES,
    ) -> None:
        """Get ready for the crawl's next file, which begins with its first record. ``info`` goes into
        ``warcinfo``.

        Raises ``ArchiveError`` when the recordings of earlier crawls cannot be read.
        """
        self._store, self._partition, self._id = store, partition, snapshot_id
        self._info, self._rotate_bytes = info, rotate_bytes
        self._stream: FileIO | None = None
        self._file = ""
        self._size = 0
        # Those of this recorder alone: whoever takes a recording back removes no other.
        self.files: list[str] = []
        self._before: list[str] = []
        self.records = self.revisits = self.bytes = 0
        self._publish_leftovers()
        self._stored = _Stored()
        before = warc_files(store, partition, snapshot_id)  # a crawl that is resumed has some
        self._number = len(before)
        own = warc_path(partition, snapshot_id, self._number)
        for file in warc_files(store, partition):
            captures = load_index(store, file)
            if not store.exists(index_path(file)):
                store.commit(index_path(file), dump_index(captures))
            if file > own:
                continue  # an import after a crawl that is resumed now; payloads are looked for in files before
            for capture in captures:
                self._stored.add(capture)
            if file in before:
                self._before.append(file)
                self.records += len(captures)
                self.revisits += sum(capture.is_revisit for capture in captures)
                self.bytes += store.size(file)

    def facts(self) -> dict[str, Any]:
        """Return what the run facts say of the recording, all parts of a resumed crawl together."""
        return {
            "files": [*self._before, *self.files],
            "responses": self.records,
            "revisits": self.revisits,
            "bytes": self.bytes,
        }

    def write(self, exchange: Exchange) -> str:
        """Write request and response and return ``file#offset`` of the response; raises ``ArchiveError``.

        A payload that this archive holds already becomes a revisit, and so does a 304.
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
        self._note(capture)
        return capture.ref

    def copy(self, record: Record, digest: str = "") -> str:
        """Take over a record of somebody else's file and return its reference; raises ``ArchiveError``.

        It stays as it is, but for the ``digest`` of its payload, which is stated where it was not: by digests the
        payload of a revisit is found.
        """
        if digest:
            record.headers.replace_header("WARC-Payload-Digest", digest)
        head: bytes = record.headers.to_bytes()
        member = _compressed(head + record.block + b"\r\n\r\n")
        offset = self._append(member)
        capture = capture_of(record)
        if capture is not None:
            self._note(replace(capture, file=self._file, offset=offset, length=len(member)))
        return f"{self._file}#{offset}"

    def _note(self, capture: Capture) -> None:
        self._stored.note(capture)
        self._stored.add(capture)
        self.records += 1
        self.revisits += capture.is_revisit

    def close(self) -> None:
        """Bring the last file to the disk and write its index; may be called again. Raises
        ``ArchiveError``.
        """
        if self._stream is None:
            return
        stream, self._stream = self._stream, None
        try:
            with stream:
                os.fsync(stream.fileno())
        except OSError as error:
            raise self._failed(error) from error
        if not self._store.is_local:
            self._store.commit(self._file, self._local(self._file))
            self._local(self._file).unlink()
        self._store.commit(index_path(self._file), dump_index(self._stored.take_noted()))

    def leave(self) -> None:
        """Let go of the file without an index, because the crawl broke off; the next crawl makes the
        index.
        """
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    # ---- files

    def _local(self, file: str) -> Path:
        """Return where ``file`` is written: in its place, or in the state folder for an object store."""
        if self._store.is_local:
            return Path(self._store.url(file))
        return self._store.state_dir(self._partition) / file.rpartition("/")[2]

    def _publish_leftovers(self) -> None:
        """Publish what a killed crawl on an object store left in the state folder."""
        if self._store.is_local:
            return
        for path in sorted(self._store.state_dir(self._partition).glob("*Z-*.warc.gz")):
            name, _, number = path.name.removesuffix(".warc.gz").partition("-")
            self._store.commit(warc_path(self._partition, name, int(number)), path)
            path.unlink()

    def _append(self, members: bytes) -> int:
        """Write members whole and return their offset; what cannot be written whole is taken back.

        They may begin a new file: a request goes with its response.
        """
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
        self.close()
        self._file = warc_path(self._partition, self._id, self._number)
        path = self._local(self._file)
        try:
            make_folder(path.parent)
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
            advice="make room or check the folder, then go on with --resume; "
            "WARC_ENABLED=False crawls without recording",
        )


def _mime(exchange: Exchange) -> str:
    return exchange.header(b"Content-Type").split(";", 1)[0].strip().lower() or "unk"


def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, _LEVEL, mtime=0)
