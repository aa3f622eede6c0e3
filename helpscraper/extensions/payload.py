"""Decode each response to the payload that page objects take, and retry pages that are cut off or damaged."""

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
    """The site sent a page that cannot be decoded; the message is that of the ``PayloadError``."""


class PayloadMiddleware:
    """Undo the codings of each response, in place of Scrapy's ``HttpCompressionMiddleware``.

    Scrapy's middleware silently returns part of a stream that is cut off. This one decodes as a re-extraction does.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PayloadMiddleware:
        """Make the middleware for ``crawler``."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the decoded page, or a retry; raises ``UnreadablePayload`` when no retry is left."""
        try:
            if is_cut_off(response):
                raise PayloadError("the page is cut off (disconnect)")
            page = Payload.of(response.body, partial(_header, response), limit=self._limit)
        except PayloadError as error:
            if response.status // 100 != 2:
                return response.replace(body=b"")  # only its status is needed
            return self._retry(request, error)
        if "Content-Encoding" not in response.headers:
            return response
        del response.headers["Content-Encoding"]
        # Given an encoding, Scrapy does not search the compressed bytes for one.
        if isinstance(response, TextResponse):
            return response.replace(body=page.data, encoding="utf-8")
        return response.replace(body=page.data)

    def _retry(self, request: Request, error: PayloadError) -> Request:
        self._crawler.stats.inc_value("helpscraper/unreadable_payload")
        retry = None
        if not isinstance(error, OversizedError):
            retry = get_retry_request(request, reason="unreadable payload", spider=self._crawler.spider)  # type: ignore[arg-type]
        if retry is None:
            raise UnreadablePayload(error.message) from error
        return retry


def payload_of(response: Response) -> Payload:
    """Return the payload of a response that passed the middleware."""
    return Payload(response.body, _header(response, "Content-Type"))


def is_cut_off(response: Response) -> bool:
    """Tell whether a page without a stated length was cut off with its connection.

    Scrapy itself detects a body that is shorter than its ``Content-Length`` or lacks its last chunk.
    """
    if "partial" not in response.flags or response.headers.get("Content-Encoding"):
        return False
    html = (response.headers.get("Content-Type") or b"").lower().startswith(b"text/html")
    return html and not response.body.rstrip().lower().endswith(b"</html>")


def _header(response: Response, name: str) -> str:
    return b", ".join(response.headers.getlist(name)).decode("latin-1")
