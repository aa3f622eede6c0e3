"""Answers in every coding and charset, whole and cut, and their reading by a crawl and by readers of records."""

from __future__ import annotations

import codecs
import gzip
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import brotli
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from helpscraper.errors import ExtractionError, PayloadError
from helpscraper.extensions.payload import PayloadMiddleware, UnreadablePayload, payload_of
from helpscraper.payload import Payload
from helpscraper.platforms.okx import ArticlePage
from helpscraper.spiders.help import HelpSpider
from helpscraper.warc.record import Record
from tests.payload.zstandard import zstd

TEXT = "Плата 10 % — взимается"
CODERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "none": lambda data: data,
    "UTF-8": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data), mtime=0),
}
CHARSETS = ("utf-8", "windows-1251", "koi8-r", "utf-16le", "gb18030", "shift_jis")
PLACES = ("mark", "header", "meta", "none", "header against meta", "mark against header")
MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16le": codecs.BOM_UTF16_LE}


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix; ``kept`` says that an archive stored the page decoded under the headers as they came."""

    coding: str
    charset: str
    place: str
    slug: str = "a-knot"
    share: float = 1.0
    kept: bool = False

    @property
    def readable(self) -> bool:
        """Whether a browser would show the text as it was written."""
        return self.share == 1.0 and (self.place != "none" or self.charset == "utf-8")

    @property
    def content_type(self) -> str:
        stated = {
            "header": self.charset,
            "header against meta": self.charset,
            "mark against header": "koi8-r",
        }
        name = stated.get(self.place)
        return f"text/html; charset={name}" if name else "text/html"

    @property
    def page(self) -> bytes:
        meta = {"meta": self.charset, "header against meta": "windows-1252"}.get(self.place)
        html = (
            f'<!DOCTYPE html><html lang="ru"><head>{f"<meta charset={meta}>" if meta else ""}<title>T</title>'
            f'<link rel="canonical" href="https://www.okx.com/help/{self.slug}"></head><body>'
            f'<div id="article-container"><article aria-label="{TEXT}"><h1>{TEXT}</h1>'
            f'<div class="index_richTextContent__9H"><p>{TEXT}</p><p>{self.slug} {"1234567890 " * 40}</p></div>'
            "</article></div></body></html>"
        )
        mark = MARKS.get(self.charset, b"") if self.place.startswith("mark") else b""
        return mark + html.encode(self.charset, "xmlcharrefreplace")

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        pairs = [(b"Content-Type", self.content_type.encode())]
        return pairs + ([(b"Content-Encoding", self.coding.encode())] if self.coding else [])

    @property
    def wire(self) -> bytes:
        data = self.page if self.kept else CODERS[self.coding](self.page)
        return data[: max(1, int(len(data) * self.share))]


def cells(slugs: Iterator[str] | None = None) -> Iterator[Cell]:
    """Every coding with every charset wherever it can be declared."""
    for coding, charset, place in itertools.product(CODERS, CHARSETS, PLACES):
        if place.startswith("mark") and charset not in MARKS:
            continue
        if charset == "utf-16le" and place in {"meta", "none"}:
            continue  # no browser reads it either: nothing says so
        yield Cell(coding, charset, place, next(slugs) if slugs else "a-knot")


Outcome = tuple[str, ...]


def read(payload: Callable[[], Payload], url: str, slug: str) -> Outcome:
    """What becomes of an answer: its title, its body and whether U+FFFD came into it, or the error."""
    try:
        page = ArticlePage(url, payload(), slug=slug)
        raw = page.article
    except PayloadError as error:
        return "payload", error.message
    except ExtractionError as error:
        return "extraction", error.field, error.detail
    return "row", raw.title or "", raw.body_text or "", str(page.counted("charset", "undecoded"))


@cache
def _middleware() -> PayloadMiddleware:
    crawler = get_crawler(HelpSpider, {"RETRY_TIMES": 0})
    crawler.spider = HelpSpider.from_crawler(crawler)
    return PayloadMiddleware(crawler)


def crawled(wire: bytes, headers: list[tuple[bytes, bytes]], url: str, slug: str) -> Outcome:
    """What the crawl makes of a response as Scrapy's downloader hands it on."""
    response = HtmlResponse(url, headers=headers, body=wire)

    def payload() -> Payload:
        try:
            passed = _middleware().process_response(Request(url), response)
        except UnreadablePayload as error:
            raise PayloadError(str(error)) from error
        assert isinstance(passed, HtmlResponse)
        return payload_of(passed)

    return read(payload, url, slug)


def recorded(record: Record, slug: str, holder: Record | None = None) -> Outcome:
    """What an import and a re-extraction make of a record; ``holder`` has the payload of a revisit."""
    return read(lambda: record.page(holder), record.url, slug)
