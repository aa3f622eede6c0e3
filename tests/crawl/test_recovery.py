"""Which crawl may be resumed: the same arguments, extractor and declaration, and not too old."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper.archive.layout import snapshot_id
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.recovery import Leftover, why_not_resumable
from helpscraper.crawl.session import CrawlSession, SessionOptions
from helpscraper.errors import CommandError
from helpscraper.settings import RESUME_MAX_HOURS

ARGUMENTS = CrawlArguments.parse(sections="faq-identity")
VERSIONS = {"extractor": "7", "scrapy": "2.19"}


def begun(hours: float = 1) -> Leftover:
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    return Leftover(snapshot_id(at.replace(microsecond=0)), ARGUMENTS.as_facts(), VERSIONS, {"fetched": 3})


def test_the_same_crawl_goes_on() -> None:
    assert why_not_resumable(begun(), ARGUMENTS, VERSIONS, 24) is None
    # Only the extractor makes a page read in two ways.
    assert why_not_resumable(begun(), ARGUMENTS, VERSIONS | {"scrapy": "2.20"}, 24) is None


@pytest.mark.parametrize("now", [{"extractor": "8"}, {}])
def test_pages_are_not_read_in_two_ways(now: dict[str, str]) -> None:
    assert "another version of the extractor" in str(why_not_resumable(begun(), ARGUMENTS, now, 24))


def test_a_site_that_is_declared_otherwise_is_read_anew() -> None:
    same, other = ARGUMENTS.site.as_facts()["sha256"], "0" * 64
    assert why_not_resumable(replace(begun(), declaration=same), ARGUMENTS, VERSIONS, 24) is None
    why = why_not_resumable(replace(begun(), declaration=other), ARGUMENTS, VERSIONS, 24)
    assert "read by another declaration of the site" in str(why)


def test_what_began_too_long_ago_is_no_snapshot_with_now() -> None:
    assert why_not_resumable(begun(23), ARGUMENTS, VERSIONS, 24) is None
    assert "RESUME_MAX_HOURS=24" in str(why_not_resumable(begun(25), ARGUMENTS, VERSIONS, 24))
    assert why_not_resumable(begun(25), ARGUMENTS, VERSIONS, 26) is None


def test_what_a_clock_that_ran_ahead_began_is_not_gone_on_with() -> None:
    assert "still to come: the clock was ahead" in str(why_not_resumable(begun(-2), ARGUMENTS, VERSIONS, 24))


def test_other_arguments_are_another_crawl_until_it_is_too_old() -> None:
    other = replace(ARGUMENTS, sections=())
    with pytest.raises(CommandError, match="other arguments: sections") as caught:
        why_not_resumable(begun(), other, VERSIONS, 24)
    assert "-a sections=faq-identity" in caught.value.advice
    assert "too old" in str(why_not_resumable(begun(25), other, VERSIONS, 24))


def test_nothing_left_is_nothing_to_resume() -> None:
    assert why_not_resumable(None, ARGUMENTS, VERSIONS, 24) == "there was none to resume"


def test_a_crawl_that_found_no_article_gives_its_time_to_no_later_one() -> None:
    nothing = replace(begun(), outcomes={})
    assert "had found no article" in str(why_not_resumable(nothing, ARGUMENTS, VERSIONS, 24))
    assert str(nothing).endswith("(articles: none)") and str(begun()).endswith("(articles: 3 fetched)")


def test_the_crawl_of_one_day_is_gone_on_with_by_the_next_days() -> None:
    hours = SessionOptions().resume_max_hours
    assert why_not_resumable(begun(25), ARGUMENTS, VERSIONS, hours) is None
    assert hours == RESUME_MAX_HOURS


def test_a_crawl_that_died_within_this_second_keeps_its_facts(tmp_path: Path) -> None:
    options = SessionOptions(archive_uri=str(tmp_path / "archive"))
    while time.time() % 1 > 0.3:  # both begin within one second
        time.sleep(0.01)
    died = CrawlSession.open(CrawlArguments.parse(), options)
    died.release()
    following = CrawlSession.open(CrawlArguments.parse(), options)
    following.release()
    assert following.snapshot_id > died.snapshot_id
    left = following.found_lying
    assert left is not None and left.declaration == died.arguments.site.as_facts()["sha256"]
    assert following.catalog.run(following.partition, died.snapshot_id).outcome == "failed"
