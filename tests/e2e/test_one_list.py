"""Crawls of platforms with one list of all articles, without dates: GitBook and Document360."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import Action, PendingReply, Reply
from tests.e2e import conftest
from tests.e2e.conftest import Result, crawl, helpscraper, told

SITE = ("--site", "acme")


@pytest.fixture(params=["gitbook", pytest.param("document360", marks=pytest.mark.long)])
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(layout: str) -> Iterator[SampleServer]:
    with SampleServer(layout=layout, articles=40, validators=True) as server:
        yield server


@pytest.fixture
def archive(layout: str, tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    declaration = f'platform = "{layout}"\nbase_url = "https://books.example"\n'
    (tmp_path / "sites" / "acme.toml").write_text(declaration)
    return tmp_path / "output"


def path_of(key: str, layout: str) -> str:
    return f"/{key.replace('.', '/')}.md" if layout == "gitbook" else f"/docs/{key}"


def read(server: SampleServer, archive: Path, *flags: str) -> Result:
    return crawl(server, archive, "-a", "site=acme", *flags)


def with_body(change: bytes) -> Action:
    def action(pending: PendingReply) -> Reply:
        return replace(pending.reply, body=change)

    return action


def test_a_week_of_changes_is_told(layout: str, server: SampleServer, archive: Path, tmp_path: Path) -> None:
    first = read(server, archive)
    assert first.code == 0, first.said
    conftest.assert_true(server, archive)
    # No row of the list shows an edit, so only a 304 vouches for an article.
    assert read(server, archive).facts["counts"]["carried"] == len(server.truth())
    assert told(archive) == {}
    before = {record.slug: record for record in server.truth()}
    server.state = 1
    second = read(server, archive)
    assert second.code == 0, second.said
    conftest.assert_true(server, archive)
    after = {record.slug: record for record in server.truth()}
    kinds, both = told(archive), before.keys() & after.keys()
    same = [(old, new) for old in before.values() for new in after.values() if old.key == new.key]
    # No page has a date: every edit is found by its body, also where the address has changed.
    edits = {new.slug for old, new in same if old.body_text != new.body_text}
    assert edits & both <= kinds["edited"] <= edits and edits & both
    assert kinds["removed"] == before.keys() - after.keys() - {old.slug for old, _ in same} != set()
    # A list that proves no absence does not prove either that an article was not there before.
    new = kinds["added" if layout == "gitbook" else "unverified"]
    assert new | kinds.get("renamed", set()) == after.keys() - before.keys()
    rows = Archive(archive, site="acme").load(bodies=True)
    where = ("--archive", archive, *SITE)
    done = helpscraper("reextract", "latest", "--force", *where)
    assert done.returncode == 0, done.stderr
    assert Archive(archive, site="acme").load(bodies=True).equals(rows)
    record = server.truth()[0]
    path = path_of(record.slug, layout)
    (tmp_path / "page").write_bytes(server.healthy(path).body)
    at = ("--url", f"https://books.example{path}", "--captured-at", "2026-11-01T10:00:00Z")
    done = helpscraper("import", tmp_path / "page", *at, *where)
    assert done.returncode == 0, done.stderr
    (row,) = Archive(archive, site="acme").load("2026-11-01", bodies=True).to_dict("records")
    assert (row["article_id"], row["body_text"]) == (record.slug, record.body_text)
    assert row["url"] == f"https://books.example{path.removesuffix('.md')}"


HOLES = {
    "gitbook": (
        "/llms.txt",
        "is no whole link",
        b"<!doctype html><title>Soon</title>",
        "HTML came instead of Markdown",
    ),
    "document360": (
        "/docs",
        "the tree holds nothing of the category",
        b"<!doctype html><title>Soon</title><h1>Back soon</h1>",
        "no article on the page ('Soon')",
    ),
}


@pytest.mark.long
def test_what_cannot_be_read_is_a_named_hole_and_removes_nothing(
    layout: str, server: SampleServer, archive: Path
) -> None:
    assert read(server, archive).code == 0
    where, hole, page, said = HOLES[layout]
    whole = server.healthy(where).body
    if layout == "gitbook":
        broken = whole[: whole.rindex(b"](http://127")] + b"](http://127"
    else:
        broken = re.sub(rb"&q;children&q;: \[(?!\])", b"&q;was&q;: [", whole, count=2)
    path = path_of(server.truth()[0].slug, layout)
    server.faults += [Fault(with_body(broken), where), Fault(with_body(page), path)]
    done = read(server, archive, "-s", "SECOND_CHANCES=0")
    assert done.code == 4, done.said
    assert hole in done.said
    assert said in str(done.facts["problem_texts"])
    assert told(archive) == {}
    conftest.assert_true(server, archive)
