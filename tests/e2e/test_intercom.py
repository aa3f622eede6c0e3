"""Crawls of the sample site on Intercom, with pages of both generations: whole, incremental, and with holes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from tests import faults
from tests.e2e.conftest import (
    FAST,
    SHOWN,
    Result,
    assert_honest,
    assert_true,
    contents,
    crawl,
    differences,
    expected,
    helpscraper,
    rows,
    told,
)  # fmt: skip

COLUMNS = (*SHOWN, "category_title", "section_title", "listed_in", "published_at", "updated_at", "updated_on")


@pytest.fixture(params=[2026, pytest.param(2020, marks=pytest.mark.long)])
def server(request: pytest.FixtureRequest) -> Iterator[SampleServer]:
    with SampleServer(layout="intercom", theme=request.param, articles=30, validators=True) as server:
        yield server


@pytest.fixture
def archive(server: SampleServer, tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "acme.toml").write_text(f'platform = "intercom"\nbase_url = "{server.url}"\n')
    return tmp_path / "output"


def read(server: SampleServer, archive: Path, *, site: str = "acme") -> Result:
    return crawl(server, archive, "-a", f"site={site}")


def test_a_help_centre_is_recognised_archived_and_followed(server: SampleServer, tmp_path: Path) -> None:
    archive, fast = tmp_path / "output", [part for each in FAST.items() for part in ("-s", "=".join(each))]
    first = helpscraper("crawl", f"{server.url}/en/", "--archive", archive, *fast)
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("intercom (by "), first.stderr
    site = f"127.0.0.1-{server.port}"
    assert not differences(rows(archive), expected(server), COLUMNS)
    before = {record.slug: record for record in server.truth()}
    assert read(server, archive, site=site).facts["counts"]["carried"] == len(
        before
    )  # each vouched for by a 304
    assert told(archive, site) == {}
    server.state = 1
    week = read(server, archive, site=site)
    assert week.code == 0, week.said
    assert not differences(rows(archive), expected(server), COLUMNS)
    after = {record.slug: record for record in server.truth()}
    kinds, both = told(archive, site), before.keys() & after.keys()
    # Edits that moved no date are among them: every page is asked for in every crawl.
    assert kinds["edited"] == {key for key in both if before[key].body_text != after[key].body_text}
    assert kinds["removed"] == before.keys() - after.keys() and kinds["removed"]
    # An article can be public and in no collection, so nothing proves that it was not there before.
    assert kinds["unverified"] == after.keys() - before.keys() and "added" not in kinds
    assert "renamed" not in kinds  # its number is its key; the words of its address follow its title
    held = Archive(archive, site=site).load(bodies=True)
    done = helpscraper("reextract", "latest", "--force", "--archive", archive, "--site", site)
    assert " rows from " in done.stdout, done.stderr
    assert Archive(archive, site=site).load(bodies=True).equals(held)
    assert helpscraper("verify", "--archive", archive, "--site", site).returncode == 0


def test_a_page_that_cannot_be_read_is_a_named_hole(server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    shut, *others = server.truth()
    record = next(each for each in others if each.section != shut.section)
    collection = f"/en/collections/{shut.section}"
    server.faults += [
        Fault(faults.soft_404(), f"/en/articles/{record.slug}*"),
        Fault(faults.status(503), f"{collection}*"),
    ]
    holes = read(server, archive)
    assert holes.code == 4, holes.said
    said = " ".join(holes.facts["problem_texts"])
    assert f"{collection}: section {shut.section}, page 1: HTTP 503" in said
    unread = ["no body of an article", "the page says that it is '/[helpCenterIdentifier]/not-found'"]
    assert f"/en/articles/{record.slug}" in said and unread[server.options.theme == 2026] in said, said
    assert told(archive) == {}
    assert_true(server, archive)  # the earlier row stands


def test_a_saved_page_is_imported(server: SampleServer, archive: Path, tmp_path: Path) -> None:
    record, file = server.truth()[0], tmp_path / "page.html"
    file.write_bytes(server.healthy(f"/en/articles/{record.slug}").body)
    at = ["--captured-at", "2026-01-01T00:00:00Z", "--url", f"{server.url}/en/articles/{record.slug}-words"]
    done = helpscraper("import", file, "--archive", archive, "--site", "acme", *at)
    assert done.returncode == 0, done.stderr
    held = Archive(archive, site="acme").load(bodies=True)
    assert held[["article_id", "title", "body_text", "section_title"]].values.tolist() == [
        [record.slug, record.title.strip(), record.body_text, record.section_title]
    ]


ACTIONS = [
    faults.status(503), faults.status(404), faults.status(403), faults.reset(), faults.truncated(),
    faults.redirect_loop(), faults.soft_404(), faults.challenge(), faults.denied(), faults.empty_body(),
]  # fmt: skip
PLACES = ["/en/articles/*", "/en/collections/*", "/en/", "*"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_a_mixture_of_faults_loses_and_invents_nothing(
    seed: int, server: SampleServer, archive: Path
) -> None:
    assert read(server, archive).code == 0
    server.faults += faults.mixture(seed, ACTIONS, PLACES)
    patience = {"DOWNLOAD_TIMEOUT": "1", "RETRY_TIMES": "2"}
    for state in (0, 1):
        server.state = state
        before = contents(archive)
        result = crawl(server, archive, "-a", "site=acme", settings=patience)
        assert_honest(result, archive, server, before, SHOWN)
    server.faults.clear()
    assert read(server, archive).code == 0
    assert_true(server, archive)
