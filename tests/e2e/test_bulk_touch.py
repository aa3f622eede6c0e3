"""Every article's update moves on one day: a crawl reads all of them again, in more runs than one if it must."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from helpscraper.sample.truth import expected_changes
from tests.e2e.conftest import crawl, helpscraper, snapshots
from tests.e2e.test_resume import articles

UPDATED = re.compile(rb'"updatedAt":"[^"]*"')


def touch_all(pending: PendingReply) -> Reply:
    """Say of every article that it was updated at one instant, in lists and on its own page."""
    return replace(
        pending.reply, body=UPDATED.sub(b'"updatedAt":"2026-06-08T05:00:00.000Z"', pending.reply.body)
    )


def test_a_bulk_touch_is_read_in_several_runs_and_told_in_one_line(archive: Path) -> None:
    with SampleServer(articles=60) as server:
        assert crawl(server, archive).code == 0
        server.state = 1
        server.faults.append(Fault(touch_all, path="/help/*"))
        asked, read = len(server.requests), []
        for ask in ((), ("--resume",)):
            # Items are pages: the listings come first, and some twenty articles.
            cut = crawl(server, archive, *ask, settings={"CLOSESPIDER_ITEMCOUNT": "35"})
            assert cut.code == 3 and len(snapshots(archive)) == 1, cut.said
            assert cut.verdicts().keys() == {"end"}
            assert f"{cut.facts['due']} still to be read), " in cut.stderr and "failed" not in cut.stderr
            read.append(articles(server, asked))
            asked = len(server.requests)
        done = crawl(server, archive, "--resume")
        assert done.code == 0, done.said
        read.append(articles(server, asked))
        there = {record.slug for record in server.truth()}
        edited = {c.article_id for c in expected_changes(0, 1, options=server.options) if c.kind == "edited"}
    # No page that was read is read again, but for the few that were on their way, and none is left out.
    assert sum(len(set(a) & set(b)) for a in read for b in read if a is not b) <= 2 * 2 * 4
    assert there <= set().union(*read)
    assert done.facts["counts"]["fetched"] == len(there)
    counts = Archive(archive).diff("latest~1", "latest").summary()
    assert counts["edited"] == len(edited) and counts["touched"] > 40
    (line,) = (
        line
        for line in helpscraper("log", "--archive", archive).stdout.splitlines()
        if "all sections" in line
    )
    assert f"{counts['edited']} edited" in line and f"{counts['touched']} touched" in line
