"""Make WARC records of an archive's answers, and check them against the line of its index. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from uuid import uuid4

from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.index import surt
from helpscraper.backfill.choose import at, is_redirect
from helpscraper.backfill.client import Answer, Gap
from helpscraper.errors import InputError
from helpscraper.warc.build import Exchange, response_record
from helpscraper.warc.reader import read_at
from helpscraper.warc.record import Record, digest_of, plain_digest

__all__ = ["Mismatch", "as_bytes", "checked", "raw_record", "replayed", "unchanged"]

_SHOWN = 200
# A replay tool states the headers of the page under this prefix, or as they were.
_ORIGINAL = "X-Archive-Orig-"
_KEPT = ("Content-Type", "Content-Language", "Last-Modified", "ETag")
# An archive rewrites the target of a redirect to its own address of that page.
_REPLAY = re.compile(r"/\d{1,14}(?:[a-z]{2}_)?/(https?://)", re.ASCII)


class Mismatch(Exception):  # noqa: N818 (it says what differs)
    """The archive gave something else than its index states; it is not kept."""


def raw_record(data: bytes, capture: Capture) -> Record:
    """Return the record in ``data``, the bytes at the place that the index names; raises ``Mismatch``."""
    try:
        return checked(read_at(BytesIO(data), capture.file, 0), capture)
    except InputError as error:
        raise Mismatch(f"no whole record: {error.message[:_SHOWN]}") from None


def replayed(answer: Answer, capture: Capture) -> Record:
    """Return the record of a raw replay: the page as it was, with the headers that describe it.

    Raises ``Gap`` for a refusal, and ``Mismatch`` for the page of another time or address, which archives give when
    they lack the requested one.
    """
    if answer.status >= 400:
        raise Gap(f"status {answer.status}", again=False)
    original = re.search(r"<([^<>]{1,2000})>\s*;\s*rel=\"?original", answer.header("Link"))
    if original is not None and surt(original[1]) != surt(capture.url):
        raise Mismatch(f"the page of another address: {original[1][:_SHOWN]}")
    given = answer.header("Memento-Datetime")
    if given and given != f"{at(capture):%a, %d %b %Y %H:%M:%S} GMT":
        raise Mismatch(f"the page of another time: {given[:_SHOWN]}")
    location = _REPLAY.split(answer.header("Location"), maxsplit=1)
    target = "".join(location[1:]) or location[0]
    if 300 <= answer.status < 400 and (not is_redirect(capture) or surt(target) == surt(capture.url)):
        raise Mismatch(f"a redirect to another capture: {answer.header('Location')[:_SHOWN]}")
    if is_redirect(capture) and not target:
        raise Mismatch(f"status {answer.status}, which is no redirect")
    headers = [(name, answer.header(_ORIGINAL + name) or answer.header(name)) for name in _KEPT]
    # The bytes were coded for this answer, so the coding is today's; the target is that of the page.
    headers += [("Content-Encoding", answer.header("Content-Encoding")), ("Location", target)]
    made = _record(
        Exchange(
            url=capture.url,
            date=at(capture),
            method="GET",
            request_headers=(),
            request_body=b"",
            status=capture.status or answer.status,
            response_headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in headers if value],
            payload=answer.body,
        ),
        digest_of(answer.body),
    )  # fmt: skip
    recoded = answer.header(f"{_ORIGINAL}Content-Encoding") not in {"", answer.header("Content-Encoding")}
    if "chunked" in answer.header(f"{_ORIGINAL}Transfer-Encoding").lower() or recoded:
        # The index may state the digest of the bytes as sent. The archive undid their coding, so they are not here.
        capture = capture if made.payload_matches(capture.digest) else replace(capture, digest="")
    return checked(made, capture)


def unchanged(capture: Capture, original: Capture, digest: str) -> Record:
    """Return the revisit of a page that, by the index, is the same as ``original``.

    ``digest`` is that of the payload as the record of ``original`` states it.
    """
    exchange = Exchange(
        url=capture.url,
        date=at(capture),
        method="GET",
        request_headers=(),
        request_body=b"",
        status=200,
        response_headers=(),
        payload=b"",
    )
    return _record(exchange, digest, (original.url, f"{at(original):%Y-%m-%dT%H:%M:%SZ}"))


def checked(record: Record, capture: Capture) -> Record:
    """Return ``record``; raises ``Mismatch`` where its address, time, status or payload is not that of ``capture``."""
    if record.type not in {"response", "revisit", "resource"}:
        raise Mismatch(f"a record of another type: {record.type[:_SHOWN]}")
    if record.url != capture.url and (is_redirect(capture) or surt(record.url) != surt(capture.url)):
        raise Mismatch(f"the record of another address: {record.url[:_SHOWN]}")
    if record.date is None or f"{record.date:%Y%m%d%H%M%S}" != capture.date:
        raise Mismatch(f"the record of another time: {record.date}")
    if None not in (record.status, capture.status) and record.status != capture.status:
        raise Mismatch(f"the record of another status: {record.status}")
    if wrong := record.wrong_digests():
        raise Mismatch(wrong[0])
    stated = record.digest or ""
    same = plain_digest(stated) == plain_digest(capture.digest)
    if capture.digest and not same and (record.is_revisit or not record.payload_matches(capture.digest)):
        raise Mismatch(f"another payload: its digest is {stated[:_SHOWN]}")
    return record


def as_bytes(record: Record) -> bytes:
    """Return the record as an uncompressed WARC file has it."""
    head: bytes = record.headers.to_bytes()
    return head + record.block + b"\r\n\r\n"


def _record(exchange: Exchange, digest: str, refers_to: tuple[str, str] | None = None) -> Record:
    made = response_record(exchange, f"<urn:uuid:{uuid4()}>", digest, refers_to)
    return read_at(BytesIO(made), exchange.url, 0)
