"""Write one request and its response as WARC 1.1 records: uncompressed bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from urllib.parse import urlsplit
from uuid import uuid4

from warcio.warcwriter import WARCWriter

from helpscraper.warc.record import NOT_MODIFIED, digest_of

__all__ = ["Exchange", "request_record", "response_record", "warcinfo_record"]

Headers = Sequence[tuple[bytes, bytes]]

_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_EMPTY_DIGEST = digest_of(b"")
# Credentials for a proxy must not be published with the recording.
_SECRET_HEADERS = {b"proxy-authorization"}
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
_CONFORMS = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response as sent; ``date`` (aware) is the time of the response.

    ``protocol`` is ``HTTP/1.1``, ``h2`` …; ``payload`` keeps its content coding; ``cut_off`` is True when the
    connection ended before the payload did.
    """

    url: str
    date: dt.datetime
    method: str
    request_headers: Headers
    request_body: bytes
    status: int
    response_headers: Headers
    payload: bytes
    protocol: str | None = None
    ip_address: str | None = None
    cut_off: bool = False

    def header(self, name: bytes) -> str:
        """Return a header of the response, empty when it is absent."""
        found = (value for key, value in self.response_headers if key.lower() == name.lower())
        return next(found, b"").decode("latin-1")


_WRITER = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")


def warcinfo_record(filename: str, info: Mapping[str, str]) -> bytes:
    """Return the first record of a file, which describes the software and its settings."""
    fields = {**info, "format": "WARC File Format 1.1", "conformsTo": _CONFORMS}
    record = _WRITER.create_warcinfo_record(
        filename, {name: _one_line(value) for name, value in fields.items()}
    )
    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    return plain.getvalue()


def response_record(
    exchange: Exchange, record_id: str, digest: str, refers_to: tuple[str, str] | None = None
) -> bytes:
    """Return the response, or a revisit when ``refers_to`` (URL, ISO date) names the record with its payload.

    A 304 is always a revisit, because it has no payload; ``digest`` is then that of the stored page, or empty
    when no page is stored.
    """
    not_modified = exchange.status == HTTPStatus.NOT_MODIFIED
    revisit = not_modified or refers_to is not None
    named = [("WARC-Type", "revisit" if revisit else "response"), ("WARC-Record-ID", record_id)]
    named.append(("WARC-Date", _iso(exchange.date)))
    if exchange.ip_address:
        named.append(("WARC-IP-Address", exchange.ip_address))
    if exchange.protocol:
        named.append(("WARC-Protocol", exchange.protocol.lower()))
    if exchange.cut_off:
        named.append(("WARC-Truncated", "disconnect"))
    if digest:
        named.append(("WARC-Payload-Digest", digest))
    if revisit:
        named.append(
            ("WARC-Profile", _PROFILES + (NOT_MODIFIED if not_modified else "identical-payload-digest"))
        )
    if refers_to is not None:
        named += zip(("WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"), refers_to, strict=True)
    named.append(("WARC-Target-URI", exchange.url))
    first = f"HTTP/1.1 {exchange.status} {_PHRASES.get(exchange.status, '')}".rstrip()
    block = _head(first, exchange.response_headers) + (b"" if revisit else exchange.payload)
    return _record(named, "response", block)


def request_record(exchange: Exchange, response_id: str) -> bytes:
    """Return the request that belongs to the response ``response_id``."""
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [item for item in exchange.request_headers if item[0].lower() not in _SECRET_HEADERS]
    if not any(name.lower() == b"host" for name, _ in headers):
        headers.insert(0, (b"Host", parts.netloc.rpartition("@")[2].encode()))
    body = exchange.request_body
    named = [
        ("WARC-Type", "request"),
        ("WARC-Record-ID", f"<urn:uuid:{uuid4()}>"),
        ("WARC-Date", _iso(exchange.date)),
        ("WARC-Concurrent-To", response_id),
        ("WARC-Target-URI", exchange.url),
        ("WARC-Payload-Digest", digest_of(body) if body else _EMPTY_DIGEST),
    ]
    return _record(named, "request", _head(f"{exchange.method} {target} HTTP/1.1", headers) + body)


def _record(named: Sequence[tuple[str, str]], kind: str, block: bytes) -> bytes:
    """Return an HTTP record with the bytes that warcio would write; tests compare the two."""
    head = "".join([f"{name}: {_one_line(value)}\r\n" for name, value in named])
    return b"".join(
        (
            f"WARC/1.1\r\n{head}WARC-Block-Digest: {digest_of(block)}\r\n"
            f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(block)}\r\n\r\n".encode(),
            block,
            b"\r\n\r\n",
        )
    )


def _head(first: str, headers: Headers) -> bytes:
    """Return the head of an HTTP message byte for byte; bytes outside ASCII are kept."""
    lines = [name + b": " + value for name, value in headers]
    data = b"\r\n".join((_one_line(first).encode(), *lines, b"\r\n"))
    # A line break inside a header from the wire would forge another header.
    if data.count(b"\n") != len(headers) + 2 or data.count(b"\r") != len(headers) + 2:
        lines = [line.translate(_ONE_LINE) for line in lines]
        data = b"\r\n".join((_one_line(first).encode(), *lines, b"\r\n"))
    return data


def _one_line(text: str) -> str:
    """Keep a value on one line, so that a server cannot inject a header or a record."""
    if text.isprintable():
        return text
    return text.replace("\r", " ").replace("\n", " ")


@lru_cache(maxsize=16)
def _iso(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
