"""Retry with exponential backoff, or after the time that ``Retry-After`` states.

Scrapy's own middleware retries at once and ignores ``Retry-After``. This one delays all requests to the host.
"""

from __future__ import annotations

import datetime as dt
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import RetryMiddleware

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

__all__ = ["BackoffRetryMiddleware", "retry_after"]

# Scrapy's downloader ignores ``lastseen`` in a slot without a delay.
_LEAST_DELAY = 0.01


def retry_after(value: bytes | str | None, now: dt.datetime) -> float | None:
    """Parse ``Retry-After`` (RFC 9110, 10.2.3: seconds or an HTTP date) and return seconds from ``now``.

    >>> now = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)
    >>> retry_after(b"120", now), retry_after("Sun, 22 Nov 2026 06:00:30 GMT", now), retry_after("soon", now)
    (120.0, 30.0, None)
    """
    if value is None:
        return None
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text)  # hundreds of digits give infinity, which the caller caps
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - now).total_seconds())


class BackoffRetryMiddleware(RetryMiddleware):
    """Retry as Scrapy does, after delaying the host's slot."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._base = settings.getfloat("RETRY_BACKOFF")
        self._cap = settings.getfloat("RETRY_BACKOFF_MAX")
        self._after_cap = settings.getfloat("RETRY_AFTER_MAX")

    def process_response(  # type: ignore[override]  # the form with a spider is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Delay the host by ``Retry-After`` or by backoff, then let Scrapy decide about the retry."""
        if response.status in self.retry_http_codes and not request.meta.get("dont_retry"):
            asked = retry_after(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
            if asked is None:
                self._delay_host(request, self._backoff(request))
            else:
                self._stats("retry_after/count", 1)
                self._delay_host(request, min(asked, self._after_cap))
        return super().process_response(request, response)

    def process_exception(  # type: ignore[override]  # the form with a spider is deprecated
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Delay the host by backoff, then let Scrapy decide about the retry."""
        if isinstance(exception, self.exceptions_to_retry) and not request.meta.get("dont_retry"):
            self._delay_host(request, self._backoff(request))
        return super().process_exception(request, exception)

    def _backoff(self, request: Request) -> float:
        tries: int = request.meta.get("retry_times", 0)
        return float(min(self._cap, self._base * 2.0**tries))

    def _delay_host(self, request: Request, seconds: float) -> None:
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        if slot is None:
            return
        slot.delay = max(slot.delay, _LEAST_DELAY)
        # The downloader waits until ``lastseen + delay`` on the monotonic clock; never shorten a wait.
        slot.lastseen = max(slot.lastseen, time.monotonic() + seconds)
        self._stats("retry/held_seconds", seconds)

    def _stats(self, name: str, count: float) -> None:
        self.crawler.stats.inc_value(name, count)  # type: ignore[arg-type]
