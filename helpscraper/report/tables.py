"""The tables that a report is made from, in DuckDB: rows, change records with their owners, view counts.

What changed comes from the change feeds that the crawls published; a snapshot without one (an import) is compared
with the one before it.
"""
# ruff: noqa: S608  (every name put into SQL is a constant of this module; values are parameters)

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import duckdb

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.history.diff import diff_snapshots

__all__ = ["prepare"]

_ROW = (
    "article_id", "url", "title", "category_title", "section", "section_title", "published_on", "updated_on",
    "published_at", "updated_at", "body_sha256", "language",
)  # fmt: skip
_ID = """strftime("at", '%Y%m%dT%H%M%SZ')"""


def prepare(
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    partition: Partition,
    snapshots: Sequence[Snapshot],
    *,
    counted: bool,
) -> dict[str, str]:
    """Make the tables and return, for every former id of an article, the id that it bears at last.

    ``first_rows``, ``last_rows``   the articles of the first and of the last snapshot
    ``first_owned``                 the first ones with the ``owner`` that they have become
    ``feed``                        every change record; of those of counts, the view counts
    ``records``                     the same with owners, and without the counts unless ``counted``
    ``points``                      owner, snapshot and view count, where the count moved
    """
    _rows(con, catalog, snapshots)
    _feed(con, catalog, partition, snapshots)
    renamed = _renames(con)
    ids = [each.id for each in snapshots]
    loud = "true" if counted else "kind <> 'counted'"
    con.execute(
        f"create temp table records as select *, owner_of(article_id, sid) as owner from feed where {loud}"
    )
    con.execute(
        "create temp table first_owned as select *, owner_of(article_id, ?) as owner from first_rows",
        [ids[0]],
    )
    _points(con, catalog, snapshots)
    return renamed


def _rows(con: duckdb.DuckDBPyConnection, catalog: Catalog, snapshots: Sequence[Snapshot]) -> None:
    columns = ", ".join(f"{name}::varchar as {name}" for name in _ROW)
    for name, snapshot in (("first_rows", snapshots[0]), ("last_rows", snapshots[-1])):
        con.register("loaded", catalog.load_table(snapshot, columns=[*_ROW, "status"]))
        con.execute(f"create temp table {name} as select {columns} from loaded where status <> 'gone'")
        con.unregister("loaded")


def _feed(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, partition: Partition, snapshots: Sequence[Snapshot]
) -> None:
    """Read what the crawls published; compare where a snapshot has no feed, or was read again by another extractor."""
    published, lacking = [], []
    feeds = catalog.feeds(partition)
    for before, after in pairwise(snapshots):
        if after.id in feeds and not after.reextracted:
            published.append(after.id)
        else:
            lacking.append((before, after))
    con.execute("create temp table wanted as select unnest(?::varchar[]) as sid", [published])
    con.execute(
        "create temp table feed as"
        f" select {_ID} as sid, article_id, kind, field, before, after, silent from changes"
        f" where site = ? and locale = ? and {_ID} in (from wanted)"
        " and (kind <> 'counted' or field = 'view_count')",
        [partition.site, partition.locale],
    )
    for before, after in lacking:
        con.register("loaded", diff_snapshots(catalog, before, after).table)
        con.execute(
            "insert into feed select ?, article_id, kind, field, before, after, silent from loaded"
            " where kind <> 'counted' or field = 'view_count'",
            [after.id],
        )
        con.unregister("loaded")


def _renames(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Make the macro ``owner_of(id, snapshot)``: the id that an article bears after all its later renames."""
    renames = con.execute(
        "select sid, before, after from feed where kind = 'renamed' and field in ('source_id', 'body')"
        " and after = article_id"
        " order by sid desc"
    ).fetchall()
    final: dict[str, list[tuple[str, str]]] = {}
    for sid, before, after in renames:
        later = [owner for when, owner in final.get(after, ()) if when > sid]
        final.setdefault(before, []).append((sid, later[-1] if later else after))
    flat = [(before, sid, owner) for before, pairs in final.items() for sid, owner in pairs]
    con.execute("create temp table renames (article_id varchar, until varchar, owner varchar)")
    if flat:
        con.executemany("insert into renames values (?, ?, ?)", flat)
    con.execute(
        "create temp macro owner_of(id, seen) as coalesce((select min_by(r.owner, r.until) from renames r"
        " where r.article_id = id and r.until > seen), id)"
    )
    return {before: pairs[-1][1] for before, pairs in final.items()}


def _points(con: duckdb.DuckDBPyConnection, catalog: Catalog, snapshots: Sequence[Snapshot]) -> None:
    con.execute("create temp table points (owner varchar, sid varchar, n bigint)")
    for snapshot in dict.fromkeys((snapshots[0], snapshots[-1])):
        con.register("loaded", catalog.load_table(snapshot, columns=["article_id", "view_count"]))
        con.execute(
            "insert into points select owner_of(article_id, $1), $1, view_count from loaded"
            " where view_count is not null",
            [snapshot.id],
        )
        con.unregister("loaded")
    con.execute(
        "insert into points select owner_of(article_id, sid), sid, try_cast(after as bigint) as n from feed"
        " where kind = 'counted' and sid <> ? and n is not null",
        [snapshots[-1].id],
    )
