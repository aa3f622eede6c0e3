"""Messages go through apprise to a receiver on this machine: at transitions, one message a run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from helpscraper.sample import Fault, SampleServer, faults
from tests.e2e.conftest import crawl


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, str]]]]:
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"json://127.0.0.1:{server.server_address[1]}/", got
        server.shutdown()
        thread.join()


def test_refused_once_recovered_once_drift_once(
    receiver: tuple[str, list[dict[str, str]]], archive: Path
) -> None:
    url, got = receiver
    with SampleServer(articles=20) as server:

        def told(*flags: str) -> list[str]:
            n = len(got)
            crawl(server, archive, *flags, settings={"NOTIFY_URLS": url, "RETRY_TIMES": "0"})
            return [message["title"] for message in got[n:]]

        assert told() == []
        block = Fault(faults.challenge(), path="/help/[a-z]*-*")
        server.faults.append(block)
        assert told("-a", "mode=full") == ["helpscraper okx/en: crawl refused"]
        assert "pages stayed block or challenge pages" in got[-1]["message"]
        assert len(got[-1]["message"].splitlines()) < 8
        assert told("-a", "mode=full") == []
        server.faults[:] = [Fault(faults.layout_drift(), path="/help/section/*")]
        assert told() == ["helpscraper okx/en: recovered"]
        server.faults.clear()
        assert told() == []
        server.faults.append(Fault(faults.layout_drift(), path="/help/section/*"))
        assert told() == ["helpscraper okx/en: layout drift"]
        assert told() == []


def test_a_receiver_that_is_away_costs_no_snapshot(archive: Path) -> None:
    with SampleServer(articles=12) as server:
        assert crawl(server, archive).code == 0
        server.faults.append(Fault(faults.layout_drift(), path="/help/section/*"))
        result = crawl(server, archive, settings={"NOTIFY_URLS": "json://127.0.0.1:9/"})
        assert result.code == 0, result.said
        assert "could not be delivered" in result.stderr
