"""Read all records of a WARC file, or one by its offset; damage is reported and the rest is read."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import IO

from warcio.statusandheaders import StatusAndHeaders

from helpscraper.errors import InputError
from helpscraper.warc.formats import other_format
from helpscraper.warc.headers import parse_headers
from helpscraper.warc.record import Damage, Record
from helpscraper.warc.stream import RECORD_START, DamagedError, GzipMember, PlainStream, find_member

__all__ = ["MAX_RECORD", "iter_records", "read_at"]

MAX_RECORD = 64 << 20
"""Bytes of one record; a larger one is reported and skipped, and never held in memory."""

# A record is skipped by unpacking it; more bytes than this are a compression bomb.
_MAX_SKIPPED = 1 << 30
_MAX_LINE = 1 << 16
_MAX_HEADERS = 1 << 20

_MAX_BLANK = 1 << 16
_HEAD_BYTES = 16
_CHUNK = 1 << 16

_MAGIC = b"\x1f\x8b"
# The drafts before 1.0 (Heritrix 1 wrote 0.17 and 0.18) have the same form.
_VERSION = re.compile(rb"WARC/(?:0\.1[78]|1\.\d{1,2})\s*")
_RECORD_END = b"\r\n\r\n"
_BLANK = {b"", b"\n", b"\r\n"}

_COPY = "copy the file again, or restore it from a backup; its other records can be read"
_RESTORE = "restore the file from a backup; its other records can be read"
_WRONG_LENGTH = (
    "the program that wrote the file, or a transfer that changed line ends, is at fault; "
    "its other records can be read"
)
_LEFT_OVER = "the bytes after this record belong to no record"


def iter_records(stream: IO[bytes], file: str, *, limit: int = MAX_RECORD) -> Iterator[Record | Damage]:
    """Yield every record of a seekable WARC file (gzip, plain or mixed), and a ``Damage`` for every damaged place.

    ``file`` is its name in records and problems. At most ``limit`` bytes are held at a time.
    """
    offset: int | None = 0
    while offset is not None:
        stream.seek(offset)
        head = stream.read(_HEAD_BYTES)
        if _MAGIC.startswith(head[:2]) and head:
            offset = yield from _compressed(stream, file, offset, limit)
        elif head.startswith(RECORD_START):
            offset = yield from _plain(stream, file, offset, limit)
        elif offset == 0:
            found = [find_member(stream, 0, gzip=gzip) for gzip in (True, False)] if head else []
            if (near := head.find(RECORD_START)) > 0:
                found.append(near)  # after a byte order mark, which ends no line
            offset = min((place for place in found if place is not None), default=None)
            yield _no_record(file, head, offset)
        else:
            return  # the end of the file


def _no_record(file: str, head: bytes, first: int | None) -> Damage:
    """Describe a file that does not begin with a record; ``first`` is the offset of its first record, None for none."""
    if not head:
        return Damage(file, 0, "the file is empty", advice=_COPY)
    if first is not None:
        return Damage(
            file, 0, f"its first {first:,} bytes belong to no record: {head[:first]!r}", advice=_COPY
        )
    unknown = ("it begins with neither a gzip member nor a record", "check what kind of file it is")
    detail, advice = other_format(head) or unknown
    return Damage(file, 0, f"this is not a WARC file: {detail}", advice=advice)


def _compressed(
    stream: IO[bytes], file: str, offset: int, limit: int
) -> Generator[Record | Damage, None, int | None]:
    """Yield the records of gzip members; return the offset of anything else, None at the end."""
    ahead = b""
    while True:
        member = GzipMember(stream, offset, ahead)
        try:
            yield from _member_records(member, file, offset, limit)
        except DamagedError as damage:
            yield _damage(file, offset, damage)
            found, ahead = find_member(stream, offset + 1, gzip=True), b""
            if found is None:
                return None
            offset = found
            continue
        offset, ahead = _next_offset(stream, member, offset)
        if not ahead or ahead.startswith(RECORD_START):
            return offset
        if not _MAGIC.startswith(ahead[:2]):
            yield Damage(file, offset, "no gzip member begins here", advice=_COPY)
            return find_member(stream, offset, gzip=True)


def _next_offset(stream: IO[bytes], member: GzipMember, offset: int) -> tuple[int, bytes]:
    """Skip line ends after ``member``; return the offset of the next byte, and some bytes from there on."""
    end = member.end if member.end is not None else offset + 1
    ahead = member.rest
    while True:
        begun = ahead.lstrip(b"\r\n")
        end += len(ahead) - len(begun)
        if len(begun) >= len(RECORD_START):
            return end, begun
        stream.seek(end)
        ahead = stream.read(_CHUNK)
        if len(ahead) == len(begun):
            return end, begun  # the end of the file


def _member_records(member: GzipMember, file: str, offset: int, limit: int) -> Iterator[Record | Damage]:
    """Yield the records of one member: one by the standard, all when a whole file was compressed at once."""
    held = _read_record(member, file, offset, limit)
    first = True
    while held is not None:
        trailing, wrong = _skip_blank_lines(member, held)
        if wrong is not None and not _digest_matches(held):
            yield _damage(file, offset, wrong)
            member.skip(_MAX_SKIPPED)
            break
        held.addressable = first and not trailing
        held.length = (member.end or offset) - offset if held.addressable else 0
        yield held.damage if isinstance(held, _TooLarge) else held
        if wrong is not None:
            yield _damage(file, offset, DamagedError(_LEFT_OVER, url=held.url))
            member.skip(_MAX_SKIPPED)
            break
        held, first = _read_record(member, file, offset, limit, trailing) if trailing else None, False
    if member.end is None and member.read(1):
        raise DamagedError(f"the gzip member unpacks to more than {_MAX_SKIPPED:,} bytes: a compression bomb")


def _plain(
    stream: IO[bytes], file: str, offset: int, limit: int
) -> Generator[Record | Damage, None, int | None]:
    """Yield uncompressed records; return the offset of anything else, None at the end."""
    while True:
        source = PlainStream(stream, offset)
        try:
            record = _read_record(source, file, offset, limit)
            if record is None:
                return None
            record.length = source.tell() - offset
            trailing, wrong = _skip_blank_lines(source, record)
            if wrong is not None and not _digest_matches(record):
                raise wrong
        except DamagedError as damage:
            yield _damage(file, offset, damage)
            found = find_member(stream, offset + 1, gzip=False)
            if found is None:
                return None
            offset = found
            continue
        yield record.damage if isinstance(record, _TooLarge) else record
        offset = source.tell() - len(trailing)
        if wrong is not None:
            yield _damage(file, offset, DamagedError(_LEFT_OVER, url=record.url))
            return find_member(stream, offset, gzip=False)
        if not trailing.startswith(RECORD_START):
            return offset


def _digest_matches(record: Record) -> bool:
    """Tell whether a stated digest proves that the record is whole."""
    stated = record.digest or record.headers.get_header("WARC-Block-Digest")
    return bool(stated) and not record.is_revisit and not record.wrong_digests()


def _damage(file: str, offset: int, damage: DamagedError) -> Damage:
    return Damage(file, offset, str(damage), damage.url, damage.advice or _COPY)


def read_at(stream: IO[bytes], file: str, offset: int, *, limit: int = MAX_RECORD) -> Record:
    """Return the record at ``offset``; raises ``InputError`` naming file and offset when there is none."""
    stream.seek(offset)
    head = stream.read(2)
    try:
        if not head:
            raise DamagedError("the file ends before this offset")
        gzip = head == _MAGIC
        source: GzipMember | PlainStream = GzipMember(stream, offset) if gzip else PlainStream(stream, offset)
        record = _read_record(source, file, offset, limit)
        if record is None:
            raise DamagedError("no record begins here")
        if isinstance(record, _TooLarge):
            raise DamagedError(record.damage.detail, record.damage.advice, record.url)
        if isinstance(source, GzipMember):
            # zlib checks the checksum when it reads the end of the member.
            source.skip(limit)
        return record
    except DamagedError as damage:
        url = f" ({damage.url})" if damage.url else ""
        raise InputError(f"{file}#{offset}: {damage}{url}", advice=damage.advice or _RESTORE) from None


class _TooLarge(Record):
    """A record that was skipped; it has headers and no block."""

    damage: Damage


def _read_record(
    source: GzipMember | PlainStream, file: str, offset: int, limit: int, first: bytes = b""
) -> Record | None:
    """Return the next record of ``source``, None at its end; raises ``DamagedError``."""
    # The whole head at once is usual: a member that has been unpacked.
    head = source.lines(_MAX_LINE) if isinstance(source, GzipMember) and not first else None
    line = head or first or source.line(_MAX_LINE)
    if not line:
        return None
    if _VERSION.match(line) is None:
        detail, advice = other_format(line) or ("", "")
        raise DamagedError(
            f"no WARC record begins here, but {line[:_HEAD_BYTES]!r}{detail and f': {detail}'}", advice
        )
    headers = parse_headers(head) if head else _warc_headers(source, line)
    names = [name.lower() for name, _ in headers.headers]
    if names.count("warc-type") > 1:
        raise DamagedError("cut off: another record begins inside the WARC headers")
    record = Record(file, offset, 0, headers, b"")
    try:
        stated = headers.headers[names.index("content-length")][1] if "content-length" in names else ""
        length = _content_length(stated)
        if length > limit:
            return _skip_large(source, record, length, limit)
        block = source.read(length)
        if len(block) < length:
            raise DamagedError(f"cut off: Content-Length says {length:,} bytes, {len(block):,} are there")
    except DamagedError as damage:
        damage.url = record.url or None
        raise
    record.block = block
    return record


def _skip_large(source: GzipMember | PlainStream, record: Record, length: int, limit: int) -> _TooLarge:
    detail = f"a record of {length:,} bytes was skipped; the bound is {limit:,}"
    if source.skip(min(length, _MAX_SKIPPED)) < length:
        raise DamagedError(f"{detail}; its Content-Length is wrong, or it is a compression bomb")
    large = _TooLarge(record.file, record.offset, 0, record.headers, b"")
    large.damage = Damage(
        record.file, record.offset, detail, record.url, "ignore it: no page of a help centre is that large"
    )
    return large


def _warc_headers(source: GzipMember | PlainStream, version: bytes) -> StatusAndHeaders:
    if isinstance(source, GzipMember) and (block := source.lines(_MAX_LINE)) is not None:
        return parse_headers(version + block)
    lines, size = [version], len(version)
    while (line := source.line(_MAX_LINE)) not in _BLANK:
        size += len(line)
        if size > _MAX_HEADERS or not line.endswith(b"\n"):
            raise DamagedError("the WARC headers do not end")
        lines.append(line)
    if not line:
        raise DamagedError("cut off inside the WARC headers")
    return parse_headers(b"".join(lines))


def _content_length(stated: str) -> int:
    if not (stated.isascii() and stated.isdigit() and len(stated) < 16):
        raise DamagedError(f"Content-Length is {stated[:40]!r}, not a number of bytes")
    return int(stated)


def _skip_blank_lines(source: GzipMember | PlainStream, record: Record) -> tuple[bytes, DamagedError | None]:
    """Skip the line ends after ``record``; return the next line (empty at the end) and the damage found, if any.

    The standard asks for two line ends; many tools write one, none or more. ``Content-Length`` was wrong if no record
    follows, or if it cuts a line end in half.
    """
    if isinstance(source, GzipMember) and source.ends_with(_RECORD_END):
        return b"", None
    line = source.line(_MAX_LINE)
    halved = record.block.endswith(b"\r") and line == b"\n"
    for _ in range(_MAX_BLANK):
        if line not in _BLANK or not line:
            break
        line = source.line(_MAX_LINE)
    record_follows = not line or line.startswith(_MAGIC) or _VERSION.match(line)
    if record_follows and (not halved or _digest_matches(record)):
        return line, None
    return line, DamagedError(
        "Content-Length does not lead to the end of the record", _WRONG_LENGTH, record.url
    )
