"""What may be requested and what may be believed: this site's own pages, whole, from a public address."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import TextResponse
from scrapy.responsetypes import responsetypes
from zlib_ng import zlib_ng

from helpscraper.urls import same_site

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = [
    "SiteGuardMiddleware",
    "WholeGzipMiddleware",
    "WireGuardMiddleware",
    "gzip_is_whole",
]

_CHUNK = 1 << 16
_DAMAGED: Final = cast("type[Exception]", zlib_ng.error)


def gzip_is_whole(data: bytes, limit: int) -> bool:
    """Tell whether ``data`` is one or more complete gzip members; reads at most ``limit`` decompressed bytes.

    Scrapy's own decompression returns what there is of a cut stream without a word.
    """
    read = 0
    while data:
        stream = zlib_ng.decompressobj(wbits=31)
        try:
            while data and not stream.eof:
                read += len(stream.decompress(data, _CHUNK))
                if read > limit:
                    return True  # too large, not cut: HttpCompressionMiddleware refuses it by its size
                data = stream.unconsumed_tail or stream.unused_data
                if not data and not stream.eof:
                    return False
        except _DAMAGED:
            return False
        data = stream.unused_data
    return True


class SiteGuardMiddleware:
    """Refuse requests that lead off the site: links, and redirects to another host, port or scheme."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SiteGuardMiddleware:
        """Make the middleware for ``crawler``."""
        return cls(crawler)

    @property
    def _base(self) -> str:
        return str(self._crawler.spider.base_url)  # type: ignore[union-attr]

    def process_request(self, request: Request) -> None:
        """Let requests to the site itself pass; raises ``IgnoreRequest`` for every other."""
        if not same_site(request.url, self._base):
            self._crawler.stats.inc_value("helpscraper/offsite/refused")
            came_from = (request.meta.get("redirect_urls") or [None])[-1]
            via = f" (redirected from {came_from})" if came_from else ""
            raise IgnoreRequest(f"off the site {self._base}: {request.url}{via}")

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse what a private address answered for a public name (DNS rebinding)."""
        address = getattr(response, "ip_address", None)
        if address is None or _is_global(str(address)):
            return response
        host = urlsplit(self._base).hostname or ""
        if host == "localhost" or _is_address(host):
            return response  # whoever names an address of the own network as base_url means it
        self._crawler.stats.inc_value("helpscraper/private_address/refused")
        raise IgnoreRequest(f"{host} resolved to the private address {address}")


@lru_cache(maxsize=64)
def _is_global(address: str) -> bool:
    return ipaddress.ip_address(address).is_global


@lru_cache(maxsize=64)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class WholeGzipMiddleware(HttpCompressionMiddleware):
    """Decompress as Scrapy does, and refuse a gzip stream that breaks off, of which Scrapy returns what there is."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self._crawler = crawler
        self._limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    def process_response(  # type: ignore[override]  # the form with a spider is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Pass whole responses on, decompressed; ask again for a cut one, and refuse it when it stays cut."""
        encoding = (response.headers.get("Content-Encoding") or b"").lower().strip()
        data = response.body
        if not data or encoding not in {b"gzip", b"x-gzip"}:
            return super().process_response(request, response)
        stream = zlib_ng.decompressobj(wbits=31)
        try:
            body = stream.decompress(data, self._limit)
        except _DAMAGED:
            return _again(request, self._crawler)
        if stream.eof and not stream.unused_data:
            return self._decoded(response, body)
        # Too large, more than one member, or cut off: Scrapy refuses the first and reads the second.
        decoded: Request | Response = super().process_response(request, response)
        return decoded if gzip_is_whole(data, self._limit) else _again(request, self._crawler)

    def _decoded(self, response: Response, body: bytes) -> Response:
        """Return ``response`` as Scrapy would, which reads a stream in small pieces and takes three times as long."""
        self._crawler.stats.inc_value("httpcompression/response_bytes", len(body))
        self._crawler.stats.inc_value("httpcompression/response_count")
        # The response that came is recorded and goes no further; its headers are copied once, by the new one.
        headers = response.headers
        del headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        # Text has its encoding found anew, from the page and not from the bytes on the wire.
        found = {"encoding": None} if issubclass(kind, TextResponse) else {}
        return response.replace(cls=kind, headers=headers, body=body, **found)


def _again(request: Request, crawler: Crawler) -> Request:
    """Return the retry of a request whose answer was cut off; raises ``IgnoreRequest`` when it had its chances."""
    crawler.stats.inc_value("helpscraper/truncated")
    again = get_retry_request(request, reason="truncated body", spider=crawler.spider)  # type: ignore[arg-type]
    if again is None:
        raise IgnoreRequest(f"the body of {request.url} is cut off")
    return again


class WireGuardMiddleware:
    """Refuse a page that came without any length and was cut when the connection was.

    A body that is shorter than its Content-Length or lacks its last chunk is found by Scrapy.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> WireGuardMiddleware:
        """Make the middleware for ``crawler``."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Pass whole responses on; ask again for a cut one, and refuse it when it stays cut."""
        return response if _is_whole(response) else _again(request, self._crawler)


def _is_whole(response: Response) -> bool:
    if "partial" not in response.flags or response.headers.get("Content-Encoding"):
        return True
    html = (response.headers.get("Content-Type") or b"").lower().startswith(b"text/html")
    return not html or response.body.rstrip().lower().endswith(b"</html>")
