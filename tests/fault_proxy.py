"""A proxy on loopback in front of an S3 server that does what networks and stores do: lose, refuse, stall."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Way = Literal["lost", "refused", "stalled"]

_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>as the test asks</Message></Error>"


@dataclass
class Fault:
    """For ``times`` requests of ``method`` whose target holds ``part``.

    ``lost``: the request arrives, its answer does not. ``refused``: it is answered with ``status`` and ``code``
    and does not arrive. ``stalled``: it is held until ``go`` is set, then forwarded. ``met`` counts,
    and ``then`` is a fault from the first of them on.
    """

    method: str
    part: str
    way: Way
    status: int = 503
    code: str = "ServiceUnavailable"
    times: int = 1
    go: threading.Event = field(default_factory=threading.Event)
    then: Fault | None = None
    met: int = 0
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass
class FaultProxy:
    """``url`` is the endpoint; ``asked`` holds each request as METHOD and target."""

    url: str
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    def due(self, method: str, target: str) -> Fault | None:
        for fault in self.faults:
            if fault.met < fault.times and fault.method in (method, "*") and fault.part in target:
                fault.met += 1
                fault.reached.set()
                if fault.then is not None:
                    self.faults.append(fault.then)
                    fault.then = None
                return fault
        return None


@contextmanager
def fault_proxy(endpoint: str) -> Iterator[FaultProxy]:
    """Forward to ``endpoint`` from a port of its own."""
    upstream = urlsplit(endpoint)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                proxy.asked.append(f"{self.command} {self.path}")
                fault = proxy.due(self.command, self.path)
            if fault is not None and fault.way == "refused":
                self._answer(fault.status, [], _ERROR.format(fault.code).encode())
                return
            if fault is not None and fault.way == "stalled":
                fault.go.wait(60)
            assert upstream.hostname is not None
            server = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in {"expect", "connection"}}
            server.request(self.command, self.path, body, headers)
            answer = server.getresponse()
            data = answer.read()
            server.close()
            if fault is not None and fault.way == "lost":
                self.close_connection = True
                return
            self._answer(answer.status, answer.getheaders(), data)

        def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            size = next((v for n, v in headers if n.lower() == "content-length"), str(len(data)))
            self.send_header("Content-Length", size if self.command == "HEAD" else str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    for method in ("GET", "PUT", "HEAD", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._serve)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None: ...  # the client went away

    server = Server(("127.0.0.1", 0), Handler)
    proxy = FaultProxy(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        for fault in proxy.faults:
            fault.go.set()
        server.shutdown()
        server.server_close()
