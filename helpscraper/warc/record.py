"""One WARC record in memory, its digests, and problems of a file."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

from warcio.statusandheaders import StatusAndHeaders

from helpscraper.errors import PayloadError
from helpscraper.payload import Payload
from helpscraper.payload.codings import dechunk
from helpscraper.warc.headers import parse_headers

__all__ = ["Damage", "Record", "digest_of", "parse_date", "plain_digest", "same_digest"]

NOT_MODIFIED = "server-not-modified"
_SHOWN = 80
_STATUS = re.compile(r"[0-9]{3}(?![0-9])")
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
# WARC 1.1 allows dates of a day, month or year (W3C-DTF); they mean its first instant.
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)

_HTTP = "application/http"
_MAX_HEADERS = 1 << 20
_STATUS_LINE = re.compile(rb"[\r\n]{0,4}(http/\d)", re.IGNORECASE)
# The first empty line, whichever line ends are used.
_HEAD_END = re.compile(rb"\n\r?\n")
_EMPTY_DIGEST = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"

_HASHES = {
    "sha1": hashlib.sha1,
    "sha-1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha-256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": hashlib.md5,
}


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged place of a file: byte offset, cause, the record's URL when known, and advice."""

    file: str
    offset: int
    detail: str
    url: str | None = None
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.file}#{self.offset}: {self.detail}" + (f" ({self.url})" if self.url else "")


@dataclass(eq=False)
class Record:
    """One record. ``offset`` and ``length`` are bytes in ``file``, those of the gzip member in a compressed file.

    ``block`` is everything after the WARC headers; the HTTP message in it is split on demand.
    ``addressable`` is False when the record shares a gzip member, so that its offset does not lead to it.
    """

    file: str
    offset: int
    length: int
    headers: StatusAndHeaders
    block: bytes
    addressable: bool = True

    @cached_property
    def http(self) -> StatusAndHeaders | None:
        """The HTTP headers; None for a record that holds no HTTP message."""
        return parse_headers(self.block[self._head[0] : self._head[1]]) if self._head else None

    @cached_property
    def payload(self) -> bytes:
        """The block after the HTTP headers, as sent over the wire."""
        return self.block[self._head[2] :] if self._head else self.block

    @cached_property
    def _head(self) -> tuple[int, int, int] | None:
        """Begin and end of the HTTP headers in the block, and the begin of the payload.

        A message is recognised by its status line, because ``Content-Type`` is optional; a request has none.
        """
        begins = _STATUS_LINE.match(self.block)
        stated = str(self.headers.get_header("Content-Type") or _HTTP).lower()
        match self.type:
            case "response" | "revisit" if begins:
                start = begins.start(1)
            case "resource" if begins and stated.startswith(_HTTP):
                start = begins.start(1)
            case "request" if stated.startswith(_HTTP):
                start = 0
            case _:
                return None
        found = _HEAD_END.search(self.block, start, _MAX_HEADERS)
        # A message without an empty line consists of headers only.
        if found is None:
            return start, min(start + _MAX_HEADERS, len(self.block)), len(self.block)
        return start, *found.span()

    @property
    def ref(self) -> str:
        """The ``file#offset`` under which a snapshot row names this record."""
        return f"{self.file}#{self.offset}"

    @property
    def type(self) -> str:
        """``response``, ``request``, ``revisit``, ``warcinfo``, ``conversion`` …"""
        return str(self.headers.get_header("WARC-Type") or "").lower()

    @property
    def url(self) -> str:
        """The target URI; empty for a record that has none."""
        stated = str(self.headers.get_header("WARC-Target-URI") or "").strip()
        # Old Wget put the URI in angle brackets.
        return stated[1:-1] if stated.startswith("<") and stated.endswith(">") else stated

    @cached_property
    def date(self) -> dt.datetime | None:
        """The time of the response (UTC); None when it is not stated."""
        return parse_date(str(self.headers.get_header("WARC-Date") or ""))

    @property
    def digest(self) -> str | None:
        """The stated digest of the payload."""
        stated = self.headers.get_header("WARC-Payload-Digest")
        return str(stated).strip() if stated else None

    @property
    def is_revisit(self) -> bool:
        """Whether another record holds the payload: it was the same as before, or not modified (304)."""
        return self.type == "revisit"

    @property
    def not_modified(self) -> bool:
        """Whether this is a revisit because the server answered 304."""
        return NOT_MODIFIED in str(self.headers.get_header("WARC-Profile") or "")

    @property
    def truncated(self) -> str:
        """The reason why the crawler cut the page off, empty when it is whole.

        Heritrix writes ``length`` on every revisit, about the missing payload; that is no reason.
        """
        reason = str(self.headers.get_header("WARC-Truncated") or "").strip()[:_SHOWN]
        return "" if self.is_revisit and reason.lower() == "length" else reason

    @property
    def status(self) -> int | None:
        """The HTTP status."""
        if self.http is None:
            return 200 if self.is_bare_page else None
        found = _STATUS.match(self.http.statusline)
        return int(found[0]) if found else None

    @property
    def is_bare_page(self) -> bool:
        """Whether this record holds a page without HTTP headers: a file from a disk, or a converted response."""
        if self.type not in {"resource", "conversion"} or self.http is not None:
            return False
        stated = str(self.headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
        return stated in _PAGES or (not stated and self.block.lstrip()[:1] == b"<")

    def http_header(self, name: str) -> str:
        """Return the values of an HTTP header joined by commas, empty when it is absent.

        The WARC headers state the type of a page without HTTP headers.
        """
        if self.is_bare_page and name.lower() == "content-type":
            return str(self.headers.get_header(name) or "")
        pairs = self.http.headers if self.http is not None else []
        return ", ".join(str(value) for key, value in pairs if key.lower() == name.lower())

    def wrong_digests(self) -> list[str]:
        """Return a message for each stated digest that does not match."""
        wrong = []
        stated = self.headers.get_header("WARC-Block-Digest")
        # Wget states the digest of an empty block for every revisit.
        by_wget = self.is_revisit and stated == _EMPTY_DIGEST
        if stated and not by_wget and not same_digest(str(stated), self.block):
            wrong.append(f"wrong block digest: {str(stated)[:_SHOWN]} is stated")
        if self.digest and not self.is_revisit and not self.payload_matches(self.digest):
            wrong.append(f"wrong payload digest: {self.digest[:_SHOWN]} is stated")
        return wrong

    def payload_matches(self, digest: str) -> bool:
        """Tell whether ``digest`` is that of the payload, with its codings or without; unknown algorithms match."""
        if same_digest(digest, self.payload):
            return True
        # Programs differ in whether the digest covers chunks and content codings; old standards allow both.
        try:
            if "chunked" in self.http_header("Transfer-Encoding").lower():
                if same_digest(digest, dechunk(self.payload)):
                    return True
            elif not self.http_header("Content-Encoding"):
                return False
            return same_digest(digest, self.page().data)
        except PayloadError:
            return False

    def page(self, holder: Record | None = None) -> Payload:
        """Return the decoded page; ``holder`` is the record with the payload of a revisit.

        Raises ``PayloadError`` for a page that is cut off or cannot be decoded.
        """
        if self.truncated:
            raise PayloadError(f"the page is cut off ({self.truncated})")
        holder = holder or self
        return Payload.of(holder.payload, self.described_by(holder).http_header)

    def described_by(self, holder: Record) -> Record:
        """Return the record whose headers describe the payload: this one, or ``holder`` if this one has none."""
        has_headers = self.http_header("Content-Type") or self.http_header("Content-Encoding")
        return self if has_headers and not self.not_modified else holder


def digest_of(data: bytes) -> str:
    """Return the digest as WARC writes it: SHA-1 in base 32, which replay tools look up.

    >>> digest_of(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def same_digest(stated: str, data: bytes) -> bool:
    """Tell whether ``data`` has the digest ``stated`` (base 32, base 64 or hexadecimal); an unknown algorithm is not
    checked.

    >>> same_digest("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", b""), same_digest("sha1:AAAA", b"")
    (True, False)
    """
    name, _, value = stated.strip().partition(":")
    algorithm = _HASHES.get(name.lower())
    if algorithm is None:
        return True
    real = algorithm(data, usedforsecurity=False).digest()
    if value == base64.b32encode(real).decode():
        return True  # the usual form, several times as fast as parsing the stated digest
    return plain_digest(stated).partition(":")[2] == real.hex()


def plain_digest(stated: str) -> str:
    """Return ``stated`` in lower-case hexadecimal, so that equal digests compare equal; unknown algorithms as given.

    >>> plain_digest("SHA-1:3i42h3s6nnfq2msvx7xzkyaysCX5QBYJ")
    'sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709'
    >>> plain_digest(""), plain_digest("CRC:")
    ('', 'CRC:')
    """
    name, _, value = stated.strip().partition(":")
    algorithm = _HASHES.get(name.lower())
    if algorithm is None:
        return stated
    size = algorithm(usedforsecurity=False).digest_size
    name, value = name.lower().replace("-", ""), value.rstrip("=")
    try:
        if len(value) == 2 * size:
            return f"{name}:{value.lower()}"
        if len(value) == (8 * size + 4) // 5:
            return f"{name}:{base64.b32decode(value.upper() + '=' * (-len(value) % 8)).hex()}"
        if len(value) == (8 * size + 5) // 6:
            return f"{name}:{base64.b64decode(value + '==', altchars=b'-_' if {*value} & {*'-_'} else None).hex()}"
    except (binascii.Error, ValueError):
        pass
    return stated


def parse_date(text: str) -> dt.datetime | None:
    """Parse a WARC date of any precision, or the 14 digits of an index; return None for an invalid date.

    >>> parse_date("2026-11-22T06:00:00Z") == parse_date("20261122060000")
    True
    """
    text = text.strip()
    try:
        if len(text) == 14 and text.isascii() and text.isdigit():
            instant = dt.datetime.fromisoformat(f"{text[:8]}T{text[8:]}+00:00")
        elif found := _DAY.fullmatch(text):
            first = text + ("" if found[2] else "-01" if found[1] else "-01-01")
            instant = dt.datetime.fromisoformat(f"{first}T00:00:00+00:00")
        else:
            instant = dt.datetime.fromisoformat(text.upper())
            if instant.tzinfo is None:
                return None
            instant = instant.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    # strftime writes years before 1000 with fewer than four digits, which an index cannot hold.
    return instant if instant.year >= 1000 else None
