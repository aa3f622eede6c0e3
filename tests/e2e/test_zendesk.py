"""Crawls of the sample site on Zendesk, by its API and by its pages: the same promises as for the first platform."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import Action, PendingReply, Reply
from tests import faults
from tests.e2e.conftest import (
    SHOWN,
    Result,
    assert_honest,
    assert_true,
    contents,
    crawl,
    differences,
    end,
    expected,
    helpscraper,
    rows,
    start,
)  # fmt: skip

ASKED = ("-a", "site=acme", "-a", "locale=en-us")


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(layout="zendesk", articles=120, interface_page=40, validators=True) as server:
        yield server


@pytest.fixture(params=["zendesk", "zendesk-pages"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    declaration = f'platform = "{request.param}"\nbase_url = "https://support.example.com"\n'
    (tmp_path / "sites" / "acme.toml").write_text(declaration)
    return tmp_path / "output"


def read(server: SampleServer, archive: Path, *flags: str) -> Result:
    return crawl(server, archive, *ASKED, *flags)


def test_a_week_of_changes_is_told(server: SampleServer, archive: Path) -> None:
    first = read(server, archive)
    assert first.code == 0, first.said
    assert_true(server, archive)
    before = {record.slug: record for record in server.truth()}
    asked = len(server.requests)
    assert read(server, archive).code == 0
    if first.facts["versions"]["extractor"].startswith("zendesk/"):
        assert len(server.requests) - asked <= 5
    assert len(Archive(archive, site="acme").diff("latest~1", "latest")) == 0
    server.state = 1
    assert read(server, archive).code == 0
    assert_true(server, archive)
    after = {record.slug: record for record in server.truth()}
    told: dict[str, set[str]] = {}
    for change in Archive(archive, site="acme").diff("latest~1", "latest").records():
        told.setdefault(change["kind"], set()).add(change["article_id"])
    both = before.keys() & after.keys()
    assert told["added"] == after.keys() - before.keys()
    assert told["removed"] == before.keys() - after.keys()
    assert told["moved"] == {key for key in both if before[key].section != after[key].section}
    assert told["retitled"] == {key for key in both if before[key].title.strip() != after[key].title.strip()}
    # Edits that moved no date are among them: every body is read in every crawl.
    assert told["edited"] == {key for key in both if before[key].body_text != after[key].body_text}
    # The words in an article's address follow its title; its number is its key.
    assert "renamed" not in told
    assert told["counted"]
    assert helpscraper("verify", "--archive", archive, "--site", "acme").returncode == 0


def test_a_re_extraction_gives_the_rows_of_the_crawl(server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    before = Archive(archive, site="acme").load(bodies=True)
    done = helpscraper("reextract", "latest", "--force", "--archive", archive, "--site", "acme")
    assert " rows from " in done.stdout, done.stderr
    assert Archive(archive, site="acme").load(bodies=True).equals(before)


def test_a_killed_crawl_goes_on_and_loses_nothing(server: SampleServer, archive: Path) -> None:
    process = start(server, archive, *ASKED, DOWNLOAD_DELAY="0.02")
    while len(server.requests) < 3 and process.is_running:
        server.wait(0.01)
    process.kill()
    end(process)
    done = read(server, archive, "--resume")
    assert done.code == 0, done.said
    assert_true(server, archive)


@pytest.mark.parametrize("archive", ["zendesk"], indirect=True)
@pytest.mark.parametrize("api", ["closed", "challenge", "sign-in"])
def test_a_closed_api_is_refused_with_the_reason(server: SampleServer, archive: Path, api: str) -> None:
    assert read(server, archive).code == 0
    with SampleServer(layout="zendesk", articles=120, api=api) as shut:
        refused = read(shut, archive)
    assert refused.code == 3, refused.said
    assert Counter(Archive(archive, site="acme").runs()["outcome"]) == {"committed": 1, "refused": 1}
    assert {"closed": "404", "challenge": "403", "sign-in": "Sign in"}[api] in refused.said


def test_a_saved_page_is_imported_whichever_way_the_site_is_crawled(
    server: SampleServer, archive: Path, tmp_path: Path
) -> None:
    record = server.truth()[0]
    file = tmp_path / "page.html"
    file.write_bytes(server.healthy(f"/hc/en-us/articles/{record.slug}").body)
    url = f"https://support.example.com/hc/en-us/articles/{record.slug}-words"
    done = helpscraper(
        "import",
        file,
        "--archive",
        archive,
        "--site",
        "acme",
        "--captured-at",
        "2026-01-01T00:00:00Z",
        "--url",
        url,
    )
    assert done.returncode == 0, done.stderr
    held = Archive(archive, site="acme", locale="en-us")  # the locale is that of the URL
    assert held.load(bodies=True)[["article_id", "title", "body_text"]].values.tolist() == [
        [record.slug, record.title.strip(), record.body_text]
    ]


def emptied(*, circle: bool) -> Action:
    """Answer a list without its articles; its next link leads on, or round a ``circle`` of two cursors."""

    def act(pending: PendingReply) -> Reply:
        said = json.loads(pending.reply.body)
        following = said["links"]["next"]
        if circle:
            to = "Ig==" if "IQ" in pending.target else "IQ=="  # both stand before every article
            following = f"{following.split('?')[0]}?{urlencode({'page[after]': to})}"
        said |= {"articles": [], "links": said["links"] | {"next": following}}
        return replace(pending.reply, body=json.dumps(said).encode())

    return act


@pytest.mark.parametrize("archive", ["zendesk"], indirect=True)
def test_an_answer_without_articles_neither_ends_the_list_nor_hides_a_circle(archive: Path) -> None:
    with SampleServer(layout="zendesk", articles=40, interface_page=10, validators=True) as server:
        assert read(server, archive).code == 0
        server.faults.append(Fault(emptied(circle=False), path="/api/*after*", times=1))
        behind = read(server, archive)
        assert behind.facts["sections"]["articles"]["pages_read"] == 4, behind.said
        server.faults[:] = [Fault(emptied(circle=True), path="/api/*after*")]
        circle = read(server, archive)
        (section,) = circle.facts["sections"].values()
        assert not section["whole"] and "it was asked for before" in " ".join(section["holes"]), circle.said


def broken(*members: dict[str, object]) -> Action:
    """Answer a list whose first articles have other ``members``."""

    def act(pending: PendingReply) -> Reply:
        said = json.loads(pending.reply.body)
        for article, each in zip(said["articles"], members, strict=False):
            article |= each
        return replace(pending.reply, body=json.dumps(said).encode())

    return act


@pytest.mark.parametrize("archive", ["zendesk"], indirect=True)
def test_articles_that_cannot_be_read_are_named_and_cost_no_other(archive: Path) -> None:
    with SampleServer(layout="zendesk", articles=40, interface_page=20, validators=True) as server:
        assert read(server, archive).code == 0
        before = rows(archive)
        without = [{"id": None}, {"title": 5, "name": None}, {"body": 7}, {"body": None}]
        server.faults.append(Fault(broken(*without), path="/api/*articles.json*", times=1))
        done = read(server, archive)
    assert done.code == 4, done.said
    nameless, untitled, unread, bare = [
        record.slug for record in sorted(server.truth(), key=lambda r: r.created_at)
    ][:4]
    after = rows(archive)
    assert {key: after[key]["status"] for key in (nameless, untitled, unread, bare)} == {
        nameless: "fetched", untitled: "failed", unread: "failed", bare: "fetched",
    }  # fmt: skip
    columns = ("title", "body_sha256", "listed_in", "section")
    kept = after.keys() - {bare}
    assert after.keys() == before.keys()
    assert all(after[key][name] == before[key][name] for key in kept for name in columns)
    assert done.facts["problems"] == {"body": 1, "invalid": 2, "list": 1}
    assert not done.facts["sections"]["articles"]["whole"]
    told = "\n".join(done.facts["problem_texts"])
    assert (
        f"articles {unread}.body: int where text was recorded" in told and "article 0 of the answer" in told
    )
    assert f"{bare}: " in told


@pytest.mark.parametrize("archive", ["zendesk"], indirect=True)
def test_an_article_whose_number_is_no_key_is_a_hole_of_its_list(archive: Path) -> None:
    with SampleServer(layout="zendesk", articles=20, interface_page=20) as server:
        server.faults.append(Fault(broken({"id": -5}), path="/api/*articles.json*", times=1))
        done = read(server, archive)
    assert (done.code, done.facts["problems"], len(rows(archive))) == (4, {"slug": 1}, 19), done.said
    assert not done.facts["sections"]["articles"]["whole"]


def without(number: str) -> Action:
    """Answer a list or a section's page without one article."""

    def act(pending: PendingReply) -> Reply:
        body = pending.reply.body
        if b"articles.json" in pending.target.encode():
            said = json.loads(body)
            said["articles"] = [each for each in said["articles"] if str(each["id"]) != number]
            return replace(pending.reply, body=json.dumps(said).encode())
        return replace(pending.reply, body=body.replace(f"/articles/{number}".encode(), b"/elsewhere/"))

    return act


def test_a_list_that_leaves_out_one_of_its_articles_is_not_whole(archive: Path) -> None:
    with SampleServer(layout="zendesk", articles=40, interface_page=20, validators=True) as server:
        assert read(server, archive).code == 0
        before, (record, *_) = rows(archive), server.truth()
        for place in ("/api/*articles.json*", "/hc/en-us/sections/*"):
            server.faults.append(Fault(without(record.slug), path=place))
        done = read(server, archive)
    assert done.code == 4, done.said
    doubted = [section for section in done.facts["sections"].values() if not section["whole"]]
    assert [section["holes"] for section in doubted] == [
        [f"it did not show articles that belong to it: 1, the first: {record.slug}"]
    ]
    after = rows(archive)
    assert after[record.slug]["listed_in"] == before[record.slug]["listed_in"]
    assert not Archive(archive, site="acme").diff("latest~1", "latest").records()


def shown_again(*, other: bool) -> Action:
    """Answer a later page of a list with an article of its first page too, under an ``other`` title or the same."""

    def act(pending: PendingReply) -> Reply:
        if "articles.json" in pending.target:
            first = json.loads(pending.server.healthy(pending.target.partition("&page%5Bafter%5D")[0]).body)
            said = json.loads(pending.reply.body)
            said["articles"].insert(0, first["articles"][0] | ({"title": "Another"} if other else {}))
            return replace(pending.reply, body=json.dumps(said).encode())
        first = pending.server.healthy(pending.target.partition("?")[0]).body
        start, link, _ = first.partition(b'<ul class="article-list">')[2].partition(b"</li>")
        row = re.sub(rb">[^<]+</a>", b">Another</a>", start) if other else start
        place = b'<ul class="article-list">'
        return replace(pending.reply, body=pending.reply.body.replace(place, place + row + link))

    return act


@pytest.mark.parametrize(
    ("archive", "other"),
    [
        ("zendesk", False),
        ("zendesk", True),
        pytest.param("zendesk-pages", False, marks=pytest.mark.long),
        pytest.param("zendesk-pages", True, marks=pytest.mark.long),
    ],
    indirect=["archive"],
)
def test_an_article_twice_in_a_list_is_named(other: bool, archive: Path) -> None:
    paged = "pages" in (archive.parent / "sites" / "acme.toml").read_text()
    flags = ("-a", "limit=1") if paged else ()
    with SampleServer(layout="zendesk", articles=400 if paged else 40, interface_page=20) as server:
        for place in ("/api/*after*", "/hc/en-us/sections/*page=2*"):
            server.faults.append(Fault(shown_again(other=other), path=place, times=1))
        done = read(server, archive, *flags)
    assert done.facts["problems"] == {"twice": 1}, done.said
    (said,) = done.facts["problem_texts"]
    assert ("differs in title" in said and ".warc.gz#" in said) if other else "both times alike" in said


PATIENCE = {"DOWNLOAD_TIMEOUT": "1", "DOWNLOAD_MAXSIZE": str(2**20), "RETRY_TIMES": "2"}


ACTIONS = [
    faults.status(503), faults.status(404), faults.status(403), faults.too_many_requests(0), faults.reset(),
    faults.truncated(), faults.truncated_gzip(), faults.redirect_loop(), faults.redirect("http://10.0.0.1/"),
    faults.soft_404(), faults.challenge(), faults.denied(), faults.empty_body(), faults.huge(3 * 2**20),
]  # fmt: skip
PLACES = ["/api/*", "/hc/*/articles/*", "/hc/*/sections/*", "/hc/en-us", "*after*", "*"]


@pytest.mark.parametrize(
    "archive", ["zendesk-pages", pytest.param("zendesk", marks=pytest.mark.long)], indirect=True
)
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 24))])
def test_a_mixture_of_faults_loses_and_invents_nothing(seed: int, archive: Path) -> None:
    with SampleServer(layout="zendesk", articles=40, interface_page=10, validators=True) as server:
        assert read(server, archive).code == 0
        server.faults += faults.mixture(seed, ACTIONS, PLACES)
        for state in (0, 1):
            server.state = state
            before = contents(archive)
            result = crawl(server, archive, *ASKED, settings=PATIENCE)
            assert_honest(result, archive, server, before, SHOWN)
            for change in Archive(archive, site="acme").diff("latest~1", "latest").records() if state else ():
                assert change["kind"] != "removed" or change["article_id"] not in expected(server)
        server.faults.clear()
        assert read(server, archive).code == 0
        assert not differences(rows(archive), expected(server), SHOWN)


@pytest.mark.parametrize("archive", ["zendesk-pages"], indirect=True)
def test_a_challenge_in_place_of_some_articles_is_refused(server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    server.faults.append(Fault(faults.challenge(), path="/hc/en-us/articles/*", times=3))
    refused = crawl(server, archive, *ASKED, "-a", "mode=full", settings=PATIENCE | {"SECOND_CHANCES": "0"})
    assert refused.code == 3, refused.said
    assert refused.verdicts() == {"challenge": "3 pages stayed block or challenge pages"}
    server.faults[:] = [Fault(faults.challenge(), path="/hc/en-us/categories/*", times=1)]
    category = crawl(server, archive, *ASKED, settings=PATIENCE | {"SECOND_CHANCES": "0"})
    assert (
        category.code == 3 and category.verdicts()["challenge"] == "1 page stayed a block or challenge page"
    )
