"""Make the tables of a report in DuckDB: rows, change records with their owners, view counts.

Changes come from the change feeds of the crawls. A snapshot whose feed is missing (an import) or outdated (an earlier
import or a re-extraction came between) is compared with the one before it.
"""
# ruff: noqa: S608  (names in SQL are constants of this module; values are parameters)

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import duckdb
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.history.current_feed import feed_is_current
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.identity import Identities
from helpscraper.history.result import renames_of

__all__ = ["prepare"]

_ROW = (
    "article_id", "url", "title", "category_title", "section", "section_title", "published_on", "updated_on",
    "published_at", "updated_at", "body_sha256", "language",
)  # fmt: skip
_FEED = (
    ("article_id", "varchar"), ("kind", "varchar"), ("field", "varchar"), ("before", "varchar"),
    ("after", "varchar"), ("silent", "boolean"),
)  # fmt: skip


def prepare(
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    partition: Partition,
    snapshots: Sequence[Snapshot],
    *,
    counted: bool,
    views: bool,
) -> dict[str, str]:
    """Make the tables and return the last id of each article that was renamed, by its former ids.

    ``first_rows``, ``last_rows``   the articles of the first and of the last snapshot
    ``first_owned``                 ``first_rows`` with ``owner``, the article's last id
    ``feed``                        every change record; of counts only view counts
    ``records``                     ``feed`` with owners, and without counts unless ``counted``
    ``points``                      owner, snapshot and view count, where the count changed

    Most records are counts, so without ``views`` there are no ``points``, and ``feed`` has counts only if ``counted``.
    """
    _rows(con, catalog, snapshots)
    quiet, shown = "kind <> 'counted'", "(kind <> 'counted' or field = 'view_count')"
    wanted = shown if counted else quiet
    _feed(con, catalog, partition, snapshots, shown if views else wanted)
    known = _identify(con)
    ids = [each.id for each in snapshots]
    con.execute(
        f"create temp table records as select *, owner_of(article_id, sid) as owner from feed where {wanted}"
    )
    con.execute(
        "create temp table first_owned as select *, owner_of(article_id, ?) as owner from first_rows",
        [ids[0]],
    )
    con.execute("create temp table points (owner varchar, sid varchar, n bigint)")
    if views:
        _points(con, catalog, snapshots)
    return known.given_up()


def _rows(con: duckdb.DuckDBPyConnection, catalog: Catalog, snapshots: Sequence[Snapshot]) -> None:
    columns = ", ".join(f"{name}::varchar as {name}" for name in _ROW)
    for name, snapshot in (("first_rows", snapshots[0]), ("last_rows", snapshots[-1])):
        con.register("loaded", catalog.load_table(snapshot, columns=_ROW))
        con.execute(f"create temp table {name} as select {columns} from loaded")
        con.unregister("loaded")


def _feed(
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    partition: Partition,
    snapshots: Sequence[Snapshot],
    wanted: str,
) -> None:
    """Make the table ``feed`` from valid change feeds, else by comparing; ``wanted`` is an SQL condition."""
    valid, missing = [], []
    feeds, every = catalog.feeds(partition), catalog.snapshots(partition)
    for before, after in pairwise(snapshots):
        if after.id in feeds and feed_is_current(catalog, before, after, every):
            valid.append((after.id, snapshot_instant(after.id)))
        else:
            missing.append((before, after))
    con.execute("create temp table feed (sid varchar, " + ", ".join(f"{n} {t}" for n, t in _FEED) + ")")
    columns = ", ".join(name for name, _ in _FEED)
    if valid:
        con.execute(
            f"insert into feed select sid, {columns} from changes"
            ' join (select unnest($1::varchar[]) as sid, unnest($2::timestamptz[]) as instant) on "at" = instant'
            f" where site = $3 and locale = $4 and {wanted}",
            [*(list(column) for column in zip(*valid, strict=True)), partition.site, partition.locale],
        )
    for before, after in missing:
        con.register("loaded", diff_snapshots(catalog, before, after).table)
        con.execute(f"insert into feed select ?, {columns} from loaded where {wanted}", [after.id])
        con.unregister("loaded")


def _identify(con: duckdb.DuckDBPyConnection) -> Identities:
    """Make the table ``tenures`` and the macro ``owner_of(id, snapshot)``: see ``identity.TENURES_SCHEMA``."""
    records = con.sql("select * from feed where kind = 'renamed'").to_arrow_table()
    renames = [
        (sid, before, after)
        for sid in records.column("sid").unique().to_pylist()
        for before, after in renames_of(records.filter(pc.equal(records.column("sid"), sid)))
    ]
    found = Identities(renames)
    con.register("loaded", found.table())
    con.execute("create temp table tenures as select * from loaded")
    con.unregister("loaded")
    con.execute(
        "create temp macro owner_of(id, seen) as coalesce((select min(t.owner) from tenures t where t.article_id = id"
        " and coalesce(t.since, '') <= seen and (t.until is null or seen < t.until)), id)"
    )
    return found


def _points(con: duckdb.DuckDBPyConnection, catalog: Catalog, snapshots: Sequence[Snapshot]) -> None:
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
