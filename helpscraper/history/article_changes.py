"""The changes of one article between two crawls, gathered from change rows to be told to a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import pyarrow as pa

from helpscraper.archive.layout import Partition, moments, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.history.body_diff import BodyDiff, words_of
from helpscraper.history.kinds import ARTICLE, KINDS, PICTURE
from helpscraper.history.pictures import exchanged
from helpscraper.history.result import rename_field

__all__ = ["ArticleChanges", "article_changes", "with_words"]

_SHOWN = ("title", "category", "category_title", "section", "section_title", PICTURE)
"""The fields whose values are told; the body has its words, dates and counts only follow."""


@dataclass(frozen=True, slots=True)
class ArticleChanges:
    """The changes of one article between the crawls ``begin`` and ``end`` (ids).

    ``kinds`` are in the order of ``KINDS``. ``fields`` has the name and the two values of other changes than that of
    the text; ``former`` is the key before a rename. ``bodies`` are the keys of its text before and after, None where
    there is none; ``with_words`` adds the word diff.
    """

    partition: Partition
    article_id: str
    title: str
    section: str | None
    url: str | None
    kinds: tuple[str, ...]
    silent: bool
    begin: str
    end: str
    fields: tuple[tuple[str, str | None, str | None], ...] = ()
    former: str | None = None
    bodies: tuple[str | None, str | None] = (None, None)
    words: BodyDiff | None = None
    seen_first: bool = False
    """Whether it was seen for the first time by a crawl that looked further than the one before."""

    @property
    def what(self) -> str:
        """Return the changes in words of one line.

        >>> ArticleChanges(Partition("okx", "en"), "fees", "Fees", None, None, ("edited",), True, "", "").what
        'edited without a new date'
        """
        told = [_SAID.get(kind, kind) for kind in self.kinds]
        if self.seen_first:
            told = ["seen for the first time, maybe not new", *told[1:]]
        if self.silent:
            told[self.kinds.index("edited")] += " without a new date"
        if self.former:
            told[self.kinds.index("renamed")] += f" (it was {self.former})"
        return ", ".join(told)

    @property
    def when(self) -> str:
        """Between which two crawls it happened."""
        begin, end = moments(snapshot_instant(self.begin), snapshot_instant(self.end))
        return f"between {begin} and {end} UTC"


_SAID = {"unverified": "not seen, but the crawl did not look everywhere", "touched": "dated anew"}


def article_changes(catalog: Catalog, rows: pa.Table, *, words: bool = True) -> Iterator[ArticleChanges]:
    """Yield the changes of each article and crawl of ``rows`` (with the columns of ``change_rows``), in their order.

    ``words`` adds the words of each edit.
    """
    records = (row for batch in rows.to_batches(max_chunksize=1024) for row in batch.to_pylist())
    for key, group in groupby(
        records, key=lambda row: (row["site"], row["locale"], row["to"], row["article_id"])
    ):
        change = _gathered(Partition(*key[:2]), list(group))
        yield with_words(catalog, change) if words else change


def with_words(catalog: Catalog, change: ArticleChanges, *, whole: bool = False) -> ArticleChanges:
    """Return ``change`` with the words of an edit, and if ``whole``, with all words of an article that came or went.

    Without words where the text did not change or a body cannot be read. Raises ``MissingExtraError``.
    """
    before, after = change.bodies
    if before == after or not (whole or (before and after)):
        return change
    return replace(change, words=words_of(catalog, change.partition)(before, after))


def _gathered(partition: Partition, records: Sequence[Mapping[str, Any]]) -> ArticleChanges:
    kinds = {row["kind"] for row in records}
    renames = [row for row in records if row["kind"] == "renamed"]
    field = rename_field(row["field"] for row in renames)
    former = next((row["before"] for row in renames if field and row["field"] == field), None)
    first = records[0]
    return ArticleChanges(
        partition=partition,
        article_id=first["article_id"],
        title=first["title"] or first["article_id"],
        section=first["section"],
        url=first["url"] if (first["url"] or "").startswith(("https://", "http://")) else None,
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        silent=any(row["silent"] for row in records),
        begin=min(row["from"] for row in records),
        end=first["to"],
        fields=tuple(_values(records)),
        former=former,
        bodies=_bodies(records),
        seen_first=any(row["kind"] == "unverified" and row["before"] is None for row in records),
    )


def _bodies(records: Iterable[Mapping[str, Any]]) -> tuple[str | None, str | None]:
    for row in records:
        if row["field"] == "body_sha256":
            return row["before"], row["after"]
        if row["field"] == ARTICLE:
            before, after = (json.loads(row[side] or "{}").get("body_sha256") for side in ("before", "after"))
            return before, after
    return None, None


def _values(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the other fields that changed, a section by its title rather than its key."""
    labelled = {
        str(row["field"]).removesuffix("_title") for row in records if str(row["field"]).endswith("_title")
    }
    for row in records:
        name = row["field"]
        if name not in _SHOWN or name in labelled:
            continue
        values = exchanged(row["before"], row["after"]) if name == PICTURE else (row["before"], row["after"])
        yield (name.removesuffix("_title"), *values)
