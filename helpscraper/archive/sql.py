"""SQL over an archive: a DuckDB connection whose views are the Parquet files.

``snapshots`` (the columns of a snapshot, then ``site`` and ``locale``; every snapshot, a re-extraction in
place of the crawl it re-reads), ``latest`` (the newest of each site and locale), ``bodies``, ``changes`` and
``runs``. A view of files that do not exist yet is empty and has all its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from helpscraper.archive.bodies import bodies_files
from helpscraper.archive.compact_read import AT
from helpscraper.archive.layout import Packed, locate_month, snapshot_instant
from helpscraper.archive.overview import runs_table
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import BODIES_SCHEMA, CHANGES_SCHEMA, SNAPSHOT_SCHEMA
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, CommandError

__all__ = ["VIEWS", "connect", "query"]

VIEWS = ("snapshots", "latest", "bodies", "changes", "runs")

_PARTITION = [pa.field("site", pa.string()), pa.field("locale", pa.string())]


def connect(catalog: Catalog, *, memory_limit: str = "1GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB connection with the views of this archive; times are shown in UTC.

    ``memory_limit`` bounds DuckDB, which spills to its temporary folder above it, and ``threads`` bounds its
    workers.
    """
    connection = duckdb.connect(config={"memory_limit": memory_limit, "threads": threads})
    connection.execute("SET TimeZone = 'UTC'")
    store = catalog.store
    if not store.is_local:
        connection.register_filesystem(store.fs)
    snapshots = catalog.snapshots()
    newest = {each.partition: each for each in snapshots}
    bodies = [path for each in catalog.partitions() for path in bodies_files(store, each)]
    views: dict[str, tuple[pa.Schema, Mapping[str, frozenset[str]]]] = {
        "snapshots": (SNAPSHOT_SCHEMA, _held(catalog, "snapshots", snapshots)),
        "latest": (SNAPSHOT_SCHEMA, _held(catalog, "snapshots", list(newest.values()))),
        "bodies": (BODIES_SCHEMA, dict.fromkeys(bodies, frozenset())),
        "changes": (CHANGES_SCHEMA, _held(catalog, "changes", snapshots)),
    }
    for name, (schema, files) in views.items():
        at = AT["changes" if name == "changes" else "snapshots"]
        connection.execute(_view(name, store, files, at, pa.schema([*schema, *_PARTITION])))
    connection.register("runs", runs_table(catalog))
    return connection


def query(catalog: Catalog, text: str, *, memory_limit: str = "1GB", threads: int = 2) -> pa.Table:
    """Return the answer to one SELECT over the views of this archive.

    Raises ``CommandError`` for anything but one SELECT (an archive is written by crawls only) and for SQL
    that DuckDB does not understand, and ``ArchiveError`` for a damaged file.
    """
    try:
        with connect(catalog, memory_limit=memory_limit, threads=threads) as connection:
            statements = connection.extract_statements(text)
            if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
                raise CommandError("one SELECT is asked for", advice=f"the views are {', '.join(VIEWS)}")
            return connection.sql(text).to_arrow_table()
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise ArchiveError(
            f"{catalog.store.uri}: a file cannot be read: {error}",
            advice="`helpscraper verify` names what is damaged",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise CommandError(
            f"the query needs more memory: {error}", advice="pass a larger memory_limit"
        ) from error
    except duckdb.Error as error:
        raise CommandError(f"SQL: {error}", advice=f"the views are {', '.join(VIEWS)}") from error


def _held(catalog: Catalog, kind: Packed, snapshots: Sequence[Snapshot]) -> dict[str, frozenset[str]]:
    """Return which files hold these snapshots (or their feeds), and of each file the ids to take (none: all)."""
    ids: dict[str, set[str]] = {}
    for path, name in _places(catalog, kind, snapshots):
        ids.setdefault(path, set()).add(name)
    found = {}
    for path, names in ids.items():
        month = locate_month(path)
        whole = month is None or catalog.months.among([path])[0].entries.keys() == names
        found[path] = frozenset() if whole else frozenset(names)
    return found


def _places(catalog: Catalog, kind: Packed, snapshots: Sequence[Snapshot]) -> Iterator[tuple[str, str]]:
    if kind == "snapshots":
        yield from ((each.path, each.id) for each in snapshots)
        return
    for partition in dict.fromkeys(each.partition for each in snapshots):
        feeds = catalog.feeds(partition)
        for each in snapshots:
            if each.partition == partition and each.id in feeds:
                yield feeds[each.id], each.id


def _view(name: str, store: Store, files: Mapping[str, frozenset[str]], at: str, schema: pa.Schema) -> str:
    """Return the statement that makes one view; the columns are named, so that older files may lack some."""
    # Quoted, because `at` and others are words of SQL.
    columns = [(f'"{field.name}"', _sql_type(field.type)) for field in schema]
    nothing = "SELECT " + ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns) + " WHERE false"
    picked = ", ".join(column for column, _ in columns)
    whole = [store.url(path) for path, ids in files.items() if not ids]
    # The empty first arm gives names and types to columns that no file has; union by name fills them with nulls.
    arms = [nothing, *([_reading(whole)] if whole else [])]
    for path, ids in files.items():
        if ids:
            instants = ", ".join(
                f"TIMESTAMPTZ '{snapshot_instant(each).isoformat()}'" for each in sorted(ids)
            )
            arms.append(f'{_reading([store.url(path)])} WHERE "{at}" IN ({instants})')
    every = " UNION ALL BY NAME ".join(arms)
    return f"CREATE VIEW {name} AS SELECT {picked} FROM ({every})"  # noqa: S608 (own names; quoted)


def _reading(urls: Sequence[str]) -> str:
    listed = ", ".join("'" + url.replace("'", "''") + "'" for url in urls)
    return (
        f"SELECT * FROM read_parquet([{listed}], union_by_name = true, "  # noqa: S608 (own paths; quoted)
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
