"""Read WARC files: all records of one, or one record by its offset. Damage is yielded, and the rest is still
read.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import IO

from warcio.statusandheaders import StatusAndHeaders

from helpscraper.errors import InputError
from helpscraper.warc.formats import other_format
from helpscraper.warc.record import Problem, Record
from helpscraper.warc.stream import MARK, Damaged, GzipMember, Plain, find_member

__all__ = ["MAX_RECORD", "iter_records", "parse_headers", "read_at"]

MAX_RECORD = 64 << 20
"""Bytes of one record; a larger one is reported and passed over, and never held in memory."""

# Passing over a record means unpacking it. Beyond this many bytes it is a bomb, and the next record is
# searched for.
_MAX_SKIPPED = 1 << 30
_MAX_LINE = 1 << 16
_MAX_HEADERS = 1 << 20

_MAX_BLANK = 1 << 16
_LOOKED_AT = 16
_CHUNK = 1 << 16

_MAGIC = b"\x1f\x8b"
# The drafts before 1.0 (Heritrix 1 wrote 0.17 and 0.18) have the same form.
_VERSION = re.compile(rb"WARC/(?:0\.1[78]|1\.\d{1,2})\s*")
_HTTP = "application/http"
_STATUS_LINE = re.compile(rb"[\r\n]{0,4}(http/\d)", re.IGNORECASE)
# The first empty line, however it and the line before it end: a page may hold the other kind of empty line.
_HEAD_END = re.compile(rb"\n\r?\n")
_BLANK = {b"", b"\n", b"\r\n"}

_COPY = "copy the file again, or restore it from a backup; its other records can be read"
_RESTORE = "restore the file from a backup; its other records can be read"
_LYING = "the tool that wrote the file is at fault, or a transfer that changed line ends; its other records can be read"
_LEFT_OVER = "what follows the record belongs to none"


def iter_records(stream: IO[bytes], file: str, *, limit: int = MAX_RECORD) -> Iterator[Record | Problem]:
    """Yield every record of a seekable WARC file (gzip, plain, or one after the other), and a ``Problem`` for every
    damaged place.

    ``file`` is the name under which records and problems speak of it. At most ``limit`` bytes are held at a
    time.
    """
    offset: int | None = 0
    while offset is not None:
        stream.seek(offset)
        head = stream.read(_LOOKED_AT)
        if _MAGIC.startswith(head[:2]) and head:
            offset = yield from _compressed(stream, file, offset, limit)
        elif head.startswith(MARK):
            offset = yield from _plain(stream, file, offset, limit)
        elif offset == 0:
            found = [find_member(stream, 0, gzip=gzip) for gzip in (True, False)] if head else []
            if (near := head.find(MARK)) > 0:
                found.append(near)  # behind a byte order mark, which ends no line
            offset = min((place for place in found if place is not None), default=None)
            yield _no_record(file, head, offset)
        else:
            return  # the end of the file


def _no_record(file: str, head: bytes, first: int | None) -> Problem:
    """Say what a file begins with that begins with no record; ``first`` is where one begins after all."""
    if not head:
        return Problem(file, 0, "the file is empty", advice=_COPY)
    if first is not None:
        return Problem(
            file, 0, f"its first {first:,} bytes belong to no record: {head[:first]!r}", advice=_COPY
        )
    begins = "it begins with neither a gzip member nor a record"
    what, advice = other_format(head) or (begins, "check what kind of file it is")
    return Problem(file, 0, f"this is not a WARC file: {what}", advice=advice)


def _compressed(
    stream: IO[bytes], file: str, offset: int, limit: int
) -> Generator[Record | Problem, None, int | None]:
    """Yield the records of gzip members; return where something else begins, None at the end."""
    ahead = b""
    while True:
        member = GzipMember(stream, offset, ahead)
        try:
            yield from _member_records(member, file, offset, limit)
        except Damaged as damage:
            yield _problem(file, offset, damage)
            found, ahead = find_member(stream, offset + 1, gzip=True), b""
            if found is None:
                return None
            offset = found
            continue
        offset, ahead = _behind(stream, member, offset)
        # Of what was read ahead, the first byte of the next member may be the last one.
        if not ahead or ahead.startswith(MARK):
            return offset
        if not _MAGIC.startswith(ahead[:2]):
            yield Problem(file, offset, "no gzip member begins here", advice=_COPY)
            return find_member(stream, offset, gzip=True)


def _behind(stream: IO[bytes], member: GzipMember, offset: int) -> tuple[int, bytes]:
    """Return where the next thing behind ``member`` begins, line ends passed, and some of its bytes."""
    end = member.end if member.end is not None else offset + 1
    ahead = member.rest
    while True:
        begun = ahead.lstrip(b"\r\n")
        end += len(ahead) - len(begun)
        if len(begun) >= len(MARK):
            return end, begun
        stream.seek(end)
        ahead = stream.read(_CHUNK)
        if len(ahead) == len(begun):
            return end, begun  # the end of the file


def _member_records(member: GzipMember, file: str, offset: int, limit: int) -> Iterator[Record | Problem]:
    """Yield the records of one member: one by the standard, all of them where a whole file was compressed at
    once.
    """
    held = _next(member, file, offset, limit)
    first = True
    while held is not None:
        trailing, wrong = _pass_blank(member, held)
        if wrong is not None and not _is_vouched_for(held):
            yield _problem(file, offset, wrong)
            member.skip(_MAX_SKIPPED)
            break
        held.alone = first and not trailing
        held.length = (member.end or offset) - offset if held.alone else 0
        yield held.problem if isinstance(held, _TooLarge) else held
        if wrong is not None:
            yield _problem(file, offset, Damaged(_LEFT_OVER, url=held.url))
            member.skip(_MAX_SKIPPED)
            break
        held, first = _next(member, file, offset, limit, trailing) if trailing else None, False
    if member.end is None and member.read(1):
        raise Damaged(f"the gzip member unpacks to more than {_MAX_SKIPPED:,} bytes: a compression bomb")


def _plain(
    stream: IO[bytes], file: str, offset: int, limit: int
) -> Generator[Record | Problem, None, int | None]:
    """Yield the records that are not compressed; return where something else begins, None at the end."""
    while True:
        source = Plain(stream, offset)
        try:
            record = _next(source, file, offset, limit)
            if record is None:
                return None
            record.length = source.tell() - offset
            trailing, wrong = _pass_blank(source, record)
            if wrong is not None and not _is_vouched_for(record):
                raise wrong
        except Damaged as damage:
            yield _problem(file, offset, damage)
            found = find_member(stream, offset + 1, gzip=False)
            if found is None:
                return None
            offset = found
            continue
        yield record.problem if isinstance(record, _TooLarge) else record
        offset = source.tell() - len(trailing)
        if wrong is not None:
            yield _problem(file, offset, Damaged(_LEFT_OVER, url=record.url))
            return find_member(stream, offset, gzip=False)
        if not trailing.startswith(MARK):
            return offset


def _is_vouched_for(record: Record) -> bool:
    """Tell whether a digest says that the record is whole, whatever follows it."""
    stated = record.digest or record.headers.get_header("WARC-Block-Digest")
    return bool(stated) and not record.is_revisit and not record.wrong_digests()


def _problem(file: str, offset: int, damage: Damaged) -> Problem:
    return Problem(file, offset, str(damage), damage.url, damage.advice or _COPY)


def read_at(stream: IO[bytes], file: str, offset: int, *, limit: int = MAX_RECORD) -> Record:
    """Return the one record at ``offset``; raises ``InputError`` naming file and offset when there is
    none.
    """
    stream.seek(offset)
    head = stream.read(2)
    try:
        if not head:
            raise Damaged("the file ends before this offset")
        gzip = head == _MAGIC
        source: GzipMember | Plain = GzipMember(stream, offset) if gzip else Plain(stream, offset)
        record = _next(source, file, offset, limit)
        if record is None:
            raise Damaged("no record begins here")
        if isinstance(record, _TooLarge):
            raise Damaged(record.problem.detail, record.problem.advice, record.url)
        if isinstance(source, GzipMember):
            # The checksum at the end of the member is only looked at when the end is read.
            source.skip(limit)
        return record
    except Damaged as damage:
        url = f" ({damage.url})" if damage.url else ""
        raise InputError(f"{file}#{offset}: {damage}{url}", advice=damage.advice or _RESTORE) from None


class _TooLarge(Record):
    """A record that was passed over; it has headers and no block."""

    problem: Problem


def _next(
    source: GzipMember | Plain, file: str, offset: int, limit: int, first: bytes = b""
) -> Record | None:
    """Return the record that begins at the source's place, None at its end; raises ``Damaged``."""
    line = first or source.line(_MAX_LINE)
    if not line:
        return None
    if _VERSION.match(line) is None:
        what, advice = other_format(line) or ("", "")
        raise Damaged(f"no WARC record begins here, but {line[:_LOOKED_AT]!r}{what and f': {what}'}", advice)
    headers = _warc_headers(source, line)
    if sum(name.lower() == "warc-type" for name, _ in headers.headers) > 1:
        raise Damaged("cut off: another record begins inside the WARC headers")
    record = Record(file, offset, 0, headers, b"")
    try:
        length = _content_length(headers)
        if length > limit:
            return _passed_over(source, record, length, limit)
        block = source.read(length)
        if len(block) < length:
            raise Damaged(f"cut off: Content-Length says {length:,} bytes, {len(block):,} are there")
    except Damaged as damage:
        damage.url = record.url or None
        raise
    record.block = block
    _read_http(record)
    return record


def _passed_over(source: GzipMember | Plain, record: Record, length: int, limit: int) -> _TooLarge:
    detail = f"a record of {length:,} bytes; the bound is {limit:,}: passed over"
    if source.skip(min(length, _MAX_SKIPPED)) < length:
        raise Damaged(f"{detail}; its Content-Length is a lie, or it is a compression bomb")
    large = _TooLarge(record.file, record.offset, 0, record.headers, b"")
    large.problem = Problem(record.file, record.offset, detail, record.url, "no page is so large")
    return large


def _warc_headers(source: GzipMember | Plain, version: bytes) -> StatusAndHeaders:
    if isinstance(source, GzipMember) and (block := source.lines(_MAX_LINE)) is not None:
        return parse_headers(version + block)
    lines, size = [version], len(version)
    while (line := source.line(_MAX_LINE)) not in _BLANK:
        size += len(line)
        if size > _MAX_HEADERS or not line.endswith(b"\n"):
            raise Damaged("the WARC headers do not end")
        lines.append(line)
    if not line:
        raise Damaged("cut off inside the WARC headers")
    return parse_headers(b"".join(lines))


def parse_headers(block: bytes) -> StatusAndHeaders:
    """Return the start line and the headers in ``block``; a line without a colon is passed over.

    The same as ``warcio``'s own parser gives, which takes a third of the time of reading a record.
    """
    try:
        lines = block.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = block.decode("latin-1").split("\n")
    protocol, status = (*lines[0].split(None, 1), "", "")[:2]
    pairs: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in {" ", "\t"} and pairs:
            name, value = pairs[-1]
            pairs[-1] = name, f"{value} {line.strip()}".strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((name.rstrip(" \t"), value.strip()))
    found = StatusAndHeaders(status.strip(), (), protocol)
    found.headers = pairs  # text already: handed to the constructor, each would be looked at again
    return found


def _content_length(headers: StatusAndHeaders) -> int:
    stated = str(headers.get_header("Content-Length") or "").strip()
    if not (stated.isascii() and stated.isdigit() and len(stated) < 16):
        raise Damaged(f"Content-Length is {stated[:40]!r}, which is no length")
    return int(stated)


def _read_http(record: Record) -> None:
    """Part the HTTP headers from the payload, where the record holds an HTTP message.

    The block tells, for Content-Type is recommended and not required; a request has no first line of its own.
    """
    record.payload = record.block
    stated = str(record.headers.get_header("Content-Type") or _HTTP).lower()
    begins = _STATUS_LINE.match(record.block)
    match record.type:
        case "response" | "revisit" if begins:
            start = begins.start(1)
        case "resource" if begins and stated.startswith(_HTTP):
            start = begins.start(1)
        case "request" if stated.startswith(_HTTP):
            start = 0
        case _:
            return
    found = _HEAD_END.search(record.block, start, _MAX_HEADERS)
    # A revisit may end with its headers; a response without an end of headers has no payload either.
    end, behind = found.span() if found else (len(record.block), len(record.block))
    record.http = parse_headers(record.block[start:end])
    record.payload = record.block[behind:]


def _pass_blank(source: GzipMember | Plain, record: Record) -> tuple[bytes, Damaged | None]:
    """Pass the line ends behind ``record``; return the line that follows them, empty at the end, and what is wrong.

    The standard asks for two line ends; many tools write one, or none, or more. What begins no record means that the
    length led elsewhere, and so does a line end that it cut in half.
    """
    line = source.line(_MAX_LINE)
    halved = record.block.endswith(b"\r") and line == b"\n"
    for _ in range(_MAX_BLANK):
        if line not in _BLANK or not line:
            break
        line = source.line(_MAX_LINE)
    led = not line or line.startswith(_MAGIC) or _VERSION.match(line)
    if led and (not halved or _is_vouched_for(record)):
        return line, None
    return line, Damaged("Content-Length does not lead to the end of the record", _LYING, record.url)
