"""Changes as rows: edition, names of the article, record, the two crawls between which it happened, changed words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.arrow import with_edition
from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.errors import ArchiveError
from helpscraper.history.kinds import ARTICLE
from helpscraper.history.last_read import last_seen_unchanged

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog, Snapshot
    from helpscraper.history.body_diff import BodyDiff
    from helpscraper.history.result import DiffResult
    from helpscraper.history.timeline import History

__all__ = [
    "CHANGE_ROWS_SCHEMA", "NAMES", "Words", "change_rows", "diff_begins", "diff_rows", "history_begins", "history_rows",
    "names_in", "with_words",
]  # fmt: skip

Words = Callable[[str, str], "BodyDiff | None"]
"""Returns the word diff of two bodies by their keys, or None when one of them cannot be read."""

NAMES = ("title", "section", "url")
"""The columns that name the article; ``diff`` and ``history`` leave them out of their data formats."""

_NAMES: pa.Schema = pa.schema([(name, pa.string()) for name in NAMES])
_BETWEEN: pa.Schema = pa.schema([("from", pa.string()), ("to", pa.string())])
_WORDS: pa.Schema = pa.schema(
    [
        pa.field("words", pa.string()),
        pa.field("words_deleted", pa.list_(pa.string())),
        pa.field("words_inserted", pa.list_(pa.string())),
    ]
)
_ID, *_RECORD = CHANGES_SCHEMA

CHANGE_ROWS_SCHEMA: pa.Schema = pa.schema(
    [("site", pa.string()), ("locale", pa.string()), _ID, *_NAMES, *_RECORD, *_BETWEEN, *_WORDS]
)
"""One row for each change record.

``title``, ``section`` and ``url`` are those after the change, or before it where the article is gone. The change
happened between the crawls ``from`` and ``to`` (ids). Of an edit ``words`` is the changed part of the text with
``[-gone-]{+new+}``, and the two lists hold the words gone and new."""

Names = Mapping[str, str | None]


def change_rows(table: pa.Table, partition: Partition, names: Sequence[Names], begins: list[str]) -> pa.Table:
    """Return change records with edition, names and crawls; the later crawl is that of ``at`` or ``snapshot_id``."""
    place = table.schema.get_field_index(_ID.name) + 1
    for field in reversed(_NAMES):
        values = pa.array([each.get(field.name) for each in names], pa.string())
        table = table.add_column(place, field, values)
    table = table.append_column(_BETWEEN.field("from"), pa.array(begins, pa.string()))
    ends = pc.strftime(table.column("at").cast(pa.timestamp("s", "UTC")), format="%Y%m%dT%H%M%SZ")
    return with_edition(table.append_column(_BETWEEN.field("to"), ends.cast(pa.string())), partition)


def diff_rows(catalog: Catalog, diff: DiffResult, words: Words | None) -> pa.Table:
    """Return the records of a diff as rows, on request with the words of each edit."""
    partition = diff.partition or catalog.partition()
    known = {row["article_id"]: row for row in diff.articles.to_pylist()}
    names = [known.get(name, {}) for name in diff.table.column("article_id").to_pylist()]
    rows = change_rows(diff.table, partition, names, diff_begins(catalog, diff))
    place = rows.schema.get_field_index("to")
    ends = pa.repeat(pa.scalar(diff.to_id), rows.num_rows)
    return with_words(rows.set_column(place, _BETWEEN.field("to"), ends), words)


def diff_begins(catalog: Catalog, diff: DiffResult) -> list[str]:
    """Return for each record of a diff the last crawl that saw the article unchanged."""
    named = (diff.articles.column(name).to_pylist() for name in ("article_id", "previous_id"))
    keys = {after: before for after, before in zip(*named, strict=True) if before}
    partition = diff.partition or catalog.partition()
    before = catalog.resolve(diff.from_id, site=partition.site, locale=partition.locale)
    return last_seen_unchanged(catalog, before, diff.table.to_pylist(), keys)


def history_rows(catalog: Catalog, found: History, words: Words | None) -> pa.Table:
    """Return the records of an article's history as rows, on request with the words of each edit."""
    snapshots = {each.id: each for each in catalog.snapshots(found.partition)}
    names = [
        name
        for snapshot, records in _by_snapshot(found)
        for name in names_in(catalog, snapshots[snapshot], records)
    ]
    return with_words(change_rows(found.table, found.partition, names, history_begins(catalog, found)), words)


def history_begins(catalog: Catalog, found: History) -> list[str]:
    """Return for each record of an article's history the last crawl that saw the article unchanged."""
    snapshots = {each.id: each for each in catalog.snapshots(found.partition)}
    earlier = dict(zip(list(snapshots)[1:], snapshots.values(), strict=False))
    begins: list[str] = []
    for name, records in _by_snapshot(found):
        before = earlier[name]
        key = found.name_in(before.id)
        keys = {row["article_id"]: key for row in records if key}
        begins += last_seen_unchanged(catalog, before, records, keys)
    return begins


def _by_snapshot(found: History) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, group in groupby(found.table.to_pylist(), key=lambda row: str(row["snapshot_id"])):
        yield name, list(group)


def names_in(catalog: Catalog, after: Snapshot, records: Sequence[Mapping[str, Any]]) -> list[Names]:
    """Return title, section and URL of the article of each record, as ``after`` shows it, or as it was when it went.

    They are missing where ``after`` cannot be read.
    """
    ids = {str(row["article_id"]) for row in records if row["field"] != ARTICLE}
    shown: dict[str, Names] = {}
    with suppress(ArchiveError):  # the change feed is there, the snapshot is damaged
        only = next(iter(ids)) if len(ids) == 1 else None
        if ids:
            columns = [_ID.name, *_NAMES.names]
            rows = catalog.load_table(after, columns=columns, article_id=only)
            chosen = pc.is_in(rows.column(_ID.name), value_set=pa.array(sorted(ids), pa.string()))
            shown = {row[_ID.name]: row for row in rows.filter(chosen).to_pylist()}
    return [
        json.loads(row["after"] or row["before"])
        if row["field"] == ARTICLE
        else shown.get(row["article_id"], {})
        for row in records
    ]


def with_words(table: pa.Table, words: Words | None) -> pa.Table:
    """Return rows of changes with the words of each edit, null for other records; unchanged without ``words``."""
    if words is None:
        return table
    columns = pa.Table.from_pylist([_words(row, words) for row in table.to_pylist()], _WORDS)
    for field in _WORDS:
        table = table.append_column(field, columns.column(field.name))
    return table


def _words(row: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return the words of an edit as text with ``[-gone-]{+new+}``, and those gone and new; nulls for others."""
    edited = row["field"] == "body_sha256" and row["before"] and row["after"]
    found = words(row["before"], row["after"]) if edited else None
    if found is None:
        return {}
    spans = [span for block in found.words.blocks for span in block.spans]
    return {
        "words": found.words.plain(context=1) or found.note,
        "words_deleted": [span.text for span in spans if span.op == "delete"],
        "words_inserted": [span.text for span in spans if span.op == "insert"],
    }
