"""Request one thing at a time from a web archive, slowly, within bounds of size and time.

Python's own HTTP client is enough, because nothing runs in parallel. A request without an answer is a ``Gap``;
everything fetched before it is kept.
"""

from __future__ import annotations

import datetime as dt
import http.client
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from helpscraper import __version__
from helpscraper.errors import HelpscraperError, OversizedError
from helpscraper.sites import host_of
from helpscraper.urls import origin

__all__ = ["Answer", "Client", "Gap"]

_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 16
_SHOWN: Final = 200
# Characters that a URL may hold; a "#" of a captured address would cut it off.
_SAFE: Final = "%/:?[]@!$&'()*+,;=-._~"


class Gap(HelpscraperError):  # noqa: N818 (a part that is missing, not a failure)
    """The archive did not give the requested data. ``again``: a later run may get it."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(
            message, advice="run the command again later; fetched records are kept" if again else ""
        )
        self.again = again


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request; ``url`` is where it came from after redirects, ``body`` as sent over the wire."""

    url: str
    status: int
    headers: Message
    body: bytes

    def header(self, name: str) -> str:
        """Return a header, empty when it is absent."""
        return str(self.headers.get(name) or "").strip()


@dataclass(slots=True, kw_only=True)
class Client:
    """Sends one request after the other, ``pause`` seconds apart.

    A busy server is asked ``tries`` times; ``Retry-After`` is obeyed up to ``longest_wait`` seconds, and without it the
    pauses double from ``backoff``. It holds for every request to the host: one that would have to wait longer is not
    sent. A host that left ``give_up_after`` requests in a row unanswered is not asked again.
    An answer may take ``longest_answer`` seconds. ``waiting`` is told of a pause: its seconds, and why, with the host;
    ``sending`` is told the number of each request before it is sent.
    """

    contact: str = ""
    pause: float = 1.0
    tries: int = 4
    backoff: float = 5.0
    longest_wait: float = 300.0
    longest_answer: float = 300.0
    timeout: float = 60.0
    give_up_after: int = 3
    sleep: Callable[[float], None] = time.sleep
    waiting: Callable[[float, str], None] = lambda seconds, why: None
    sending: Callable[[int], None] = lambda number: None
    _sent: int = 0
    _last: float | None = None
    _not_before: dict[str, float] = field(default_factory=dict)
    _unanswered: Counter[str] = field(default_factory=Counter)

    @property
    def agent(self) -> str:
        """The ``User-Agent``: the program, and the address of a person who can stop it."""
        return f"helpscraper/{__version__} (history of a help centre)" + (
            f" +{self.contact}" if self.contact else ""
        )

    def get(
        self, url: str, *, limit: int, headers: Mapping[str, str] | None = None, follow: bool = True
    ) -> Answer:
        """Return the answer, whatever its status, after at most five redirects on the same site.

        Raises ``Gap`` when there is no whole answer, and ``OversizedError`` for one of more than ``limit`` bytes.
        """
        asked = url
        for _ in range(_REDIRECTS + 1):
            answer = self._answer(asked, limit, headers or {})
            target = answer.header("Location")
            if not follow or answer.status not in _MOVED or not target:
                return answer
            asked = _followed(url, asked, target)
        raise Gap(f"{url}: more than {_REDIRECTS} redirects", again=False)

    def _answer(self, url: str, limit: int, headers: Mapping[str, str]) -> Answer:
        host = str(host_of(origin(url)))
        if self._unanswered[host] >= self.give_up_after:
            raise Gap(
                f"{host}: not asked any more, since it left {self.give_up_after} requests in a row unanswered",
                again=True,
            )
        self._hold(host)
        said = ""
        for number in range(1, self.tries + 1):
            wait = self.backoff * 2 ** (number - 1)
            try:
                answer = self._ask(url, limit, headers)
            except (http.client.HTTPException, OSError, ValueError) as error:
                said = str(getattr(error, "reason", "") or error or type(error).__name__)[:_SHOWN]
            else:
                if answer.status not in _BUSY:
                    self._unanswered[host] = 0
                    return answer
                said = f"status {answer.status}"
                stated = _seconds(answer.header("Retry-After"))
                wait = wait if stated is None else stated
                if stated is not None and (wait > self.longest_wait or number == self.tries):
                    self._not_before[host] = time.monotonic() + wait
                if wait > self.longest_wait:
                    self._unanswered[host] += 1
                    raise Gap(f"{url}: {said}, to be asked again in {wait:,.0f} s", again=True)
            if number < self.tries:
                self.waiting(wait, f"{host}: {said}")
                self.sleep(wait)
        self._unanswered[host] += 1
        raise Gap(f"{url}: {said}, asked {self.tries} times", again=True)

    def _hold(self, host: str) -> None:
        """Wait as long as ``host`` asked for in its last answer; raises ``Gap`` when that is too long."""
        wait = self._not_before.get(host, 0.0) - time.monotonic()
        if wait > self.longest_wait:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=wait)
            raise Gap(f"{host}: not asked before {until:%Y-%m-%d %H:%M} UTC, as it wants", again=True)
        if self._not_before.pop(host, None) is not None and wait > 0:
            self.waiting(wait, f"{host}: as it wants")
            self.sleep(wait)

    def _ask(self, url: str, limit: int, headers: Mapping[str, str]) -> Answer:
        now = time.monotonic()
        if self._last is not None and now - self._last < self.pause:
            self.sleep(self.pause - (now - self._last))
        self._sent += 1
        self.sending(self._sent)
        request = urllib.request.Request(  # noqa: S310 (the scheme is checked)
            _web(url), headers={"User-Agent": self.agent, "Accept-Encoding": "identity", **headers}
        )
        try:
            with _opener().open(request, timeout=self.timeout) as response:
                body = _body(response, limit, time.monotonic() + self.longest_answer, url)
                return Answer(url, response.status, response.headers, body)
        finally:
            self._last = time.monotonic()


@cache
def _opener() -> urllib.request.OpenerDirector:
    """Return an opener for http and https, which follows no redirect and raises no error for a status."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
        opener.add_handler(handler())
    return opener


def _web(url: str) -> str:
    if host_of(origin(url)) is None:
        raise Gap(f"{url[:_SHOWN]}: no address of the web", again=False)
    return quote(url, safe=_SAFE)


def _followed(first: str, url: str, target: str) -> str:
    """Return the target of a redirect; raises ``Gap`` for one on another site."""
    try:
        found = urljoin(url, target)
        own = urlsplit(found).scheme in {"http", "https"} and host_of(origin(found)) == host_of(origin(first))
    except ValueError:
        own = False
    if not own:
        raise Gap(f"{first}: leads to another site, which is not asked: {target[:_SHOWN]}", again=False)
    return found


def _body(response: http.client.HTTPResponse, limit: int, until: float, url: str) -> bytes:
    stated = response.headers.get("Content-Length", "")
    length = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else None
    if length is not None and length > limit:
        raise OversizedError(f"{url}: an answer of {length:,} bytes; the bound is {limit:,}")
    parts, size = [], 0
    while part := response.read1(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise OversizedError(f"{url}: an answer of more than {limit:,} bytes")
        if time.monotonic() > until:
            raise TimeoutError(f"the answer is not whole after {size:,} bytes")
    if length is not None and size < length:
        raise ConnectionError(f"cut off after {size:,} of {length:,} bytes")
    return b"".join(parts)


def _seconds(text: str) -> float | None:
    """Return the seconds that ``Retry-After`` states, as a number or as a date; None without it.

    >>> _seconds("120"), _seconds("soon")
    (120.0, None)
    """
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        seconds = (until - dt.datetime.now(until.tzinfo or dt.UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds)
