"""Undo the transfer and content codings of a response within a bound.

Responses are hostile: a few kilobytes may unpack to gigabytes, and a header may name a wrong or unknown coding.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Final, cast

from isal import isal_zlib

from helpscraper.errors import OversizedError, PayloadError

__all__ = ["MAX_BODY", "dechunk", "decode_body"]

MAX_BODY = 16 << 20
"""Most bytes of a decoded page (``DOWNLOAD_MAXSIZE`` of the crawler)."""

_STEP = 1 << 16
_DEFLATE_ERROR: Final = cast("type[Exception]", isal_zlib.error)
_SHOWN = 200
# A page may have empty gzip members, so the bound on bytes is not enough.
_MAX_MEMBERS = 1000
# A response may be coded several times over.
_MAX_CODINGS = 8
# A frame's header may ask for a window of 2 GiB; no page needs more than 16 MiB.
_ZSTD_WINDOW = 24
# Bytes that text never holds, and the length of the prefix that is searched (WHATWG MIME Sniffing, 3 and 5).
_BINARY: Final = bytes({*range(0x20)} - {*b"\t\n\f\r\x1b"})
_SNIFFED = 1445
_WIDE_STARTS: Final = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE, b"<\0", b"\0<")


def decode_body(payload: bytes, *, content: str = "", transfer: str = "", limit: int = MAX_BODY) -> bytes:
    """Return the page in ``payload``, whose headers stated the codings ``content`` and ``transfer``.

    Text that lacks a stated coding is returned unchanged, because some archives store the decoded page with its old
    headers and some servers name nonsense (``none``, ``UTF-8``). Raises ``PayloadError`` for a page that is cut off,
    damaged or in an unknown coding, ``OversizedError`` for more than ``limit`` bytes.

    >>> decode_body(b"3\\r\\nabc\\r\\n0\\r\\n\\r\\n", transfer="chunked")
    b'abc'
    """
    named = f"{content},{transfer}" if content or transfer else ""
    codings = [part.strip().lower() for part in named.split(",") if part.strip()]
    if len(codings) > _MAX_CODINGS:
        raise PayloadError(f"the page has more than {_MAX_CODINGS} content codings")
    for coding in reversed(codings):
        if not payload:
            return payload  # a response without a body (304, HEAD) has the headers of the page
        if coding != "identity":
            payload = _decode_one(coding, payload, limit)
    if len(payload) > limit:
        raise OversizedError(f"the page has more than {limit:,} bytes")
    return payload


def _decode_one(coding: str, data: bytes, limit: int) -> bytes:
    if coding == "chunked":
        return dechunk(data, limit)
    try:
        if coding not in _DECODERS:
            raise PayloadError(f"unknown content coding {coding[:_SHOWN]!r}")
        return _DECODERS[coding](data, limit)
    except OversizedError:
        raise
    except PayloadError:
        if _is_text(data):
            return data
        raise


def _is_text(data: bytes) -> bool:
    head = data[:_SNIFFED]
    return head.startswith(_WIDE_STARTS) or len(head.translate(None, delete=_BINARY)) == len(head)


def dechunk(payload: bytes, limit: int = sys.maxsize) -> bytes:
    """Undo ``Transfer-Encoding: chunked``; bytes that are not chunked are returned unchanged.

    Raises ``PayloadError`` when a later chunk is damaged or missing.
    """
    found = bytearray()
    place = 0
    while True:
        end = payload.find(b"\r\n", place, place + 1024)
        size = _chunk_size(payload[place:end]) if end >= 0 else None
        if size is None:
            if place == 0:
                return payload
            raise PayloadError(f"the chunked payload is damaged at its byte {place:,}")
        if size == 0:
            return bytes(found)
        chunk = payload[end + 2 : end + 2 + size]
        if len(chunk) < size:
            raise PayloadError(
                f"the chunked payload is cut off: {size:,} bytes announced, {len(chunk):,} there"
            )
        found += chunk
        if len(found) > limit:
            raise OversizedError(f"the page has more than {limit:,} bytes")
        place = end + 2 + size + 2


def _chunk_size(line: bytes) -> int | None:
    digits = line.split(b";", 1)[0].strip()
    if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _append_bounded(parts: list[bytes], part: bytes, size: int, limit: int) -> int:
    size += len(part)
    if size > limit:
        raise OversizedError(f"the page unpacks to more than {limit:,} bytes")
    parts.append(part)
    return size


def _gunzip(data: bytes, limit: int) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        raise PayloadError("damaged: the gzip signature is missing")
    parts: list[bytes] = []
    size = members = 0
    while data.startswith(b"\x1f\x8b"):  # other bytes after a member are padding
        members += 1
        if members > _MAX_MEMBERS:
            raise PayloadError(f"the page has more than {_MAX_MEMBERS:,} gzip members")
        size, data = _inflate_one(isal_zlib.decompressobj(wbits=31), data, parts, size, limit)
    return b"".join(parts)


def _inflate_one(
    stream: isal_zlib.Decompress, data: bytes, parts: list[bytes], size: int, limit: int
) -> tuple[int, bytes]:
    try:
        # One byte more than the limit, so that a page of exactly the limit passes.
        size = _append_bounded(parts, stream.decompress(data, limit - size + 1), size, limit)
    except _DEFLATE_ERROR as error:
        raise PayloadError(f"damaged: {error}") from error
    if not stream.eof:
        raise PayloadError("the compressed page is cut off")
    return size, stream.unused_data


def _inflate(data: bytes, limit: int) -> bytes:
    """Undo ``deflate``: zlib as the standard says, or a raw deflate stream as some servers send it."""
    failed = PayloadError("damaged")
    for wbits in (15, -15):
        parts: list[bytes] = []
        try:
            _inflate_one(isal_zlib.decompressobj(wbits=wbits), data, parts, 0, limit)
        except PayloadError as error:
            if isinstance(error.__cause__, _DEFLATE_ERROR):
                failed = error
                continue
            raise
        return b"".join(parts)
    raise failed


def _unbrotli(data: bytes, limit: int) -> bytes:
    import brotli

    parts: list[bytes] = []
    size = 0
    stream = brotli.Decompressor()
    try:
        part = stream.process(data, output_buffer_limit=_STEP)
        while part:
            size = _append_bounded(parts, part, size, limit)
            part = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=_STEP)
    except brotli.error as error:
        raise PayloadError(f"damaged: {error}") from error
    if not stream.is_finished():
        raise PayloadError("the compressed page is cut off")
    return b"".join(parts)


def _unzstd(data: bytes, limit: int) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW}
    parts: list[bytes] = []
    size = 0
    try:
        with zstd.ZstdFile(BytesIO(data), options=options) as stream:
            while part := stream.read(_STEP):
                size = _append_bounded(parts, part, size, limit)
    except EOFError as error:
        raise PayloadError("the compressed page is cut off") from error
    except zstd.ZstdError as error:
        raise PayloadError(f"damaged: {error}") from error
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
