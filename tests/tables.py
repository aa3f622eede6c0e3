"""Tables of articles for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pyarrow as pa

from helpscraper.archive.schema import rows_table
from helpscraper.items import Article

__all__ = ["articles_table"]


def articles_table(articles: Iterable[Article]) -> pa.Table:
    """Return the articles as a table with ``SNAPSHOT_SCHEMA``, in the order given."""
    return rows_table(map(asdict, articles))
