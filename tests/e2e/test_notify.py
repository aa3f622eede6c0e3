"""Messages go through apprise to a receiver on this machine: at transitions, one message a run."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper.archive.run_facts import RunFacts
from helpscraper.health.notify import notify_transition
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.truth import expected_changes
from tests import faults, sample_archive
from tests.e2e.conftest import crawl, end, snapshots, start
from tests.receiver import Receiver, messages

__all__ = ["messages"]


def test_refused_once_recovered_once_drift_once_and_silent_edits_once(
    messages: Receiver, archive: Path
) -> None:
    url, got = messages.url(), messages.got
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
        server.faults.clear()
        server.state = 1
        silent = {each.article_id for each in expected_changes(0, 1, options=server.options) if each.silent}
        assert told("-a", "mode=full") == [f"helpscraper okx/en: {len(silent)} edited ({len(silent)} silent)"]
        assert all(f"/help/{slug}" in got[-1]["message"] for slug in silent)
        assert "without a new date; between" in got[-1]["message"] and "{+" in got[-1]["message"]
        assert told("-a", "mode=full") == []


@pytest.mark.long
def test_a_digest_is_sent_once_its_time_has_passed_also_of_a_quiet_week(
    messages: Receiver, archive: Path
) -> None:
    sample_archive.build(archive, states=range(2), articles=20)
    settings = {"NOTIFY_URLS": messages.url(), "NOTIFY_CHANGES": "", "DIGEST": "weekly"}
    with SampleServer(articles=20, state=1) as server:
        for _ in range(2):
            assert crawl(server, archive, "-a", "mode=full", settings=settings).code == 0
    (message,) = messages.got
    assert message["title"].startswith("helpscraper okx/en, weekly digest: Nothing changed (1 crawl, ")


@pytest.mark.long
def test_changes_that_a_killed_crawl_could_not_tell_are_told_once(
    messages: Receiver, dripping: tuple[str, threading.Event], archive: Path
) -> None:
    """The process is killed while the first receiver, which never ends its answer, keeps it from the notes."""
    url = f"{dripping[0]},{messages.url()}"
    rule = {"NOTIFY_URLS": url, "NOTIFY_CHANGES": "kinds=added,removed", "NOTIFY_TIMEOUT": "60"}
    with SampleServer(articles=20) as server:
        assert crawl(server, archive, settings={"NOTIFY_URLS": url}).code == 0
        server.state = 1
        messages.away = {"/"}
        process = start(server, archive, **rule)
        deadline = time.monotonic() + 60
        while len(snapshots(archive)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        end(process)
        messages.away = set()
        server.state = 2
        for _ in range(2):
            crawl(
                server,
                archive,
                settings={"NOTIFY_URLS": messages.url(), "NOTIFY_CHANGES": rule["NOTIFY_CHANGES"]},
            )
        (title,) = messages.titles
        both = [
            each.kind for step in ((0, 1), (1, 2)) for each in expected_changes(*step, options=server.options)
        ]
        assert f"{both.count('added')} added, {both.count('removed')} removed" in title


def test_a_killed_crawl_is_told_by_the_next_one_once(messages: Receiver, archive: Path) -> None:
    url, got = messages.url(), messages.got
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
        assert process.is_running
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
