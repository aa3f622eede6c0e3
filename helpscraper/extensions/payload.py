"""From a response on the wire to the payload that page objects take; what cannot be had whole is asked for again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import TextResponse

from helpscraper.errors import OversizedError, PayloadError
from helpscraper.payload import Payload

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["PayloadMiddleware", "UnreadablePayload", "is_cut_off", "payload_of"]


class UnreadablePayload(IgnoreRequest):
    """The page cannot be had whole from what the site sent; the message is that of the ``PayloadError``."""


class PayloadMiddleware:
    """Undo the codings of each response, in place of Scrapy's ``HttpCompressionMiddleware``.

    That one returns what there is of a cut stream without a word, and other tools do not decode as it does. Here the
    function is the one that reads records of web archives.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PayloadMiddleware:
        """Make the middleware for ``crawler``."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Pass whole pages on, without codings; ask again for others, and refuse them when they stay so."""
        try:
            if is_cut_off(response):
                raise PayloadError("the page is cut off (disconnect)")
            page = Payload.of(response.body, partial(_header, response), limit=self._limit)
        except PayloadError as error:
            if response.status // 100 != 2:
                return response.replace(body=b"")  # its status says all that is asked of it
            return self._again(request, error)
        if "Content-Encoding" not in response.headers:
            return response
        # The response that came is recorded and goes no further; its headers are copied once, by the new one.
        del response.headers["Content-Encoding"]
        # A text would be searched for its encoding, in the bytes on the wire.
        if isinstance(response, TextResponse):
            return response.replace(body=page.data, encoding="utf-8")
        return response.replace(body=page.data)

    def _again(self, request: Request, error: PayloadError) -> Request:
        self._crawler.stats.inc_value("helpscraper/unreadable_payload")
        again = None
        if not isinstance(error, OversizedError):
            again = get_retry_request(request, reason="unreadable payload", spider=self._crawler.spider)  # type: ignore[arg-type]
        if again is None:
            raise UnreadablePayload(error.message) from error
        return again


def payload_of(response: Response) -> Payload:
    """Return what a page object takes of a response that came through the middleware."""
    return Payload(response.body, _header(response, "Content-Type"))


def is_cut_off(response: Response) -> bool:
    """Tell whether a page came without any length and was cut when the connection was.

    A body that is shorter than its Content-Length or lacks its last chunk is found by Scrapy.
    """
    if "partial" not in response.flags or response.headers.get("Content-Encoding"):
        return False
    html = (response.headers.get("Content-Type") or b"").lower().startswith(b"text/html")
    return html and not response.body.rstrip().lower().endswith(b"</html>")


def _header(response: Response, name: str) -> str:
    return b", ".join(response.headers.getlist(name)).decode("latin-1")
