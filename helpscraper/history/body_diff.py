"""Compare two stored bodies word by word; imports the word diff only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.errors import HelpscraperError
from helpscraper.extras import need

if TYPE_CHECKING:
    from helpscraper.history.words import WordDiff

__all__ = ["BodyDiff", "words_of"]


@dataclass(frozen=True, slots=True)
class BodyDiff:
    """The word diff of two bodies; ``note`` says when the texts are equal and only the Markdown differs."""

    words: WordDiff
    note: str = ""


def words_of(
    catalog: Catalog, partition: Partition, keys: Sequence[str] = ()
) -> Callable[[str | None, str | None], BodyDiff | None]:
    """Return a function that compares two bodies by their keys; None when one of them cannot be read.

    The key None means no body: of an article that came or went all words are inserted or deleted.

    Where the texts are the same, the Markdown is compared: a link that leads elsewhere is an edit too. The bodies of
    ``keys`` are read at once, which is faster, and kept in memory.
    """
    need("words")
    from helpscraper.history.words import word_diff

    stored: dict[str, dict[str, Any]] = {}
    if keys:
        rows = catalog.body_index(partition).fetch(pa.array(keys, pa.string())).to_pylist()
        stored = {row["body_sha256"]: row for row in rows}

    def read(key: str | None) -> dict[str, Any]:
        if key is None:
            return {"body_text": "", "body_markdown": ""}
        return stored.get(key) or catalog.body(key, partition)

    def compare(before: str | None, after: str | None) -> BodyDiff | None:
        try:
            old, new = read(before), read(after)
        except HelpscraperError:
            return None
        words = word_diff(old["body_text"], new["body_text"])
        if words:
            return BodyDiff(words)
        marked = word_diff(old["body_markdown"], new["body_markdown"])
        note = "same words; its pictures, links or formatting changed, here as Markdown:"
        if not marked:
            note = "same words, pictures, links and formatting; only its markup or line breaks changed"
        return BodyDiff(marked, note)

    return compare
