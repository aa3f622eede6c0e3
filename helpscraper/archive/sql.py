"""SQL over an archive: a DuckDB connection whose views are the Parquet files.

The views are ``snapshots`` (all snapshots, with ``site`` and ``locale``; a re-extraction replaces its crawl),
``latest`` (the newest of each site and locale), ``bodies``, ``changes`` (the change feeds; a warning tells of snapshots
without one) and ``runs``. A view without files is empty and has all columns. A query fails only if it uses a view with
a damaged file.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import duckdb
import pyarrow as pa

from helpscraper.archive.duck import cursor, open_duckdb
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql_views import VIEWS, FilesMovedError, ViewFiles, create_view
from helpscraper.errors import ArchiveError, CommandError
from helpscraper.nearest import nearest_or_all
from helpscraper.plain_text import plural

__all__ = ["VIEWS", "connect", "query", "with_snapshot_files", "with_views"]

_VIEWS_ARE = f"the views are {', '.join(VIEWS)}"

# The same class of error stands for a damaged file and for a wrong argument of a function.
_OF_FILES = ("file", "parquet", "zstd", "decompress", "magic", "page", "thrift", "tprotocol")

_NO_TABLE = re.compile(r"Table with name (\S{1,100}) does not exist")

# A compaction moves one month at a time, so a query rarely meets it twice.
_TRIES = 5

_T = TypeVar("_T")


def connect(catalog: Catalog, *, memory_limit: str = "1GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB connection with the views of this archive; see ``open_duckdb`` for the bounds.

    Raises ``ArchiveError`` naming a damaged file.
    """
    catalog = catalog.with_cached_listings()

    def all_views(files: ViewFiles) -> duckdb.DuckDBPyConnection:
        connection = _open(catalog, memory_limit, threads)
        try:
            for name in VIEWS:
                create_view(connection, catalog, name, files)
        except BaseException:
            connection.close()
            raise
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

    def once(files: ViewFiles) -> pa.Table:
        files.many_alike = True
        try:
            return asked(files)
        except duckdb.InvalidInputException as error:
            if "schema mismatch" not in str(error):
                raise
            files.many_alike = False
            return asked(files)

    def asked(files: ViewFiles) -> pa.Table:
        with _open(catalog, memory_limit, threads) as connection:
            made: set[str] = set()
            while True:
                try:
                    found = ask(connection)
                    break
                except duckdb.CatalogException as error:
                    # A view is made when it is first missed, because making one reads the footers of its files.
                    name = _missing_view(error, made)
                    if name is None:
                        raise
                made.add(name)
                create_view(connection, catalog, name, files, may_glob=True)
        if files.globbed:
            files.check_unchanged()
        if "changes" in made:
            _warn_of_missing_feeds(catalog)
        return found

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


def _warn_of_missing_feeds(catalog: Catalog) -> None:
    """Warn of snapshots whose changes the view ``changes`` lacks: imports write no feed, and a file may be lost."""
    for partition in catalog.partitions():
        feeds = catalog.feeds(partition)
        missing = [name for name in catalog.ids(partition)[1:] if name not in feeds]
        if missing:
            warnings.warn(
                f"{catalog.store.uri} ({partition}): the view changes lacks the changes of"
                f" {plural(len(missing), 'snapshot')} without a change feed (the first is {missing[0]});"
                " `log`, `diff` and Archive.changes() compare such snapshots",
                stacklevel=2,
            )


def _retry_when_moved(catalog: Catalog, work: Callable[[ViewFiles], _T]) -> _T:
    """Return ``work(files of each view)``; call it again if a compaction moved files meanwhile."""
    for _ in range(_TRIES - 1):
        files = ViewFiles(catalog)
        try:
            return work(files)
        except FilesMovedError:
            continue
        except (ArchiveError, duckdb.IOException):
            if files.are_unchanged():
                raise
    return work(ViewFiles(catalog))


def _missing_view(error: duckdb.CatalogException, made: Collection[str]) -> str | None:
    """Return the view that a query missed; None when it missed something else."""
    said = str(error).lower()
    return next((name for name in VIEWS if name not in made and f"table with name {name} " in said), None)


def _open(catalog: Catalog, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    connection = open_duckdb(memory_limit=memory_limit, threads=threads)
    if catalog.store.local_path() is not None:
        # The system caches local files, and DuckDB's cache takes a kilobyte for each file.
        connection.execute("SET enable_external_file_cache = false")
    catalog.store.attach(connection)
    return connection


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
        with cursor(threads=1) as parser:
            statements = parser.extract_statements(text)
        if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
            raise CommandError("only one SELECT is allowed", advice=_VIEWS_ARE)
        given = dict(params or {})
        _check_params(set(statements[0].named_parameters), set(given))
        return _with_plain_numbers(
            with_views(
                catalog,
                lambda con: _interruptible(con, lambda: _answer(con.sql(text, params=given or None))),
                memory_limit=memory_limit,
                threads=threads,
            )
        )
    except duckdb.OutOfMemoryException as error:
        raise CommandError(
            f"the query needs more memory: {_one_line(error)}", advice="pass a larger memory_limit"
        ) from error
    except duckdb.CatalogException as error:
        missing = _NO_TABLE.search(str(error))
        if missing is None:
            raise CommandError(f"SQL: {_one_line(error)}", advice=_VIEWS_ARE) from error
        raise CommandError(
            f"SQL: there is no view {missing[1]}", advice=nearest_or_all(missing[1], VIEWS)
        ) from error
    except duckdb.Error as error:
        raise CommandError(f"SQL: {_one_line(error)}", advice=_VIEWS_ARE) from error


def _interruptible(connection: duckdb.DuckDBPyConnection, ask: Callable[[], pa.Table]) -> pa.Table:
    """Run a query that Ctrl-C ends: DuckDB itself does not look for signals."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        try:
            return answer.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


def _answer(asked: duckdb.DuckDBPyRelation) -> pa.Table:
    """Return the rows; whole numbers that Arrow's decimals cannot hold are text, because DuckDB would spoil them."""
    if any(str(kind) == "UHUGEINT" for kind in asked.types):
        asked = asked.project(
            *(
                duckdb.ColumnExpression(name).cast("VARCHAR" if str(kind) == "UHUGEINT" else kind).alias(name)
                for name, kind in zip(asked.columns, asked.types, strict=True)
            )
        )
    return asked.to_arrow_table()


def _with_plain_numbers(table: pa.Table) -> pa.Table:
    """Return decimals as floats, but whole ones, as every sum of whole numbers is, with all their digits."""
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            column = table.column(place)
            with suppress(pa.ArrowInvalid):  # more than 64 bits
                column = column.cast(pa.float64() if field.type.scale else pa.int64())
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
