"""A robots.txt that cannot be fetched forbids everything, and a missing one forbids nothing (RFC 9309, 2.3.1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import Reply
from tests import faults
from tests.e2e.conftest import crawl, snapshots

QUICK = {"RETRY_TIMES": "1", "DOWNLOAD_TIMEOUT": "1", "WARC_ENABLED": "False"}
ROBOTS = "/robots.txt"
RULES = b"User-agent: *\nDisallow: /\n"


def closed_error(code: int) -> Callable[[Any], Any]:
    """Answer an error whose page looks like rules that forbid everything."""
    return lambda pending: Reply(code, RULES, (("Content-Type", "text/plain"),))


def spoiled(archive: Path, action: Any, *, moved: Any = None) -> tuple[Any, list[str]]:
    with SampleServer(articles=8) as server:
        server.faults.append(Fault(action, path=ROBOTS))
        if moved is not None:
            server.faults.append(Fault(moved, path="/moved.txt"))
        result = crawl(server, archive, "-a", "sections=faq-identity", settings=QUICK)
        asked = {request.path for request in server.requests}
    return result, sorted(asked - {ROBOTS, "/moved.txt"})


@pytest.mark.parametrize(
    ("action", "moved", "because"),
    [
        (faults.status(500), None, "HTTP 500"),
        pytest.param(faults.status(503), None, "HTTP 503", marks=pytest.mark.long),
        pytest.param(faults.status(501), None, "HTTP 501", marks=pytest.mark.long),
        pytest.param(faults.reset(), None, "connection reset by the server", marks=pytest.mark.long),
        pytest.param(faults.hang(), None, "no whole answer within 1.0 seconds;", marks=pytest.mark.long),
        pytest.param(faults.truncated(), None, "before the answer was whole", marks=pytest.mark.long),
        pytest.param(faults.redirect_loop(), None, "redirections", marks=pytest.mark.long),
        pytest.param(
            faults.redirect("http://127.0.0.2/robots.txt"), None, "off the site", marks=pytest.mark.long
        ),
        pytest.param(faults.redirect("/moved.txt"), faults.status(503), "HTTP 503", marks=pytest.mark.long),
    ],
)
def test_what_cannot_be_had_forbids_everything(archive: Path, action: Any, moved: Any, because: str) -> None:
    result, asked = spoiled(archive, action, moved=moved)
    assert result.code == 3, result.said
    assert asked == []
    assert "robots.txt cannot be fetched, so nothing may be crawled (RFC 9309): " in result.facts["reason"]
    assert because in result.facts["reason"]
    assert result.facts["outcome"] == "refused" and snapshots(archive) == []


@pytest.mark.parametrize(
    ("action", "moved"),
    [
        (closed_error(404), None),
        pytest.param(closed_error(403), None, marks=pytest.mark.long),
        pytest.param(faults.status(410), None, marks=pytest.mark.long),
        pytest.param(faults.redirect("/moved.txt"), closed_error(404), marks=pytest.mark.long),
    ],
)
def test_what_does_not_exist_forbids_nothing(archive: Path, action: Any, moved: Any) -> None:
    result, asked = spoiled(archive, action, moved=moved)
    assert result.code == 0, result.said
    assert "/help" in asked


@pytest.mark.long
def test_rules_behind_a_redirect_are_obeyed(archive: Path) -> None:
    result, asked = spoiled(archive, faults.redirect("/moved.txt"), moved=closed_error(200))
    assert result.code == 3, result.said
    assert asked == []
    assert "Forbidden by robots.txt" in result.facts["reason"]


@pytest.mark.long
def test_a_crawl_that_had_to_stop_goes_on_when_robots_txt_is_back(archive: Path) -> None:
    with SampleServer(articles=8) as server:
        cut = {"CLOSESPIDER_ITEMCOUNT": "5", **QUICK}
        assert crawl(server, archive, settings=cut).code == 3
        server.faults.append(Fault(faults.status(502), path=ROBOTS))
        shut = crawl(server, archive, "--resume", settings=QUICK)
        assert shut.code == 3 and "HTTP 502" in shut.facts["reason"]
        server.faults.clear()
        done = crawl(server, archive, "--resume", settings=QUICK)
        assert done.code == 0 and done.facts["resumed"], done.said
    assert Archive(archive).runs().outcome.tolist() == ["committed"]


@pytest.mark.long
def test_a_refusal_that_left_its_ledger_keeps_its_reason(archive: Path) -> None:
    with SampleServer(articles=8) as server:
        assert crawl(server, archive, settings={"CLOSESPIDER_ITEMCOUNT": "5", **QUICK}).code == 3
        assert crawl(server, archive, settings=QUICK).code == 0
    runs = Archive(archive).runs()
    assert runs.outcome.tolist() == ["refused", "committed"]
    assert "closespider_itemcount" in runs.reason[0]


def test_a_crawl_that_read_nothing_is_not_resumed(archive: Path) -> None:
    with SampleServer(articles=8) as server:
        server.faults.append(Fault(faults.status(502), path=ROBOTS, times=2))
        shut = crawl(server, archive, "--resume", settings=QUICK)
        assert shut.code == 3 and "--resume goes on" not in shut.said
        done = crawl(server, archive, "--resume", settings=QUICK)
    assert done.code == 0 and "a new crawl: there was none to resume" in done.stdout
    runs = Archive(archive).runs()
    assert runs.outcome.tolist() == ["refused", "committed"]
    assert "HTTP 502" in runs.reason[0]
