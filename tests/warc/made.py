"""WARC records and files made by hand, to be read; not by the writer under test."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

from helpscraper.warc.build import Exchange
from helpscraper.warc.record import digest_of

AT = dt.datetime(2026, 3, 1, 6, 0, tzinfo=dt.UTC)
SITE = "https://www.okx.com"


def exchange(
    url: str, payload: bytes, *, at: dt.datetime = AT, status: int = 200, headers: tuple[Any, ...] = ()
) -> Exchange:
    return Exchange(
        url=url,
        date=at,
        method="GET",
        request_headers=[(b"User-Agent", b"helpscraper"), (b"Accept-Encoding", b"gzip, br")],
        request_body=b"",
        status=status,
        response_headers=[(b"Content-Type", b"text/html; charset=utf-8"), *headers],
        payload=payload,
        protocol="HTTP/1.1",
        ip_address="192.0.2.7",
    )


def record(url: str, block: bytes, *, kind: str = "response", at: dt.datetime = AT, **extra: str) -> bytes:
    """One record as bytes; ``extra`` are WARC headers with ``_`` for ``-``, which replace those given here."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:00000000-0000-4000-8000-000000000000>",
        "WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "WARC-Target-URI": url,
        "Content-Type": "text/plain" if kind == "conversion" else "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    } | {name.replace("_", "-"): value for name, value in extra.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def response(url: str, payload: bytes, *, headers: str = "", status: str = "200 OK", **extra: Any) -> bytes:
    block = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{headers}\r\n".encode() + payload
    return record(url, block, **({"WARC_Payload_Digest": digest_of(payload)} | extra))


def members(*records: bytes) -> bytes:
    return b"".join(gzip.compress(each, mtime=0) for each in records)
