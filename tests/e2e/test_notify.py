"""Messages go through apprise to a receiver on this machine: at transitions, one message a run."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from helpscraper.archive.run_facts import RunFacts
from helpscraper.health.notify import notify_transition
from helpscraper.sample import Fault, SampleServer
from tests import faults
from tests.e2e.conftest import crawl, end, snapshots, start


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


def test_a_killed_crawl_is_told_by_the_next_one_once(
    receiver: tuple[str, list[dict[str, str]]], archive: Path
) -> None:
    url, got = receiver
    with SampleServer(articles=12) as server:
        for _ in range(2):
            asked = len(server.requests)
            process = start(server, archive, NOTIFY_URLS=url, DOWNLOAD_DELAY="0.5")
            deadline = time.monotonic() + 60
            while len(server.requests) == asked:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.kill()
            end(process)
        # The second one found the first; a third one that ends well finds the second, killed for the same reason.
        assert [message["title"] for message in got] == ["helpscraper okx/en: crawl failed"]
        assert "the process was killed" in got[0]["message"]
        assert crawl(server, archive, settings={"NOTIFY_URLS": url}).code == 0
    assert [message["title"] for message in got[1:]] == ["helpscraper okx/en: recovered"]


def test_a_receiver_that_is_away_costs_no_snapshot(archive: Path) -> None:
    with SampleServer(articles=12) as server:
        assert crawl(server, archive).code == 0
        server.faults.append(Fault(faults.layout_drift(), path="/help/section/*"))
        result = crawl(server, archive, settings={"NOTIFY_URLS": "json://127.0.0.1:9/"})
        assert result.code == 0, result.said
        assert "could not be delivered" in result.stderr


@pytest.fixture
def dripping() -> Iterator[tuple[str, threading.Event]]:
    """A receiver that answers one byte of a header at a time, until it is told that it is over."""
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not over.wait(0.1):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    def serve(listening: socket.socket) -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"json://127.0.0.1:{listening.getsockname()[1]}/", over
        over.set()
        thread.join()


def test_a_slow_receiver_does_not_hold_the_lock(dripping: tuple[str, threading.Event], archive: Path) -> None:
    url, over = dripping
    with SampleServer(articles=12) as server:
        assert crawl(server, archive).code == 0
        server.faults.append(Fault(faults.layout_drift(), path="/help/section/*"))
        process = start(server, archive, NOTIFY_URLS=url, NOTIFY_TIMEOUT="600")
        deadline = time.monotonic() + 60
        while len(snapshots(archive)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        again = crawl(server, archive)
        assert again.code == 0, again.said
        assert process.poll() is None
        over.set()
        code, said = end(process)
        assert code == 0, said
        assert "could not be delivered" in said


def test_a_slow_receiver_has_its_time_and_no_more(
    dripping: tuple[str, threading.Event], caplog: pytest.LogCaptureFixture
) -> None:
    facts = RunFacts(site="okx", locale="en", run_id="20261122T060000Z", outcome="refused")
    url, over = dripping
    # So that a deadline that does not hold fails here instead of hanging.
    ends = threading.Timer(20, over.set)
    ends.start()
    assert not notify_transition([url], facts, None, 2.0)
    assert not over.is_set()
    ends.cancel()
    assert "in 2 s (NOTIFY_TIMEOUT)" in caplog.text
