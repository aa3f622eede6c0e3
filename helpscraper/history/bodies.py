"""Read bodies by their keys, to compare their texts and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.errors import HelpscraperError
from helpscraper.history.pictures import Pictures
from helpscraper.history.renames import Bodies
from helpscraper.history.words import WordDiff, word_diff
from helpscraper.html.markdown import pictures

__all__ = ["BodyDiff", "bodies_of", "pictures_in", "pictures_of", "words_of"]

# Bodies in memory at a time.
_AT_ONCE = 512


def bodies_of(catalog: Catalog, partition: Partition) -> Bodies:
    """Return the reader of body texts that a diff asks when it looks for renames.

    A body that is nowhere, or whose file is damaged, is left out of its answers.
    """

    def read(keys: Sequence[str]) -> Mapping[str, str]:
        table = catalog.body_index(partition).fetch(pa.array(keys, pa.string()))
        texts = table.column("body_text").to_pylist()
        return dict(zip(table.column("body_sha256").to_pylist(), texts, strict=True))

    return read


def pictures_of(catalog: Catalog, partition: Partition) -> Pictures:
    """Return the reader of the addresses of pictures that a diff asks for the bodies of what was edited.

    A body that is nowhere, or whose file is damaged, is left out of its answers.
    """

    def read(keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        found: dict[str, Sequence[str]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            table = catalog.body_index(partition).fetch(pa.array(keys[start : start + _AT_ONCE], pa.string()))
            found |= pictures_in(table)
        return found

    return read


def pictures_in(bodies: pa.Table | pa.RecordBatch) -> dict[str, Sequence[str]]:
    """Return the addresses of the pictures of each body (``BODIES_SCHEMA``) by its key."""
    columns = bodies.column("body_sha256").to_pylist(), bodies.column("body_markdown").to_pylist()
    return {key: pictures(markdown) for key, markdown in zip(*columns, strict=True)}


@dataclass(frozen=True, slots=True)
class BodyDiff:
    """How two bodies differ word by word; ``note`` says it where that is not a difference of their texts."""

    words: WordDiff
    note: str = ""


def words_of(catalog: Catalog, partition: Partition) -> Callable[[str, str], BodyDiff | None]:
    """Return a function that compares two bodies by their keys; None when one of them cannot be read.

    Where the texts are the same, the Markdown is compared: a link that leads elsewhere is an edit too.
    """

    def compare(before: str, after: str) -> BodyDiff | None:
        try:
            old, new = (catalog.body(key, partition) for key in (before, after))
        except HelpscraperError:
            return None
        words = word_diff(old["body_text"], new["body_text"])
        if words:
            return BodyDiff(words)
        marked = word_diff(old["body_markdown"], new["body_markdown"])
        if marked:
            return BodyDiff(
                marked, "same words; its pictures, links or formatting changed, here as Markdown:"
            )
        return BodyDiff(
            marked, "same words, pictures, links and formatting; only its markup or line breaks changed"
        )

    return compare
