"""A help centre on an invented CMS: a JSON list that goes on by cursor, and one HTML page for each guide."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE_SIZE = 5


@dataclass(slots=True)
class Guide:
    """One guide. The list shows its title and its topic; nothing in it moves when the text is edited."""

    number: int
    title: str
    topic: str
    text: str


class LanternServer:
    """The help centre on a loopback port; change ``guides`` between crawls.

    ``broken`` are paths that answer 500. ``endless`` repeats the first cursor for ever.
    """

    def __init__(self, guides: int = 23) -> None:
        topics = ("billing", "setup")
        self.guides = {
            n: Guide(n, f"Guide {n}: the {n % 7} step way", topics[n % 2], f"Turn the knob {n} times.")
            for n in range(100, 100 + guides)
        }
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.endless = False
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.lantern = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> LanternServer:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, target: str) -> tuple[int, str, str]:
        """Return status, content type and text of the answer to ``target``."""
        parts = urlsplit(target)
        if parts.path in self.broken:
            return 500, "text/plain", "out of oil"
        if parts.path == "/robots.txt":
            return 200, "text/plain", "User-agent: *\nAllow: /\n"
        if parts.path == "/api/guides":
            after = int(parse_qs(parts.query).get("after", ["0"])[0])
            return 200, "application/json", json.dumps(self._list(after))
        guide = self.guides.get(int(parts.path.rpartition("/")[2] or 0)) if "/guides/" in parts.path else None
        if guide is None:
            return 404, "text/html", "<h1>No such guide</h1>"
        return 200, "text/html; charset=utf-8", _page(guide)

    def _list(self, after: int) -> dict[str, Any]:
        found = [guide for number, guide in sorted(self.guides.items()) if number > after]
        shown = found[:PAGE_SIZE]
        more = len(found) > PAGE_SIZE
        rows = [{"id": guide.number, "title": guide.title, "topic": guide.topic} for guide in shown]
        return {
            "guides": rows,
            "next": (after or 104 if self.endless else shown[-1].number) if more else None,
        }


def _page(guide: Guide) -> str:
    return (
        f"<!doctype html><html lang=en><head><title>{escape(guide.title)} - Lantern</title></head><body>"
        f"<nav><a href=/api/guides>All guides</a></nav><main><h1>{escape(guide.title)}</h1>"
        f"<div class=guide data-topic={guide.topic}><p>{escape(guide.text)}</p>"
        f"<ul><li>Light it</li><li>Hang it up</li></ul></div></main><footer>© Lantern</footer></body></html>"
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        lantern: LanternServer = self.server.lantern  # type: ignore[attr-defined]
        lantern.asked.append(self.path)
        status, kind, text = lantern.answer(self.path)
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""
