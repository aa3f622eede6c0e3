"""Retries that wait: with exponential backoff, and as long as ``Retry-After`` asks for.

Scrapy's own middleware retries at once and does not read ``Retry-After``. Here the whole host is held back, since a
server that is busy for one request is busy for all.
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

# A slot without any delay is never held back by Scrapy's downloader, whatever its ``lastseen`` says.
_LEAST_DELAY = 0.01


def retry_after(value: bytes | str | None, now: dt.datetime) -> float | None:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3): seconds, or an HTTP date. Returns seconds from ``now``.

    >>> now = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)
    >>> retry_after(b"120", now), retry_after("Sun, 22 Nov 2026 06:00:30 GMT", now), retry_after("soon", now)
    (120.0, 30.0, None)
    """
    if value is None:
        return None
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text)  # endless for a number of hundreds of digits; whoever waits has a cap
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None  # no date, or a year that no calendar reaches
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - now).total_seconds())


class BackoffRetryMiddleware(RetryMiddleware):
    """Retry as Scrapy does, but hold the host's slot back first."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._base = settings.getfloat("RETRY_BACKOFF")
        self._cap = settings.getfloat("RETRY_BACKOFF_MAX")
        self._after_cap = settings.getfloat("RETRY_AFTER_MAX")

    def process_response(  # type: ignore[override]  # the form with a spider is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Hold the host back by ``Retry-After`` or by backoff, then let Scrapy decide about the retry."""
        if response.status in self.retry_http_codes and not request.meta.get("dont_retry"):
            asked = retry_after(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
            if asked is None:
                self._hold(request, self._backoff(request))
            else:
                self._stats("retry_after/count", 1)
                self._hold(request, min(asked, self._after_cap))
        return super().process_response(request, response)

    def process_exception(  # type: ignore[override]  # the form with a spider is deprecated
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Hold the host back by backoff, then let Scrapy decide about the retry."""
        if isinstance(exception, self.exceptions_to_retry) and not request.meta.get("dont_retry"):
            self._hold(request, self._backoff(request))
        return super().process_exception(request, exception)

    def _backoff(self, request: Request) -> float:
        tries: int = request.meta.get("retry_times", 0)
        return float(min(self._cap, self._base * 2.0**tries))

    def _hold(self, request: Request, seconds: float) -> None:
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        if slot is None:
            return
        slot.delay = max(slot.delay, _LEAST_DELAY)
        # The downloader waits until ``lastseen + delay`` on the monotonic clock; a later hold never shortens an earlier
        # one.
        slot.lastseen = max(slot.lastseen, time.monotonic() + seconds)
        self._stats("retry/held_seconds", seconds)

    def _stats(self, name: str, count: float) -> None:
        self.crawler.stats.inc_value(name, count)  # type: ignore[arg-type]
