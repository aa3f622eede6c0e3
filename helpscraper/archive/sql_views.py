"""The views of ``sql``: which files each one reads, and the statement that makes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import attrgetter

import duckdb
import pyarrow as pa

from helpscraper.archive.bodies import bodies_files
from helpscraper.archive.edition_index import indexed
from helpscraper.archive.gone import GONE
from helpscraper.archive.layout import PackedKind, parse_month_path, parse_path, snapshot_instant
from helpscraper.archive.months import TIME_COLUMN
from helpscraper.archive.overview import runs_table
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import BODIES_SCHEMA, CHANGES_SCHEMA, SNAPSHOT_SCHEMA
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["VIEWS", "FilesMovedError", "ViewFiles", "create_view"]

VIEWS = ("snapshots", "latest", "bodies", "changes", "runs")

_SCHEMAS = {
    "snapshots": SNAPSHOT_SCHEMA,
    "latest": SNAPSHOT_SCHEMA,
    "bodies": BODIES_SCHEMA,
    "changes": CHANGES_SCHEMA,
}
_PARTITION = [pa.field("site", pa.string()), pa.field("locale", pa.string())]

# A view of so many files names folders: a name of a file takes 10 kB of DuckDB's memory, in a pattern 1 kB.
_MANY = 5_000
# The names of snapshots and feeds, but not those of months' files.
_OWN_FILES = "????????T??????Z.parquet"


class FilesMovedError(ArchiveError):
    """The files of a view have changed while it was read."""


class ViewFiles:
    """The files of each view as they are when they are first asked for, and the ids to read in each (empty: all)."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._listed: dict[str, dict[str, frozenset[str]]] = {}
        self.many_alike = False
        """Whether many files are taken to have the same columns: then DuckDB finds the one that has not."""
        self.globbed = False
        """Whether a view reads by pattern, so that it has to be checked afterwards."""

    def __getitem__(self, name: str) -> dict[str, frozenset[str]]:
        if name not in self._listed:
            self._listed[name] = self._list(name)
        return self._listed[name]

    def are_unchanged(self) -> bool:
        """List the files again, and tell whether they are the same."""
        self._catalog.store.drop_listings()
        return all(self._list(name) == files for name, files in self._listed.items())

    def check_unchanged(self) -> None:
        """Raise ``FilesMovedError`` when other files are there now."""
        if not self.are_unchanged():
            raise FilesMovedError(
                f"{self._catalog.store.uri}: files come and go while it is read",
                advice="ask again when `helpscraper compact` has ended",
            )

    def _list(self, name: str) -> dict[str, frozenset[str]]:
        catalog = self._catalog
        if name == "runs":
            return {}
        if name == "bodies":
            every = (path for each in catalog.partitions() for path in bodies_files(catalog.store, each))
            return dict.fromkeys(every, frozenset())
        snapshots = catalog.snapshots()
        if name == "latest":
            snapshots = list({each.partition: each for each in snapshots}.values())
        return _files_of(catalog, "changes" if name == "changes" else "snapshots", snapshots)


def create_view(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    name: str,
    files: ViewFiles,
    *,
    may_glob: bool = False,
) -> None:
    """Make the view ``name``; with ``may_glob`` by pattern where there are many files (see ``ViewFiles.globbed``).

    Raises ``ArchiveError`` that names a damaged file.
    """
    if name == "runs":
        connection.register("runs", runs_table(catalog))
        return
    store, schema = catalog.store, _SCHEMAS[name]
    try:
        whole = [path for path, ids in files[name].items() if not ids]
        # A file is read with others of its columns only, so that none hides what another has. Reading a footer takes
        # 0.3 ms, so of many files only that of the first is read, whose columns DuckDB looks for in the others.
        trusted = files.many_alike and len(whole) > _MANY and _with_columns(store, whole[:1], schema.names)
        alike = frozenset(whole) if trusted else _with_columns(store, whole, schema.names)
    except ArchiveError as damage:
        raise ArchiveError(
            f"{damage.message} (so the view {name} cannot be read)",
            advice="restore this file from a backup, or move it away to query the rest; the other views work",
        ) from damage
    sources = {True: [path for path in whole if path in alike], False: [p for p in whole if p not in alike]}
    urls = {same: [store.url(path) for path in paths] for same, paths in sources.items()}
    if may_glob and len(sources[True]) > _MANY and store.local_path() is not None:
        urls[True] = list(_patterns(store, sources[True]))
        files.globbed = True
    connection.execute(_view(name, files[name], urls, store))


def _with_columns(store: Store, paths: Sequence[str], names: Collection[str]) -> frozenset[str]:
    """Return those of ``paths`` whose files have all of the columns ``names``."""

    def has_all(path: str) -> bool:
        row = indexed(store, "footers", path)
        if row is not None:
            return set(names) <= set(row["columns"].as_py())
        with open_parquet(store, path) as file:
            return set(names) <= set(file.schema_arrow.names)

    with ThreadPoolExecutor(store.readers) as pool:
        return frozenset(path for path, has in zip(paths, pool.map(has_all, paths), strict=True) if has)


def _patterns(store: Store, paths: Sequence[str]) -> Iterator[str]:
    """Yield the URLs of files, and for a folder whose own files all belong to them one pattern."""
    for folder, within in groupby(paths, lambda path: path.rpartition("/")[0]):
        own = list(within)
        items = filter(None, map(parse_path, store.list(folder)))
        plain = not any(sign in store.url(folder) for sign in "*?[]{}")
        if plain and own == [item.path for item in sorted(items) if not item.part]:
            yield f"{store.url(folder)}/{_OWN_FILES}"
        else:
            yield from map(store.url, own)


def _files_of(catalog: Catalog, kind: PackedKind, snapshots: Sequence[Snapshot]) -> dict[str, frozenset[str]]:
    """Return the files of these snapshots (or of their feeds), and for each file the ids to read (empty: all)."""
    ids: dict[str, set[str]] = {}
    for path, name in _paths(catalog, kind, snapshots):
        ids.setdefault(path, set()).add(name)
    found = {}
    for path, names in ids.items():
        month = parse_month_path(path)
        whole = month is None or catalog.months.of_paths([path])[0].rows.keys() == names
        found[path] = frozenset() if whole else frozenset(names)
    return found


def _paths(catalog: Catalog, kind: PackedKind, snapshots: Sequence[Snapshot]) -> Iterator[tuple[str, str]]:
    if kind == "snapshots":
        yield from ((each.path, each.id) for each in snapshots)
        return
    for partition, own in groupby(snapshots, attrgetter("partition")):
        feeds = catalog.feeds(partition)
        yield from ((feeds[each.id], each.id) for each in own if each.id in feeds)


def _view(
    name: str, files: Mapping[str, frozenset[str]], sources: Mapping[bool, Sequence[str]], store: Store
) -> str:
    """Return the statement that makes one view; it lists the columns, because older files may lack some.

    ``sources`` are the URLs and patterns of whole files: True for those that have all columns, False for the others.
    """
    at, schema = TIME_COLUMN["changes" if name == "changes" else "snapshots"], _SCHEMAS[name]
    # Quoted, because `at` and others are SQL keywords.
    columns = [(f'"{field.name}"', _sql_type(field.type)) for field in (*schema, *_PARTITION)]
    nothing = "SELECT " + ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns) + " WHERE false"
    picked = ", ".join(column for column, _ in columns)
    # The empty first arm defines columns that no file has; the union fills them with nulls.
    arms = [nothing, *(_select_all(urls, same=same) for same, urls in sources.items() if urls)]
    for path, ids in files.items():
        if ids:
            instants = ", ".join(
                f"TIMESTAMPTZ '{snapshot_instant(each).isoformat()}'" for each in sorted(ids)
            )
            arms.append(f'{_select_all([store.url(path)], same=False)} WHERE "{at}" IN ({instants})')
    every = " UNION ALL BY NAME ".join(arms)
    # Files of schema 1 hold rows of articles that are gone.
    there = f" WHERE status <> '{GONE}'" if "status" in schema.names else ""
    return f"CREATE VIEW {name} AS SELECT {picked} FROM ({every}){there}"  # noqa: S608 (own names; quoted)


def _select_all(urls: Sequence[str], *, same: bool) -> str:
    """Return the SELECT over files that have the ``same`` columns, or over any files.

    ``union_by_name`` keeps the footer of every file in memory.
    """
    listed = ", ".join("'" + url.replace("'", "''") + "'" for url in urls)
    union = "" if same else "union_by_name = true, "
    return (
        f"SELECT * FROM read_parquet([{listed}], {union}"  # noqa: S608 (own paths; quoted)
        "hive_partitioning = true, hive_types_autocast = false)"
    )


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return "VARCHAR[]"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMPTZ"
    names = {
        pa.string(): "VARCHAR",
        pa.date32(): "DATE",
        pa.int64(): "BIGINT",
        pa.int32(): "INTEGER",
        pa.int16(): "SMALLINT",
        pa.bool_(): "BOOLEAN",
    }
    return names[kind]
