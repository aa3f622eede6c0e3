"""Records of an exchange are those that warcio writes, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from helpscraper.warc.build import Exchange, request_record, response_record
from tests.warc.made import SITE, exchange

_TOKEN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
_URLS = st.sampled_from(
    [f"{SITE}/help/a", f"{SITE}/help/a?x=1", f"{SITE}/hélp/b\r\nWARC-Type: warcinfo", "https://a@h/"]
)


def as_warcio_writes(exchange: Exchange, kind: str, fields: dict[str, str], body: bytes) -> bytes:
    """The record that warcio makes of ``exchange``, with ``fields`` as its first WARC headers."""

    class Wire(StatusAndHeaders):
        """HTTP headers byte for byte: warcio would percent-encode what is not ASCII."""

        def to_ascii_bytes(self, header_filter: Any = None) -> bytes:
            data: bytes = self.to_bytes(header_filter, encoding="latin-1")
            return data

    def line(text: str) -> str:
        return text.replace("\r", " ").replace("\n", " ")

    def pairs(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        return [(line(name.decode("latin-1")), line(value.decode("latin-1"))) for name, value in headers]

    parts = urlsplit(exchange.url)
    if kind == "request":
        target = line(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = target.encode().decode("latin-1")
        host = ("Host", parts.netloc.rpartition("@")[2])
        http = Wire(
            f"{exchange.method} {target} HTTP/1.1",
            [host, *pairs(exchange.request_headers)],
            is_http_request=True,
        )
    else:
        phrase = {200: "OK", 304: "Not Modified", 404: "Not Found", 299: ""}[exchange.status]
        http = Wire(
            f"{exchange.status} {phrase}".strip(), pairs(exchange.response_headers), protocol="HTTP/1.1"
        )
    maker = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")
    record = maker.create_warc_record(
        line(exchange.url),
        kind,
        payload=BytesIO(body),
        length=len(body),
        warc_headers_dict={name: line(value) for name, value in fields.items()},
        http_headers=http,
    )
    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    return plain.getvalue()


@given(
    url=_URLS,
    payload=st.binary(max_size=300),
    status=st.sampled_from([200, 304, 404, 299]),
    headers=st.lists(st.tuples(_TOKEN.map(str.encode), st.binary(max_size=40)), max_size=4),
    refers_to=st.sampled_from([None, ("https://a.example/é\r\nX: y", "2026-03-01T06:00:00Z")]),
    digest=st.sampled_from(["", "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"]),
    wire=st.sampled_from([("HTTP/1.1", "192.0.2.7"), (None, None)]),
)
def test_records_are_byte_for_byte_those_of_warcio(
    url: str,
    payload: bytes,
    status: int,
    headers: list[tuple[bytes, bytes]],
    refers_to: tuple[str, str] | None,
    digest: str,
    wire: tuple[str | None, str | None],
) -> None:
    made = replace(
        exchange(url, payload, status=status),
        response_headers=headers,
        request_headers=headers,
        request_body=payload[:20],
        protocol=wire[0],
        ip_address=wire[1],
    )
    revisit = status == 304 or refers_to is not None
    profile = "server-not-modified" if status == 304 else "identical-payload-digest"
    fields = {
        "WARC-Type": "revisit" if revisit else "response",
        "WARC-Record-ID": "<urn:uuid:1>",
        "WARC-Date": "2026-03-01T06:00:00Z",
        "WARC-IP-Address": wire[1] or "",
        "WARC-Protocol": (wire[0] or "").lower(),
        "WARC-Payload-Digest": digest,
        "WARC-Profile": f"http://netpreserve.org/warc/1.1/revisit/{profile}" if revisit else "",
        "WARC-Refers-To-Target-URI": refers_to[0] if refers_to else "",
        "WARC-Refers-To-Date": refers_to[1] if refers_to else "",
    }
    said = {name: value for name, value in fields.items() if value}
    # Without a stated digest warcio makes one up, which for a 304 would be that of nothing.
    if digest or revisit:
        body = b"" if revisit else payload
        ours = response_record(made, "<urn:uuid:1>", digest, refers_to)
        assert ours == as_warcio_writes(made, said["WARC-Type"], said, body)
    ours = request_record(made, "<urn:uuid:1>")
    (identity,) = re.findall(rb"WARC-Record-ID: (.*)\r\n", ours)
    said = {
        "WARC-Type": "request",
        "WARC-Record-ID": identity.decode(),
        "WARC-Date": "2026-03-01T06:00:00Z",
        "WARC-Concurrent-To": "<urn:uuid:1>",
    }
    assert ours == as_warcio_writes(made, "request", said, payload[:20])


def test_what_was_said_to_a_proxy_is_not_recorded() -> None:
    """It holds the password of whoever crawled, and a WACZ is made to be handed on."""
    said = [(b"Proxy-Authorization", b"Basic c2VjcmV0"), (b"proxy-authorization", b"x"), (b"Accept", b"*/*")]
    made = request_record(replace(exchange(f"{SITE}/help/a", b""), request_headers=said), "<urn:uuid:1>")
    assert b"c2VjcmV0" not in made
    assert b"roxy-" not in made
    assert made.endswith(b"Host: www.okx.com\r\nAccept: */*\r\n\r\n\r\n\r\n")
