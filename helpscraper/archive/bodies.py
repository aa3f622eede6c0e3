"""Store each body once, look up stored bodies, and write new ones.

A bodies file is named after the crawl that brought its bodies. The file of a killed or refused crawl stays valid,
because a body's key is its hash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.arrow import release_memory
from helpscraper.archive.edition_index import indexed
from helpscraper.archive.layout import Partition, bodies_path, folder, parse_path
from helpscraper.archive.parquet import open_parquet, rows_at, write_parquet
from helpscraper.archive.schema import BODIES_SCHEMA, read_compatible
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["BODY_COLUMNS", "BodyIndex", "bodies_files", "read_keys", "write_bodies"]

BODY_COLUMNS = ("body_text", "body_markdown", "body_html")

_KEY, _AT = "body_sha256", "first_snapshot_at"
# A body is read with its whole row group: 2.5 ms for 128 rows of 6 kB; 512 rows are 9 % smaller and take 5 ms.
_ROWS = 128
_PART_BYTES = 16 << 20
# The hash table of all keys would take several times their memory.
_KEYS = 8192
# For up to four keys a linear search is faster (0.3 ms each among 47,000) than building a hash table (2.3 ms).
_FEW = 4


def bodies_files(store: Store, partition: Partition) -> list[str]:
    """Return the paths of all bodies files of ``partition``, oldest first."""
    found = (parse_path(path) for path in store.list(folder("bodies", partition)))
    located = [item for item in found if item is not None and item.path.endswith(".parquet")]
    return [item.path for item in sorted(located, key=lambda item: (item.snapshot_id, item.part))]


def read_keys(store: Store, path: str) -> pa.Array:
    """Return the keys of one bodies file; raises ``ArchiveError`` for a damaged one."""
    with open_parquet(store, path) as file:
        return _keys(file)


def _keys(file: pq.ParquetFile) -> pa.Array:
    keys = file.read([_KEY], use_threads=False).column(_KEY).combine_chunks()
    return keys.chunk(0) if isinstance(keys, pa.ChunkedArray) else keys


class BodyIndex:
    """The keys of all bodies files of one partition, to look up bodies.

    ``damaged`` maps the path of each unreadable file to its error; the other files are read.
    """

    def __init__(self, store: Store, partition: Partition) -> None:
        self.store = store
        self.partition = partition
        self.damaged: dict[str, ArchiveError] = {}
        self._files: list[str] = []
        self._starts = np.zeros(0, dtype=np.int64)
        self._keys: Any = pa.chunked_array([], pa.string())
        self.refresh()

    def refresh(self, store: Store | None = None) -> None:
        """Read the keys of new files; ``store`` replaces the store of this index."""
        self.store = store or self.store
        known = set(self._files) | set(self.damaged)
        found: dict[str, pa.Array] = {}
        for path in bodies_files(self.store, self.partition):
            if path in known:
                continue
            row = indexed(self.store, "bodies", path)
            try:
                found[path] = read_keys(self.store, path) if row is None else row["keys"].values
            except ArchiveError as error:
                self.damaged[path] = error
        self.add(found)

    def add(self, keys: Mapping[str, pa.Array]) -> None:
        """Add the keys of files, by path."""
        lengths = [*np.diff(self._ends()), *map(len, keys.values())]
        self._files = [*self._files, *keys]
        self._keys = pa.chunked_array([*self._keys.chunks, *keys.values()], pa.string())
        self._starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])[:-1]
        release_memory()

    def _ends(self) -> Any:
        return np.concatenate([self._starts, [len(self._keys)]])

    @property
    def keys(self) -> Any:
        """All keys (``pa.ChunkedArray`` of string), file by file."""
        return self._keys

    @property
    def files(self) -> list[str]:
        """The readable bodies files, in the order of ``keys``."""
        return list(self._files)

    def missing(self, keys: Any) -> Any:
        """Return those of ``keys`` (array of string without nulls) that no readable file holds."""
        for start in range(0, len(self._keys), _KEYS):
            if not len(keys):
                break
            keys = keys.filter(pc.invert(pc.is_in(keys, value_set=self._keys.slice(start, _KEYS))))
            release_memory()
        return keys

    def fetch(self, keys: Any) -> pa.Table:
        """Return the stored bodies among ``keys``, each once, with ``BODIES_SCHEMA``, in the order of the files.

        Reads only the row groups that hold one of them.
        """
        rows = np.sort(self._positions(pc.unique(keys).drop_null()))
        file_of = np.searchsorted(self._starts, rows, side="right") - 1
        parts = [
            self._read(self._files[number], rows[file_of == number] - self._starts[number])
            for number in np.unique(file_of)
        ]
        return pa.concat_tables(parts) if parts else BODIES_SCHEMA.empty_table()

    def append_to(self, table: pa.Table, store: Store, where: str) -> pa.Table:
        """Return the rows of a snapshot with ``BODY_COLUMNS``, null for a row without a body.

        If a body is missing, the index is refreshed from ``store``. Raises ``ArchiveError``, which names the snapshot
        as ``where``, if it is still missing.
        """
        keys = table.column(_KEY).combine_chunks()
        for _ in range(2):
            stored = self.fetch(keys)
            positions = pc.index_in(keys, value_set=stored.column(_KEY), skip_nulls=True)
            if positions.null_count == keys.null_count:
                break
            store.drop_listings()
            self.refresh(store)
        else:
            because = "".join(f"\n  {error.message}" for error in self.damaged.values())
            lost = positions.null_count - keys.null_count
            raise ArchiveError(
                f"{where}: {lost} of the bodies of its rows cannot be read{because}",
                advice="restore the files of bodies/ that `helpscraper verify` names, or load without bodies",
            )
        for name in BODY_COLUMNS:
            table = table.append_column(pa.field(name, pa.string()), stored.column(name).take(positions))
        return table

    def _positions(self, wanted: Any) -> Any:
        """Return the positions in ``keys`` of the distinct ``wanted`` keys, without missing ones (numpy, int64)."""
        if len(wanted) <= _FEW:
            positions = np.array([pc.index(self._keys, key).as_py() for key in wanted], dtype=np.int64)
            return positions[positions >= 0]
        return np.asarray(pc.index_in(wanted, value_set=self._keys).drop_null(), dtype=np.int64)

    def _read(self, path: str, rows: Any) -> pa.Table:
        with open_parquet(self.store, path) as file:
            return read_compatible(rows_at(file, rows), BODIES_SCHEMA, where=path)


def write_bodies(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    bodies: Iterable[pa.RecordBatch] | pa.Table,
    first_snapshot_at: dt.datetime,
    index: BodyIndex,
) -> tuple[str | None, int]:
    """Store the bodies that are not in ``index``; return the file's path (None for no new body) and its rows.

    ``bodies`` has the columns of ``BODIES_SCHEMA``; ``first_snapshot_at`` is set here. It is a table in any order, or
    batches sorted by key, which are iterated twice: batches are written one by one, so that memory does not grow with
    their number. A file of more than ``_PART_BYTES`` has a part for each first digit of the key, and each part begins
    a row group.
    """
    path = _free_path(store, partition, snapshot_id)
    batches = bodies
    if isinstance(bodies, pa.Table):
        ordered = read_compatible(bodies, BODIES_SCHEMA, where="new bodies").sort_by(_KEY)
        batches = ordered.to_batches(max_chunksize=_ROWS)
    elif iter(bodies) is bodies:
        raise TypeError("bodies are iterated twice: pass a table or a list of batches, not an iterator")
    sizes = accumulate(table.nbytes for table in _new(batches, index, first_snapshot_at))
    digits = int(any(size > _PART_BYTES for size in sizes))
    with store.scratch(path) as target:
        parts = _in_parts(_new(batches, index, first_snapshot_at), digits)
        rows = write_parquet(target, BODIES_SCHEMA, parts, rows=_ROWS)
        if not rows:
            return None, 0
        store.put_new(path, target)
        with pq.ParquetFile(target) as file:
            index.add({path: _keys(file)})
    return path, rows


def _new(
    batches: Iterable[pa.RecordBatch], index: BodyIndex, first_snapshot_at: dt.datetime
) -> Iterator[pa.Table]:
    """Yield the bodies that ``index`` lacks, each once, batch by batch."""
    at = pa.scalar(first_snapshot_at, BODIES_SCHEMA.field(_AT).type)
    number = BODIES_SCHEMA.get_field_index(_AT)
    last = ""
    for batch in filter(len, batches):
        table = read_compatible(pa.Table.from_batches([batch]), BODIES_SCHEMA, where="new bodies")
        keys = table.column(_KEY).combine_chunks()
        _check_keys(keys)
        before = pa.concat_arrays([pa.array([last], pa.string()), keys[:-1]])
        if pc.any(pc.less(keys, before)).as_py():
            raise ArchiveError(
                f"bodies are not sorted by key after {last or 'the first one'}; nothing was written",
                advice="pass them sorted, or as a table",
            )
        last = keys[-1].as_py()
        known = pc.is_in(keys, value_set=index.keys)
        fresh = table.filter(pc.and_not(pc.greater(keys, before), known))
        if fresh.num_rows:
            yield fresh.set_column(number, BODIES_SCHEMA.field(number), pa.repeat(at, fresh.num_rows))
        release_memory()


def _in_parts(tables: Iterable[pa.Table], digits: int) -> Iterator[pa.Table]:
    """Yield the rows of ``tables``, which are sorted by key, so that each table ends a row group of the file.

    Keys whose first ``digits`` differ share no row group.
    """
    rest = BODIES_SCHEMA.empty_table()
    for table in tables:
        rest = pa.concat_tables([rest, table])
        runs = groupby(rest.column(_KEY).to_pylist(), itemgetter(slice(digits)))
        *ended, last = (len(list(run)) for _, run in runs)
        for rows in (*ended, last - last % _ROWS):
            yield rest.slice(0, rows)
            rest = rest.slice(rows)
    yield rest


def _check_keys(keys: Any) -> None:
    wrong = keys.filter(pc.invert(pc.fill_null(pc.match_substring_regex(keys, "^[0-9a-f]{64}$"), False)))
    if len(wrong):
        raise ArchiveError(
            f"{wrong[0].as_py()!r} is not the key of a body; nothing was written",
            advice="make keys with normalise.bodies.body_key",
        )


def _free_path(store: Store, partition: Partition, snapshot_id: str) -> str:
    """Return the next unused path; a killed attempt of the same crawl may have left a file."""
    part = 0
    while store.exists(path := bodies_path(partition, snapshot_id, part)):
        part += 1
    return path
