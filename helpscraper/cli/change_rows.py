"""Changes as rows of the data formats: edition, record, the two crawls between which it happened, changed words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from helpscraper.archive.arrow import with_edition
from helpscraper.history.last_read import last_seen_unchanged

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog
    from helpscraper.history.body_diff import BodyDiff
    from helpscraper.history.result import DiffResult
    from helpscraper.history.timeline import History

__all__ = ["diff_begins", "diff_rows", "history_begins", "history_rows"]

Words = Callable[[str, str], "BodyDiff | None"]

_BETWEEN: pa.Schema = pa.schema([pa.field("from", pa.string()), pa.field("to", pa.string())])
_WORDS: pa.Schema = pa.schema(
    [
        pa.field("words", pa.string()),
        pa.field("words_deleted", pa.list_(pa.string())),
        pa.field("words_inserted", pa.list_(pa.string())),
    ]
)


def diff_rows(catalog: Catalog, diff: DiffResult, words: Words | None) -> pa.Table:
    """Return the records of a diff, with edition, crawls and, on request, the words of each edit."""
    ends = [diff.to_id] * len(diff)
    partition = diff.partition or catalog.partition()
    return _rows(diff.table, partition, diff_begins(catalog, diff), ends, words)


def diff_begins(catalog: Catalog, diff: DiffResult) -> list[str]:
    """Return for each record of a diff the last crawl that saw the article unchanged."""
    named = (diff.articles.column(name).to_pylist() for name in ("article_id", "previous_id"))
    keys = {after: before for after, before in zip(*named, strict=True) if before}
    partition = diff.partition or catalog.partition()
    before = catalog.resolve(diff.from_id, site=partition.site, locale=partition.locale)
    return last_seen_unchanged(catalog, before, diff.table.to_pylist(), keys)


def history_rows(catalog: Catalog, found: History, words: Words | None) -> pa.Table:
    """Return the records of an article's history, with edition, crawls and, on request, the words of each edit."""
    ends = found.table.column("snapshot_id").to_pylist()
    return _rows(found.table, found.partition, history_begins(catalog, found), ends, words)


def history_begins(catalog: Catalog, found: History) -> list[str]:
    """Return for each record of an article's history the last crawl that saw the article unchanged."""
    snapshots = {each.id: each for each in catalog.snapshots(found.partition)}
    earlier = dict(zip(list(snapshots)[1:], snapshots.values(), strict=False))
    begins: list[str] = []
    for name, group in groupby(found.table.to_pylist(), key=lambda row: str(row["snapshot_id"])):
        records, before = list(group), earlier[name]
        key = found.name_in(before.id)
        keys = {row["article_id"]: key for row in records if key}
        begins += last_seen_unchanged(catalog, before, records, keys)
    return begins


def _rows(
    table: pa.Table, partition: Partition, begins: list[str], ends: list[str], words: Words | None
) -> pa.Table:
    for field, values in zip(_BETWEEN, (begins, ends), strict=True):
        table = table.append_column(field, pa.array(values, pa.string()))
    if words is not None:
        columns = pa.Table.from_pylist([_words(row, words) for row in table.to_pylist()], _WORDS)
        for field in _WORDS:
            table = table.append_column(field, columns.column(field.name))
    return with_edition(table, partition)


def _words(row: dict[str, Any], words: Words) -> dict[str, Any]:
    """Return the words of an edit as text with ``[-gone-]{+new+}``, and those gone and new; nulls for other records."""
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
