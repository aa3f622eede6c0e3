"""Make WARC 1.1 records of one exchange of request and response, as warcio records ready to be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from helpscraper.archive.warc.record import NOT_MODIFIED

__all__ = ["Exchange", "request_record", "response_record", "serialise", "warcinfo_record"]

Headers = Sequence[tuple[bytes, bytes]]

_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
_CONFORMS = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response as they went over the wire; ``date`` (aware) is when the response came.

    ``protocol`` is ``HTTP/1.1``, ``h2`` …; ``payload`` keeps its content coding.
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

    def header(self, name: bytes) -> str:
        """Return a header of the response, empty when it has none."""
        found = (value for key, value in self.response_headers if key.lower() == name.lower())
        return next(found, b"").decode("latin-1")


class _Wire(StatusAndHeaders):  # type: ignore[misc]  # warcio is not typed
    """HTTP headers byte for byte: warcio would percent-encode what is not ASCII."""

    def to_ascii_bytes(self, header_filter: Any = None) -> bytes:
        data: bytes = self.to_bytes(header_filter, encoding="latin-1")
        return data


_MAKER = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")


def warcinfo_record(filename: str, info: Mapping[str, str]) -> Any:
    """Return the record that begins a file: which software wrote it, for whom, by which rules."""
    fields = {**info, "format": "WARC File Format 1.1", "conformsTo": _CONFORMS}
    return _MAKER.create_warcinfo_record(filename, {name: _one_line(value) for name, value in fields.items()})


def response_record(
    exchange: Exchange, record_id: str, digest: str, refers_to: tuple[str, str] | None = None
) -> Any:
    """Return the response, or a revisit when ``refers_to`` (URL, ISO date) names the record with its payload.

    A 304 is a revisit in any case, for it has no payload of its own; ``digest`` is then that of the page it
    vouches for, empty when no such page is stored.
    """
    not_modified = exchange.status == HTTPStatus.NOT_MODIFIED
    revisit = not_modified or refers_to is not None
    named = {
        "WARC-Record-ID": record_id,
        "WARC-Date": _iso(exchange.date),
        "WARC-IP-Address": exchange.ip_address or "",
        "WARC-Protocol": (exchange.protocol or "").lower(),
        "WARC-Payload-Digest": digest,
    }
    if revisit:
        named["WARC-Profile"] = _PROFILES + (NOT_MODIFIED if not_modified else "identical-payload-digest")
    if refers_to is not None:
        named["WARC-Refers-To-Target-URI"], named["WARC-Refers-To-Date"] = refers_to
    phrase = _PHRASES.get(exchange.status, "")
    http = _Wire(
        f"{exchange.status} {phrase}".strip(), _pairs(exchange.response_headers), protocol="HTTP/1.1"
    )
    return _record(
        exchange.url, "revisit" if revisit else "response", named, http, b"" if revisit else exchange.payload
    )


def request_record(exchange: Exchange, response_id: str) -> Any:
    """Return the request that belongs to the response ``response_id``."""
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = _pairs(exchange.request_headers)
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", parts.netloc.rpartition("@")[2]))
    http = _Wire(f"{exchange.method} {target} HTTP/1.1", headers, is_http_request=True)
    named = {
        "WARC-Record-ID": f"<urn:uuid:{uuid4()}>",
        "WARC-Date": _iso(exchange.date),
        "WARC-Concurrent-To": response_id,
    }
    return _record(exchange.url, "request", named, http, exchange.request_body)


def serialise(record: Any) -> bytes:
    """Return the bytes of a record, not compressed, with the digest of its block."""
    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    return plain.getvalue()


def _record(url: str, kind: str, named: Mapping[str, str], http: StatusAndHeaders, payload: bytes) -> Any:
    return _MAKER.create_warc_record(
        _one_line(url),
        kind,
        payload=BytesIO(payload),
        length=len(payload),
        warc_headers_dict={"WARC-Type": kind}
        | {name: _one_line(value) for name, value in named.items() if value},
        http_headers=http,
    )


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return [
        (_one_line(name.decode("latin-1")), _one_line(value.decode("latin-1"))) for name, value in headers
    ]


def _one_line(text: str) -> str:
    """Keep a value on its line: what a server sends must not begin a header or a record of its own."""
    if text.isprintable():
        return text
    return text.replace("\r", " ").replace("\n", " ")


@lru_cache(maxsize=16)
def _iso(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
