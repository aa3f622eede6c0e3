"""Retry-After, streams that break off, and answers from an unexpected address."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from helpscraper.extensions.guard import SiteGuardMiddleware
from helpscraper.extensions.retry import retry_after
from helpscraper.spiders.help import HelpSpider

# They look at no body and send nobody elsewhere. Cookies and proxies change the request, which is recorded with what
# they put into it.
_BLIND = {"CookiesMiddleware", "HttpProxyMiddleware", "DownloaderStats", "HttpCacheMiddleware"}

NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)


@given(st.integers(0, 10**9 - 1) | st.integers(10**9, 10**15))
def test_seconds(seconds: int) -> None:
    assert retry_after(str(seconds), NOW) == seconds
    assert retry_after(f" {seconds} ".encode(), NOW) == seconds


@given(st.integers(0, 10**6))
def test_dates(seconds: int) -> None:
    assert retry_after(format_datetime(NOW + dt.timedelta(seconds=seconds), usegmt=True), NOW) == seconds


def test_a_date_gone_by_asks_for_no_wait() -> None:
    assert retry_after("Sun, 22 Nov 2026 05:00:00 GMT", NOW) == 0


@pytest.mark.parametrize(
    "value", [None, b"", "soon", "-5", "1.5", "1e3", "²", "Sun, 99 Nov 2026 06:00:00 GMT"]
)
def test_what_cannot_be_read_asks_for_nothing(value: bytes | str | None) -> None:
    assert retry_after(value, NOW) is None


@pytest.mark.parametrize("digits", [11, 40, 5000])
def test_a_long_time_is_a_long_time_and_not_none_at_all(digits: int) -> None:
    assert (retry_after("9" * digits, NOW) or 0) > 10 ** (digits - 1 if digits < 300 else 300)


@pytest.mark.parametrize("year", ["0", "99999", "9" * 20, "9" * 400])
def test_a_year_that_no_calendar_reaches_asks_for_nothing(year: str) -> None:
    assert retry_after(f"Sun, 22 Nov {year} 06:00:30 GMT", NOW) in {None, 0.0}


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    found = retry_after(text, NOW)
    assert found is None or found >= 0


def guarded(base_url: str, address: str) -> Response:
    """Pass an answer from ``address`` through the guard of a crawl of ``base_url``."""
    crawler = get_crawler(HelpSpider)
    crawler.spider = HelpSpider.from_crawler(crawler, base_url=base_url)
    request = Request(f"{base_url}/help")
    response = Response(request.url, ip_address=ip_address(address), request=request)
    return SiteGuardMiddleware(crawler).process_response(request, response)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fd00::1"]
)
def test_a_public_name_that_resolves_to_a_private_address_is_not_believed(address: str) -> None:
    with pytest.raises(IgnoreRequest, match=f"help.example resolved to the private address {address}"):
        guarded("https://help.example", address)


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://help.example", "93.184.215.14"),
        ("https://help.example", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("http://[::1]:8000", "::1"),
        ("http://localhost:8000", "127.0.0.1"),
    ],
)
def test_who_names_the_own_network_means_it(base_url: str, address: str) -> None:
    assert guarded(base_url, address).status == 200


def test_nothing_that_acts_on_a_response_stands_between_the_recorder_and_the_wire() -> None:
    settings = Settings()
    settings.setmodule("helpscraper.settings")
    order = {
        str(name).rpartition(".")[2]: place
        for name, place in settings.getwithbase("DOWNLOADER_MIDDLEWARES").items()
        if place is not None
    }
    assert {name for name, place in order.items() if place > order["RecorderMiddleware"]} == _BLIND
