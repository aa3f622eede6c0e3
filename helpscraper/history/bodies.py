"""Bodies by their keys, for whoever compares their texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.errors import HelpscraperError
from helpscraper.history.renames import Bodies
from helpscraper.history.words import WordDiff, word_diff

__all__ = ["bodies_of", "words_of"]


def bodies_of(catalog: Catalog, partition: Partition) -> Bodies:
    """Return the reader of body texts that a diff asks when it looks for renames.

    A body that is nowhere, or whose file is damaged, is left out of its answers.
    """

    def read(keys: Sequence[str]) -> Mapping[str, str]:
        table = catalog.body_index(partition).fetch(pa.array(keys, pa.string()))
        texts = table.column("body_text").to_pylist()
        return dict(zip(table.column("body_sha256").to_pylist(), texts, strict=True))

    return read


def words_of(catalog: Catalog, partition: Partition) -> Callable[[str, str], WordDiff | None]:
    """Return a function that compares two bodies by their keys; None when one of them cannot be read."""

    def compare(before: str, after: str) -> WordDiff | None:
        try:
            texts = [catalog.body(key, partition)["body_text"] for key in (before, after)]
        except HelpscraperError:
            return None
        return word_diff(texts[0], texts[1])

    return compare
