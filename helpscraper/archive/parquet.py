"""How helpscraper writes and opens Parquet: one set of options, and errors that name the file."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from helpscraper.archive.schema import SCHEMA_VERSION, VERSION_KEY
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = [
    "CHANGES_ROWS",
    "RUN_KEY",
    "SNAPSHOT_ROWS",
    "damage_named",
    "open_month_writer",
    "open_parquet",
    "write_parquet",
]

RUN_KEY = b"helpscraper.run"

# Rows sorted by key in groups of this size: one article is found by its group's statistics and read in 3 ms. Groups
# of 8192 rows would be 6 % smaller and take 7 ms.
SNAPSHOT_ROWS = 2048

# Small groups: the story of one article reads one of them from each feed.
CHANGES_ROWS = 512

# One page holds a whole column chunk of a group up to this size, because zstd compresses each page for itself
# and the likeness between texts is what there is to gain.
_PAGE_BYTES = 8 << 20
_ZSTD_LEVEL = 9

_FIXED: dict[str, Any] = {
    "version": "2.6",
    "compression": "zstd",
    "compression_level": _ZSTD_LEVEL,
    "data_page_size": _PAGE_BYTES,
    "write_page_checksum": True,
}

# Columns of running text, no two alike: a dictionary would only lengthen them, and their least and greatest value,
# which nobody searches by, would stand in the footer whole and uncompressed.
_PROSE = frozenset({"body_text", "body_markdown", "body_html", "snippet", "title", "url", "before", "after"})


def write_parquet(
    target: Path,
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    *,
    rows: int = SNAPSHOT_ROWS,
    metadata: Mapping[bytes, bytes] | None = None,
) -> int:
    """Write the tables to ``target`` with fixed options and return the number of rows.

    The same tables give the same bytes. Each table begins a row group, cut to ``rows``.
    """
    noted = {VERSION_KEY: str(SCHEMA_VERSION).encode(), **(metadata or {})}
    searched = [_leaf(field) for field in schema if field.name not in _PROSE]
    count = 0
    with pq.ParquetWriter(
        target,
        schema.with_metadata(dict(sorted(noted.items()))),
        use_dictionary=searched,
        write_statistics=searched,
        **_FIXED,
    ) as writer:
        for table in tables:
            if table.num_rows:
                writer.write_table(table.replace_schema_metadata(writer.schema.metadata), row_group_size=rows)
                count += table.num_rows
    return count


def open_month_writer(target: Path, schema: pa.Schema, *, plain: Collection[str]) -> pq.ParquetWriter:
    """Return a writer for rows that repeat themselves: a dictionary for every column but the ``plain`` ones.

    The metadata of ``schema`` name its version. Only ``article_id`` and the instants have statistics, because only by
    them is anything looked for.
    """
    return pq.ParquetWriter(
        target,
        schema,
        use_dictionary=[_leaf(field) for field in schema if field.name not in plain],
        write_statistics=[name for name in ("article_id", "snapshot_at", "at") if name in schema.names],
        **_FIXED,
    )


def _leaf(field: pa.Field) -> str:
    """Return the path by which Parquet knows the column: a list's values lie two levels below it."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


@contextlib.contextmanager
def open_parquet(store: Store, path: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, page checksums verified; damage becomes an ``ArchiveError`` with the name.

    The work inside the ``with`` block is covered too, because Parquet finds most damage only while decoding.
    """
    with damage_named(store.url(path)), contextlib.ExitStack() as stack:
        source = store.url(path) if store.is_local else stack.enter_context(store.open(path))
        file = stack.enter_context(pq.ParquetFile(source, page_checksum_verification=True))
        yield file


@contextlib.contextmanager
def damage_named(url: str) -> Iterator[None]:
    """Make whatever cannot be read inside the block an ``ArchiveError`` that names ``url``."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArchiveError(
            f"{url}: no such file", advice="`helpscraper verify` lists what is missing"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(
            f"{url}: damaged or unreadable: {error}",
            advice="restore this file from a backup; the other files of the archive can still be read",
        ) from error
