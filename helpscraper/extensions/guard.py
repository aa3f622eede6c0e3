"""Allow requests only to this site, and responses only from public addresses."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest

from helpscraper.urls import same_site

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

__all__ = ["SiteGuardMiddleware"]


class SiteGuardMiddleware:
    """Refuse links and redirects to another host, port or scheme."""

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
        """Let requests to the site pass; raises ``IgnoreRequest`` for any other."""
        if not same_site(request.url, self._base):
            self._crawler.stats.inc_value("helpscraper/offsite/refused")
            came_from = (request.meta.get("redirect_urls") or [None])[-1]
            via = f" (redirected from {came_from})" if came_from else ""
            raise IgnoreRequest(f"off the site {self._base}: {request.url}{via}")

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse a response from a private address for a public name (DNS rebinding)."""
        address = getattr(response, "ip_address", None)
        if address is None or _is_global(str(address)):
            return response
        host = urlsplit(self._base).hostname or ""
        if host == "localhost" or _is_address(host):
            return response  # the user asked for a local base_url
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
