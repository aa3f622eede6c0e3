"""Bring the indexes of an edition (see ``edition_index``) up to date with the files that came since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from helpscraper.archive.bodies import bodies_files, read_keys
from helpscraper.archive.edition_index import IndexName, edition_index
from helpscraper.archive.layout import Kind, Partition, folder, parse_month_path, parse_path
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import iter_index, warc_files
from helpscraper.archive.recordings.index import index_path
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["update_index"]

_ARROW = b"ARROW:schema"  # which is the same in every file, and long
_WITH_FOOTERS: tuple[Kind, ...] = ("snapshots", "reextracted", "changes", "runs")


def update_index(catalog: Catalog, partition: Partition) -> None:
    """Add the new files of ``partition`` to its indexes; a store on this machine has none.

    Damaged files are left out: their readers name them.
    """
    store = catalog.store
    footers = [path for kind in _WITH_FOOTERS for path in store.list(folder(kind, partition))]
    _update(store, partition, "footers", [path for path in footers if _is_own(path)], _footer)
    _update(store, partition, "bodies", bodies_files(store, partition), _keys)
    lists = {index_path(file): file for file in warc_files(store, partition)}
    there = [path for path in lists if store.exists(path)]
    _update(store, partition, "captures", there, lambda store, path: _captures(store, lists[path]))


def _is_own(path: str) -> bool:
    return parse_path(path) is not None or parse_month_path(path) is not None


def _update(
    store: Store,
    partition: Partition,
    name: IndexName,
    paths: list[str],
    read: Callable[[Store, str], Mapping[str, Any]],
) -> None:
    index = edition_index(store, partition, name)
    if index is None:
        return

    def row(path: str) -> pa.Table | None:
        try:
            return index.row({"path": path, "etag": store.etag(path), **read(store, path)})
        except ArchiveError:
            return None

    with ThreadPoolExecutor(store.readers) as pool:
        rows = pool.map(row, [path for path in paths if index.get(path) is None])
    index.save(filter(None, rows), paths)


def _footer(store: Store, path: str) -> dict[str, Any]:
    if path.endswith(".json"):
        return {"rows": None, "columns": None, "metadata": [(b"", store.read(path))]}
    with open_parquet(store, path) as file:
        metadata = file.metadata.metadata or {}
        own = [(key, value) for key, value in metadata.items() if key != _ARROW]
        return {"rows": file.metadata.num_rows, "columns": file.schema_arrow.names, "metadata": own}


def _keys(store: Store, path: str) -> dict[str, Any]:
    return {"keys": read_keys(store, path).to_pylist()}


def _captures(store: Store, file: str) -> dict[str, Any]:
    captures = [asdict(capture) for capture in iter_index(store, file)]
    return {"captures": [{name: each[name] for name in each if name != "file"} for each in captures]}
