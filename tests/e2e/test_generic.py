"""Crawls of the sample site on an unknown system: it promises less, and keeps these promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.generic import FEED_SIZE
from helpscraper.sample.replies import PendingReply, Reply
from tests import faults
from tests.e2e import conftest
from tests.e2e.conftest import Result, crawl, end, helpscraper, start, told

ASKED = ("-a", "site=acme")


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(layout="generic", validators=True) as server:
        yield server


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    declaration = 'platform = "generic"\nbase_url = "https://help.example"\ninclude = ["/learn/"]\n'
    (tmp_path / "sites" / "acme.toml").write_text(declaration)
    return tmp_path / "output"


def read(server: SampleServer, archive: Path, *flags: str) -> Result:
    return crawl(server, archive, *ASKED, *flags)


def assert_true(server: SampleServer, archive: Path) -> None:
    conftest.assert_true(server, archive)
    found = Archive(archive, site="acme").load()
    assert set(found.confidence) == {"generic"} and {tuple(each) for each in found.listed_in} == {("pages",)}


def answers(status: int = 200, body: bytes | None = None) -> Any:
    def action(pending: PendingReply) -> Reply:
        return replace(pending.reply, status=status, body=pending.reply.body if body is None else body)

    return action


def leading_to(key: str) -> Any:
    return faults.redirect(f"/{key.replace('.', '/')}", 301)


def test_a_week_of_changes_is_told_and_nothing_is_called_silent(server: SampleServer, archive: Path) -> None:
    first = read(server, archive)
    assert first.code == 0, first.said
    assert first.facts["problems"] == {"left-out": 3}
    # Lists of articles of any section are no section themselves.
    assert first.facts["sections"]["pages"]["content_type"] == "tag"
    assert_true(server, archive)
    assert read(server, archive).facts["counts"]["carried"] == len(
        server.truth()
    )  # each vouched for by a 304
    assert told(archive) == {}
    before = {record.slug: record for record in server.truth()}
    server.state = 1
    after = {record.slug: record for record in server.truth()}
    keys = {record.key: slug for slug, record in after.items()}
    old = next(slug for slug, record in before.items() if slug not in after and record.key in keys)
    new = keys[before[old].key]
    server.faults.append(Fault(leading_to(new), f"/{old.replace('.', '/')}"))
    done = read(server, archive)
    assert done.code == 0
    assert_true(server, archive)
    renames = Archive(archive, site="acme").diff("latest~1", "latest").records()
    assert [each["field"] for each in renames if each["after"] == new] == ["redirect_301"]
    (redirect,) = done.facts["redirects"]
    assert (redirect["article_id"], redirect["target_id"], redirect["status"]) == (old, new, 301)
    kinds, both = told(archive, silent=False), before.keys() & after.keys()
    assert kinds == told(archive)
    # Edits that moved no date are among them; an article in another section has another address.
    assert {key for key in both if before[key].body_text != after[key].body_text} <= kinds["edited"]
    assert {key for key in both if before[key].title != after[key].title} <= kinds["retitled"]
    gone = before.keys() - after.keys() - {each.slug for each in before.values() if each.key in _keys(after)}
    assert kinds["removed"] == gone
    # A sitemap does not prove that an article was not there before.
    assert after.keys() - before.keys() == kinds["unverified"] | kinds["renamed"]
    assert helpscraper("verify", "--archive", archive, "--site", "acme").returncode == 0


def _keys(articles: dict[str, Any]) -> set[int]:
    return {record.key for record in articles.values()}


@pytest.mark.long
def test_what_leaves_the_sitemap_is_gone_only_when_its_page_says_so(
    server: SampleServer, archive: Path
) -> None:
    assert read(server, archive).code == 0
    kept, gone = sorted(record.slug for record in server.truth())[:2]
    named = [f"<loc>{server.url}/{key.replace('.', '/')}".encode() for key in (kept, gone)]

    def without(pending: PendingReply) -> Reply:
        body = pending.reply.body
        for each in named:
            body = body.replace(each, b"<loc>https://elsewhere.example/x")
        return replace(pending.reply, body=body)

    server.faults += [Fault(without, "/maps/*.xml"), Fault(answers(410), f"/{gone.replace('.', '/')}*")]
    done = read(server, archive)
    assert done.code == 0, done.said
    assert "2 × an address of another site, the first: https://elsewhere.example/x" in str(
        done.facts["problem_texts"]
    )
    # That a list does not show it any more is all that moved in the other one.
    assert told(archive) == {"removed": {gone}, "touched": {kept}}
    assert kept in set(Archive(archive, site="acme").load().article_id)


@pytest.mark.long
def test_an_address_that_leads_to_another_article_is_no_article_any_more(
    server: SampleServer, archive: Path
) -> None:
    assert read(server, archive).code == 0
    old, new = sorted(record.slug for record in server.truth())[:2]
    server.faults.append(Fault(leading_to(new), f"/{old.replace('.', '/')}"))
    done = read(server, archive)
    # The sitemap still names it, and proves nothing by that.
    assert done.code == 0, done.said
    assert old not in set(Archive(archive, site="acme").load().article_id)
    assert told(archive) == {"unverified": {old}}


@pytest.mark.long
def test_a_page_that_says_not_found_without_a_404_is_no_edit(server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    key = sorted(record.slug for record in server.truth())[0]
    page = b"<!doctype html><title>Page not found</title><main><h1>Page not found</h1><p>Try the search above.</main>"
    server.faults.append(Fault(answers(body=page), f"/{key.replace('.', '/')}"))
    done = read(server, archive)
    assert done.code == 4, done.said
    assert "the page says that there is none" in str(done.facts["problem_texts"])
    assert told(archive) == {}
    assert_true(server, archive)


def test_a_broken_sitemap_is_a_named_hole_and_removes_nothing(server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    whole = server.healthy("/maps/announcements.xml").body
    server.faults.append(Fault(answers(body=whole[: len(whole) // 2]), "/maps/announcements.xml"))
    done = read(server, archive)
    assert done.code == 4, done.said
    assert "incomplete: section pages: page" in done.said
    assert ": broken XML in line" in done.said
    assert f"list: {server.url}/maps/announcements.xml: broken XML in line" in str(
        done.facts["problem_texts"]
    )
    # What the lists did not show was asked for at its own address.
    assert_true(server, archive)
    assert told(archive) == {}


@pytest.mark.long
def test_an_index_that_names_itself_ends(server: SampleServer, archive: Path) -> None:
    index = server.healthy("/maps/index.xml").body
    names = [
        f"<sitemap><loc>{server.url}/maps/index.xml{query}</loc></sitemap>" for query in ("", "?1", "?2")
    ]
    more = index.replace(b"<sitemap>", "".join(names).encode() + b"<sitemap>", 1)
    server.faults.append(Fault(answers(body=more), "/maps/index*"))
    done = read(server, archive)
    assert done.code == 0, done.said
    assert_true(server, archive)
    assert server.count("/maps/index.xml") == 3


def test_a_limit_counts_articles_and_not_addresses(server: SampleServer, archive: Path) -> None:
    links = b"".join(b"<li><a href=/learn/%d>A page about lamps</a></li>" % n for n in range(20))
    server.faults.append(Fault(answers(body=b"<main><ul>" + links + b"</ul></main>"), "/learn/*", times=4))
    server.faults.append(Fault(answers(404), "/learn/*[a-m]/"))
    done = read(server, archive, "-a", "limit=3")
    counts = done.facts["counts"]
    assert (counts["fetched"], counts["gone"] > 0) == (3, True), done.said


@pytest.mark.long
def test_a_million_addresses_are_bounded_and_a_named_hole(server: SampleServer, archive: Path) -> None:
    row = b"<url><loc>/learn/%d/a</loc></url>"

    def file(number: int) -> bytes:
        return b"<urlset>" + b"".join(row % (number * 100_000 + n) for n in range(100_000)) + b"</urlset>"

    names = b"".join(b"<sitemap><loc>/maps/%d.xml</loc></sitemap>" % n for n in range(10))
    server.faults.append(
        Fault(answers(body=b"<sitemapindex>" + names + b"</sitemapindex>"), "/maps/index.xml")
    )
    server.faults += [Fault(answers(200, file(n)), f"/maps/{n}.xml") for n in range(10)]
    done = crawl(server, archive, *ASKED, "-a", "limit=3", timeout=600)
    assert done.code == 3, done.said  # not one of them is there
    assert done.facts["sections"]["pages"]["seen"] == 100_000
    assert server.count("/maps/") <= 11
    said = str(done.facts["problem_texts"])
    assert "50,000 addresses; the rest was not read" in said
    assert "100,000 articles are listed; any others are left out" in said


@pytest.mark.long
def test_where_no_sitemap_is_named_the_usual_one_is_read_then_a_feed(tmp_path: Path, archive: Path) -> None:
    for lists, count in (("elsewhere", 76), ("sitemap", 76), ("feed", FEED_SIZE)):
        with SampleServer(layout="generic", lists=lists) as server:
            done = read(server, tmp_path / lists)
        assert (done.code, done.facts["counts"]["fetched"]) == (0, count), done.said
        assert ("left-out: " in str(done.facts["problem_texts"])) is (lists != "feed")
    # A feed states titles, also that of a page which is no article.
    where = ("--archive", tmp_path / "feed", "--site", "acme")
    before = Archive(tmp_path / "feed", site="acme").load(bodies=True)
    assert len(before) == FEED_SIZE
    assert helpscraper("reextract", "latest", "--force", *where).returncode == 0
    assert Archive(tmp_path / "feed", site="acme").load(bodies=True).equals(before)
    with SampleServer(layout="generic", lists="nothing") as server:
        refused = read(server, archive)
    assert refused.code == 3
    assert "the site names no sitemap and no feed" in refused.said


@pytest.mark.long
@pytest.mark.parametrize(("every", "code"), [(4, 3), (8, 4)])
def test_too_few_pages_with_title_and_body_are_refused(
    server: SampleServer, archive: Path, every: int, code: int
) -> None:
    paths = sorted(record.slug.replace(".", "/") for record in server.truth())[::every]
    empty = answers(body=b"<!doctype html><title>Help</title><body><p>Nothing</body></html>")
    server.faults += [Fault(empty, f"/{path}") for path in paths]
    done = read(server, archive)
    assert done.code == code, done.said
    said = f"{len(paths)} of {len(server.truth())} pages have no title or no body of an article"
    assert done.verdicts("fail" if code == 3 else "warn")["generic"] == said


@pytest.mark.long
@pytest.mark.parametrize("after", [1, 4, 40])
def test_a_killed_crawl_goes_on_and_loses_nothing(server: SampleServer, archive: Path, after: int) -> None:
    process = start(server, archive, *ASKED, DOWNLOAD_DELAY="0.01")
    while len(server.requests) < after and process.is_running:
        server.wait(0.005)
    process.kill()
    end(process)
    done = read(server, archive, "--resume")
    assert done.code == 0, done.said
    assert_true(server, archive)


@pytest.mark.long
def test_pages_are_read_again_imported_and_reported(
    server: SampleServer, archive: Path, tmp_path: Path
) -> None:
    assert read(server, archive).code == 0
    before = Archive(archive, site="acme").load(bodies=True)
    where = ("--archive", archive, "--site", "acme")
    done = helpscraper("reextract", "latest", "--force", *where)
    assert " rows from " in done.stdout, done.stderr
    assert Archive(archive, site="acme").load(bodies=True).equals(before)
    record = server.truth()[0]
    path = f"/{record.slug.replace('.', '/')}"
    (tmp_path / "page.html").write_bytes(server.healthy(path).body)
    at = ("--url", f"https://help.example{path}", "--captured-at", "2026-11-01T10:00:00Z")
    done = helpscraper("import", tmp_path / "page.html", *at, *where)
    assert done.returncode == 0, done.stderr
    (row,) = Archive(archive, site="acme").load("2026-11-01", bodies=True).to_dict("records")
    assert (row["article_id"], row["body_text"]) == (record.slug, record.body_text)
    assert row["confidence"] == "generic"
    assert helpscraper("report", "--out", tmp_path / "report", *where).returncode == 0
    assert record.title.strip() in "".join(each.read_text() for each in (tmp_path / "report").rglob("*.html"))


@pytest.mark.parametrize(
    "text",
    [
        "<title>Sign in</title><h1>Sign in</h1><form><input type=password>",
        pytest.param("<h1>We will be back soon</h1>", marks=pytest.mark.long),
    ],
)
def test_a_notice_in_place_of_articles_is_no_edit(text: str, server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    before = Archive(archive, site="acme").load(bodies=True)
    page = f"<html lang=en><main>{text}<p>{'All of our lamps are being cleaned tonight. ' * 12}</p></main>"
    server.faults.append(Fault(answers(body=page.encode()), path="/learn/*", skip=8, times=9))
    refused = read(server, archive, "-a", "mode=full", "-s", "SECOND_CHANCES=0")
    assert refused.code == 3, refused.said
    assert Archive(archive, site="acme").load(bodies=True).equals(before)
