"""Normalisation, one action per pipeline. The work is done by the pure steps of ``normalise.article``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from helpscraper.intake.reading import PageReadings
from helpscraper.normalise import article as steps

if TYPE_CHECKING:
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
    """Run one step over a page's readings; the ledger counts its outcomes as ``<field>/<outcome>``."""

    step: Callable[[RawArticle, Context], Values]

    def process_item(self, item: PageReadings) -> PageReadings:
        """Fill the columns of this step."""
        for reading in item.readings:
            reading.values.add(type(self).step(reading.raw, reading.context))
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
