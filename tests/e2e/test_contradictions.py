"""The site contradicts itself: an article in a listing is lost only to an answer that says it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper.sample import Fault, SampleServer
from tests import faults
from tests.e2e.conftest import crawl, differences, expected, rows, snapshots


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(articles=12) as server:
        yield server


def paths(server: SampleServer) -> list[str]:
    return [f"/help/{record.slug}" for record in server.truth()]


def test_a_304_that_nobody_asked_for_vouches_for_nothing(server: SampleServer, archive: Path) -> None:
    for path in paths(server)[:3]:
        server.faults.append(Fault(faults.status(304), path=path))
    server.faults[0].times = 1
    result = crawl(server, archive, settings={"HEALTH_MAX_FAILED": "0.5"})
    assert result.code == 4, result.said
    # The first was over at the second chance; what is not the page is not carried either.
    assert result.facts["counts"] == {"fetched": 10, "carried": 0, "listed": 0, "failed": 2, "gone": 0}
    assert result.facts["requests"]["second_chances"] == 3
    assert all("HTTP 304, which the request did not allow for" in t for t in result.facts["problem_texts"])
    assert {row["status"] for row in rows(archive).values() if row["body_sha256"] is None} == {"failed"}


def test_a_fresh_crawl_that_is_answered_304_only_is_no_help_centre(
    server: SampleServer, archive: Path
) -> None:
    server.faults += [Fault(faults.status(304), path=path) for path in paths(server)]
    assert crawl(server, archive).code == 3
    assert snapshots(archive) == []


def test_a_listed_article_that_leads_elsewhere_is_not_gone(server: SampleServer, archive: Path) -> None:
    assert crawl(server, archive).code == 0
    past = rows(archive)
    elsewhere, gone, denied, hiccup, *_ = (path.removeprefix("/help/") for path in paths(server))
    target = paths(server)[-1]
    server.faults += [
        Fault(faults.redirect(target), path=f"/help/{elsewhere}"),
        Fault(faults.redirect("/help/no-such-article"), path=f"/help/{gone}"),
        Fault(faults.status(410), path=f"/help/{denied}"),
        Fault(faults.redirect(target), path=f"/help/{hiccup}", times=1),
    ]
    result = crawl(server, archive, "-a", "mode=full", settings={"HEALTH_MAX_FAILED": "0.5"})
    assert result.code == 4, result.said
    assert result.facts["counts"] == {"fetched": 9, "carried": 0, "listed": 0, "failed": 2, "gone": 1}
    now = rows(archive)
    assert {name: row["status"] for name, row in now.items() if row["status"] != "fetched"} == {
        elsewhere: "failed",
        gone: "failed",
    }
    assert denied not in now
    assert {name: fact["status"] for name, fact in result.facts["gone"].items()} == {denied: 410}
    assert now[elsewhere]["body_text"] == past[elsewhere]["body_text"]
    said = "\n".join(result.facts["problem_texts"])
    assert f"article {elsewhere}: redirects to {target.removeprefix('/help/')}" in said
    assert "redirects to http" in said
    server.faults.clear()
    assert crawl(server, archive).code == 0
    assert not differences(rows(archive), expected(server))


def test_a_maintenance_page_behind_every_article_is_refused(server: SampleServer, archive: Path) -> None:
    assert crawl(server, archive).code == 0
    *others, target = paths(server)
    server.faults += [Fault(faults.redirect(target), path=path) for path in others]
    result = crawl(server, archive, "-a", "mode=full")
    assert result.code == 3, result.said
    assert "failed" in result.verdicts()
    assert result.facts["counts"]["gone"] == 0


def test_a_hole_that_lasts_does_not_switch_the_checks_off(server: SampleServer, archive: Path) -> None:
    few = {"HEALTH_BASELINE_RUNS": "1", "RETRY_TIMES": "0"}
    first = crawl(server, archive, settings=few)
    assert first.code == 0
    # The first crawl has nothing to be held against, and says so.
    assert first.verdicts("warn").keys() == {"articles", "section"}
    hole = Fault(faults.status(500), path="/help/section/announcements-latest*")
    server.faults.append(hole)
    result = crawl(server, archive, settings=few)
    assert result.code == 4, result.said
    server.faults += [Fault(faults.empty_listing(), path="/help/section/*")]
    server.faults += [Fault(faults.status(404), path=path) for path in paths(server)]
    assert hole.hits
    result = crawl(server, archive, settings=few)
    assert result.code == 3, result.said
    assert len(snapshots(archive)) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("sections=faq-identty", "sections=faq-identty: not on the site; did you mean: faq-identity"),
        ("sections=faq-identity,nowhere", "sections=nowhere: not on the site; choose one of: announcements-"),
        ("categories=faqs", "categories=faqs: not on the site; did you mean: faq"),
    ],
)
def test_what_the_site_has_not_is_a_bad_argument_and_no_refusal(
    asked: str, said: str, server: SampleServer, archive: Path
) -> None:
    result = crawl(server, archive, "-a", asked, settings={"NOTIFY_URLS": "json://127.0.0.1:9/"})
    assert result.code == 2, result.said
    assert said in result.stderr
    assert result.facts["outcome"] == "failed"
    assert result.facts["health"] == []
    assert "json://" not in result.stderr  # where nobody listens, so it was not tried
    assert snapshots(archive) == []
    assert not list(archive.rglob("ledger.sqlite*"))


def test_a_section_is_not_said_to_be_missing_while_the_sites_list_is_not_known(
    server: SampleServer, archive: Path
) -> None:
    server.faults.append(Fault(faults.status(404), path="/help/category/announcements"))
    result = crawl(server, archive, "-a", "sections=faq-identity,announcements-delistings")
    assert result.code == 4, result.said
    assert "section announcements-delistings is not on the site" in result.facts["incomplete_reasons"]
    server.faults.clear()
    assert crawl(server, archive, "-a", "sections=announcements-delistings").code == 0
