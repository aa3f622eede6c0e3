"""A receiver of messages on this machine, over HTTP as apprise sends JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Receiver:
    """``got`` are the messages that were accepted, with their ``path``; a path in ``away`` accepts none."""

    port: int = 0
    got: list[dict[str, str]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    def url(self, path: str = "/") -> str:
        return f"json://127.0.0.1:{self.port}{path}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.got]


@pytest.fixture
def messages() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = self.path.rstrip("/") or "/"
            if path not in receiver.away:
                receiver.got.append(message | {"path": path})
            self.send_response(503 if path in receiver.away else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
