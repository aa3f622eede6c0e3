"""The schemas of all Parquet files, derived from ``Article``, and the conversion of files of older versions.

Each file's metadata holds its schema version. Files of older versions stay readable for ever: ``read_compatible``
converts them, and ``tests/data`` keeps an archive of each version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import islice
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
    "bodies_table",
    "read_compatible",
    "rows_table",
    "schema_version",
]

SCHEMA_VERSION = 2
VERSION_KEY = b"helpscraper.schema_version"
FROM_KEY = b"helpscraper.from"
"""Metadata of a feed: the id of the snapshot that it was compared with."""

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
"""Columns that change without an edit of the site; a diff leaves them out by default."""

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

# As Python objects rows take ten times the memory, so they are converted in batches.
_BATCH_ROWS = 2048


def rows_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows, mappings with the columns of ``Article``, as a table with ``SNAPSHOT_SCHEMA``, in the order given.

    Other keys are left out. Raises ``KeyError`` for a row that lacks a column, and ``ArchiveError`` that names the
    column when a value does not fit its type.
    """
    remaining, parts = iter(rows), [SNAPSHOT_SCHEMA.empty_table()]
    while batch := list(islice(remaining, _BATCH_ROWS)):
        parts.append(compact(_chunk(batch)))
        release_memory()
    return pa.concat_tables(parts)


def _chunk(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = []
    for field in SNAPSHOT_SCHEMA:
        try:
            columns.append(pa.array([row[field.name] for row in rows], type=field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise ArchiveError(
                f"column {field.name}: a value does not fit {field.type}: {error}",
                advice="this is an error of the extractor or normaliser of that field; nothing was written",
            ) from error
    return pa.Table.from_arrays(columns, schema=SNAPSHOT_SCHEMA)


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
    """Return the schema version that the file's metadata state, None when they state none."""
    text = (schema.metadata or {}).get(VERSION_KEY)
    return int(text) if text is not None and text.isdigit() else None


def read_compatible(
    table: pa.Table, target: pa.Schema = SNAPSHOT_SCHEMA, *, where: str = "table"
) -> pa.Table:
    """Return ``table`` with exactly the columns of ``target``, whatever version of helpscraper wrote it.

    Columns that the file lacks are null; columns that ``target`` lacks are left out. The result keeps the metadata
    of the file. Raises ``ArchiveError`` naming ``where`` for a file of a newer version and for a missing required
    column.
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
                f"{where}: column {field.name} is missing",
                advice="another program wrote this file: move it away",
            )
    return pa.Table.from_arrays(columns, schema=target.with_metadata(table.schema.metadata))


def _cast(column: pa.ChunkedArray, field: pa.Field, where: str) -> pa.ChunkedArray:
    try:
        return column.cast(field.type)
    except pa.ArrowException as error:
        raise ArchiveError(
            f"{where}: column {field.name} is {column.type} and cannot be read as {field.type}: {error}",
            advice="another program wrote or changed this file: restore it from a backup, or move it away",
        ) from error
