"""From the payload of a record to the page: chunks and content codings undone, within a bound.

Captures come from strangers: a few kilobytes may unpack to gigabytes, and a header may name a coding that the
bytes do not have.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from typing import Final, cast

import brotli
from zlib_ng import zlib_ng

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["MAX_BODY", "dechunk", "decode_body"]

MAX_BODY = 16 << 20
"""Bytes of one decoded page; the crawler accepts no larger one (``DOWNLOAD_MAXSIZE``)."""

_STEP = 1 << 16
_DEFLATE_ERROR: Final = cast("type[Exception]", zlib_ng.error)
_NAMED = 200
# Of one page. Members may be empty, so no bound on bytes ends a payload that is made of them.
_MEMBERS = 1000


def decode_body(payload: bytes, *, content: str = "", transfer: str = "", limit: int = MAX_BODY) -> bytes:
    """Return the page in ``payload``, whose headers said ``Content-Encoding: content`` (and
    ``Transfer-Encoding``).

    Archives that store the decoded page keep these headers as well, so bytes that plainly lack a coding are
    taken as they are. Raises ``ValueError`` that says what is wrong: cut off, damaged, an unknown coding, or
    more than ``limit`` bytes.

    >>> decode_body(b"3\\r\\nabc\\r\\n0\\r\\n\\r\\n", transfer="chunked")
    b'abc'
    """
    if transfer.strip().lower().endswith("chunked"):
        payload = dechunk(payload)
    for coding in reversed([part.strip().lower() for part in content.split(",") if part.strip()]):
        if coding == "identity":
            continue
        if coding not in _DECODERS:
            raise ValueError(f"unknown content coding {coding[:_NAMED]!r}")
        if not payload:
            return payload  # an answer without a body (304, HEAD) keeps the headers of the page
        payload = _DECODERS[coding](payload, limit)
    if len(payload) > limit:
        raise ValueError(f"the page has more than {limit:,} bytes")
    return payload


def dechunk(payload: bytes) -> bytes:
    """Undo ``Transfer-Encoding: chunked``; bytes that are not chunked come back as they are.

    Raises ``ValueError`` when the chunks begin well and break off.
    """
    parts: list[bytes] = []
    place = 0
    while True:
        end = payload.find(b"\r\n", place, place + 1024)
        size = _chunk_size(payload[place:end]) if end >= 0 else None
        if size is None:
            if place == 0:
                return payload
            raise ValueError(f"the chunked payload is damaged at its byte {place:,}")
        if size == 0:
            return b"".join(parts)
        chunk = payload[end + 2 : end + 2 + size]
        if len(chunk) < size:
            raise ValueError(
                f"the chunked payload is cut off: {size:,} bytes announced, {len(chunk):,} there"
            )
        parts.append(chunk)
        place = end + 2 + size + 2


def _chunk_size(line: bytes) -> int | None:
    digits = line.split(b";", 1)[0].strip()
    if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _joined(parts: list[bytes], part: bytes, size: int, limit: int) -> int:
    size += len(part)
    if size > limit:
        raise ValueError(f"the page unpacks to more than {limit:,} bytes")
    parts.append(part)
    return size


def _gunzip(data: bytes, limit: int) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    parts: list[bytes] = []
    size = members = 0
    while data.startswith(b"\x1f\x8b"):  # what follows the last member is padding
        members += 1
        if members > _MEMBERS:
            raise ValueError(f"the page has more than {_MEMBERS:,} gzip members")
        size, data = _inflate_one(zlib_ng.decompressobj(wbits=31), data, parts, size, limit)
    return b"".join(parts)


def _inflate_one(
    stream: zlib_ng._Decompress, data: bytes, parts: list[bytes], size: int, limit: int
) -> tuple[int, bytes]:
    try:
        # One byte beyond the bound is asked for, so that a page of exactly the bound passes.
        size = _joined(parts, stream.decompress(data, limit - size + 1), size, limit)
    except _DEFLATE_ERROR as error:
        raise ValueError(f"damaged: {error}") from error
    if not stream.eof:
        raise ValueError("the compressed page is cut off")
    return size, stream.unused_data


def _inflate(data: bytes, limit: int) -> bytes:
    """Undo ``deflate``: zlib by the standard, a bare deflate stream by some servers' habit."""
    failed = ValueError("damaged")
    for wbits in (15, -15):
        parts: list[bytes] = []
        try:
            _inflate_one(zlib_ng.decompressobj(wbits=wbits), data, parts, 0, limit)
        except ValueError as error:
            if isinstance(error.__cause__, _DEFLATE_ERROR):
                failed = error
                continue
            raise
        return b"".join(parts)
    raise failed


def _unbrotli(data: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    stream = brotli.Decompressor()
    try:
        part = stream.process(data, output_buffer_limit=_STEP)
        while part:
            size = _joined(parts, part, size, limit)
            part = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=_STEP)
    except brotli.error as error:
        raise ValueError(f"damaged: {error}") from error
    if not stream.is_finished():
        raise ValueError("the compressed page is cut off")
    return b"".join(parts)


def _unzstd(data: bytes, limit: int) -> bytes:
    if not data.startswith(b"\x28\xb5\x2f\xfd"):
        return data
    parts: list[bytes] = []
    size = 0
    try:
        with zstd.ZstdFile(BytesIO(data)) as stream:
            while part := stream.read(_STEP):
                size = _joined(parts, part, size, limit)
    except EOFError as error:
        raise ValueError("the compressed page is cut off") from error
    except zstd.ZstdError as error:
        raise ValueError(f"damaged: {error}") from error
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
