"""Search the texts of all versions of all articles: who says it now, who ever said it, when it came and went."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import duckdb
import pyarrow as pa

from helpscraper.archive.duck import open_duckdb
from helpscraper.archive.layout import snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_views
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.nearest import nearest_or_all

__all__ = ["SEARCH_SCHEMA", "search"]

_INSTANT = pa.timestamp("us", tz="UTC")

SEARCH_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("locale", pa.string()),
        pa.field("article_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("section", pa.string()),
        pa.field("since", _INSTANT),
        pa.field("until", _INSTANT),
        pa.field("line", pa.string()),
    ]
)
"""One row for each time during which an article said it, by edition, article and time.

``since`` is the first snapshot that says it and ``until`` the first one after that does not (null: the latest says it).
Title, section and the first matching ``line`` are those of the last snapshot that says it.
"""

# Few rows stay after each step, because a year of 10,000 articles has 3.65 million. ``moments`` numbers the snapshots.
_SPANS = (
    "CREATE OR REPLACE TEMP TABLE found AS SELECT DISTINCT site, locale, body_sha256 FROM bodies"
    " WHERE regexp_matches(body_text, $line)",
    # One row for each article and text that says it: from and to which snapshot, and whether in all between.
    """
    CREATE OR REPLACE TEMP TABLE spans AS
    SELECT s.site, s.locale, article_id, body_sha256, first.number AS first, last.number AS last,
           held = last.number - first.number + 1 AS whole
    FROM (SELECT site, locale, article_id, body_sha256, min(snapshot_at) AS since, max(snapshot_at) AS upto,
                 count(*) AS held
          FROM snapshots SEMI JOIN found USING (site, locale, body_sha256) GROUP BY ALL) s
    JOIN moments first ON (s.site, s.locale, since) = (first.site, first.locale, first.snapshot_at)
    JOIN moments last ON (s.site, s.locale, upto) = (last.site, last.locale, last.snapshot_at)
    """,
)
# An article that was away meanwhile, or said something else: the rows of a run have constant differences.
_PARTS = """
    CREATE OR REPLACE TEMP TABLE parts AS
    SELECT site, locale, article_id, body_sha256, min(number) AS first, max(number) AS last
    FROM (SELECT s.site, s.locale, s.article_id, s.body_sha256, m.number,
                 m.number - row_number() OVER (PARTITION BY s.site, s.locale, s.article_id, s.body_sha256
                                               ORDER BY m.number) AS run
          FROM snapshots s
          SEMI JOIN (FROM spans WHERE NOT whole) b
              ON (s.site, s.locale, s.article_id, s.body_sha256) = (b.site, b.locale, b.article_id, b.body_sha256)
          JOIN moments m ON (s.site, s.locale, s.snapshot_at) = (m.site, m.locale, m.snapshot_at))
    GROUP BY site, locale, article_id, body_sha256, run
    """
_NO_PARTS = "CREATE OR REPLACE TEMP TABLE parts AS SELECT * EXCLUDE (whole) FROM spans LIMIT 0"
_SAID = """
CREATE OR REPLACE TEMP TABLE said AS
WITH every AS (
    SELECT * EXCLUDE (whole) FROM spans WHERE whole UNION ALL BY NAME FROM parts
), marked AS (
    SELECT *, coalesce(first > lag(last) OVER one + 1, true)::INTEGER AS begins
    FROM every WINDOW one AS (PARTITION BY site, locale, article_id ORDER BY first)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY site, locale, article_id ORDER BY first) AS run FROM marked
)
SELECT r.site, r.locale, article_id, body_sha256, begin.snapshot_at AS since, ending.snapshot_at AS upto,
       ending.following AS until
FROM (SELECT site, locale, article_id, min(first) AS first, max(last) AS last,
             arg_max(body_sha256, last) AS body_sha256
      FROM numbered GROUP BY site, locale, article_id, run) r
JOIN moments begin ON (r.site, r.locale, first) = (begin.site, begin.locale, begin.number)
JOIN moments ending ON (r.site, r.locale, last) = (ending.site, ending.locale, ending.number)
WHERE $history OR ending.following IS NULL
"""
_QUERY = """
WITH named AS (
    SELECT site, locale, article_id, snapshot_at, title, section FROM {rows}
    SEMI JOIN said s ON ({rows}.site, {rows}.locale, {rows}.article_id, {rows}.snapshot_at)
                      = (s.site, s.locale, s.article_id, s.upto)
), lines AS (
    SELECT site, locale, body_sha256, any_value(regexp_extract(body_text, $line)) AS line
    FROM bodies SEMI JOIN said USING (site, locale, body_sha256) GROUP BY ALL
)
SELECT s.site, s.locale, s.article_id, title, section, since, until, line
FROM said s LEFT JOIN named n
    ON (s.site, s.locale, s.article_id, upto) = (n.site, n.locale, n.article_id, n.snapshot_at)
LEFT JOIN lines l ON (s.site, s.locale, s.body_sha256) = (l.site, l.locale, l.body_sha256)
WHERE len($sections) = 0 OR section IN (SELECT unnest($sections))
ORDER BY s.site, s.locale, s.article_id, since
"""


def search(
    catalog: Catalog, pattern: str, *, history: bool = False, sections: Iterable[str] = ()
) -> pa.Table:
    """Return the articles whose text has a line that ``pattern`` matches in the latest snapshot (``SEARCH_SCHEMA``).

    ``history`` adds those that said it before. ``pattern`` is a regular expression of RE2, which takes linear time
    whatever it is; ``(?i)`` at its beginning ignores case. ``sections`` are keys. Raises ``CommandError`` for a pattern
    that is none, ``ReferenceNotFoundError`` for a section that no snapshot has, and ``ArchiveError`` naming a damaged
    file.
    """
    line = f"(?m)^.*(?:{pattern}).*$"
    with open_duckdb() as connection:
        try:
            for each in (pattern, line):
                connection.execute("SELECT regexp_matches('', $1)", [each])
        except duckdb.Error as error:
            raise CommandError(
                f"{pattern!r} is no regular expression: {error}",
                advice="put a backslash before a sign meant as it is",
            ) from error
    wanted = list(sections)
    moments = _moments(catalog)

    def found(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        # The views are made when they are first missed, and then all is asked again.
        connection.execute("SELECT 1 FROM bodies, snapshots, latest LIMIT 0")
        connection.register("moments", moments)
        given = {"line": line, "history": history, "sections": wanted}
        for statement in _SPANS:
            connection.execute(statement, _used(statement, given))
        [(broken,)] = connection.execute("SELECT count(*) FROM spans WHERE NOT whole").fetchall()
        # Reading the rows again takes as long as all the rest.
        connection.execute(_PARTS if broken else _NO_PARTS)
        connection.execute(_SAID, _used(_SAID, given))
        last = _QUERY.format(rows="snapshots" if history else "latest")
        answer = connection.sql(last, params=_used(last, given)).to_arrow_table()
        _require_known(connection, set(wanted) - set(answer.column("section").to_pylist()))
        return answer

    return with_views(catalog, found).cast(SEARCH_SCHEMA)


def _used(statement: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that the statement uses, because DuckDB refuses others."""
    return {name: value for name, value in given.items() if f"${name}" in statement}


def _moments(catalog: Catalog) -> pa.Table:
    """Return the snapshots of each edition with their numbers, and the instant of the one that follows."""
    rows = []
    for partition in catalog.partitions():
        instants = [snapshot_instant(name) for name in catalog.ids(partition)]
        following = [*instants[1:], None]
        rows += [
            {
                "site": partition.site,
                "locale": partition.locale,
                "snapshot_at": at,
                "following": later,
                "number": n,
            }
            for n, (at, later) in enumerate(zip(instants, following, strict=False))
        ]
    kinds = {"site": pa.string(), "locale": pa.string(), "snapshot_at": _INSTANT, "following": _INSTANT}
    return pa.Table.from_pylist(rows, pa.schema({**kinds, "number": pa.int64()}))


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
