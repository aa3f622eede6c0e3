"""Search the texts of all versions of all articles: who says it now, who ever said it, when it came and went."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import chain

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.duck import cursor
from helpscraper.archive.layout import Partition
from helpscraper.archive.parquet import open_parquet, rows_at
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_snapshot_files, with_views
from helpscraper.archive.store import Store
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.history.edition_rows import INSTANT, EditionRows, Ints, Rows, by_edition, micros
from helpscraper.nearest import nearest_or_all

__all__ = ["SEARCH_SCHEMA", "search"]

SEARCH_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("locale", pa.string()),
        pa.field("article_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("section", pa.string()),
        pa.field("since", INSTANT),
        pa.field("until", INSTANT),
        pa.field("line", pa.string()),
    ]
)
"""One row for each time during which an article said it, by edition, article and time.

``since`` is the first snapshot that says it and ``until`` the first one after that does not (null: the latest says it).
Title, section and the first matching ``line`` are those of the last snapshot that says it.
"""
_TIMES_SCHEMA = pa.schema([*SEARCH_SCHEMA][:-1]).append(pa.field("body", pa.int64()))

# The line is taken with the match, so that the texts are read once.
_FOUND = """
CREATE OR REPLACE TEMP TABLE found AS
SELECT site, locale, body_sha256, regexp_extract(body_text, $line) AS line
FROM bodies WHERE regexp_matches(body_text, $text)
"""
_ANSWER = """
SELECT t.site, t.locale, article_id, title, section, since, until, line
FROM times t JOIN found ON body = found.rowid
WHERE len($sections) = 0 OR section IN (SELECT unnest($sections))
ORDER BY t.site, t.locale, article_id, since
"""
_KEY = "body_sha256"
_NAMED = pa.schema([SEARCH_SCHEMA.field(name) for name in ("title", "section")])

# Rows whose keys are looked up at once: the table of the found keys is made for each look-up.
_AT_ONCE = 1 << 16
_FILES = 16


def search(
    catalog: Catalog, pattern: str, *, history: bool = False, sections: Iterable[str] = ()
) -> pa.Table:
    """Return the articles whose text has a line that ``pattern`` matches in the latest snapshot (``SEARCH_SCHEMA``).

    ``history`` adds those that said it before. ``pattern`` is a regular expression of RE2, which takes linear time
    whatever it is; ``(?i)`` at its beginning ignores case. ``sections`` are keys. Raises ``CommandError`` for a pattern
    that is none, ``ReferenceNotFoundError`` for a section that no snapshot has, and ``ArchiveError`` naming a damaged
    file.
    """
    # A text with a match has a line with a match; to find the text alone takes half the time.
    text, line = f"(?m)(?:{pattern})", f"(?m)^.*(?:{pattern}).*$"
    with cursor(threads=1) as connection:
        try:
            for each in (pattern, line):
                connection.execute("SELECT regexp_matches('', $1)", [each])
        except duckdb.Error as error:
            raise CommandError(
                f"{pattern!r} is no regular expression: {str(error).partition(': ')[2]}",
                advice="put a backslash before a sign meant as it is, or search for plain text with --fixed",
            ) from error
    wanted = list(sections)
    catalog = catalog.with_cached_listings()

    def answer(connection: duckdb.DuckDBPyConnection, files: Mapping[str, frozenset[str]]) -> pa.Table:
        # A view is made when it is first missed, and then all is asked again.
        connection.execute("SELECT 1 FROM bodies LIMIT 0")
        if wanted:
            connection.execute("SELECT 1 FROM snapshots LIMIT 0")
        connection.execute(_FOUND, {"text": text, "line": line})
        connection.register("times", _times(connection, catalog, files, history=history))
        found = connection.sql(_ANSWER, params={"sections": wanted}).to_arrow_table()
        _require_known(connection, set(wanted) - set(found.column("section").to_pylist()))
        return found

    def asked(files: Mapping[str, frozenset[str]]) -> pa.Table:
        return with_views(catalog, lambda connection: answer(connection, files))

    # The snapshots are listed before the bodies, so that no snapshot has a body that was not searched.
    return with_snapshot_files(catalog, asked).cast(SEARCH_SCHEMA)


def _times(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    files: Mapping[str, frozenset[str]],
    *,
    history: bool,
) -> pa.Table:
    """Return the times during which an article had one of the bodies ``found``; ``body`` is the row of the last one."""
    tables = [_TIMES_SCHEMA.empty_table()]
    having = set(connection.execute("SELECT DISTINCT site, locale FROM found").fetchall())
    for partition, own in by_edition(files).items():
        if (partition.site, partition.locale) in having:
            keys = connection.sql(
                "SELECT rowid, body_sha256 FROM found WHERE (site, locale) = ($1, $2) ORDER BY rowid",
                params=[partition.site, partition.locale],
            ).to_arrow_table()
            tables.append(_times_of(catalog, partition, own, keys.combine_chunks(), history=history))
    return pa.concat_tables(tables)


def _times_of(
    catalog: Catalog,
    partition: Partition,
    own: Mapping[str, frozenset[str]],
    found: pa.Table,
    *,
    history: bool,
) -> pa.Table:
    """Return the times (``_TIMES_SCHEMA``) of one edition; ``found`` has the keys of the bodies and their rows."""
    rows, paths = EditionRows(catalog.store), list(own)
    parts = [range(len(own))[first : first + _FILES] for first in range(0, len(own), _FILES)]
    instants = np.array([micros(each) for each in catalog.ids(partition)], dtype=np.int64)
    with ThreadPoolExecutor(catalog.store.readers) as pool:
        said = pool.map(lambda part: list(_said(rows, paths, own, part, found.column(_KEY).chunk(0))), parts)
        every = list(chain.from_iterable(said))
        if not every:
            return _TIMES_SCHEMA.empty_table()  # no file has a row
        articles, at, bodies, files, places = (np.concatenate(column) for column in zip(*every, strict=True))
        names, articles = rows.ranked(articles)
        moments = np.searchsorted(instants, at)
        order = np.lexsort((moments, articles))
        articles, moments = articles[order], moments[order]
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (articles[1:] != articles[:-1]) | (moments[1:] != moments[:-1] + 1)
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], len(order)) - 1
        if not history:
            now = moments[ends] == len(instants) - 1
            starts, ends = starts[now], ends[now]
        last = order[ends]
        named = _named(pool, catalog.store, paths, files[last], places[last])
    size, following = len(ends), moments[ends] + 1
    ended = following < len(instants)
    columns = {
        "site": pa.repeat(partition.site, size),
        "locale": pa.repeat(partition.locale, size),
        "article_id": pa.array(names, pa.string()).take(pa.array(articles[ends])),
        "title": named.column("title"),
        "section": named.column("section"),
        "since": pa.array(instants[moments[starts]]).cast(INSTANT),
        "until": pa.array(instants[np.where(ended, following, 0)], mask=~ended).cast(INSTANT),
        "body": found.column("rowid").take(pa.array(bodies[last])),
    }
    return pa.table(columns, _TIMES_SCHEMA)


def _said(
    rows: EditionRows, paths: Sequence[str], own: Mapping[str, frozenset[str]], part: range, keys: pa.Array
) -> Iterator[tuple[Ints, ...]]:
    """Yield article, instant, number among ``keys``, file and place of the rows with one of these bodies."""
    batch: list[tuple[int, Rows]] = []
    for number in part:
        for each in rows.read(paths[number], own[paths[number]], [_KEY]):
            batch.append((number, each))
            if sum(len(read.at) for _, read in batch) >= _AT_ONCE:
                yield _matching(batch, keys)
                batch = []
    if batch:
        yield _matching(batch, keys)


def _matching(batch: Sequence[tuple[int, Rows]], keys: pa.Array) -> tuple[Ints, ...]:
    column = pa.chunked_array([chunk for _, each in batch for chunk in each.table.column(_KEY).chunks])
    bodies = np.asarray(pc.fill_null(pc.index_in(column, value_set=keys, skip_nulls=True), -1))
    files = np.repeat([number for number, _ in batch], [len(each.at) for _, each in batch])
    articles, at, places = (
        np.concatenate([getattr(each, name) for _, each in batch]) for name in ("articles", "at", "places")
    )
    chosen = bodies >= 0
    return articles[chosen], at[chosen], bodies[chosen], files[chosen], places[chosen]


def _named(pool: Executor, store: Store, paths: Sequence[str], files: Ints, places: Ints) -> pa.Table:
    """Return title and section of rows, given by the number of their file and their place in it, in this order."""

    def read(number: int) -> pa.Table:
        with open_parquet(store, paths[number]) as file:
            return rows_at(file, np.sort(places[files == number]), _NAMED.names).cast(_NAMED)

    order = np.lexsort((places, files))
    tables = [_NAMED.empty_table(), *pool.map(read, np.unique(files).tolist())]
    return pa.concat_tables(tables).take(pa.array(np.argsort(order)))


def _require_known(connection: duckdb.DuckDBPyConnection, sections: Collection[str]) -> None:
    """Raise ``ReferenceNotFoundError`` for a section that no snapshot has."""
    if not sections:
        return
    rows = connection.sql(
        "SELECT DISTINCT section FROM snapshots WHERE section IS NOT NULL ORDER BY section"
    ).fetchall()
    known = [section for (section,) in rows]
    for section in sorted(sections):
        if section not in known:
            raise ReferenceNotFoundError(
                f"{section}: no snapshot has this section", advice=nearest_or_all(section, known)
            )
