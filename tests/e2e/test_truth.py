"""A crawl against the truth of the sample site, in every layout and as time passes."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.archive.layout import snapshot_instant
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from tests.e2e.conftest import Result, contents, crawl, differences, expected, rows
from tests.feeds import changes_table

# The quick run sees e2 in the weeks below, and of each pair of likes one.
LAYOUTS = (
    "e3", "markup-a", *(pytest.param(layout, marks=pytest.mark.long) for layout in ("e2", "e3-bare", "markup")),
)  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_first_crawl_is_the_truth(layout: str, archive: Path) -> None:
    with SampleServer(layout=layout) as server:  # type: ignore[arg-type]
        result = crawl(server, archive)
        assert result.code == 0, result.said
        assert not differences(rows(archive), expected(server))
        assert result.facts["complete"], result.facts["incomplete_reasons"]
        assert result.verdicts("fail") == {}
        # Nothing tells yet how much there should be; nothing else is odd.
        assert result.verdicts("warn").keys() == {"articles", "section"}


@dataclass
class Weeks:
    archive: Path
    results: list[Result]
    different: list[list[str]]


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    """Four states of the site, crawled one after the other without audits."""
    archive = tmp_path_factory.mktemp("weeks")
    with SampleServer(layout="e2") as server:
        found = Weeks(archive, [], [])
        for state in range(4):
            server.state = state
            found.results.append(crawl(server, archive, settings={"AUDIT_DAYS": "0"}))
            found.different.append(differences(rows(archive), expected(server)))
        yield found


def test_incremental_crawls_follow_the_site_but_for_silent_edits(weeks: Weeks) -> None:
    for state, (result, different) in enumerate(zip(weeks.results, weeks.different, strict=True)):
        assert result.code == 0, result.said
        # What no listing shows, only an audit can find.
        assert [
            line for line in different if ": body_text: " not in line and ": reading_minutes: " not in line
        ] == [], state
        assert len({line.split(" ")[0] for line in different}) == 2 * state


def test_only_what_moved_is_fetched(weeks: Weeks) -> None:
    first, *later = weeks.results
    assert first.facts["counts"]["fetched"] == 76
    for result in later:
        reasons = result.facts["why_fetched"]
        assert result.facts["counts"]["carried"] > 50
        assert set(reasons) <= {"new", "title", "updated_at", "section", "unlisted"}
        assert result.facts["requests"]["total"] == 19 + sum(reasons.values())


def test_what_left_is_gone_once_and_then_no_more(weeks: Weeks) -> None:
    catalog = Archive(weeks.archive).catalog
    told = [catalog.facts(each).to_json()["gone"] for each in catalog.snapshots()]
    gone = [each.keys() for each in told]
    assert [len(each) for each in gone] == [0, 5, 5, 5]
    assert not (gone[1] & gone[2] or gone[2] & gone[3])
    for before, after, facts in zip(catalog.snapshots(), catalog.snapshots()[1:], told[1:], strict=False):
        for article_id, fact in facts.items():
            assert fact["url"].endswith(f"/help/{article_id}") and fact["status"] in {404, 410}
            assert dt.datetime.fromisoformat(fact["at"]) >= snapshot_instant(after.id)
        feed = changes_table(catalog, after).to_pylist()
        left = {row["article_id"] for row in feed if row["kind"] == "removed"}
        # The record of a rename itself names both slugs.
        left |= {
            row["before"] for row in feed if row["kind"] == "renamed" and row["after"] == row["article_id"]
        }
        assert left == facts.keys() & set(catalog.load_table(before).column("article_id").to_pylist())


def test_every_snapshot_has_its_change_feed(weeks: Weeks) -> None:
    assert len(list(weeks.archive.glob("changes/*/*/*.parquet"))) == 3
    kinds = Archive(weeks.archive).diff("latest~1", "latest").table.column("kind").to_pylist()
    assert {"added", "removed", "renamed", "moved", "retitled", "edited"} <= set(kinds)


def test_run_facts_of_every_run_are_one_table(weeks: Weeks) -> None:
    runs = Archive(weeks.archive).runs()
    assert runs.outcome.tolist() == ["committed"] * 4
    assert (runs.seconds > 0).all()
    assert (runs.bytes > 10_000).all()
    for result in weeks.results:
        facts = result.facts
        assert facts["requests"]["by_status"]["200"] > 15
        assert facts["fields"]["title"]["present"] > 0
        assert facts["versions"].keys() == {"helpscraper", "extractor", "schema", "scrapy", "python"}
        assert {v["check"] for v in facts["health"]} >= {
            "end",
            "articles",
            "section",
            "coverage",
            "language",
            "region",
        }


def test_an_audit_finds_every_silent_edit_in_time_and_a_little_in_each_crawl(archive: Path) -> None:
    # Crawls count as an hour apart at least; of three hours, three crawls are left.
    hours = {"AUDIT_DAYS": str(3 / 24)}
    with SampleServer(layout="e3") as server:
        crawl(server, archive)
        for number in range(3):
            server.state = 1
            time.sleep(1 - time.time() % 1)  # a page read in the second of another one is as old as that
            result = crawl(server, archive, settings=hours)
            assert result.code == 0, result.said
            assert result.facts["audit"].items() >= {"days": 0.125, "late": 0, "put_off": 0}.items()
            assert 20 <= result.facts["audit"]["chosen"] <= 26, number
        assert not differences(rows(archive), expected(server))
        oldest = min(row["fetched_at"] for row in rows(archive).values() if row["status"] != "gone")
        assert result.facts["oldest_page"]["fetched_at"] == oldest.isoformat()


def test_a_crawl_that_comes_too_late_for_the_bound_says_so(archive: Path) -> None:
    with SampleServer(articles=8) as server:
        crawl(server, archive)
        time.sleep(1.2)  # instants have seconds, and a crawl may begin in that of the last page
        result = crawl(server, archive, settings={"AUDIT_DAYS": "0.000001"})
    assert result.code == 0, result.said
    assert result.facts["why_fetched"] == {"audit": 8}
    assert (
        "AUDIT_DAYS=1e-06 is not kept: 8 pages had gone unread for longer" in result.verdicts("warn")["audit"]
    )


def test_a_row_whose_snippet_changed_is_read_first_and_a_count_that_moved_is_no_reason(archive: Path) -> None:
    excerpt, count = b"Words.", rb"\1"

    def shown(pending: PendingReply) -> Reply:
        body = re.sub(
            rb"<span>([0-9]+)</span></div></a>", b"<span>%b</span></div></a>" % count, pending.reply.body
        )
        body = re.sub(
            rb'(index_articleTitle[^"]*">[^<]*</div>)', rb"\1<div>%b</div>" % excerpt, body, count=1
        )
        return replace(pending.reply, body=body)

    with SampleServer(articles=30) as server:
        server.faults.append(Fault(shown, path="/help/section/faq-identity*"))
        crawl(server, archive)
        excerpt, count = b"Other words.", b"1"
        result = crawl(server, archive, settings={"AUDIT_DAYS": "0.5"})
    assert result.code == 0, result.said
    # Twelve hours leave twelve crawls to come, so this one reads three.
    assert result.facts["why_fetched"] == {"snippet": 1, "audit": 2}
    counts = Archive(archive).diff("latest~1", "latest").narrow(fields=["view_count"]).summary()
    assert counts == {"counted": counts["counted"]}


def test_an_unchanged_site_costs_its_listing_pages_and_the_audit(archive: Path) -> None:
    with SampleServer(layout="e3", validators=True) as server:
        crawl(server, archive)
        before, asked = contents(archive), len(server.requests)
        listing_pages = server.count("/help/section/")
        result = crawl(server, archive, settings={"AUDIT_DAYS": str(18.6 / 24)})
        made = server.requests[asked:]
        assert result.code == 0, result.said
        # robots.txt, the home page and three categories are the handful.
        assert len(made) == listing_pages + 4 + 5
        assert [request.status for request in made if "If-None-Match" in request.headers] == [304] * 4
        assert not [name for name in contents(archive).keys() - before.keys() if name.startswith("bodies/")]
        assert result.facts["counts"] == {"fetched": 0, "carried": 76, "listed": 0, "failed": 0, "gone": 0}
        assert not differences(rows(archive), expected(server))


@pytest.mark.long
@pytest.mark.parametrize("layout", ["e3", "e3-bare", "markup", "markup-a"])
def test_every_layout_is_the_truth_in_every_state(layout: str, archive: Path) -> None:
    with SampleServer(layout=layout) as server:  # type: ignore[arg-type]
        for state in range(4):
            server.state = state
            # Pages without a state do not say when an announcement was edited, so all of them are read.
            result = crawl(server, archive, "-a", "mode=full")
            assert result.code == 0, result.said
            assert not differences(rows(archive), expected(server))
