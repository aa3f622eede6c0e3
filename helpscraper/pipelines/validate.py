"""No row without what a row must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import DropItem

from helpscraper.crawl.reading import Reading
from helpscraper.errors import CrawlError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from helpscraper.crawl.session import CrawlSession

__all__ = ["ValidatePipeline", "missing_field"]


def missing_field(item: Reading) -> str | None:
    """Return the column without which ``item`` cannot be a row; None when nothing is missing.

    A listing may leave out a title (the article's own page gives it); an article's own page may not.
    """
    columns = item.values.columns
    if not columns.get("article_id"):
        return "article_id"
    if item.raw.kind == "article" and not columns.get("title"):
        return "title"
    return None


class ValidatePipeline:
    """Drop what cannot become a row, and enter in the ledger that it was dropped and why."""

    def __init__(self, crawler: Crawler) -> None:
        session: CrawlSession | None = getattr(crawler.spider, "session", None)
        if session is None:
            raise CrawlError(
                "the pipelines need a crawl session", advice="keep SessionExtension in EXTENSIONS"
            )
        self._session = session

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ValidatePipeline:
        """Make the pipeline for ``crawler``."""
        return cls(crawler)

    def process_item(self, item: Reading) -> Reading:
        """Pass ``item`` on, or raise ``DropItem`` naming the field."""
        field = missing_field(item)
        if field is None:
            return item
        self._session.ledger.problem("invalid", item.raw.url, f"no {field}")
        self._session.ledger.tally("fields", item.values.outcomes)
        if field != "article_id" and item.raw.kind == "article":
            self._session.ledger.settle(item.values.columns["article_id"], "failed", f"no {field}")
        raise DropItem(f"{item.raw.url}: no {field}")
