"""The columns of every Parquet file, derived from ``Article``, and the lift from older versions.

The schema version stands in each file's metadata. Older versions stay readable for ever: ``read_compatible``
lifts them, and ``tests/data`` keeps one archive of each version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any

import pyarrow as pa

from helpscraper.archive.arrow import compact, release_memory
from helpscraper.errors import ArchiveError
from helpscraper.items import Article, Body

__all__ = [
    "BODIES_SCHEMA",
    "CHANGES_SCHEMA",
    "FROM_KEY",
    "REQUIRED",
    "SCHEMA_VERSION",
    "SNAPSHOT_SCHEMA",
    "VERSION_KEY",
    "VOLATILE",
    "articles_table",
    "bodies_table",
    "iter_articles",
    "read_compatible",
    "rows_table",
    "schema_version",
]

SCHEMA_VERSION = 2
VERSION_KEY = b"helpscraper.schema_version"
FROM_KEY = b"helpscraper.from"
"""Metadata of a feed: the id of the snapshot that it was written against."""

_INSTANT = pa.timestamp("us", tz="UTC")
_TYPES = {
    "string": pa.string(),
    "list<string>": pa.list_(pa.string()),
    "timestamp[us, UTC]": _INSTANT,
    "date32": pa.date32(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "int16": pa.int16(),
}

SNAPSHOT_SCHEMA: pa.Schema = pa.schema(
    pa.field(column.name, _TYPES[column.metadata["arrow"]], nullable=not column.metadata["required"])
    for column in fields(Article)
)
"""The columns of a snapshot, in the order of ``Article``; ``docs/data-dictionary.md`` says what they mean."""

REQUIRED = tuple(field.name for field in SNAPSHOT_SCHEMA if not field.nullable)
VOLATILE = frozenset(column.name for column in fields(Article) if column.metadata["volatile"])
"""Columns that move without an edit of the site, so that a diff leaves them out unless asked."""

BODIES_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("body_sha256", pa.string(), nullable=False),
        pa.field("body_text", pa.string(), nullable=False),
        pa.field("body_markdown", pa.string(), nullable=False),
        pa.field("body_html", pa.string(), nullable=False),
        pa.field("first_snapshot_at", _INSTANT, nullable=False),
    ]
)

CHANGES_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("before", pa.string()),
        pa.field("after", pa.string()),
        pa.field("silent", pa.bool_(), nullable=False),
        pa.field("at", _INSTANT, nullable=False),
    ]
)


_AT_A_TIME = 2048


def articles_table(articles: Iterable[Article]) -> pa.Table:
    """Return the articles as a table with ``SNAPSHOT_SCHEMA``, in the order given.

    Raises ``ArchiveError`` that names the column when a value does not fit its type.
    """
    return _table(map(attrgetter(*SNAPSHOT_SCHEMA.names), articles))


def rows_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows, each with exactly the columns of ``Article``, as ``articles_table`` returns articles.

    Raises ``KeyError`` for a row that lacks a column; keys that are no column of the schema are left out.
    """
    return _table(map(itemgetter(*SNAPSHOT_SCHEMA.names), rows))


def _table(rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Return the rows as a table in chunks, made one at a time: as Python objects they take ten times the memory."""
    left, parts = iter(rows), [SNAPSHOT_SCHEMA.empty_table()]
    while held := list(islice(left, _AT_A_TIME)):
        parts.append(compact(_chunk(held)))
        release_memory()
    return pa.concat_tables(parts)


def _chunk(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = []
    for place, field in enumerate(SNAPSHOT_SCHEMA):
        try:
            columns.append(pa.array([row[place] for row in rows], type=field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise ArchiveError(
                f"column {field.name}: a value does not fit {field.type}: {error}",
                advice="this is a fault of the extractor or normaliser of that field; nothing was written",
            ) from error
    return pa.Table.from_arrays(columns, schema=SNAPSHOT_SCHEMA)


def iter_articles(table: pa.Table) -> Iterator[Article]:
    """Yield the rows of a snapshot as ``Article``; for the few rows that Python code handles one by one."""
    names = SNAPSHOT_SCHEMA.names
    for batch in table.select(names).to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield Article(**row)


def bodies_table(bodies: Iterable[Body], first_snapshot_at: dt.datetime) -> pa.Table:
    """Return the bodies as a table with ``BODIES_SCHEMA``, in the order given."""
    rows = list(bodies)
    columns: list[Any] = [
        pa.array([row.sha256 for row in rows], pa.string()),
        pa.array([row.text for row in rows], pa.string()),
        pa.array([row.markdown for row in rows], pa.string()),
        pa.array([row.html for row in rows], pa.string()),
        pa.repeat(pa.scalar(first_snapshot_at, _INSTANT), len(rows)),
    ]
    return pa.Table.from_arrays(columns, schema=BODIES_SCHEMA)


def schema_version(schema: pa.Schema) -> int | None:
    """Return the version that the file says it was written with, or None when it says none."""
    text = (schema.metadata or {}).get(VERSION_KEY)
    return int(text) if text is not None and text.isdigit() else None


def read_compatible(
    table: pa.Table, target: pa.Schema = SNAPSHOT_SCHEMA, *, where: str = "table"
) -> pa.Table:
    """Return ``table`` with exactly the columns of ``target``, whatever version of helpscraper wrote it.

    A column that the older version did not know is null; one that ``target`` does not know is left out. The
    file's own metadata stay on the result. Raises ``ArchiveError`` naming ``where`` for a file of a newer
    version and for a required column that is missing.
    """
    version = schema_version(table.schema)
    if version is not None and version > SCHEMA_VERSION:
        raise ArchiveError(
            f"{where}: written with schema version {version}, this helpscraper reads up to {SCHEMA_VERSION}",
            advice="upgrade helpscraper to read it",
        )
    columns = []
    for field in target:
        if field.name in table.schema.names:
            column = table.column(field.name)
            columns.append(column if column.type == field.type else _cast(column, field, where))
        elif field.nullable:
            columns.append(pa.nulls(table.num_rows, field.type))
        else:
            raise ArchiveError(
                f"{where}: column {field.name} is missing", advice="the file is not one of helpscraper's"
            )
    return pa.Table.from_arrays(columns, schema=target.with_metadata(table.schema.metadata))


def _cast(column: pa.ChunkedArray, field: pa.Field, where: str) -> pa.ChunkedArray:
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise ArchiveError(
            f"{where}: column {field.name} is {column.type} and cannot be read as {field.type}: {error}",
            advice="the file is not one of helpscraper's, or it was changed by another program",
        ) from error
