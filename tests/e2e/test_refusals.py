"""A snapshot that the health checks refuse is in ``refused/``, changes nothing else, and can be accepted later."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from tests import faults
from tests.e2e.conftest import (
    assert_untouched,
    contents,
    crawl,
    differences,
    expected,
    helpscraper,
    rows,
    snapshots,
)


def test_refuse_look_accept_and_go_on(archive: Path) -> None:
    with SampleServer(articles=60, port=0) as server:
        assert crawl(server, archive).code == 0
    with SampleServer(articles=20, seed=2) as server:
        before, latest = contents(archive), Archive(archive).resolve().id
        refused = crawl(server, archive)
        assert refused.code == 3
        assert refused.verdicts().keys() == {"articles", "section"}
        assert refused.facts["snapshot"] == f"refused/site=okx/locale=en/{refused.facts['run_id']}.parquet"
        assert (archive / refused.facts["snapshot"]).is_file()
        assert Archive(archive).resolve().id == latest
        assert_untouched(before, archive)
        # Refused twice is refused twice.
        assert crawl(server, archive).code == 3
        done = helpscraper("accept", refused.facts["run_id"], "--archive", archive)
        assert done.returncode == 0, done.stderr
        assert Archive(archive).resolve().id == refused.facts["run_id"]
        assert not differences(rows(archive), expected(server))
        assert (archive / f"changes/site=okx/locale=en/{refused.facts['run_id']}.parquet").is_file()
        assert "removed" in Archive(archive).diff("latest~1", "latest").table.column("kind").to_pylist()
        assert helpscraper("verify", "--archive", archive).returncode == 0
        # What was accepted is the measure from now on.
        assert crawl(server, archive).code == 0
        assert len(snapshots(archive)) == 3
    assert helpscraper("accept", "20200101T000000Z", "--archive", archive).returncode == 2


def test_a_first_crawl_of_a_site_that_only_blocks(archive: Path) -> None:
    with SampleServer(articles=12) as server:
        server.faults.append(Fault(faults.challenge(403)))
        result = crawl(server, archive, settings={"RETRY_TIMES": "1"})
        assert result.code == 3
        assert result.verdicts().keys() == {"articles", "challenge"}
        assert "block or challenge page" in result.stderr


def test_block_pages_in_place_of_the_categories_are_no_layout(archive: Path) -> None:
    with SampleServer(articles=12) as server:
        server.faults.append(Fault(faults.denied(), path="/help/category/*"))
        result = crawl(server, archive)
    assert result.code == 3
    assert result.verdicts().keys() == {"articles", "challenge"}
    assert result.facts["problems"] == {"challenge": 3, "discovery": 3} and not result.facts["drift"]


@pytest.mark.long
def test_validators_are_not_sent_after_a_refused_run(archive: Path) -> None:
    with SampleServer(articles=20, validators=True) as server:
        assert crawl(server, archive).code == 0

        def conditional() -> list[int]:
            asked = len(server.requests)
            crawl(server, archive, "-s", "AUDIT_DAYS=0.001")
            return [r.status for r in server.requests[asked:] if "If-None-Match" in r.headers]

        assert conditional() == [304] * 20
        server.faults.append(Fault(faults.challenge(), path="/help/[a-z]*-*"))
        assert crawl(server, archive, "-a", "mode=full").code == 3
        server.faults.clear()
        assert conditional() == []
        assert conditional() == [304] * 20
        assert not differences(rows(archive), expected(server))


@pytest.mark.long
def test_an_import_is_no_measure_and_no_knowledge(archive: Path, tmp_path: Path) -> None:
    with SampleServer(articles=20) as server:
        page = tmp_path / "page.html"
        page.write_bytes(server.healthy("/help/section/faq-getting-started").body)
        done = helpscraper(
            "import", page, "--archive", archive, "--format", "html", "--locale", "en",
            "--captured-at", "2026-01-01T00:00:00Z", "--url", "https://www.okx.com/help/section/faq-getting-started",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        result = crawl(server, archive)
        assert result.code == 0, result.said
        assert result.facts["why_fetched"] == {"new": 20}
        assert not differences(rows(archive), expected(server))
