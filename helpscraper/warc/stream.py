"""Read the bytes of a WARC file, gzip or plain, within bounds, and find the next record after damage.

``warcio.ArchiveIterator`` stops at the first damaged member, but an archive must report the damage and continue.
This module splits the file into members, ``reader`` parses the records, and ``warcio`` provides only the class for
headers.
"""

from __future__ import annotations

import os
import re
from typing import IO, Final, cast

from isal import isal_zlib

__all__ = ["RECORD_START", "DamagedError", "GzipMember", "PlainStream", "find_member"]

_CHUNK = 1 << 16
_STEP = 1 << 20
# A member of usual size is unpacked at once.
_USUAL = 1 << 18
_MAGIC = b"\x1f\x8b\x08"
RECORD_START = b"WARC/"
"""The first bytes of every record."""

_MEMBER = re.compile(re.escape(_MAGIC))
# Lost bytes are often replaced by zeros, without a line end after them.
_LINE = re.compile(rb"[\n\0]" + RECORD_START)

# ISA-L unpacks twice as fast as Python's zlib.
_ERROR: Final = cast("type[Exception]", isal_zlib.error)


class DamagedError(Exception):
    """The bytes of a file are damaged; ``reader`` catches this error and reports a ``Damage``.

    Empty ``advice`` means: copy the file again. ``url`` is that of the record, if known.
    """

    def __init__(self, detail: str, advice: str = "", url: str | None = None) -> None:
        super().__init__(detail)
        self.advice, self.url = advice, url


class PlainStream:
    """An uncompressed WARC file, from an offset on."""

    def __init__(self, stream: IO[bytes], offset: int) -> None:
        stream.seek(offset)
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the file."""
        return self._stream.read(size)

    def line(self, limit: int) -> bytes:
        """Return the next line with its end, or its first ``limit`` bytes."""
        return self._stream.readline(limit)

    def skip(self, size: int) -> int:
        """Skip ``size`` bytes and return how many there were."""
        here = self._stream.tell()
        there = min(here + size, self._stream.seek(0, os.SEEK_END))
        return self._stream.seek(there) - here

    def tell(self) -> int:
        """Return the offset of the next byte in the file."""
        return self._stream.tell()


class GzipMember:
    """One gzip member; ``end`` is the offset after it, None until all of it has been read."""

    def __init__(self, stream: IO[bytes], offset: int, prefetched: bytes = b"") -> None:
        """Begin at ``offset``; ``prefetched`` are the bytes from there on that the caller has read already."""
        if not prefetched:
            stream.seek(offset)
        self._stream = stream
        self._offset = offset
        self._prefetched = prefetched
        self._consumed = 0
        self._inflater = isal_zlib.decompressobj(wbits=31)
        self._buffer = b""
        self._position = 0
        self.end: int | None = None

    def _fill(self, wanted: int) -> bool:
        """Decompress some more, at most about ``wanted`` bytes; False at the end of the member."""
        inflater = self._inflater
        while self.end is None:
            source = inflater.unconsumed_tail or self._prefetched or self._stream.read(_CHUNK)
            if not inflater.unconsumed_tail:
                self._prefetched = b""
                self._consumed += len(source)
            if not source:
                raise DamagedError("cut off: the file ends inside this gzip member")
            try:
                fresh = inflater.decompress(source, wanted)
            except _ERROR as error:
                raise DamagedError(f"damaged gzip member: {error}") from error
            if inflater.eof:
                self.end = self._offset + self._consumed - len(inflater.unused_data)
            if fresh:
                self._buffer = (
                    self._buffer[self._position :] + fresh if self._position < len(self._buffer) else fresh
                )
                self._position = 0
                return True
        return False

    @property
    def rest(self) -> bytes:
        """Bytes that were read beyond the end of the member."""
        return self._inflater.unused_data

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the member; raises ``DamagedError``."""
        start = self._position
        if start + size <= len(self._buffer):
            self._position = start + size
            return self._buffer[start : self._position]
        parts: list[bytes] = []
        while size > 0:
            if self._position >= len(self._buffer) and not self._fill(max(size, _USUAL)):
                break
            part = self._buffer[self._position : self._position + size]
            self._position += len(part)
            size -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def lines(self, limit: int) -> bytes | None:
        """Return the lines before the next empty one, and skip it; None when they are not in the buffer."""
        if self._position >= len(self._buffer) and not self._fill(_USUAL):
            return None
        start, end = self._position, self._buffer.find(b"\n\r\n", self._position, self._position + limit)
        if end < 0 or self._buffer.find(b"\n\n", start, end + 1) >= 0:
            return None
        self._position = end + 3
        return self._buffer[start : end + 1]

    def ends_with(self, rest: bytes) -> bool:
        """Tell whether the member ends after ``rest``, and skip that; False when more has to be unpacked to know."""
        start = self._position
        if self.end is None or len(self._buffer) - start != len(rest) or not self._buffer.endswith(rest):
            return False
        self._position = len(self._buffer)
        return True

    def skip(self, size: int) -> int:
        """Unpack and drop ``size`` bytes and return how many there were; raises ``DamagedError``."""
        done = 0
        while done < size and (part := self.read(min(_STEP, size - done))):
            done += len(part)
        return done

    def line(self, limit: int) -> bytes:
        """Return the next line with its end, or its first ``limit`` bytes; raises ``DamagedError``."""
        while True:
            found = self._buffer.find(b"\n", self._position, self._position + limit)
            if found >= 0:
                return self.read(found + 1 - self._position)
            if len(self._buffer) - self._position >= limit or not self._fill(_USUAL):
                return self.read(min(limit, len(self._buffer) - self._position))


def find_member(stream: IO[bytes], offset: int, *, gzip: bool) -> int | None:
    """Return the offset of the next record at or after ``offset``, None when there is none.

    A gzip member counts only if a record begins in it, so that a chance sequence of bytes does not.
    """
    mark, size = (_MEMBER, len(_MAGIC)) if gzip else (_LINE, len(RECORD_START) + 1)
    stream.seek(offset)
    held, base = b"", offset
    while chunk := stream.read(_CHUNK):
        held += chunk
        for place in (found.start() for found in mark.finditer(held)):
            if not gzip:
                return base + place + 1
            if _begins_a_record(stream, base + place):
                return base + place
        keep = held[-size + 1 :]
        base += len(held) - len(keep)
        held = keep
        stream.seek(base + len(held))
    return None


def _begins_a_record(stream: IO[bytes], offset: int) -> bool:
    try:
        return GzipMember(stream, offset).read(len(RECORD_START)) == RECORD_START
    except DamagedError:
        return False
