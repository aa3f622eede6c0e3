"""The view counts of an archive as a series, each article under one name through all its renames.

Only the columns that are needed are read, keys as numbers, and NumPy does the rest: a year of 10,000 articles is 3.65
million rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.arrow import release_memory
from helpscraper.archive.gone import GONE
from helpscraper.archive.layout import Partition, parse_month_path, parse_path, snapshot_instant
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_snapshot_files
from helpscraper.archive.store import Store
from helpscraper.history.identity import Identities
from helpscraper.history.steps import renames_between, steps

__all__ = ["VIEWS_SCHEMA", "view_series"]

_NAME = pa.dictionary(pa.int32(), pa.string())
_INSTANT = pa.timestamp("us", tz="UTC")

VIEWS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", _NAME),
        pa.field("locale", _NAME),
        pa.field("article_id", _NAME),
        pa.field("snapshot_at", _INSTANT),
        pa.field("view_count", pa.int64()),
        pa.field("gain", pa.int64()),
        pa.field("days", pa.float64()),
        pa.field("gain_per_day", pa.float64()),
        pa.field("reset", pa.bool_()),
        pa.field("slug", _NAME),
    ]
)
"""One row for each article in each snapshot that shows its count, by edition, article and time.

``article_id`` is the article as ``owner`` in ``identity.TENURES_SCHEMA``, ``slug`` its key in that snapshot. ``gain``
is the difference to the observation before, ``days`` earlier (null for the first, and after a reset); ``reset`` says
that the count fell, so the counter was reset or another number is shown."""

_UNUSED = pa.array([GONE, "failed"], pa.string())
_DAY = 86_400_000_000

Ints = npt.NDArray[Any]


def view_series(catalog: Catalog) -> pa.Table:
    """Return the view counts of every article in every snapshot (``VIEWS_SCHEMA``); raises ``ArchiveError``."""
    return with_snapshot_files(catalog, lambda files: _series(catalog, files))


def _series(catalog: Catalog, files: Mapping[str, frozenset[str]]) -> pa.Table:
    parts = [VIEWS_SCHEMA.empty_table()]
    for partition in catalog.partitions():
        own = [path for path in files if _partition_of(path) == partition]
        if not own:
            continue
        keys = _Keys()
        # Reading releases the interpreter's lock.
        with ThreadPoolExecutor(2) as pool:
            renames = pool.submit(renames_between, catalog, steps(catalog, partition))
            read = list(pool.map(partial(_observed, catalog.store, keys), own, (files[path] for path in own)))
            tenures = Identities(renames.result()).table().to_pylist()
        release_memory()
        parts.append(_of_edition(partition, keys, read, tenures))
    return pa.concat_tables(parts).unify_dictionaries()


def _partition_of(path: str) -> Partition | None:
    found = parse_path(path) or parse_month_path(path)
    return found.partition if found else None


class _Keys:
    """The keys of an edition, each with a number; threads share them.

    Most crawls see the same articles, so most files hold the same bytes for the column of keys: those are read once.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: dict[bytes, Ints] = {}
        self.known: pa.Array = pa.array([], pa.string())

    def numbers(self, file: pq.ParquetFile, raw: IO[bytes]) -> Ints:
        """Return the number of each row's key in an open file; ``raw`` are its bytes."""
        digest = _digest(file, raw)
        if (found := self._read.get(digest)) is None:
            column = file.read(["article_id"], use_threads=False).column("article_id")
            with self._lock:
                found = self._read[digest] = self._numbered(column.combine_chunks())
        return found

    def _numbered(self, column: pa.StringArray) -> Ints:
        new = column.filter(pc.invert(pc.is_in(column, value_set=self.known)))
        self.known = pa.concat_arrays([self.known, pc.unique(new)])
        return np.asarray(pc.index_in(column, value_set=self.known))

    def ranked(self, numbers: Ints) -> tuple[list[str], Ints]:
        """Return all keys in order, and the place among them of each row's key."""
        by_name = pc.sort_indices(self.known)
        # Small numbers are sorted by counting, which takes a tenth of the time.
        ranks = np.empty(len(self.known), dtype=np.uint16 if len(self.known) <= 1 << 16 else np.int32)
        ranks[np.asarray(by_name)] = np.arange(len(self.known))
        return self.known.take(by_name).to_pylist(), ranks[numbers]


def _digest(file: pq.ParquetFile, raw: IO[bytes]) -> bytes:
    """Return a digest of the keys as they are stored: equal bytes, written in the same way, are equal keys."""
    found = hashlib.sha256()
    place = file.schema_arrow.get_field_index("article_id")
    for group in range(file.num_row_groups):
        column = file.metadata.row_group(group).column(place)
        raw.seek(column.dictionary_page_offset or column.data_page_offset)
        found.update(raw.read(column.total_compressed_size))
        found.update(repr((column.num_values, column.compression, column.encodings)).encode())
    return found.digest()


def _observed(store: Store, keys: _Keys, path: str, ids: frozenset[str]) -> tuple[Ints, Ints, Ints]:
    """Return key, instant and count of the articles in one file, of these snapshots (empty: all)."""
    with open_parquet(store, path) as file, store.open(path) as raw:
        table = file.read(["snapshot_at", "view_count", "status"], use_threads=False)
        numbers = keys.numbers(file, raw)
    chosen = pc.and_(
        pc.is_valid(table.column("view_count")),
        pc.invert(pc.is_in(table.column("status"), value_set=_UNUSED)),
    )
    if ids:
        instants = pa.array([snapshot_instant(each) for each in sorted(ids)], _INSTANT)
        chosen = pc.and_(chosen, pc.is_in(table.column("snapshot_at").cast(_INSTANT), value_set=instants))
    if not pc.all(chosen).as_py():
        table, numbers = table.filter(chosen), numbers[np.asarray(chosen)]
    at, counts = (np.asarray(table.column(name).cast(pa.int64())) for name in ("snapshot_at", "view_count"))
    return numbers, at, counts


def _of_edition(
    partition: Partition, keys: _Keys, read: list[tuple[Ints, Ints, Ints]], tenures: list[dict[str, Any]]
) -> pa.Table:
    """Return the rows of one edition; empties ``read``, because each copy of a year takes 75 MB."""
    numbers, at, counts = (np.concatenate(column) for column in zip(*read, strict=True))
    read.clear()
    names, slugs = keys.ranked(numbers)
    del numbers
    slugs, at, counts = _taken(np.argsort(slugs, kind="stable"), slugs, at, counts)
    if _unordered(slugs, at):  # files overlap in time
        slugs, at, counts = _taken(np.lexsort((at, slugs)), slugs, at, counts)
    owners = slugs
    if tenures:
        names, slugs, owners = _owners(names, slugs, at, tenures)
        slugs, at, counts, owners = _taken(np.lexsort((at, owners)), slugs, at, counts, owners)
    return _with_gains(partition, names, (owners, slugs), at, counts)


def _taken(order: Ints, *columns: Ints) -> tuple[Ints, ...]:
    return tuple(column[order] for column in columns)


def _unordered(codes: Ints, at: Ints) -> bool:
    return bool(((at[1:] < at[:-1]) & (codes[1:] == codes[:-1])).any())


def _owners(
    names: list[str], slugs: Ints, at: Ints, tenures: list[dict[str, Any]]
) -> tuple[list[str], Ints, Ints]:
    """Return all keys and owners in order, and for each row the places of its key and of its owner among them."""
    every = sorted({*names, *(each["owner"] for each in tenures)})
    places = {name: place for place, name in enumerate(every)}
    moved = np.array([places[name] for name in names], dtype=np.int32)
    owners = moved[slugs]
    begins = np.searchsorted(slugs, np.arange(len(names) + 1))
    known = {name: place for place, name in enumerate(names)}
    for each in tenures:
        if (place := known.get(each["article_id"])) is None:
            continue
        low, high = begins[place], begins[place + 1]
        first = low if each["since"] is None else low + np.searchsorted(at[low:high], _instant(each["since"]))
        last = high if each["until"] is None else low + np.searchsorted(at[low:high], _instant(each["until"]))
        owners[first:last] = places[each["owner"]]
    return every, moved[slugs], owners


def _instant(snapshot_id: str) -> int:
    """Return the instant of a snapshot in microseconds since 1970."""
    return round(snapshot_instant(snapshot_id).timestamp()) * 1_000_000


def _with_gains(
    partition: Partition, names: list[str], keys: tuple[Ints, Ints], at: Ints, counts: Ints
) -> pa.Table:
    """Return rows sorted by owner and time with the difference to the row before, where that is of the same owner."""
    owners, slugs = keys
    size = len(at)
    first = np.ones(size, dtype=bool)
    first[1:] = owners[1:] != owners[:-1]
    gains, days = np.zeros(size, dtype=np.int64), np.zeros(size)
    np.subtract(counts[1:], counts[:-1], out=gains[1:])
    np.divide(at[1:] - at[:-1], _DAY, out=days[1:])
    fell = ~first & (gains < 0)
    nothing = first | fell
    # Two observations at one instant have no gain per day.
    rate = np.divide(gains, days, out=np.zeros(size), where=days != 0)
    dictionary = pa.array(names, pa.string())
    columns = [
        *(_repeated(value, size) for value in (partition.site, partition.locale)),
        pa.DictionaryArray.from_arrays(owners.astype(np.int32), dictionary),
        pa.array(at, pa.int64()).cast(_INSTANT),
        pa.array(counts),
        pa.array(gains, mask=nothing),
        pa.array(days, mask=first),
        pa.array(rate, mask=nothing | (days == 0)),
        pa.array(fell),
        pa.DictionaryArray.from_arrays(slugs.astype(np.int32), dictionary),
    ]
    return pa.Table.from_arrays(columns, schema=VIEWS_SCHEMA)


def _repeated(value: str, size: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(size, dtype=np.int32), pa.array([value], pa.string()))
