"""Bytes of a WARC file, member by member: gzip or plain, bounded, and able to find the next record after
damage.

``warcio.ArchiveIterator`` ends at the first damaged member and reports to stderr; an archive must name the
damage and go on. So members are framed here and records are parsed in ``reader``; of ``warcio`` reading takes only
the class that holds headers.
"""

from __future__ import annotations

import os
import re
from typing import IO, Final, cast

from zlib_ng import zlib_ng

__all__ = ["MARK", "Damaged", "GzipMember", "Plain", "find_member"]

_CHUNK = 1 << 16
_STEP = 1 << 20
_MAGIC = b"\x1f\x8b\x08"
MARK = b"WARC/"
"""What every record begins with."""

_MEMBER = re.compile(re.escape(_MAGIC))
# A disk or a transfer that lost bytes leaves zeros in their place, and no line end behind them.
_LINE = re.compile(rb"[\n\0]" + MARK)

# zlib-ng unpacks two to three times as fast as the zlib that Python brings.
_ERROR: Final = cast("type[Exception]", zlib_ng.error)


class Damaged(Exception):  # noqa: N818 - a state of the file, always caught in this package
    """The bytes here are not what they should be; the message says what they are.

    ``advice`` tells what to do where that is not to copy the file again; ``url`` is the record's, where one is known.
    """

    def __init__(self, detail: str, advice: str = "", url: str | None = None) -> None:
        super().__init__(detail)
        self.advice, self.url = advice, url


class Plain:
    """A WARC file that is not compressed: every record lies at an offset of its own."""

    alone = True

    def __init__(self, stream: IO[bytes], offset: int) -> None:
        stream.seek(offset)
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the file."""
        return self._stream.read(size)

    def line(self, limit: int) -> bytes:
        """Return the next line with its end, or what there is of it."""
        return self._stream.readline(limit)

    def skip(self, size: int) -> int:
        """Pass over ``size`` bytes and return how many there were."""
        here = self._stream.tell()
        there = min(here + size, self._stream.seek(0, os.SEEK_END))
        return self._stream.seek(there) - here

    def tell(self) -> int:
        """Return the offset of the next byte in the file."""
        return self._stream.tell()


class GzipMember:
    """One gzip member. ``end`` is the offset behind it, once all of it has been read."""

    def __init__(self, stream: IO[bytes], offset: int, ahead: bytes = b"") -> None:
        """Begin at ``offset``; ``ahead`` are bytes of the file from there on that were read already."""
        if not ahead:
            stream.seek(offset)
        self._stream = stream
        self._offset = offset
        self._ahead = ahead
        self._given = 0
        self._inflater = zlib_ng.decompressobj(wbits=31)
        self._buffer = b""
        self._place = 0
        self.end: int | None = None

    def _fill(self, wanted: int) -> bool:
        """Decompress some more, at most about ``wanted`` bytes; False at the end of the member."""
        inflater = self._inflater
        while self.end is None:
            source = inflater.unconsumed_tail or self._ahead or self._stream.read(_CHUNK)
            if not inflater.unconsumed_tail:
                self._ahead = b""
                self._given += len(source)
            if not source:
                raise Damaged("cut off: the file ends inside this gzip member")
            try:
                fresh = inflater.decompress(source, wanted)
            except _ERROR as error:
                raise Damaged(f"damaged gzip member: {error}") from error
            if inflater.eof:
                self.end = self._offset + self._given - len(inflater.unused_data)
            if fresh:
                self._buffer = (
                    self._buffer[self._place :] + fresh if self._place < len(self._buffer) else fresh
                )
                self._place = 0
                return True
        return False

    @property
    def rest(self) -> bytes:
        """What was read of the file beyond the end of the member."""
        return self._inflater.unused_data

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the member; raises ``Damaged``."""
        parts: list[bytes] = []
        while size > 0:
            if self._place >= len(self._buffer) and not self._fill(max(size, _CHUNK)):
                break
            part = self._buffer[self._place : self._place + size]
            self._place += len(part)
            size -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def lines(self, limit: int) -> bytes | None:
        """Return the lines before the next empty one, which is passed; None where that takes more than a look."""
        start, end = self._place, self._buffer.find(b"\n\r\n", self._place, self._place + limit)
        if end < 0 or self._buffer.find(b"\n\n", start, end + 1) >= 0:
            return None
        self._place = end + 3
        return self._buffer[start : end + 1]

    def skip(self, size: int) -> int:
        """Unpack and forget ``size`` bytes and return how many there were; raises ``Damaged``."""
        done = 0
        while done < size and (part := self.read(min(_STEP, size - done))):
            done += len(part)
        return done

    def line(self, limit: int) -> bytes:
        """Return the next line with its end, or what there is of it within ``limit``; raises ``Damaged``."""
        while True:
            found = self._buffer.find(b"\n", self._place, self._place + limit)
            if found >= 0:
                return self.read(found + 1 - self._place)
            if len(self._buffer) - self._place >= limit or not self._fill(_CHUNK):
                return self.read(min(limit, len(self._buffer) - self._place))


def find_member(stream: IO[bytes], offset: int, *, gzip: bool) -> int | None:
    """Return the offset of the next record at or after ``offset``, None when there is none.

    In a gzip file that is a member whose first bytes are those of a WARC record, so that no chance sequence
    passes.
    """
    mark, size = (_MEMBER, len(_MAGIC)) if gzip else (_LINE, len(MARK) + 1)
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
        return GzipMember(stream, offset).read(len(MARK)) == MARK
    except Damaged:
        return False
