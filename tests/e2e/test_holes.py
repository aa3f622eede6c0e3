"""A crawl of a part between two whole ones: an article that is seen again is not an addition."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.sample import SampleServer
from tests.e2e.conftest import crawl, expected, helpscraper, snapshots
from tests.feeds import changes_table

SECTION = "faq-identity"


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(articles=45) as server:
        yield server


@pytest.fixture(autouse=True)
def _as_it_was(server: SampleServer) -> Iterator[None]:
    yield
    server.state = server.extra = 0


def seen_in_part(server: SampleServer, archive: Path, *, state: int = 0, extra: int = 0) -> None:
    """Crawl the whole site, then one section, then the whole site again as it is by then."""
    assert crawl(server, archive).code == 0
    assert crawl(server, archive, "-a", f"sections={SECTION}").code == 0
    server.state, server.extra = state, extra
    last = crawl(server, archive, "-a", "mode=full")
    assert last.code == 0, last.said


CHANGES = ("added", "removed", "unverified", "renamed", "edited", "retitled", "moved", "touched", "silent")


def outside(server: SampleServer) -> str:
    """An article that the crawl of a part did not look for."""
    return next(name for name, row in expected(server).items() if row["section"] != SECTION)


def printed(archive: Path, *arguments: str) -> str:
    done = helpscraper(*arguments, "--archive", archive)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_no_kind_but(archive: Path, kinds: set[str]) -> None:
    """Only changes of these kinds are in the log, and some are."""
    rows = json.loads(printed(archive, "log", "--format", "json"))
    found = {kind for row in rows for kind in CHANGES if row[kind]}
    assert found and found <= kinds


def test_a_site_that_stands_still_has_no_additions(server: SampleServer, archive: Path) -> None:
    seen_in_part(server, archive)
    assert_no_kind_but(archive, {"unverified"})
    assert "added" not in printed(archive, "log")
    slug = outside(server)
    for command in (["log", slug], ["history", slug]):
        told = printed(archive, *command)
        assert "added" not in told
        assert "not seen" in told
    last = json.loads(printed(archive, "diff", "latest~1", "latest", "--format", "json"))
    assert {each["kind"] for each in last["changes"]} <= {"counted"}
    assert not Archive(archive).diff("latest~2", "latest").loud()
    feeds = Archive(archive).sql("select kind, \"at\" from changes where kind <> 'counted'")
    assert set(feeds["kind"]) == {"unverified"}
    assert feeds["at"].nunique() == 1


def test_what_really_came_is_added_everywhere(server: SampleServer, archive: Path) -> None:
    before = set(expected(server))
    seen_in_part(server, archive, extra=1)
    [new] = set(expected(server)) - before
    assert "1 added" in printed(archive, "log")
    for command in ("log", "history"):
        assert "added" in printed(archive, command, new)
    changes = json.loads(printed(archive, "diff", "latest~1", "latest", "--format", "json"))["changes"]
    assert [each["article_id"] for each in changes if each["kind"] == "added"] == [new]
    assert list(
        Archive(archive).sql("select article_id from changes where kind = 'added'")["article_id"]
    ) == [new]
    report = archive / "report"
    printed(archive, "report", "--out", str(report))
    pages = [page.read_text(encoding="utf-8") for page in report.rglob("*.html")]
    assert sum(page.count('<span class="kind added">1 added</span>') for page in pages) > 0
    assert not [page for page in pages if re.search(r'class="kind added">(?!1 added<)\d', page)]


def test_what_happened_out_of_sight_is_told_as_if_there_had_been_no_part(
    server: SampleServer, archive: Path
) -> None:
    seen_in_part(server, archive, state=1)
    found = Archive(archive)
    step, whole = found.diff("latest~1", "latest"), found.diff("latest~2", "latest")
    assert {"added", "removed", "renamed", "moved", "retitled", "edited"} <= set(whole.summary())
    assert records(step.loud().table) == records(whole.loud().table)
    feed = changes_table(found.catalog, found.catalog.resolve("latest"))
    assert feed is not None
    assert records(feed) == records(step.table)


def records(table: Any) -> list[tuple[Any, ...]]:
    return sorted(
        (each["article_id"], each["kind"], each["field"], each["before"] or "", each["after"] or "", each["silent"])
        for each in table.to_pylist()
    )  # fmt: skip


def test_an_imported_page_makes_nobody_an_addition(
    server: SampleServer, archive: Path, tmp_path: Path
) -> None:
    import urllib.request

    assert crawl(server, archive).code == 0
    url = f"{server.url}/help/section/{SECTION}"
    page = tmp_path / "page.html"
    page.write_bytes(urllib.request.urlopen(url).read())
    last = dt.datetime.strptime(snapshots(archive)[-1], "%Y%m%dT%H%M%S%z")
    at = last + dt.timedelta(seconds=1)
    # A quick crawl ends within the second it began in, and a capture of the next one would still be to come.
    time.sleep(max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds()))
    done = helpscraper(
        "import", page, "--format", "html", "--locale", "en", "--captured-at", at.isoformat(), "--url", url,
        "--archive", archive,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    time.sleep(1.1)  # the name of a snapshot is its second, and this one is taken
    assert crawl(server, archive).code == 0
    assert_no_kind_but(archive, {"unverified", "touched"})
