"""Read the lists of a site: robots.txt, sitemaps (sitemaps.org) and feeds (RSS, Atom).

A file is read as a stream within bounds. The readable part of a broken file is kept, and what is missing is named. No
entity is resolved: an ampersand that begins no character is text. UTF-16 and UTF-32 are read as UTF-8.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from itertools import chain
from typing import Literal, cast

from lxml import etree

__all__ = ["MAX_ADDRESSES", "MAX_BYTES", "MAX_URL", "Entry", "ListFile", "read_list", "sitemaps_of"]

MAX_ADDRESSES = 50_000
"""Addresses of one file; the protocol of sitemaps allows no more."""

MAX_BYTES = 50 << 20
"""Bytes of one file without compression, likewise."""

MAX_URL = 2048
"""Characters of an address, likewise."""

_STEP = 1 << 16
_MEMBERS = 1000
_LONGEST_TITLE = 1000
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
# The longest character reference that may be cut in two by the end of a chunk.
_REFERENCE = 10
# The beginnings of files whose characters are not ASCII's bytes, the longer ones first.
_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be",
}  # fmt: skip
_ROOTS: dict[str, Literal["sitemap", "index", "feed"]] = {
    "urlset": "sitemap",
    "sitemapindex": "index",
    "rss": "feed",
    "RDF": "feed",
    "feed": "feed",
}
_ENTRIES = frozenset({"url", "sitemap", "item", "entry"})
_SITEMAP_LINE = re.compile(rb"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Entry:
    """One address of a list; ``lastmod`` is the text of a date that says when it may have changed."""

    url: str = ""
    title: str | None = None
    lastmod: str = ""


@dataclass(slots=True)
class ListFile:
    """The entries of one file; ``kind`` is None for a file that is no list, ``holes`` name unreadable parts."""

    kind: Literal["sitemap", "index", "feed"] | None = None
    entries: list[Entry] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)


def sitemaps_of(robots: bytes) -> list[str]:
    """Return the addresses of the ``Sitemap`` lines of a robots.txt, each once.

    >>> sitemaps_of(b"User-agent: *\\nDisallow:\\nSITEMAP: https://help.example/a.xml # all\\n")
    ['https://help.example/a.xml']
    """
    found = (line[1].decode("utf-8", "replace") for line in _SITEMAP_LINE.finditer(robots))
    return list(dict.fromkeys(url for url in found if len(url) <= MAX_URL))


def read_list(data: bytes) -> ListFile:
    """Return the entries of a sitemap, an index of sitemaps or a feed, packed with gzip or not."""
    chunks = _chunks(data)
    reader = _Reader(b"")
    try:
        start = next(chunks, b"")
        reader = _Reader(start)
        for chunk in chain((start,), chunks):
            if not reader.feed(chunk):
                break
        else:
            reader.end()
    except _BrokenError as error:
        reader.found.holes.append(str(error))
    return reader.found


class _BrokenError(Exception):
    """Why the rest of a file cannot be read."""


def _chunks(data: bytes) -> Iterator[bytes]:
    """Yield the bytes of a file in small pieces, unpacked; raises ``_BrokenError``."""
    size = 0
    for chunk in _unpacked(data) if data.startswith(b"\x1f\x8b") else _sliced(data):
        size += len(chunk)
        if size > MAX_BYTES:
            raise _BrokenError(f"the file has more than {MAX_BYTES:,} bytes; the rest was not read")
        yield chunk


def _sliced(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _STEP] for start in range(0, len(data), _STEP))


def _unpacked(data: bytes) -> Iterator[bytes]:
    for _ in range(_MEMBERS):
        stream = zlib.decompressobj(wbits=31)
        try:
            yield stream.decompress(data, _STEP)
            while not stream.eof:
                chunk = stream.decompress(stream.unconsumed_tail, _STEP)
                if not chunk and not stream.eof:
                    raise _BrokenError("the gzip stream is cut off; the rest was not read")
                yield chunk
        except zlib.error as error:
            raise _BrokenError(f"the gzip stream is damaged ({error}); the rest was not read") from error
        data = stream.unused_data
        if not data.startswith(b"\x1f\x8b"):
            return
    raise _BrokenError(f"the file has more than {_MEMBERS:,} gzip members; the rest was not read")


class _Reader:
    """Takes the bytes of a file and collects its entries; it holds one entry's elements at a time."""

    def __init__(self, start: bytes) -> None:
        self.found = ListFile()
        wide = next((name for mark, name in _WIDE.items() if start.startswith(mark)), None)
        self._decoder = codecs.getincrementaldecoder(wide)("replace") if wide else None
        self._parser = etree.XMLPullParser(
            events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, recover=True,
            huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8" if wide else None,
        )  # fmt: skip
        self._kept = b""
        self._begun = False
        self._entry: Entry | None = None
        self._closing = False

    def feed(self, chunk: bytes) -> bool:
        """Read one piece; False when the rest is not needed."""
        data = self._kept + (self._decoder.decode(chunk).encode() if self._decoder else chunk)
        cut = data.rfind(b"&", max(0, len(data) - _REFERENCE))
        self._kept, data = (data[cut:], data[:cut]) if cut >= 0 else (b"", data)
        return self._parse(data)

    def end(self) -> None:
        """Read the rest, and name the damage."""
        self._parse(self._kept)
        self._closing = True
        with suppress(etree.XMLSyntaxError):  # the same error, reported below
            self._parser.close()
        self._events()
        log = self._parser.feed_error_log.filter_from_errors()
        if self.found.kind is not None and len(log):
            first = log[0]
            self.found.holes.append(f"broken XML in line {first.line}: {first.message[:200]}")

    def _parse(self, data: bytes) -> bool:
        self._parser.feed(_BARE_AMPERSAND.sub(b"&amp;", data))
        return self._events()

    def _events(self) -> bool:
        events = cast("Iterator[tuple[str, etree._Element]]", self._parser.read_events())
        for event, element in events:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if event == "start":
                if not self._start(name):
                    return False
                continue
            if self._entry is not None:
                self._end(name, element, self._entry)
            element.clear()
            # The elements before it are read.
            around = element.getparent()
            while around is not None and element.getprevious() is not None:
                del around[0]
        return True

    def _start(self, name: str) -> bool:
        """Note where an element begins; False for a file that is no list, or that lists too much."""
        if not self._begun:
            self._begun = True
            self.found.kind = _ROOTS.get(name)
            return self.found.kind is not None
        if name in _ENTRIES:
            if len(self.found.entries) >= MAX_ADDRESSES:
                detail = f"the file lists more than {MAX_ADDRESSES:,} addresses; the rest was not read"
                self.found.holes.append(detail)
                return False
            self._entry = Entry()
        return True

    def _end(self, name: str, element: etree._Element, entry: Entry) -> None:
        text = (element.text or "").strip()
        around = element.getparent()
        # Elements of extensions (pictures, translations) have the same names in another namespace.
        own = around is not None and etree.QName(element).namespace == etree.QName(around).namespace
        in_feed = self.found.kind == "feed"
        if name in _ENTRIES:
            self._entry = None
            # An entry that only the end of the file closes may be cut off in the middle of its address.
            if entry.url and not self._closing:
                self.found.entries.append(entry)
        elif not own or etree.QName(around).localname not in _ENTRIES:
            return
        elif (
            in_feed
            and name == "link"
            and element.get("href")
            and element.get("rel", "alternate") == "alternate"
        ):
            entry.url = entry.url or _url(element.get("href", ""))
        elif name == ("link" if in_feed else "loc") and text:
            entry.url = entry.url or _url(text)
        elif in_feed and name == "title" and entry.title is None:
            entry.title = text[:_LONGEST_TITLE] or None
        elif name in {"lastmod", "updated"}:
            entry.lastmod = text[:40]


def _url(text: str) -> str:
    """Return the intended address; some generators escape it twice."""
    url = unescape(text.strip()) if len(text) <= 2 * MAX_URL else ""
    return "" if "\ufffd" in url or len(url) > MAX_URL else url
