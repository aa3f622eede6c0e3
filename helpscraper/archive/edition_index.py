"""The index of an edition on an object store: what a reader would else fetch from every file of its history.

Each of the files ``index/site=…/locale=…/NAME.parquet`` has a row for each file that it knows: the file's path, its
version (ETag), and what was read from it. It is a cache, not a truth: a row counts only while the listing shows this
version of its file, a damaged or missing index counts as an empty one, and ``indexing.update_index`` makes it again
from the files. A folder on this machine needs none.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.parquet as pq

from helpscraper.archive.layout import Partition, index_path, parse_month_path, parse_path
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["SCHEMAS", "EditionIndex", "IndexName", "edition_index", "indexed"]

logger = logging.getLogger(__name__)

IndexName = Literal["footers", "bodies", "captures"]

_FILE: Final = [pa.field("path", pa.string(), nullable=False), pa.field("etag", pa.string(), nullable=False)]

SCHEMAS: Final[Mapping[IndexName, pa.Schema]] = {
    "footers": pa.schema(
        [
            *_FILE,
            pa.field("rows", pa.int64()),
            pa.field("columns", pa.list_(pa.string())),
            pa.field("metadata", pa.map_(pa.binary(), pa.binary())),
        ]
    ),
    "bodies": pa.schema([*_FILE, pa.field("keys", pa.list_(pa.string()))]),
    "captures": pa.schema(
        [
            *_FILE,
            pa.field(
                "captures",
                pa.list_(
                    pa.struct(
                        [
                            pa.field("url", pa.string()),
                            pa.field("date", pa.string()),
                            pa.field("status", pa.int32()),
                            pa.field("mime", pa.string()),
                            pa.field("digest", pa.string()),
                            pa.field("offset", pa.int64()),
                            pa.field("length", pa.int64()),
                            pa.field("location", pa.string()),
                        ]
                    )
                ),
            ),
        ]
    ),
}
"""The columns of each index.

``footers`` has the number of rows, the columns and the metadata of each Parquet file of ``snapshots/``,
``reextracted/`` and ``changes/``, and the contents of each file of ``runs/`` as metadata with an empty key. ``bodies``
has the keys of each bodies file, ``captures`` the lines of each CDXJ index, by the path of that.
"""

# Threads that read a part of the history each share one index.
_LOADING = threading.Lock()
_LOADED: WeakKeyDictionary[Store, dict[tuple[Partition, str], EditionIndex]] = WeakKeyDictionary()


class EditionIndex:
    """One index of one edition, as it was when it was first needed."""

    def __init__(self, store: Store, partition: Partition, name: IndexName) -> None:
        self._store = store
        self._name = name
        self._path = index_path(partition, name)
        self._set(self._read())

    def get(self, path: str) -> dict[str, pa.Scalar] | None:
        """Return the row of a file; None when the listing shows another version of it, or the index lacks it."""
        number = self._numbers.get(path)
        if number is None or self._etags[number] != self._store.listed_etag(path):
            return None
        return {field.name: self._table.column(field.name)[number] for field in self._table.schema}

    def row(self, values: Mapping[str, Any]) -> pa.Table:
        """Return the row of one file: as Python objects the rows of all would take four times the memory."""
        return pa.Table.from_pylist([dict(values)], SCHEMAS[self._name])

    def save(self, rows: Iterable[pa.Table], paths: Iterable[str]) -> None:
        """Add ``rows`` and write the index with the files ``paths`` alone, if that changes it.

        A store that refuses it costs later readers time and nothing else, so this is only logged.
        """
        fresh = pa.concat_tables([SCHEMAS[self._name].empty_table(), *rows])
        new, there = set(fresh.column("path").to_pylist()), set(paths)
        kept = [
            number
            for path, number in self._numbers.items()
            if path not in new and path in there and self.get(path) is not None
        ]
        if not new and len(kept) == self._table.num_rows:
            return
        self._set(pa.concat_tables([self._table.take(pa.array(kept, pa.int64())), fresh]).sort_by("path"))
        try:
            with TemporaryDirectory(prefix="helpscraper-") as folder:
                file = Path(folder) / "index.parquet"
                pq.write_table(self._table, file, compression="zstd", write_page_checksum=True)
                self._store.overwrite(self._path, file.read_bytes())
        except (ArchiveError, OSError) as error:
            logger.warning("The index of the archive could not be written, so reading stays slow: %s", error)

    def _read(self) -> pa.Table:
        schema = SCHEMAS[self._name]
        try:
            found = self._store.read_with_etag(self._path)
            if found is not None:
                table = pq.read_table(io.BytesIO(found[0]), page_checksum_verification=True)
                if table.schema.equals(schema):
                    return table.combine_chunks()
        except (ArchiveError, OSError, pa.ArrowException) as error:
            logger.info("The index %s is not used: %s", self._store.url(self._path), error)
        return schema.empty_table()

    def _set(self, table: pa.Table) -> None:
        self._table = table
        self._etags: list[str] = table.column("etag").to_pylist()
        self._numbers = {path: number for number, path in enumerate(table.column("path").to_pylist())}


def edition_index(store: Store, partition: Partition, name: IndexName) -> EditionIndex | None:
    """Return an index of an edition, read once for each listing of ``store``; None for a store that needs none."""
    if not store.lists_once or store.local_path() is not None:
        return None
    with _LOADING:
        loaded = _LOADED.setdefault(store, {})
        if (partition, name) not in loaded:
            loaded[partition, name] = EditionIndex(store, partition, name)
        return loaded[partition, name]


def indexed(store: Store, name: IndexName, path: str) -> dict[str, pa.Scalar] | None:
    """Return what the index of its edition knows of the file ``path``; None when it knows nothing."""
    if not store.lists_once or store.local_path() is not None:
        return None
    file = parse_path(path) or parse_month_path(path)
    index = edition_index(store, file.partition, name) if file is not None else None
    return index.get(path) if index is not None else None
