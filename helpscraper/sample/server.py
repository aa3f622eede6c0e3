"""Serve the sample help centre on a loopback address, with faults on request."""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import socket
import struct
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from helpscraper.sample.binance import binance_articles
from helpscraper.sample.bybit import bybit_articles
from helpscraper.sample.document360 import document360_articles
from helpscraper.sample.generic import generic_articles
from helpscraper.sample.gitbook import gitbook_articles
from helpscraper.sample.intercom import intercom_articles
from helpscraper.sample.model import Options
from helpscraper.sample.render import SampleSite
from helpscraper.sample.replies import Fault, PendingReply, Reply
from helpscraper.sample.truth import ExpectedArticle, truth, visible
from helpscraper.sample.zendesk import zendesk_articles

__all__ = ["Request", "SampleServer"]

_CACHED_PAGES = 4096
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request: ``path`` is the target, ``at`` a ``time.monotonic``.

    ``status`` is that of the reply, 0 if the connection was reset or left hanging.
    """

    method: str
    path: str
    headers: dict[str, str]
    status: int
    at: float


class SampleServer:
    """A help centre that is served during the ``with`` block; ``url`` is its address.

    ``state`` may be set at any time; ``faults`` is a list to append to and clear; ``requests`` lists the requests.
    Keyword arguments are those of ``Options``. Raises ``ValueError`` for a host that is not loopback.
    """

    def __init__(self, *, state: int = 0, host: str = "127.0.0.1", port: int = 0, **options: Any) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"host {host!r} is not a loopback address; give one such as 127.0.0.1")
        self.options = Options(**options)
        self.state = state
        self.extra = 0
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[int, int, str, bool, str], Reply] = OrderedDict()
        self._packed: dict[bytes, bytes] = {}
        self._stopping = threading.Event()
        self._http = _Server((host, port), _Handler)
        self._http.sample = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The port of the server."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """The URL to crawl, such as ``http://127.0.0.1:PORT``."""
        return f"http://{self._http.server_address[0]!s}:{self.port}"

    def __enter__(self) -> SampleServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def truth(self, locale: str = "en") -> tuple[ExpectedArticle, ...]:
        """Return the expected articles of a crawl now, with the values that the layout shows."""
        articles = truth(self.state, locale, self.options, extra=self.extra)
        match self.options.layout:
            case "zendesk":
                return zendesk_articles(articles)
            case "binance":
                return binance_articles(articles)
            case "intercom":
                return intercom_articles(articles, self.options)
            case "bybit":
                return bybit_articles(articles)
            case "generic":
                return generic_articles(articles)
            case "document360":
                return document360_articles(articles)
            case "gitbook":
                return gitbook_articles(articles)
        return visible(articles, self.options.layout)

    def count(self, prefix: str = "/", status: int | None = None) -> int:
        """Return the number of requests whose target begins with ``prefix`` (and whose reply had ``status``)."""
        with self._lock:
            return sum(r.path.startswith(prefix) and status in {None, r.status} for r in self.requests)

    def healthy(self, target: str, *, empty: bool = False, language: str = "") -> Reply:
        """Return the reply to ``target`` without faults; pages are cached."""
        key = (self.state, self.extra, target, empty, language)
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        site = SampleSite(self.options, self.state, self.extra, self.url)
        page = site.page(target, empty=empty, language=language)
        reply = Reply(page.status, page.data or page.text.encode(), (("Content-Type", page.content_type),))
        if page.location:
            reply = reply.with_header("Location", page.location)
        with self._lock:
            self._pages[key] = reply
            while len(self._pages) > _CACHED_PAGES:
                self._pages.popitem(last=False)
        return reply

    def answer(self, target: str, language: str = "") -> Reply:
        """Return the reply to ``target``, replaced by the first fault that hits it."""
        with self._lock:
            fault = next((fault for fault in self.faults if fault.hits_request(target)), None)
        reply = self.healthy(target, language=language)
        return fault.action(PendingReply(self, target, reply, language)) if fault else reply

    def packed(self, body: bytes) -> bytes:
        """Return ``body`` as gzip, cached, so that benchmarks measure the client."""
        with self._lock:
            known = self._packed.get(body)
        if known is None:
            known = gzip.compress(body, 1, mtime=0)
            with self._lock:
                if len(self._packed) >= _CACHED_PAGES:
                    self._packed.clear()
                self._packed[body] = known
        return known

    def record(self, request: Request) -> None:
        """Remember a request."""
        with self._lock:
            self.requests.append(request)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the server stops, at most ``seconds``; return whether it stopped."""
        return self._stopping.wait(seconds)


class _Server(ThreadingHTTPServer):
    sample: SampleServer
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that closes the connection; report other errors as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SampleHelpCentre"
    sys_version = ""
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing; ``SampleServer.requests`` has the requests."""

    def do_GET(self) -> None:
        """Send the reply, or the reply of a fault."""
        sample = self.server.sample
        at = time.monotonic()
        language = self.headers.get("Accept-Language", "")
        reply = self._negotiated(sample.answer(self.path, language), sample.options)
        silent = reply.delivery in {"reset", "hang"}
        sample.record(
            Request(self.command, self.path, dict(self.headers.items()), 0 if silent else reply.status, at)
        )
        match reply.delivery:
            case "reset":
                self._reset()
            case "hang":
                sample.wait()
                self.close_connection = True
            case _:
                self._send(reply)

    do_HEAD = do_GET  # noqa: N815 - the name is the base class's

    def _negotiated(self, reply: Reply, options: Options) -> Reply:
        """Apply validators and gzip, depending on the client's headers and the options."""
        if options.validators and reply.status == 200 and not reply.encoded:
            tag = f'"{hashlib.sha256(reply.body).hexdigest()[:20]}"'
            reply = reply.with_header("ETag", tag)
            if tag in self.headers.get("If-None-Match", ""):
                return replace(reply, status=304, body=b"")
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if options.gzip and accepted and reply.body and not reply.encoded and reply.delivery == "whole":
            packed = replace(reply, body=self.server.sample.packed(reply.body), encoded=True)
            return packed.with_header("Content-Encoding", "gzip").with_header("Vary", "Accept-Encoding")
        return reply

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        declared = len(reply.body) if reply.declared is None else reply.declared
        bare = reply.delivery in {"huge", "bare"}
        if bare or declared != len(reply.body):
            self.close_connection = True
            self.send_header("Connection", "close")
        if reply.delivery == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif not bare and reply.status != 304:
            self.send_header("Content-Length", str(declared))
        self.end_headers()
        if self.command == "HEAD" or reply.status == 304:
            return
        match reply.delivery:
            case "trickle":
                self._trickle(reply)
            case "huge":
                self._flood(reply)
            case "chunked":
                half = len(reply.body) // 2
                for part in filter(None, (reply.body[:half], reply.body[half:])):
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            case _:
                self.wfile.write(reply.body)

    def _trickle(self, reply: Reply) -> None:
        step = max(1, reply.rate // 10)
        for start in range(0, len(reply.body), step):
            self.wfile.write(reply.body[start : start + step])
            if self.server.sample.wait(0.1):
                self.close_connection = True
                return

    def _flood(self, reply: Reply) -> None:
        self.wfile.write(reply.body)
        chunk = b"<p>and so on</p>".ljust(_CHUNK, b" ")
        for _ in range(reply.rate // _CHUNK):
            if self.server.sample.wait(0):
                return
            self.wfile.write(chunk)

    def _reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
