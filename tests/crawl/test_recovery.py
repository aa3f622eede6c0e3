"""What may be gone on with: the same crawl, read by the same extractor, and not too long ago."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from helpscraper.archive.layout import snapshot_id
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.recovery import Leftover, resumable
from helpscraper.errors import CommandError

ARGUMENTS = CrawlArguments.parse(sections="faq-identity")
VERSIONS = {"extractor": "7", "scrapy": "2.19"}


def begun(hours: float = 1) -> Leftover:
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    return Leftover(snapshot_id(at.replace(microsecond=0)), ARGUMENTS.as_facts(), VERSIONS, {"fetched": 3})


def test_the_same_crawl_goes_on_under_its_own_instant() -> None:
    leftover = begun()
    assert snapshot_id(resumable(leftover, ARGUMENTS, VERSIONS, 24)) == leftover.snapshot_id
    # Only the extractor makes a page read in two ways.
    assert resumable(leftover, ARGUMENTS, VERSIONS | {"scrapy": "2.20"}, 24)


@pytest.mark.parametrize("now", [{"extractor": "8"}, {}])
def test_pages_are_not_read_in_two_ways(now: dict[str, str]) -> None:
    with pytest.raises(CommandError, match="another version of the extractor"):
        resumable(begun(), ARGUMENTS, now, 24)


def test_what_began_too_long_ago_is_no_snapshot_with_now() -> None:
    assert resumable(begun(23), ARGUMENTS, VERSIONS, 24)
    with pytest.raises(CommandError, match="too long ago") as caught:
        resumable(begun(25), ARGUMENTS, VERSIONS, 24)
    assert "RESUME_MAX_HOURS" in caught.value.advice
    assert resumable(begun(25), ARGUMENTS, VERSIONS, 26)


def test_what_a_clock_that_ran_ahead_began_is_not_gone_on_with() -> None:
    with pytest.raises(CommandError, match="still to come: the clock was ahead"):
        resumable(begun(-2), ARGUMENTS, VERSIONS, 24)


def test_other_arguments_are_another_crawl() -> None:
    with pytest.raises(CommandError, match="other arguments: sections") as caught:
        resumable(begun(), replace(ARGUMENTS, sections=()), VERSIONS, 24)
    assert "-a sections=faq-identity" in caught.value.advice


def test_nothing_left_is_nothing_to_resume() -> None:
    with pytest.raises(CommandError, match="no crawl to resume"):
        resumable(None, ARGUMENTS, VERSIONS, 24)
