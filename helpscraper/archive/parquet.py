"""Write and open Parquet with fixed options and with errors that name the file."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helpscraper.archive.arrow import compact, release_memory
from helpscraper.archive.schema import SCHEMA_VERSION, VERSION_KEY
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = [
    "CHANGES_ROWS",
    "RUN_KEY",
    "SNAPSHOT_ROWS",
    "iter_groups",
    "name_damage",
    "open_month_writer",
    "open_parquet",
    "rows_at",
    "write_parquet",
]

RUN_KEY = b"helpscraper.run"

# An article is read with its row group in 3 ms; groups of 8192 rows are 6 % smaller and take 7 ms.
SNAPSHOT_ROWS = 2048

# Small, because the history of an article reads one group of each feed.
CHANGES_ROWS = 512

# Large, because zstd compresses each page separately and gains most from similar texts.
_PAGE_BYTES = 8 << 20
_ZSTD_LEVEL = 9

_FIXED: dict[str, Any] = {
    "version": "2.6",
    "compression": "zstd",
    "compression_level": _ZSTD_LEVEL,
    "data_page_size": _PAGE_BYTES,
    "write_page_checksum": True,
}

# A dictionary would make these texts larger, and statistics would put whole texts into the footer.
_PROSE = frozenset({"body_text", "body_markdown", "body_html", "snippet", "title", "url", "before", "after"})


def write_parquet(
    target: Path,
    schema: pa.Schema,
    tables: Iterable[pa.Table],
    *,
    rows: int = SNAPSHOT_ROWS,
    metadata: Mapping[bytes, bytes] | None = None,
) -> int:
    """Write the tables to ``target`` and return the number of rows; the same tables give the same bytes.

    Each table begins a row group of at most ``rows`` rows.
    """
    all_metadata = {VERSION_KEY: str(SCHEMA_VERSION).encode(), **(metadata or {})}
    searched = [_leaf(field) for field in schema if field.name not in _PROSE]
    count = 0
    with pq.ParquetWriter(
        target,
        schema.with_metadata(dict(sorted(all_metadata.items()))),
        use_dictionary=searched,
        write_statistics=searched,
        **_FIXED,
    ) as writer:
        for table in tables:
            if table.num_rows:
                writer.write_table(table.replace_schema_metadata(writer.schema.metadata), row_group_size=rows)
                count += table.num_rows
                release_memory()
    return count


def open_month_writer(target: Path, schema: pa.Schema, *, plain: Collection[str]) -> pq.ParquetWriter:
    """Return a writer for a packed month, with a dictionary for every column except ``plain``.

    The metadata of ``schema`` states its version. Only the columns that are searched, ``article_id`` and the instants,
    have statistics.
    """
    return pq.ParquetWriter(
        target,
        schema,
        use_dictionary=[_leaf(field) for field in schema if field.name not in plain],
        write_statistics=[name for name in ("article_id", "snapshot_at", "at") if name in schema.names],
        **_FIXED,
    )


def _leaf(field: pa.Field) -> str:
    """Return the Parquet path of the column; the values of a list are two levels below it."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


@contextlib.contextmanager
def open_parquet(store: Store, path: str, *, dictionary: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file with page checksums; damage raises ``ArchiveError`` with the file's name.

    The columns ``dictionary`` are read with their dictionary, which suits few values. The error covers the ``with``
    block, because most damage is found only while decoding.
    """
    with name_damage(store.url(path)), contextlib.ExitStack() as stack:
        source = store.local_path(path) or stack.enter_context(store.open(path))
        file = stack.enter_context(
            pq.ParquetFile(source, page_checksum_verification=True, read_dictionary=list(dictionary))
        )
        yield file


def iter_groups(file: pq.ParquetFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield these columns of each row group in turn; reading all at once takes three times the memory of the rows."""
    for number in range(file.num_row_groups):
        yield compact(file.read_row_group(number, columns, use_threads=False))
        release_memory()


def rows_at(file: pq.ParquetFile, rows: Any, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows with these numbers (sorted, NumPy), reading only their row groups."""
    counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    ends = np.cumsum(counts)
    group_of = np.searchsorted(ends, rows, side="right")
    parts = []
    for group in np.unique(group_of):
        start = ends[group] - counts[group]
        part = file.read_row_group(int(group), columns, use_threads=False)
        parts.append(part.take(pa.array(rows[group_of == group] - start)))
        del part
        release_memory()
    return pa.concat_tables(parts)


@contextlib.contextmanager
def name_damage(url: str) -> Iterator[None]:
    """Turn read errors of the block into ``ArchiveError`` naming ``url``."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArchiveError(
            f"{url}: no such file", advice="run `helpscraper verify` to list missing files"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(
            f"{url}: damaged or unreadable: {error}",
            advice="restore this file from a backup; the other files of the archive can still be read",
        ) from error
