"""The stats of a crawl: the sums that Scrapy makes, without its detour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scrapy.statscollectors import MemoryStatsCollector, StatsCollector
from scrapy.utils.test import get_crawler

from helpscraper import settings
from helpscraper.extensions.stats import PlainStatsCollector

NAMES = st.sampled_from(["a", "b", "c/d"])
CALLS = st.lists(
    st.tuples(st.sampled_from(["inc_value", "max_value", "min_value", "set_value"]), NAMES, st.integers(0, 9))
)


@given(CALLS)
def test_they_are_those_that_scrapy_keeps(calls: list[tuple[str, str, int]]) -> None:
    crawler = get_crawler()
    ours, scrapys = PlainStatsCollector(crawler), MemoryStatsCollector(crawler)
    for name, key, value in calls:
        for stats in (ours, scrapys):
            getattr(stats, name)(key, value)
    assert ours.get_stats() == scrapys.get_stats()
    assert [ours.get_value(key, -1) for key in "ab"] == [scrapys.get_value(key, -1) for key in "ab"]


def test_a_crawl_keeps_them_so() -> None:
    made = get_crawler(settings_dict={"STATS_CLASS": settings.STATS_CLASS}).stats
    assert type(made) is PlainStatsCollector
    # Not two look-ups for each attribute, one of which fails.
    assert type(made).__getattribute__ is not StatsCollector.__getattribute__
