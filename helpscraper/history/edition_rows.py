"""Read a few columns of every snapshot of an edition, with each article as a number.

A year of 10,000 articles is 3.65 million rows, so keys are numbers, and NumPy does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.gone import GONE, may_hold_gone
from helpscraper.archive.layout import Partition, parse_month_path, parse_path, snapshot_instant
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.store import Store

__all__ = ["INSTANT", "EditionRows", "Ints", "Rows", "by_edition", "micros"]

Ints = npt.NDArray[Any]
INSTANT = pa.timestamp("us", tz="UTC")

# A month's file is read in parts of about this many rows.
_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one file: the number of each row's article, its instant (µs since 1970), its place in the file."""

    articles: Ints
    at: Ints
    places: Ints
    table: pa.Table

    def where(self, chosen: pa.ChunkedArray) -> Rows:
        """Return the rows that are chosen."""
        if pc.all(chosen).as_py():
            return self
        mask = np.asarray(chosen)
        return Rows(self.articles[mask], self.at[mask], self.places[mask], self.table.filter(chosen))


class EditionRows:
    """Reads the files of one edition; threads share it, and reading releases the interpreter's lock.

    Most crawls see the same articles, so most files hold the same bytes for the column of keys: those are read once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._read: dict[bytes, Ints] = {}
        self._known: pa.Array = pa.array([], pa.string())

    def read(self, path: str, ids: frozenset[str], columns: Sequence[str]) -> Iterator[Rows]:
        """Yield these columns of the articles in one file, of the snapshots ``ids`` (empty: all)."""
        with open_parquet(self._store, path, dictionary=["status"]) as file, self._store.open(path) as raw:
            gone = may_hold_gone(file.metadata.metadata)
            own = parse_path(path)
            names = {*columns, *(["status"] if gone else []), *([] if own else ["snapshot_at"])}
            for groups in _parts(file):
                table = file.read_row_groups(groups, sorted(names), use_threads=False)
                size = table.num_rows
                if own:
                    at = np.broadcast_to(micros(own.snapshot_id), size)
                else:
                    at = np.asarray(table.column("snapshot_at").cast(INSTANT).cast(pa.int64()))
                first = sum(file.metadata.row_group(group).num_rows for group in range(groups[0]))
                rows = Rows(self._numbers(file, raw, groups), at, np.arange(first, first + size), table)
                if gone:
                    rows = rows.where(pc.not_equal(table.column("status"), GONE))
                if ids:
                    instants = pa.array(map(micros, ids), pa.int64())
                    rows = rows.where(pc.is_in(pa.chunked_array([rows.at], pa.int64()), value_set=instants))
                yield rows

    def ranked(self, articles: Ints) -> tuple[list[str], Ints]:
        """Return all keys in order, and the place among them of each row's key."""
        by_name = pc.sort_indices(self._known)
        # Small numbers are sorted by counting, which takes a tenth of the time.
        ranks = np.empty(len(self._known), dtype=np.uint16 if len(self._known) <= 1 << 16 else np.int32)
        ranks[np.asarray(by_name)] = np.arange(len(self._known))
        return self._known.take(by_name).to_pylist(), ranks[articles]

    def _numbers(self, file: pq.ParquetFile, raw: IO[bytes], groups: Sequence[int]) -> Ints:
        """Return the number of each row's key in an open file; ``raw`` are its bytes."""
        digest = _digest(file, raw, groups)
        if (found := self._read.get(digest)) is None:
            column = file.read_row_groups(groups, ["article_id"], use_threads=False).column("article_id")
            with self._lock:
                found = self._read[digest] = self._numbered(column.combine_chunks())
        return found

    def _numbered(self, column: pa.StringArray) -> Ints:
        new = column.filter(pc.invert(pc.is_in(column, value_set=self._known)))
        self._known = pa.concat_arrays([self._known, pc.unique(new)])
        return np.asarray(pc.index_in(column, value_set=self._known))


def by_edition(files: Mapping[str, frozenset[str]]) -> dict[Partition, dict[str, frozenset[str]]]:
    """Return the files of each edition, by edition."""
    found: dict[Partition, dict[str, frozenset[str]]] = {}
    for path, ids in files.items():
        if file := parse_path(path) or parse_month_path(path):
            found.setdefault(file.partition, {})[path] = ids
    return dict(sorted(found.items()))


def micros(snapshot_id: str) -> int:
    """Return the instant of a snapshot in microseconds since 1970."""
    return round(snapshot_instant(snapshot_id).timestamp()) * 1_000_000


def _parts(file: pq.ParquetFile) -> Iterator[list[int]]:
    """Yield the numbers of row groups that are read together."""
    part: list[int] = []
    rows = 0
    for group in range(file.num_row_groups):
        part.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= _AT_ONCE or group == file.num_row_groups - 1:
            yield part
            part, rows = [], 0


def _digest(file: pq.ParquetFile, raw: IO[bytes], groups: Sequence[int]) -> bytes:
    """Return a digest of the keys as they are stored: equal bytes, written in the same way, are equal keys."""
    found = hashlib.sha256()
    place = file.schema_arrow.get_field_index("article_id")
    for group in groups:
        column = file.metadata.row_group(group).column(place)
        raw.seek(column.dictionary_page_offset or column.data_page_offset)
        found.update(raw.read(column.total_compressed_size))
        found.update(repr((column.num_values, column.compression, column.encodings)).encode())
    return found.digest()
