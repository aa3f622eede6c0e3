"""Crawls of the sample site on GitBook: a list of titles that proves absences, and Markdown without dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import Action, PendingReply, Reply
from tests.e2e import conftest
from tests.e2e.conftest import Result, crawl, helpscraper

SITE = ("--site", "acme")


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(layout="gitbook", articles=40, validators=True) as server:
        yield server


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "sites").mkdir()
    declaration = 'platform = "gitbook"\nbase_url = "https://books.example"\n'
    (tmp_path / "sites" / "acme.toml").write_text(declaration)
    return tmp_path / "output"


def read(server: SampleServer, archive: Path, *flags: str) -> Result:
    return crawl(server, archive, "-a", "site=acme", *flags)


def told(archive: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for change in Archive(archive, site="acme").diff("latest~1", "latest").records():
        found.setdefault(change["kind"], set()).add(change["article_id"])
    return found


def with_body(change: bytes) -> Action:
    def action(pending: PendingReply) -> Reply:
        return replace(pending.reply, body=change)

    return action


def test_a_week_of_changes_is_told(server: SampleServer, archive: Path, tmp_path: Path) -> None:
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
    assert kinds["added"] | kinds.get("renamed", set()) == after.keys() - before.keys()
    rows = Archive(archive, site="acme").load(bodies=True)
    where = ("--archive", archive, *SITE)
    done = helpscraper("reextract", "latest", "--force", *where)
    assert done.returncode == 0, done.stderr
    assert Archive(archive, site="acme").load(bodies=True).equals(rows)
    record = server.truth()[0]
    path = "/" + record.slug.replace(".", "/")
    (tmp_path / "page.md").write_bytes(server.healthy(f"{path}.md").body)
    at = ("--url", f"https://books.example{path}.md", "--captured-at", "2026-11-01T10:00:00Z")
    done = helpscraper("import", tmp_path / "page.md", *at, *where)
    assert done.returncode == 0, done.stderr
    (row,) = Archive(archive, site="acme").load("2026-11-01", bodies=True).to_dict("records")
    assert (row["article_id"], row["body_text"]) == (record.slug, record.body_text)
    assert row["url"] == f"https://books.example{path}"


@pytest.mark.long
def test_what_cannot_be_read_is_a_named_hole_and_removes_nothing(server: SampleServer, archive: Path) -> None:
    assert read(server, archive).code == 0
    index = server.healthy("/llms.txt").body
    path = "/" + server.truth()[0].slug.replace(".", "/")
    cut = index[: index.rindex(b"](http://127")] + b"](http://127"
    server.faults += [
        Fault(with_body(cut), "/llms.txt"),
        Fault(with_body(b"<!doctype html><title>Soon</title><p>Back soon"), f"{path}.md"),
    ]
    done = read(server, archive, "-s", "SECOND_CHANCES=0")
    assert done.code == 4, done.said
    assert "is no whole link" in done.said
    assert "HTML came instead of Markdown ('Soon')" in str(done.facts["problem_texts"])
    assert told(archive) == {}
    conftest.assert_true(server, archive)
