"""SQL over an archive: a DuckDB connection whose views are the Parquet files.

The views are ``snapshots`` (all snapshots, with ``site`` and ``locale``; a re-extraction replaces its crawl),
``latest`` (the newest of each site and locale), ``bodies``, ``changes`` and ``runs``. A view without files is empty
and has all columns. A query fails only if it uses a view with a damaged file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

import duckdb
import pyarrow as pa

from helpscraper.archive.bodies import bodies_files
from helpscraper.archive.duck import open_duckdb
from helpscraper.archive.gone import GONE
from helpscraper.archive.layout import PackedKind, parse_month_path, snapshot_instant
from helpscraper.archive.months import TIME_COLUMN
from helpscraper.archive.overview import runs_table
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import BODIES_SCHEMA, CHANGES_SCHEMA, SNAPSHOT_SCHEMA
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, CommandError

__all__ = ["VIEWS", "connect", "query", "with_snapshot_files", "with_views"]

VIEWS = ("snapshots", "latest", "bodies", "changes", "runs")
_VIEWS_ARE = f"the views are {', '.join(VIEWS)}"

_PARTITION = [pa.field("site", pa.string()), pa.field("locale", pa.string())]

_SCHEMAS = {
    "snapshots": SNAPSHOT_SCHEMA,
    "latest": SNAPSHOT_SCHEMA,
    "bodies": BODIES_SCHEMA,
    "changes": CHANGES_SCHEMA,
}

# The same class of error stands for a damaged file and for a wrong argument of a function.
_OF_FILES = ("file", "parquet", "zstd", "decompress", "magic", "page", "thrift", "tprotocol")

# A compaction moves one month at a time, so a query rarely meets it twice.
_TRIES = 5

_Listed = Mapping[str, Mapping[str, frozenset[str]]]
"""For each view its files, and for each file the ids of the snapshots to read (empty: all)."""

_T = TypeVar("_T")


def connect(catalog: Catalog, *, memory_limit: str = "1GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB connection with the views of this archive; see ``open_duckdb`` for the bounds.

    Raises ``ArchiveError`` naming a damaged file.
    """
    catalog = catalog.with_cached_listings()

    def all_views(listed: _Listed) -> duckdb.DuckDBPyConnection:
        connection, broken = _open(catalog, listed, memory_limit, threads)
        for error in broken.values():
            connection.close()
            raise error
        return connection

    return _retry_when_moved(catalog, all_views)


def with_views(
    catalog: Catalog,
    ask: Callable[[duckdb.DuckDBPyConnection], pa.Table],
    *,
    memory_limit: str = "1GB",
    threads: int = 2,
) -> pa.Table:
    """Return the result of ``ask``, called with a connection with the views of this archive.

    Raises ``ArchiveError`` naming a damaged file of a view that ``ask`` uses. ``ask`` is called again when a
    compaction moved files meanwhile.
    """
    catalog = catalog.with_cached_listings()

    def once(listed: _Listed) -> pa.Table:
        connection, broken = _open(catalog, listed, memory_limit, threads)
        with connection:
            try:
                return ask(connection)
            except duckdb.CatalogException as error:
                for name, damage in broken.items():
                    if f"table with name {name} " in str(error).lower():
                        raise damage from error
                raise

    try:
        return _retry_when_moved(catalog, once)
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        if isinstance(error, duckdb.InvalidInputException) and not any(
            word in str(error).lower() for word in _OF_FILES
        ):
            raise  # an argument of a function, such as a pattern
        raise ArchiveError(
            f"{catalog.store.uri}: a file cannot be read: {error}",
            advice="run `helpscraper verify` to find the damaged file",
        ) from error


def with_snapshot_files(catalog: Catalog, work: Callable[[Mapping[str, frozenset[str]]], _T]) -> _T:
    """Return ``work(files)`` for the files of all snapshots, each with the ids to read from it (empty: all).

    A compaction that moves files meanwhile makes it begin again.
    """
    return _retry_when_moved(catalog, lambda listed: work(listed["snapshots"]))


def _retry_when_moved(catalog: Catalog, work: Callable[[_Listed], _T]) -> _T:
    """Return ``work(files of each view)``; call it again if a compaction moved files meanwhile."""
    for _ in range(_TRIES - 1):
        listed = _list(catalog)
        try:
            return work(listed)
        except (ArchiveError, duckdb.IOException):
            catalog.store.drop_listings()
            if _list(catalog) == listed:
                raise
    return work(_list(catalog))


def _list(catalog: Catalog) -> _Listed:
    snapshots = catalog.snapshots()
    newest = {each.partition: each for each in snapshots}
    bodies = [path for each in catalog.partitions() for path in bodies_files(catalog.store, each)]
    return {
        "snapshots": _files_of(catalog, "snapshots", snapshots),
        "latest": _files_of(catalog, "snapshots", list(newest.values())),
        "bodies": dict.fromkeys(bodies, frozenset()),
        "changes": _files_of(catalog, "changes", snapshots),
    }


def _open(
    catalog: Catalog, listed: _Listed, memory_limit: str, threads: int
) -> tuple[duckdb.DuckDBPyConnection, dict[str, ArchiveError]]:
    """Return a connection with the views, and the errors of views that cannot be made."""
    connection = open_duckdb(memory_limit=memory_limit, threads=threads)
    store = catalog.store
    store.attach(connection)
    broken: dict[str, ArchiveError] = {}
    for name, schema in _SCHEMAS.items():
        at = TIME_COLUMN["changes" if name == "changes" else "snapshots"]
        try:
            connection.execute(_view(name, store, listed[name], at, pa.schema([*schema, *_PARTITION])))
        except duckdb.Error as error:
            broken[name] = _damage(store, name, listed[name], error)
    connection.register("runs", runs_table(catalog))
    return connection, broken


def _damage(store: Store, name: str, files: Collection[str], error: duckdb.Error) -> ArchiveError:
    """Return an error that names the damaged file of a view."""
    for path in files:
        try:
            with contextlib.ExitStack() as stack:
                stack.enter_context(open_parquet(store, path))
        except ArchiveError as damage:
            return ArchiveError(
                f"{damage.message} (so the view {name} cannot be read)",
                advice="restore this file from a backup, or move it away to query the rest; the other views work",
            )
    return ArchiveError(
        f"{store.uri}: the view {name} cannot be made: {error}",
        advice="run `helpscraper verify` to find the damaged file",
    )


def query(
    catalog: Catalog,
    text: str,
    params: Mapping[str, object] | None = None,
    *,
    memory_limit: str = "1GB",
    threads: int = 2,
) -> pa.Table:
    """Return the result of one SELECT over the views of this archive.

    ``params`` are the values of ``$name`` in it; a text takes the type of the column that it is compared with. Raises
    ``CommandError`` for invalid SQL, for parameters that do not fit, and for statements other than one SELECT, because
    only crawls write to an archive; ``ArchiveError`` for a damaged file.
    """
    try:
        with open_duckdb() as parser:
            statements = parser.extract_statements(text)
        if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
            raise CommandError("only one SELECT is allowed", advice=_VIEWS_ARE)
        given = dict(params or {})
        _check_params(set(statements[0].named_parameters), set(given))
        return _with_plain_numbers(
            with_views(
                catalog,
                lambda con: con.sql(text, params=given or None).to_arrow_table(),
                memory_limit=memory_limit,
                threads=threads,
            )
        )
    except duckdb.OutOfMemoryException as error:
        raise CommandError(
            f"the query needs more memory: {_one_line(error)}", advice="pass a larger memory_limit"
        ) from error
    except duckdb.Error as error:
        raise CommandError(f"SQL: {_one_line(error)}", advice=_VIEWS_ARE) from error


def _with_plain_numbers(table: pa.Table) -> pa.Table:
    """Return decimals, which every sum of whole numbers is, as whole numbers if they are, else as floats."""
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            column = table.column(place)
            try:
                column = column.cast(pa.int64()) if field.type.scale == 0 else column.cast(pa.float64())
            except pa.ArrowInvalid:  # more than 64 bits
                column = column.cast(pa.float64())
            table = table.set_column(place, field.name, column)
    return table


def _check_params(wanted: set[str], given: set[str]) -> None:
    if missing := sorted(wanted - given):
        raise CommandError(
            f"SQL: there is no value for {', '.join(f'${name}' for name in missing)}",
            advice="give one with --param NAME=VALUE, in Python with params={name: value}",
        )
    if unused := sorted(given - wanted):
        named = ", ".join(f"${name}" for name in sorted(wanted)) or "none"
        raise CommandError(
            f"SQL: the query has no parameter {', '.join(f'${name}' for name in unused)}",
            advice=f"its parameters are: {named}",
        )


def _one_line(error: duckdb.Error) -> str:
    """Return a message of DuckDB without the picture of the query below it."""
    return " ".join(str(error).partition("\n\nLINE ")[0].split())


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
    for partition in dict.fromkeys(each.partition for each in snapshots):
        feeds = catalog.feeds(partition)
        for each in snapshots:
            if each.partition == partition and each.id in feeds:
                yield feeds[each.id], each.id


def _view(name: str, store: Store, files: Mapping[str, frozenset[str]], at: str, schema: pa.Schema) -> str:
    """Return the statement that makes one view; it lists the columns, because older files may lack some."""
    # Quoted, because `at` and others are SQL keywords.
    columns = [(f'"{field.name}"', _sql_type(field.type)) for field in schema]
    nothing = "SELECT " + ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns) + " WHERE false"
    picked = ", ".join(column for column, _ in columns)
    whole = [store.url(path) for path, ids in files.items() if not ids]
    # The empty first arm defines columns that no file has; the union fills them with nulls.
    arms = [nothing, *([_select_all(whole)] if whole else [])]
    for path, ids in files.items():
        if ids:
            instants = ", ".join(
                f"TIMESTAMPTZ '{snapshot_instant(each).isoformat()}'" for each in sorted(ids)
            )
            arms.append(f'{_select_all([store.url(path)])} WHERE "{at}" IN ({instants})')
    every = " UNION ALL BY NAME ".join(arms)
    # Files of schema 1 hold rows of articles that are gone.
    there = f" WHERE status <> '{GONE}'" if "status" in schema.names else ""
    return f"CREATE VIEW {name} AS SELECT {picked} FROM ({every}){there}"  # noqa: S608 (own names; quoted)


def _select_all(urls: Sequence[str]) -> str:
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
