"""Normalisation, one action per pipeline. The work is done by the pure steps of ``normalise.article``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from helpscraper.crawl.reading import Reading
from helpscraper.normalise import article as steps

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.items import RawArticle
    from helpscraper.normalise.article import Context, Values

__all__ = [
    "BodyPipeline",
    "CategoryPipeline",
    "CountPipeline",
    "DatePipeline",
    "IdentityPipeline",
    "TitlePipeline",
]


class _StepPipeline:
    """Run one step over a reading and count what it did as ``helpscraper/<field>/<outcome>``."""

    step: Callable[[RawArticle, Context], Values]

    def __init__(self, crawler: Crawler) -> None:
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> _StepPipeline:
        """Make the pipeline for ``crawler``."""
        return cls(crawler)

    def process_item(self, item: Reading) -> Reading:
        """Fill the columns of this step."""
        values = type(self).step(item.raw, item.context)
        item.values.columns.update(values.columns)
        item.values.body = values.body or item.values.body
        for name, n in values.outcomes.items():
            item.values.outcomes[name] += n
            self._stats.inc_value(f"helpscraper/{name}", n)
        return item


class IdentityPipeline(_StepPipeline):
    """Article id, canonical URL, source id, language."""

    step = staticmethod(steps.identity)


class TitlePipeline(_StepPipeline):
    """Title and snippet."""

    step = staticmethod(steps.titles)


class DatePipeline(_StepPipeline):
    """Instants and shown dates of publication and update."""

    step = staticmethod(steps.dates)


class CategoryPipeline(_StepPipeline):
    """Category and section."""

    step = staticmethod(steps.categories)


class CountPipeline(_StepPipeline):
    """View count and reading time."""

    step = staticmethod(steps.counts)


class BodyPipeline(_StepPipeline):
    """Body, its key and its words."""

    step = staticmethod(steps.bodies)
