"""Web archives on loopback: a static server with ranges of bytes laid out as Common Crawl does, and its faults."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from warcio.archiveiterator import ArchiveIterator

from helpscraper.archive.recordings.index import surt
from helpscraper.backfill.client import Client
from helpscraper.warc.record import digest_of
from tests.warc.made import SITE, members, record, response
from tests.warc.test_captures import page, slugs

OKEX = "https://support.okex.com/hc/en-us/articles"
IDENTICAL = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"
PAGE = 3
"""Lines of one page of an index."""

Reply = tuple[int, dict[str, str], bytes]
Fault = Callable[[str, Mapping[str, str], int], "Reply | None"]


@dataclass
class Web:
    """A server on loopback. ``reply`` answers a path; ``fault`` may answer it first, given how often it was asked."""

    reply: Callable[[str, Mapping[str, str]], Reply]
    fault: Fault = lambda path, headers, count: None
    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    at_once: int = 0
    _now: int = 0

    def paths(self, part: str = "") -> list[str]:
        return [path for path, _ in self.asked if part in path]


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web._now += 1
            web.at_once = max(web.at_once, web._now)
            web.asked.append((self.path, dict(self.headers)))
            count = len([path for path, _ in web.asked if path == self.path])
            fault = web.fault(self.path, self.headers, count)  # type: ignore[arg-type]
            status, headers, body = fault or web.reply(self.path, self.headers)  # type: ignore[arg-type]
            web._now -= 1
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    web.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def quick(**other: Any) -> tuple[Client, list[float]]:
    """A client that notes its pauses instead of sleeping."""
    slept: list[float] = []
    return Client(**({"sleep": slept.append, "timeout": 10} | other)), slept


def lines(file: str, data: bytes) -> list[dict[str, str]]:
    """The lines of an index of a WARC file, as warcio reads it."""
    found = []
    source = BytesIO(data)
    records = ArchiveIterator(source)
    for item in records:
        kind = item.rec_type
        if kind in {"response", "revisit"}:
            url = item.rec_headers.get_header("WARC-Target-URI")
            status = item.http_headers.get_statuscode() if item.http_headers else "-"
            mime = "warc/revisit" if kind == "revisit" else "text/html"
            digest = item.rec_headers.get_header("WARC-Payload-Digest")
            records.read_to_end()
            found.append(
                {
                    "urlkey": surt(url),
                    "timestamp": re.sub(r"\D", "", item.rec_headers.get_header("WARC-Date")),
                    "url": url, "mime": mime, "status": status, "digest": digest.removeprefix("sha1:"),
                    "offset": str(records.get_record_offset()), "length": str(records.get_record_length()),
                    "filename": file,
                }
            )  # fmt: skip
    return found


def common_crawl(collections: Mapping[str, Mapping[str, bytes]]) -> Web:
    """The layout of Common Crawl: ``collections`` maps the id of each to its WARC files by name."""
    web = Web(lambda path, headers: (404, {}, b""))
    indexes = {
        name: sorted(
            (line for file, data in files.items() for line in lines(file, data)),
            key=lambda line: (line["urlkey"], line["timestamp"]),
        )
        for name, files in collections.items()
    }
    data = {f"/{file}": data for files in collections.values() for file, data in files.items()}

    def reply(path: str, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(path)
        if path == "/collinfo.json":
            listed = [{"id": name, "cdx-api": f"{web.url}/{name}-index"} for name in collections]
            return 200, {}, json.dumps(listed).encode()
        if parts.path in data:
            first, last = map(int, headers["Range"].removeprefix("bytes=").split("-"))
            part, whole = data[parts.path][first : last + 1], len(data[parts.path])
            return 206, {"Content-Range": f"bytes {first}-{last}/{whole}"}, part
        if not parts.path.endswith("-index"):
            return 404, {}, b""
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return _page(indexes[parts.path[1:].removesuffix("-index")], asked)

    web.reply = reply
    web.indexes = indexes  # type: ignore[attr-defined]
    return web


def _page(index: list[dict[str, str]], asked: Mapping[str, str]) -> Reply:
    """The answer of a pywb with a large index, which narrows by time after it made the pages."""
    assert (asked["matchType"], asked["output"]) == ("prefix", "json")
    key = surt(asked["url"])
    found = [line for line in index if line["urlkey"].startswith(key)]
    count = -(-len(found) // PAGE)
    if asked.get("showNumPages") == "true":
        return 200, {}, json.dumps({"pages": count, "pageSize": 5, "blocks": count}).encode()
    page = int(asked["page"])
    if page >= max(count, 1):
        said = f"Page {page} invalid: First Page is 0, Last Page is {count - 1}"
        return 400, {}, json.dumps({"message": said}).encode()
    part = found[PAGE * page :][:PAGE]
    part = [line for line in part if asked["from"] <= line["timestamp"] <= asked["to"]]
    if not part:
        return 404, {}, json.dumps({"message": f"No Captures found for: {asked['url']}*"}).encode()
    return 200, {}, "".join(json.dumps(line) + "\n" for line in part).encode()


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


def revisit(url: str, payload: bytes, at: dt.datetime, refers_to: str, refers_at: dt.datetime) -> bytes:
    return record(
        url, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", kind="revisit", at=at,
        WARC_Profile=IDENTICAL, WARC_Payload_Digest=digest_of(payload), WARC_Refers_To_Target_URI=refers_to,
        WARC_Refers_To_Date=f"{refers_at:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip


def article(slug: str, at: dt.datetime, state: int = 0) -> bytes:
    return response(f"{SITE}/help/{slug}", page(f"/help/{slug}", state), at=at)


def collections(key: str, old: bytes) -> dict[str, dict[str, bytes]]:
    """Crawls of four years: two eras, an edit, a page that stayed, a redirect, a broken page and one dated ahead."""
    one, two, _ = slugs()
    url = f"{SITE}/help/{two}"
    moved = "Location: https://www.okx.com/help/" + one + "\r\n"
    return {
        "CC-MAIN-2019-09": {
            "a.warc.gz": members(
                response(f"{OKEX}/{key}-words", old, at=utc(2019, 3, 4)),
                response(f"{OKEX}/7", b"", at=utc(2019, 3, 5), status="301 Moved", headers=moved),
            )
        },
        "CC-MAIN-2021-17": {
            "b.warc.gz": members(article(one, utc(2021, 5, 1)), article(two, utc(2021, 5, 1))),
            "c.warc.gz": members(revisit(url, page(f"/help/{two}"), utc(2021, 6, 1), url, utc(2021, 5, 1))),
        },
        "CC-MAIN-2022-27": {
            "d.warc.gz": members(
                article(one, utc(2022, 7, 1), state=1),
                response(f"{SITE}/help/broken", b"<html><title>x</title>", at=utc(2022, 7, 1)),
                response(url, b"later", at=utc(2098, 1, 1)),
            )
        },
    }  # fmt: skip
