"""Write the WARC files of one crawl: a record is with the operating system when ``write`` returns.

One gzip member a record, written whole, so a crawl that is killed at any instant leaves a file whose records
can all be read but, at worst, the last one.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from helpscraper.archive.layout import Partition, warc_path
from helpscraper.archive.store import Store, make_folder
from helpscraper.archive.warc.build import (
    Exchange,
    request_record,
    response_record,
    warcinfo_record,
)
from helpscraper.archive.warc.index import (
    Capture,
    capture_of,
    dump_index,
    index_path,
    load_index,
    redirect_target,
    warc_files,
)
from helpscraper.archive.warc.record import Record, digest_of
from helpscraper.errors import ArchiveError

__all__ = ["ROTATE_BYTES", "Recorder"]

ROTATE_BYTES = 1 << 30

_LEVEL = 6


@dataclass(slots=True)
class _Stored:
    """Which payloads the archive holds: (URL, ISO date) of the record by digest, and the newest digest by
    URL.
    """

    by_digest: dict[str, tuple[str, str]] = field(default_factory=dict)
    by_url: dict[str, str] = field(default_factory=dict)

    def add(self, capture: Capture) -> None:
        """Take in one capture, oldest first."""
        if not capture.digest:
            return
        if not capture.is_revisit:
            d = capture.date
            date = f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}Z"
            self.by_digest.setdefault(capture.digest, (capture.url, date))
        if capture.status == HTTPStatus.OK:
            self.by_url[capture.url] = capture.digest


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
        self._captures: list[Capture] = []
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
            digest = self._stored.by_url.get(exchange.url, "")
            refers_to = self._stored.by_digest.get(digest)
        elif exchange.payload:
            refers_to = self._stored.by_digest.get(digest)
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
        self._captures.append(capture)
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
        self._store.commit(index_path(self._file), dump_index(self._captures))
        self._captures = []

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
