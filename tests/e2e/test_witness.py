"""Lists from the JSON interface: the same rows for fewer requests, and the pages wherever it fails or is wrong."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.archive.reader import Catalog
from helpscraper.archive.verify import verify
from helpscraper.replay.reextract import reextract
from helpscraper.sample import Fault, SampleServer, truth
from helpscraper.sample.interface import INTERFACE
from tests import faults, interface_faults
from tests.e2e.conftest import COMPARED, Result, contents, crawl, differences, expected, rows
from tests.e2e.test_exit_codes import ROOT, pipelines

ARTICLES = f"{INTERFACE}/search/articles*"
API = ("-a", "witness=api", "-s", "AUDIT_DAYS=0")
# What the site's pages cost: robots.txt, the home page, three categories, and 14 pages of 11 sections.
DISCOVERY, TAG_PAGES, PAGES = 5, 3, 14


@dataclass
class Week:
    result: Result
    different: list[str]
    paths: list[str]


@dataclass
class Weeks:
    archive: Path
    weeks: list[Week]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    """Two states of the site, their lists read from the interface, which gives ten rows a page."""
    archive = tmp_path_factory.mktemp("told") / "archive"
    with SampleServer(layout="e3", interface_page=10) as server:
        found = Weeks(archive, [])
        for state in range(2):
            server.state = state
            server.requests.clear()
            result = crawl(server, archive, *API)
            paths = [request.path for request in server.requests]
            found.weeks.append(Week(result, differences(rows(archive), expected(server)), paths))
        yield found


def test_the_rows_are_those_of_the_pages(told: Weeks) -> None:
    first, second = told.weeks
    assert (first.result.code, second.result.code) == (0, 0), second.result.said
    assert first.different == []
    # As with pages, only an audit finds an edit that no list shows.
    assert [line for line in second.different if ": body_text: " not in line] == []
    assert len(second.different) == 2
    assert second.result.facts["counts"] == {
        "fetched": 15,
        "carried": 62,
        "listed": 0,
        "failed": 0,
        "gone": 5,
    }
    assert second.result.facts["complete"]
    sections = second.result.facts["sections"]
    assert all(section["whole"] and section["total"] == section["seen"] for section in sections.values())


def test_a_section_costs_one_request_for_each_page_of_the_interface(told: Weeks) -> None:
    for week in told.weeks:
        asked = [path for path in week.paths if path.startswith(INTERFACE)]
        # Ten sections, two of which have more than ten articles; the tag is read on its pages.
        assert len(asked) == 12
        assert all("/search/articles?sectionIds=section-" in path for path in asked)
        assert sum(path.startswith("/help/section/") for path in week.paths) == TAG_PAGES
        fetched = sum(week.result.facts["why_fetched"].values())
        assert week.result.facts["requests"]["total"] == DISCOVERY + TAG_PAGES + 12 + fetched
        assert week.result.facts["witness"]["differing"] == 0
        assert week.result.facts["witness"]["compared"] >= 40
        assert week.result.verdicts("warn").keys() <= {"articles", "section"}


def test_reading_again_gives_the_same_rows(told: Weeks, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(told.archive, archive)
    catalog = Catalog(archive)
    ids = [snapshot.id for snapshot in catalog.snapshots()]
    before = [rows(archive, each) for each in ids]
    reports = list(reextract(str(archive), force=True, jobs=1))
    assert [report.problems for report in reports] == [(), ()]
    assert [rows(archive, each) for each in ids] == before
    assert verify(catalog).problems == []


def sizes(server: SampleServer) -> Counter[str]:
    """The number of articles in each section."""
    return Counter(record.section for record in server.truth())


def test_what_is_not_proven_is_read_on_its_pages(archive: Path) -> None:
    with SampleServer(layout="e3", articles=30, interface_page=5) as server:
        have = sizes(server)
        requests = sum(-(-n // 5) for n in have.values())
        server.faults += [
            # The last request is for the last section of a category, which has no other fault.
            Fault(faults.redirect("/help"), path=ARTICLES, skip=requests - 1),
            Fault(interface_faults.wrong_total(1), path=f"{ARTICLES}=section-faq-identity&*"),
            Fault(interface_faults.rows_left_out(1), path=f"{ARTICLES}=section-faq-deposits&*"),
            Fault(interface_faults.page_repeated(), path=f"{ARTICLES}=section-faq-getting-started&*"),
            Fault(interface_faults.made_up_row(), path=f"{ARTICLES}=section-docs-spot&*"),
        ]
        result = crawl(server, archive, *API)
        assert result.code == 0, result.said
        assert differences(rows(archive), expected(server)) == []
        facts = result.facts["witness"]
        assert facts["by_pages"] == {
            "faq-deposits": f"{have['faq-deposits'] - 1} of {have['faq-deposits']} articles",
            "faq-getting-started": f"5 of {have['faq-getting-started']} articles, 5 of them twice",
            "faq-identity": f"{have['faq-identity']} of {have['faq-identity'] + 1} articles",
        }
        assert facts["left"].endswith("HTTP 302")
        assert len(facts["sections"]) == len(have) - 3 - 1
        assert facts["differences"] == {"only in the interface": 1}
        assert facts["examples"] == ["never-written: only in the interface: its page: HTTP 404"]
        said = result.verdicts("warn")["witness"]
        assert "section faq-deposits was read from its pages: " in said
        assert "the interface was left for the pages: " in said


def test_both_are_read_and_what_differs_is_counted(archive: Path) -> None:
    with SampleServer(layout="e3", state=1, articles=30) as server:
        server.faults += [
            Fault(
                interface_faults.rows_left_out(1, total=True),
                path=f"{ARTICLES}=section-faq-getting-started&*",
            ),
            Fault(interface_faults.stale_times(0), path=ARTICLES),
        ]
        result = crawl(server, archive, "-a", "witness=both")
        assert result.code == 0, result.said
        assert differences(rows(archive), expected(server)) == []
        # The fault answers with the times of the week before, where the section had the article already.
        before = {(each.slug, each.section): each.updated_at for each in truth(0, options=server.options)}
        spoilt = [each for each in server.truth() if each.section != "faq-getting-started"]
        moved = [e for e in spoilt if before.get((e.slug, e.section), e.updated_at) != e.updated_at]
        facts = result.facts["witness"]
        assert len(moved) >= 3
        assert facts["differences"] == {"only on pages": 1, "updated_at": len(moved)}
        assert facts["compared"] == len(server.truth()) - 1
        said = f"{len(moved) + 1} articles differ from their pages in the interface"
        assert said in result.verdicts("warn")["witness"]


# ---- with --long: each fault by itself, and more of the same


@pytest.mark.long
def test_a_killed_crawl_goes_on_with_the_interface(archive: Path) -> None:
    with SampleServer(layout="e3", articles=20) as server:
        dying = {"PYTHONPATH": str(ROOT), "DIE_AT": "8"}
        assert crawl(server, archive, *API, "-s", pipelines(Dies=850), env=dying).code == -9
        server.requests.clear()
        result = crawl(server, archive, *API, "--resume")
        assert result.code == 0, result.said
        assert differences(rows(archive), expected(server)) == []
        assert server.count(INTERFACE) == len(result.facts["witness"]["sections"]) == len(sizes(server))
        assert result.facts["counts"]["fetched"] == 20
        assert len(server.requests) <= DISCOVERY + len(sizes(server)) + 1 + 20 - 8


GLOBAL: dict[str, tuple[Callable[[], faults.Action], str]] = {
    "absent": (lambda: faults.status(404), "HTTP 404"),
    "forbidden": (lambda: faults.status(403), "HTTP 403"),
    "busy": (lambda: faults.too_many_requests(0), "HTTP 429"),
    "challenge": (faults.challenge, "challenge: a block or challenge page ('Just a moment...')"),
    "challenge 403": (lambda: faults.challenge(403), "challenge: HTTP 403 with a block or challenge page"),
    "html": (faults.soft_404, "json: a page"),
    "empty": (faults.empty_body, "json: the page is empty"),
    "cut": (faults.truncated, "connection closed"),
    "changed list": (interface_faults.renamed_member, "data.list: nothing where a list was recorded"),
    "changed total": (
        lambda: interface_faults.renamed_member("total", "count"),
        "data.total: nothing where a whole number was recorded",
    ),
    "another region": (
        interface_faults.another_region, "data.list[0].url: an article of en-sg, where en was asked for"
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", GLOBAL)
def test_an_interface_that_does_not_answer_is_asked_once(name: str, archive: Path) -> None:
    action, said = GLOBAL[name]
    with SampleServer(layout="e3", articles=30) as server:
        server.faults.append(Fault(action(), path=ARTICLES))
        result = crawl(server, archive, *API)
        assert result.code == 0, result.said
        assert differences(rows(archive), expected(server)) == []
        assert said in result.facts["witness"]["left"]
        assert server.count(INTERFACE) <= 2
        server.state = 1
        again = crawl(server, archive, *API)
        assert again.code == 0
        assert not [line for line in differences(rows(archive), expected(server)) if "body_text" not in line]


@pytest.mark.long
def test_robots_are_obeyed(archive: Path) -> None:
    with SampleServer(articles=20, robots="no-interface") as server:
        result = crawl(server, archive, *API)
        assert result.code == 0, result.said
        assert server.count(INTERFACE) == 0
        assert "robots.txt" in result.facts["witness"]["left"]
        assert differences(rows(archive), expected(server)) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("locale", "options"),
    [("zh-hans", {"layout": "e2"}), ("en-us", {"layout": "e3"}), ("en", {"layout": "markup"})],
)
def test_other_editions_and_pages_that_state_no_id(
    locale: str, options: dict[str, Any], archive: Path
) -> None:
    with SampleServer(articles=40, **options) as server:
        result = crawl(server, archive, *API, "-a", f"locale={locale}")
        assert result.code == 0, result.said
        assert len(result.facts["witness"]["sections"]) == 10
        nodes = server.count(f"{INTERFACE}/kb/unified/section")
        assert nodes == (11 if options["layout"] == "markup" else 0)
        assert rows(archive).keys() == {record.slug for record in server.truth(locale)}


@pytest.mark.long
def test_an_article_that_the_interface_conceals_is_not_lost(archive: Path) -> None:
    with SampleServer(layout="e3", articles=40) as server:
        assert crawl(server, archive, *API).code == 0
        server.faults.append(Fault(interface_faults.rows_left_out(2, total=True), path=ARTICLES))
        before = contents(archive)
        result = crawl(server, archive, *API)
        assert result.code in {0, 3}
        if result.code == 3:
            assert contents(archive).keys() - before.keys()
        assert differences(rows(archive), expected(server), set(COMPARED) - {"listed_in"}) == []


@pytest.mark.long
def test_late_times_are_named_where_pages_are_read(archive: Path) -> None:
    with SampleServer(layout="e3", articles=30) as server:
        assert crawl(server, archive, *API).code == 0
        server.state = 1
        server.faults.append(Fault(interface_faults.stale_times(0), path=ARTICLES))
        result = crawl(server, archive, "-a", "witness=api", "-s", "AUDIT_DAYS=0.001")
        assert result.code == 0, result.said
        assert differences(rows(archive), expected(server)) == []
        assert result.facts["witness"]["differences"]["updated_at"] >= 3
        assert "differ from their pages" in result.verdicts("warn")["witness"]


@pytest.mark.long
@pytest.mark.parametrize("proven", [True, False])
def test_a_removal_is_claimed_where_the_total_proves_it(proven: bool, archive: Path) -> None:
    with SampleServer(layout="e3", articles=60) as server:
        assert crawl(server, archive, *API).code == 0
        first = next(record.slug for record in server.truth() if record.section == "docs-spot")
        # Its own page says nothing: the address leads to the home page.
        server.faults.append(Fault(faults.redirect("/help"), path=f"/help/{first}"))
        answers = f"{ARTICLES}=section-docs-spot&*"
        server.faults.append(Fault(interface_faults.rows_left_out(1, total=proven), path=answers))
        server.faults.append(Fault(faults.status(500), path="/help/section/docs-spot*"))
        result = crawl(server, archive, *API)
        section = result.facts["sections"]["docs-spot"]
        assert (result.code, section["whole"]) == ((0, True) if proven else (4, False)), result.said
        assert (first in rows(archive)) != proven
        changes = Archive(archive).diff("latest~1", "latest").table.to_pylist()
        assert [(each["article_id"], each["kind"]) for each in changes] == (
            [(first, "removed")] if proven else []
        )


@pytest.mark.long
def test_a_large_site_costs_fewer_requests(tmp_path: Path) -> None:
    with SampleServer(layout="e3", articles=600) as server:
        found: dict[str, tuple[int, int]] = {}
        for name, asked in (("pages", ("-s", "AUDIT_DAYS=0")), ("api", API)):
            lists = []
            for _ in range(2):
                server.requests.clear()
                result = crawl(server, tmp_path / name, *asked)
                assert result.code == 0, result.said
                assert differences(rows(tmp_path / name), expected(server)) == []
                lists.append(len(server.requests) - sum(result.facts["why_fetched"].values()))
            found[name] = (lists[0], lists[1])
            again = list(reextract(str(tmp_path / name), force=True, jobs=1))
            assert [report.problems for report in again] == [(), ()]
        sections = sizes(server)
        tag = -(-sum(n for slug, n in sections.items() if slug.startswith("announcements-")) // 15)
        pages = DISCOVERY + tag + sum(-(-n // 15) for n in sections.values())
        told = DISCOVERY + tag + sum(-(-n // 100) for n in sections.values())
        assert (pages, told) == (70, 37)
        assert found == {"pages": (pages, pages), "api": (told, told)}
        volatile = {"snapshot_at", "fetched_at", "warc_record"}
        both = [
            {
                slug: {c: v for c, v in row.items() if c not in volatile}
                for slug, row in rows(tmp_path / n).items()
            }
            for n in found
        ]
        assert both[0] == both[1]
