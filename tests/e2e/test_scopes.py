"""Crawls of a part, of another edition, and of a site that does not want or cannot be found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from tests.e2e.conftest import (
    COMPARED,
    contents,
    crawl,
    differences,
    expected,
    helpscraper,
    newest_facts,
    rows,
    snapshots,
)


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(articles=45) as server:
        yield server


def test_a_part_is_whole_in_itself_and_takes_nothing_away(server: SampleServer, archive: Path) -> None:
    assert crawl(server, archive).code == 0
    try:
        server.state = 1
        part = crawl(server, archive, "-a", "sections=faq-identity,announcements-delistings")
        assert part.code == 0, part.said
        assert part.facts["complete"] is False
        assert part.facts["incomplete_reasons"] == [
            "only part: sections=faq-identity,announcements-delistings"
        ]
        here = {
            name: row for name, row in expected(server).items() if row["section"] in part.facts["sections"]
        }
        found = {name: row for name, row in rows(archive).items() if row["section"] in part.facts["sections"]}
        different = differences(found, here, set(COMPARED) - {"listed_in"})
        assert not [
            line for line in different if ": body_text" not in line and ": reading_minutes" not in line
        ]
        assert set(Archive(archive).diff("latest~1", "latest").table.column("kind").to_pylist()) >= {
            "unverified"
        }
        # The next whole crawl is measured by the last whole one, and loses nothing of what the part brought.
        whole = crawl(server, archive, "-a", "mode=full")
        assert whole.code == 0, whole.said
        assert not differences(rows(archive), expected(server))
    finally:
        server.state = 0


def test_categories_limit_and_search(server: SampleServer, archive: Path) -> None:
    result = crawl(server, archive, "-a", "categories=faq", "-a", "limit=5")
    assert result.code == 0, result.said
    assert result.facts["counts"]["fetched"] == 5
    assert {row["category"] for row in rows(archive).values() if row["status"] == "fetched"} == {"faq"}
    assert {row["status"] for row in rows(archive).values()} == {"fetched", "listed"}
    hit = next(iter(rows(archive).values()))["title"].split()[-1]
    found = crawl(server, archive, "-a", f"query={hit}")
    assert found.code == 0, found.said
    assert found.facts["sections"] == {}
    assert found.facts["scope"] == f"query={hit!r}"
    assert set(rows(archive)) == {
        name
        for name, row in expected(server).items()
        if row["category"] == "faq" and hit.lower() in str(row).lower()
    }
    # What a listing showed before, a search does not take away.
    assert all(row["listed_in"] for row in rows(archive).values())
    again = crawl(server, archive, "-a", f"query={hit}")
    assert again.facts["counts"]["fetched"] == 0
    assert crawl(server, archive).code == 0
    assert not differences(rows(archive), expected(server))


def test_categories_named_by_hand_stand_in_for_a_home_page_that_names_none(archive: Path) -> None:
    def bare(pending: PendingReply) -> Reply:
        return replace(pending.reply, body=b"<html lang='en'><body><h1>Support center</h1></body></html>")

    with SampleServer(articles=12) as server:
        server.faults.append(Fault(bare, path="/help"))
        lost = crawl(server, archive)
        assert lost.code == 3
        assert "the page names no category" in lost.stderr
        found = crawl(server, archive, "-a", "categories=faq,announcements")
        assert found.code == 0, found.said
        assert "going by categories=announcements,faq" in found.said
        assert {row["category"] for row in rows(archive).values()} == {"announcements", "faq"}
        wrong = crawl(server, archive, "-a", "categories=faq,no-such-category")
        assert wrong.code == 4, wrong.said
        assert "category no-such-category: HTTP 404" in wrong.said


def test_robots_txt_is_obeyed_and_named(archive: Path) -> None:
    with SampleServer(articles=12, robots="disallow") as server:
        result = crawl(server, archive)
        assert result.code == 3
        assert "Forbidden by robots.txt" in result.stderr
        assert [request.path for request in server.requests] == ["/robots.txt"]


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "{site}x"])
def test_a_site_that_cannot_be_found_is_named(url: str, server: SampleServer, archive: Path) -> None:
    result = crawl(url.format(site="http://localhost.invalid:1"), archive)
    assert result.code in {2, 3}
    assert ".invalid" in result.stderr
    assert "Traceback" not in result.stderr
    assert snapshots(archive) == []


@pytest.mark.long
def test_a_base_url_that_is_no_help_centre_is_named(archive: Path) -> None:
    from helpscraper.sample import Fault
    from tests import faults

    with SampleServer(articles=12) as server:
        server.faults.append(Fault(faults.status(404), path="/help*"))
        result = crawl(server, archive)
        assert result.code == 3
        assert "home page: HTTP 404" in result.stderr


def test_contact_is_part_of_the_user_agent(server: SampleServer, archive: Path) -> None:
    asked = len(server.requests)
    assert crawl(server, archive, "-a", "limit=1", settings={"CONTACT": "mailto:me@example.org"}).code == 0
    agents = {request.headers["User-Agent"] for request in server.requests[asked:]}
    assert len(agents) == 1
    assert agents.pop().endswith("+mailto:me@example.org")


@pytest.mark.long
def test_two_locales_are_two_histories(server: SampleServer, archive: Path) -> None:
    for locale in ("en", "zh-hans"):
        result = crawl(server, archive, "-a", f"locale={locale}")
        assert result.code == 0, result.said
    assert len(list(archive.glob("snapshots/site=okx/locale=*/*.parquet"))) == 2


def test_runs_lists_every_run_and_its_facts(server: SampleServer, archive: Path) -> None:
    crawl(server, archive, "-a", "limit=2")
    crawl("http://127.0.0.1:9", archive)
    done = helpscraper("runs", "--archive", archive, "--format", "json")
    runs = json.loads(done.stdout)
    assert [run["outcome"] for run in runs] == ["committed", "refused"]
    assert "cannot be reached" in runs[1]["reason"]
    assert newest_facts(archive)["requests"]["errors"] > 0
    assert len(contents(archive)) >= 4
