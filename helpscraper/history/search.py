"""Search the texts of all versions of all articles: who says it now, who ever said it, when it came and went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa

from helpscraper.archive.duck import open_duckdb
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

# An article says it in runs of snapshots: the number of the snapshot less the number of the row is constant in a run.
_QUERY = """
WITH found AS (
    SELECT DISTINCT site, locale, body_sha256 FROM bodies WHERE regexp_matches(body_text, $line)
), moments AS (
    SELECT *, row_number() OVER edition AS number, lead(snapshot_at) OVER edition AS following
    FROM (SELECT DISTINCT site, locale, snapshot_at FROM snapshots)
    WINDOW edition AS (PARTITION BY site, locale ORDER BY snapshot_at)
), said AS (
    SELECT s.site, s.locale, article_id, title, section, body_sha256, snapshot_at, number, following,
           number - row_number() OVER (PARTITION BY s.site, s.locale, article_id ORDER BY number) AS run
    FROM snapshots s JOIN found USING (site, locale, body_sha256) JOIN moments USING (site, locale, snapshot_at)
    WHERE len($sections) = 0 OR section IN (SELECT unnest($sections))
), runs_of_it AS (
    SELECT site, locale, article_id, arg_max_null(title, number) AS title, arg_max_null(section, number) AS section,
           arg_max_null(body_sha256, number) AS body_sha256,
           min(snapshot_at) AS since, arg_max_null(following, number) AS until
    FROM said GROUP BY site, locale, article_id, run
), lines AS (
    SELECT site, locale, body_sha256, any_value(regexp_extract(body_text, $line)) AS line
    FROM bodies JOIN (SELECT DISTINCT site, locale, body_sha256 FROM runs_of_it) USING (site, locale, body_sha256)
    GROUP BY ALL
)
SELECT site, locale, article_id, title, section, since, until, line
FROM runs_of_it LEFT JOIN lines USING (site, locale, body_sha256)
WHERE $history OR until IS NULL
ORDER BY site, locale, article_id, since
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
    params = {"line": line, "history": history, "sections": wanted}

    def found(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        if wanted:
            _require_known(connection, wanted)
        return connection.sql(_QUERY, params=params).to_arrow_table()

    return with_views(catalog, found).cast(SEARCH_SCHEMA)


def _require_known(connection: duckdb.DuckDBPyConnection, sections: Sequence[str]) -> None:
    rows = connection.sql(
        "SELECT DISTINCT section FROM snapshots WHERE section IS NOT NULL ORDER BY section"
    ).fetchall()
    known = [section for (section,) in rows]
    for section in sections:
        if section not in known:
            raise ReferenceNotFoundError(
                f"{section}: no snapshot has this section", advice=nearest_or_all(section, known)
            )
