"""Scrapy's own stats, looked up the plain way."""

from __future__ import annotations

from scrapy.statscollectors import MemoryStatsCollector

__all__ = ["PlainStatsCollector"]


class PlainStatsCollector(MemoryStatsCollector):
    """The stats of the last run in memory, as Scrapy keeps them.

    Scrapy 2.19 asks for every attribute of its collector under a second name first, to warn of an argument that is
    deprecated; most are not there, and each page, with some twenty sums, pays for an exception in each of them.
    """

    __getattribute__ = object.__getattribute__
