"""Redirects as Scrapy follows them, without a word of where the crawler comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["NoRefererRedirectMiddleware"]


class NoRefererRedirectMiddleware(RedirectMiddleware):
    """Follow redirects; no request says which page led to it.

    An article is asked for in the same words whichever listing showed it, so that its answer and the record of it do
    not depend on the way that a crawl took.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> NoRefererRedirectMiddleware:
        """Make the middleware for ``crawler``."""
        # Scrapy's own would have it look for the middleware that sets Referer, and warn that there is none.
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    def handle_referer(self, request: Request, response: Response) -> None:
        """Leave the redirected request as it is: it has no ``Referer``."""
