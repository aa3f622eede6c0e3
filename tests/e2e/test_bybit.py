"""Crawls of the sample site as Bybit's help centre holds it: in the state of its pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from tests.e2e.conftest import FAST, Result, assert_true, expected, helpscraper, newest_facts, rows, told

FLAGS = [part for name, value in FAST.items() for part in ("-s", f"{name}={value}")]
SHOWN = (
    "title",
    "section",
    "section_title",
    "category_title",
    "source_id",
    "updated_on",
    "body_text",
    "listed_in",
)


def read(server: SampleServer, archive: Path, *flags: str) -> Result:
    done = helpscraper("crawl", f"{server.url}/en/help-center", "--archive", archive, *FLAGS, *flags)
    return Result(done.returncode, done.stdout, done.stderr, newest_facts(archive))


def without_state(pending: PendingReply) -> Reply:
    return replace(pending.reply, body=pending.reply.body.replace(b"__NEXT_DATA__", b"__OTHER__"))


@pytest.mark.long
def test_a_help_centre_in_the_state_of_its_pages_is_archived_and_compared(tmp_path: Path) -> None:
    archive = tmp_path / "output"
    with SampleServer(layout="bybit", articles=36) as server:
        first = read(server, archive)
        assert first.code == 0, first.said
        assert first.stderr.startswith(
            f"bybit (by the topics in its state): {server.url}, en; its lists show no edit"
        )
        assert_true(server, archive)
        found, truth = rows(archive), expected(server)
        for key, row in truth.items():
            assert {name: found[key][name] for name in SHOWN} == {name: row[name] for name in SHOWN}
        name = f"127.0.0.1-{server.port}"
        before = Archive(archive, site=name).load(bodies=True)
        done = helpscraper("reextract", "latest", "--force", "--archive", archive, "--site", name)
        assert f"{len(truth)} rows from" in done.stdout, done.stderr
        assert Archive(archive, site=name).load(bodies=True).equals(before)

        article = found[min(truth)]["url"].removeprefix(server.url)
        server.faults += [Fault(without_state, path="*/topic-list/faq"), Fault(without_state, path=article)]
        holed = read(server, archive, "-s", "SECOND_CHANCES=0")
        assert holed.code == 4, holed.said
        assert "the page has no state" in " ".join(holed.facts["sections"]["faq"]["holes"])
        assert f"{server.url}{article}" in str(holed.facts["problem_texts"])
        # The articles of the topic were asked for at their own pages.
        assert told(archive, name) == {}
        assert_true(server, archive)

        server.faults.clear()
        server.state = 1
        second = read(server, archive)
        assert second.code == 0, second.said
        assert_true(server, archive)
        now, changes = expected(server), told(archive, name)
        both = truth.keys() & now.keys()
        ids = {row["source_id"] for row in now.values()}
        assert changes["removed"] == {
            key for key in truth.keys() - now.keys() if truth[key]["source_id"] not in ids
        }
        assert changes["removed"]
        # That a topic did not show an article before is no proof that it was not there.
        assert now.keys() - truth.keys() == changes["unverified"] | changes["renamed"]
        edited = {key for key in both if truth[key]["body_text"] != now[key]["body_text"]}
        assert edited <= changes["edited"]
        secret = {key for key in edited if truth[key]["updated_on"] == now[key]["updated_on"]}
        assert secret and secret <= told(archive, name, silent=True)["edited"]
