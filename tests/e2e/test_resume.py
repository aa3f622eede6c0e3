"""A crawl that was killed: none of its pages is lost, and the next crawl reports its ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import SampleServer
from tests.e2e.conftest import crawl, differences, expected, rows, snapshots
from tests.e2e.test_exit_codes import ROOT, pipelines

DIE_AT = 20


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(articles=40, layout="e3") as server:
        yield server


def killed(server: SampleServer, archive: Path) -> list[str]:
    """Crawl until the process dies at an article, and return the article pages that were asked for."""
    asked = len(server.requests)
    result = crawl(
        server, archive, "-s", pipelines(Dies=850), env={"PYTHONPATH": str(ROOT), "DIE_AT": str(DIE_AT)}
    )  # after the ledger (800) has it
    assert result.code == -9
    assert snapshots(archive) == []
    return articles(server, asked)


def articles(server: SampleServer, since: int) -> list[str]:
    paths = (request.path.removeprefix("/help/") for request in server.requests[since:])
    return [path for path in paths if "/" not in path and path not in ("", "robots.txt")]


def test_resume_fetches_only_what_was_not_fetched(server: SampleServer, archive: Path) -> None:
    first = killed(server, archive)
    asked = len(server.requests)
    result = crawl(server, archive, "--resume")
    assert result.code == 0, result.said
    assert result.facts["resumed"] is True
    assert not differences(rows(archive), expected(server))
    # A few pages were on their way when the process died; those that had been read are not asked for again.
    again = set(first) & set(articles(server, asked))
    assert len(again) <= len(first) - DIE_AT
    assert len(articles(server, asked)) <= 40 - DIE_AT
    assert result.facts["counts"]["fetched"] == 40
    assert Archive(archive).runs().outcome.tolist() == ["committed"]


@pytest.mark.long
def test_the_site_may_move_between_the_kill_and_the_resume(archive: Path) -> None:
    with SampleServer(articles=40) as server:
        killed(server, archive)
        server.state = 1
        result = crawl(server, archive, "--resume")
        assert result.code == 0, result.said
        found = {
            line.partition(":")[0].partition(" ")[0] for line in differences(rows(archive), expected(server))
        }
        # What was read before the kill is true of that hour; nothing that is on the site now is missing.
        assert not {record.slug for record in server.truth()} - rows(archive).keys()
        assert len(found) <= DIE_AT
        assert crawl(server, archive, "-a", "mode=full").code == 0
        assert not differences(rows(archive), expected(server))


def test_without_resume_the_next_crawl_starts_clean_and_says_what_it_found(
    server: SampleServer, archive: Path
) -> None:
    killed(server, archive)
    asked = len(server.requests)
    result = crawl(server, archive)
    assert result.code == 0
    assert "ended without releasing it; taken over" in result.stderr
    assert "Found the ledger of a crawl that did not end" in result.stderr
    assert len(articles(server, asked)) == 40
    assert result.facts["found_lying"]["outcomes"]["fetched"] == DIE_AT
    runs = Archive(archive).runs()
    assert runs.outcome.tolist() == ["failed", "committed"]
    assert runs.reason[0].startswith("ended without run facts")
    assert runs.fetched[0] == DIE_AT
    # A schedule may always ask to resume: with nothing to go on from, a new crawl starts and its line says so.
    result = crawl(server, archive, "--resume")
    assert (result.code, result.stderr) == (0, ""), result.said
    assert result.stdout.rstrip().endswith("; a new crawl: there was none to resume")
    assert len(snapshots(archive)) == 2 and not result.facts["resumed"]


@pytest.mark.long
def test_resume_wants_the_same_crawl(server: SampleServer, archive: Path) -> None:
    killed(server, archive)
    result = crawl(server, archive, "--resume", "-a", "sections=faq-identity")
    assert result.code == 2
    assert "other arguments: sections" in result.stderr
    assert crawl(server, archive, "--resume").code == 0


@pytest.mark.long
def test_a_crawl_that_is_too_old_is_told_and_a_new_one_starts(server: SampleServer, archive: Path) -> None:
    killed(server, archive)
    result = crawl(
        server, archive, "--resume", "-a", "sections=faq-identity", settings={"RESUME_MAX_HOURS": "0"}
    )
    assert result.code == 0, result.said
    assert "too old to be resumed (RESUME_MAX_HOURS=0)" in result.stdout
    assert result.facts["found_lying"]["outcomes"]["fetched"] == DIE_AT
    assert Archive(archive).runs().outcome.tolist() == ["failed", "committed"]


@pytest.mark.long
def test_a_ledger_left_behind_by_a_committed_crawl_is_no_crawl_to_resume(
    server: SampleServer, archive: Path
) -> None:
    state = archive / ".state/site=okx/locale=en"
    killed(server, archive)
    ledger = (state / "ledger.sqlite").read_bytes(), (state / "ledger.sqlite-wal").read_bytes()
    assert crawl(server, archive, "--resume").code == 0
    (state / "ledger.sqlite").write_bytes(ledger[0])
    (state / "ledger.sqlite-wal").write_bytes(ledger[1])
    result = crawl(server, archive, "--resume")
    assert result.code == 0
    assert "there was none to resume" in result.stdout
    assert result.facts["found_lying"] == {}
    assert Archive(archive).runs().outcome.tolist() == ["committed", "committed"]


@pytest.mark.long
def test_a_damaged_ledger_does_not_stop_the_next_crawl(server: SampleServer, archive: Path) -> None:
    killed(server, archive)
    (path := archive / ".state/site=okx/locale=en/ledger.sqlite").write_bytes(b"no database" * 500)
    # Without its write-ahead log, from which SQLite would mend it.
    path.with_name("ledger.sqlite-wal").unlink()
    result = crawl(server, archive, "--resume")
    assert result.code == 0, result.said
    assert "there was none to resume" in result.stdout
    assert "ledger.sqlite.damaged" in result.stderr
    assert not path.exists()
    assert not differences(rows(archive), expected(server))


@pytest.mark.long
def test_the_ledger_is_gone_after_a_commit(server: SampleServer, archive: Path) -> None:
    assert crawl(server, archive).code == 0
    left = {path.name for path in (archive / ".state").rglob("*") if path.is_file()}
    assert left <= {"lock", "validators.sqlite"}


@pytest.mark.long
def test_the_ledger_is_a_plain_database_to_look_into(server: SampleServer, archive: Path) -> None:
    killed(server, archive)
    with sqlite3.connect(archive / ".state/site=okx/locale=en/ledger.sqlite") as database:
        counted = dict(database.execute("SELECT outcome, count(*) FROM article GROUP BY outcome"))
    database.close()
    assert counted["fetched"] == DIE_AT
    assert sum(counted.values()) == 40
