"""Store each body once, look up stored bodies, and write new ones.

A bodies file is named after the crawl that brought its bodies. The file of a killed or refused crawl stays valid,
because a body's key is its hash.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, bodies_path, folder, locate
from helpscraper.archive.parquet import open_parquet, write_parquet
from helpscraper.archive.schema import BODIES_SCHEMA, read_compatible
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["BODY_COLUMNS", "BodyIndex", "bodies_files", "write_bodies"]

BODY_COLUMNS = ("body_text", "body_markdown", "body_html")

_KEY = "body_sha256"
# A body is read with its whole row group: 2.5 ms for 128 rows of 6 kB; 512 rows are 9 % smaller and take 5 ms.
_ROWS = 128
# More bytes than this are sorted in 16 parts, one per leading hex digit, to bound memory.
_SORT_BYTES = 16 << 20
_SPOOL_ROWS = 1024
# For up to four keys a linear search is faster (0.3 ms each among 47,000) than building a hash table (2.3 ms).
_FEW = 4


def bodies_files(store: Store, partition: Partition) -> list[str]:
    """Return the paths of all bodies files of ``partition``, oldest first."""
    found = (locate(path) for path in store.list(folder("bodies", partition)))
    located = [item for item in found if item is not None and item.path.endswith(".parquet")]
    return [item.path for item in sorted(located, key=lambda item: (item.snapshot_id, item.part))]


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
        """Read the keys of files that are new since the last call, as ``store`` (default: the last one) lists them."""
        self.store = store or self.store
        known = set(self._files) | set(self.damaged)
        files, chunks, lengths = list(self._files), list(self._keys.chunks), list(np.diff(self._ends()))
        for path in bodies_files(self.store, self.partition):
            if path in known:
                continue
            try:
                with open_parquet(self.store, path) as file:
                    keys = file.read([_KEY], use_threads=False).column(_KEY).combine_chunks()
            except ArchiveError as error:
                self.damaged[path] = error
                continue
            files.append(path)
            chunks.append(keys.chunk(0) if isinstance(keys, pa.ChunkedArray) else keys)
            lengths.append(len(keys))
        self._files = files
        self._keys = pa.chunked_array(chunks, pa.string())
        self._starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])[:-1]

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
        """Return those of ``keys`` (``pa.Array`` of string without nulls) that no readable file holds."""
        return keys.filter(pc.invert(pc.is_in(keys, value_set=self._keys)))

    def fetch(self, keys: Any) -> pa.Table:
        """Return the stored bodies among ``keys``, each once, with ``BODIES_SCHEMA``, in the order of the files.

        Reads only the row groups that hold one of them.
        """
        rows = np.sort(self._places(pc.unique(keys).drop_null()))
        which = np.searchsorted(self._starts, rows, side="right") - 1
        parts = [
            self._read(self._files[number], rows[which == number] - self._starts[number])
            for number in np.unique(which)
        ]
        return pa.concat_tables(parts) if parts else BODIES_SCHEMA.empty_table()

    def append_to(self, table: pa.Table, store: Store, where: str) -> pa.Table:
        """Return the rows of a snapshot with ``BODY_COLUMNS``; null where a row names no body.

        Files that are missing here are looked for in ``store``. Raises ``ArchiveError``, which names the snapshot as
        ``where``, when a body that a row names is not there.
        """
        keys = table.column(_KEY).combine_chunks()
        for _ in range(2):
            stored = self.fetch(keys)
            places = pc.index_in(keys, value_set=stored.column(_KEY), skip_nulls=True)
            if places.null_count == keys.null_count:
                break
            store.forget()
            self.refresh(store)
        else:
            because = "".join(f"\n  {error.message}" for error in self.damaged.values())
            lost = places.null_count - keys.null_count
            raise ArchiveError(
                f"{where}: {lost} of the bodies that its rows name cannot be read{because}",
                advice="restore the files of bodies/ that `helpscraper verify` names, or load without bodies",
            )
        for name in BODY_COLUMNS:
            table = table.append_column(pa.field(name, pa.string()), stored.column(name).take(places))
        return table

    def _places(self, wanted: Any) -> Any:
        """Return the positions in ``keys`` of the distinct ``wanted`` keys, without missing ones (numpy, int64)."""
        if len(wanted) <= _FEW:
            places = np.array([pc.index(self._keys, key).as_py() for key in wanted], dtype=np.int64)
            return places[places >= 0]
        return np.asarray(pc.index_in(wanted, value_set=self._keys).drop_null(), dtype=np.int64)

    def _read(self, path: str, rows: Any) -> pa.Table:
        with open_parquet(self.store, path) as file:
            counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            ends = np.cumsum(counts)
            group_of = np.searchsorted(ends, rows, side="right")
            parts = []
            for group in np.unique(group_of):
                start = ends[group] - counts[group]
                part = file.read_row_group(int(group), use_threads=False)
                parts.append(part.take(pa.array(rows[group_of == group] - start)))
            return read_compatible(pa.concat_tables(parts), BODIES_SCHEMA, where=path)


def write_bodies(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    bodies: Iterable[pa.RecordBatch] | pa.Table,
    first_snapshot_at: dt.datetime,
    index: BodyIndex,
) -> tuple[str | None, int]:
    """Store the bodies that are not in ``index``; return the file's path (None for no new body) and its rows.

    ``bodies`` has the columns of ``BODIES_SCHEMA``; ``first_snapshot_at`` is set here. Bodies are sorted by key, so
    that the order of the crawl does not matter, and spooled to disk to bound memory.
    """
    path = _free_path(store, partition, snapshot_id)
    with store.scratch(path) as spool, store.scratch(path) as target:
        size = _spool(spool, _distinct(bodies, index), first_snapshot_at)
        if not size:
            return None, 0
        digits = "0123456789abcdef" if size > _SORT_BYTES else [""]
        rows = write_parquet(target, BODIES_SCHEMA, (_sorted(spool, digit) for digit in digits), rows=_ROWS)
        store.put_new(path, target)
    index.refresh()
    return path, rows


def _distinct(bodies: Iterable[pa.RecordBatch] | pa.Table, index: BodyIndex) -> Iterator[pa.Table]:
    """Yield new bodies, each once, in tables of about ``_SPOOL_ROWS`` rows."""
    known = index.keys
    batches = bodies.to_batches(max_chunksize=_SPOOL_ROWS) if isinstance(bodies, pa.Table) else bodies
    for table in _rebatched(batches):
        keys = table.column(_KEY).combine_chunks()
        _check_keys(keys)
        fresh = table.filter(pc.invert(pc.is_in(keys, value_set=known)))
        keys = fresh.column(_KEY).combine_chunks()
        distinct = pc.unique(keys)
        if len(distinct):
            # Usually all keys differ; copying some thousand texts is slow.
            yield fresh if len(distinct) == len(keys) else fresh.take(pc.index_in(distinct, value_set=keys))
            known = pa.chunked_array([*known.chunks, *_chunks(distinct)], pa.string())


def _chunks(array: Any) -> list[Any]:
    return list(array.chunks) if isinstance(array, pa.ChunkedArray) else [array]


def _rebatched(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if (
            sum(part.num_rows for part in held) >= _SPOOL_ROWS
            or sum(part.nbytes for part in held) >= _SORT_BYTES
        ):
            yield read_compatible(pa.Table.from_batches(held), BODIES_SCHEMA, where="new bodies")
            held = []
    if held:
        yield read_compatible(pa.Table.from_batches(held), BODIES_SCHEMA, where="new bodies")


def _check_keys(keys: Any) -> None:
    wrong = keys.filter(pc.invert(pc.fill_null(pc.match_substring_regex(keys, "^[0-9a-f]{64}$"), False)))
    if len(wrong):
        raise ArchiveError(
            f"{wrong[0].as_py()!r} is not the key of a body; nothing was written",
            advice="make keys with normalise.bodies.body_key",
        )


def _spool(spool: Path, tables: Iterable[pa.Table], first_snapshot_at: dt.datetime) -> int:
    """Write the tables to an Arrow file and return their bytes in memory."""
    size = 0
    at = pa.scalar(first_snapshot_at, BODIES_SCHEMA.field("first_snapshot_at").type)
    number = BODIES_SCHEMA.get_field_index("first_snapshot_at")
    with contextlib.closing(pa.ipc.new_file(str(spool), BODIES_SCHEMA)) as writer:
        for table in tables:
            dated = table.set_column(number, BODIES_SCHEMA.field(number), pa.repeat(at, table.num_rows))
            writer.write_table(dated.replace_schema_metadata())
            size += int(dated.nbytes)
    return size


def _sorted(spool: Path, digit: str) -> pa.Table:
    """Return the spooled bodies whose key begins with ``digit``, sorted by key."""
    # A memory-mapped file would count as memory of this process.
    with pa.OSFile(str(spool)) as source:
        reader = pa.ipc.open_file(source)
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        parts = [batch.filter(pc.starts_with(batch.column(_KEY), digit)) for batch in batches]
        table = pa.Table.from_batches(parts, BODIES_SCHEMA)
        keys = table.column(_KEY)
        in_order = len(keys) < 2 or pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py()
        # The bodies of a ledger are sorted already.
        return table if in_order else table.sort_by(_KEY)


def _free_path(store: Store, partition: Partition, snapshot_id: str) -> str:
    """Return the next unused path; a killed attempt of the same crawl may have left a file."""
    part = 0
    while store.exists(path := bodies_path(partition, snapshot_id, part)):
        part += 1
    return path
