"""Compare two snapshots with DuckDB: one record for each difference.

Two passes keep the memory small. The first compares one hash per row and finds the articles that differ; the second
reads the columns of those only. So memory grows with the number of keys and changes, not with the width of the rows;
the rest is spilled to disk.
"""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from helpscraper.archive.duck import cursor
from helpscraper.archive.redirects import Redirect
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.errors import ArchiveError
from helpscraper.history.change_sql import HAPPENED, RECORDS, as_text, records_query
from helpscraper.history.kinds import COMPARED
from helpscraper.history.missing_articles import classify_absences, find_hidden_rows
from helpscraper.history.relations import NO_EVIDENCE, Evidence, Source, create_view, extractor_of
from helpscraper.history.renames import Bodies, Candidate, Rename, find_renames

__all__ = ["RECORD_SCHEMA", "Comparison", "compare"]

RECORD_SCHEMA: pa.Schema = CHANGES_SCHEMA.append(pa.field("reason", pa.string()))
"""The columns of a change feed, and ``reason``: null for a change of the site, else why it is set apart."""

# Up to this size one thread is faster than two; 10,000 articles are a file of 1 MB.
_FEW_ROWS = 50_000
_FEW_BYTES = 5 << 20

_ARTICLES = """
select key as article_id, case when b_article_id <> key then b_article_id end as previous_id,
    coalesce(a_title, b_title) as title,
    case when a_article_id is null then b_section else a_section end as section,
    coalesce(a_url, b_url) as url
from pairs order by article_id
"""
# An update instant between the two crawls proves that the site updated the article, whatever the extractor.
_CORROBORATED = """
coalesce(a_updated_at > (select max(snapshot_at) from before) and a_updated_at <= ?::timestamptz
    and a_updated_at is distinct from b_updated_at, false)
"""


# A day of captures begins before its last page was read; a page that was carried over was read before its snapshot.
_SEEN = as_text("greatest(snapshot_at, fetched_at)", "TIMESTAMPTZ")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of ``compare``.

    ``records`` has ``RECORD_SCHEMA``, sorted. ``articles`` has one row for each article in it, as it is after the
    change: ``article_id``, ``previous_id`` (before a rename), ``title``, ``section``, ``url``. ``counts`` are the
    numbers of existing articles (``before``, ``after``).
    """

    records: pa.Table
    articles: pa.Table
    counts: Mapping[str, int]


def _is_small(source: Source) -> bool:
    if isinstance(source, pa.Table):
        return bool(source.num_rows <= _FEW_ROWS)
    path = Path(source)
    return path.is_file() and path.stat().st_size <= _FEW_BYTES


def compare(
    before: Source,
    after: Source,
    *,
    before_run: RunFacts,
    after_run: RunFacts,
    bodies: Bodies | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> Comparison:
    """Compare two snapshots; see ``kinds`` for the differences, ``missing_articles`` for articles that one lacks.

    When another extractor read the earlier side, a difference counts as the site's only if the site states an update
    between the two crawls. Raises ``ArchiveError`` for an unreadable file and for a table that is not a snapshot.
    """
    with closing(cursor(threads=1 if all(map(_is_small, (before, after))) else None)) as con:
        try:
            return _compare(con, (before, after), (before_run, after_run), bodies, evidence)
        except duckdb.Error as error:
            names = " and ".join(str(each) for each in (before, after) if not isinstance(each, pa.Table))
            raise ArchiveError(
                f"{names or 'these tables'}: cannot be compared: {error}",
                advice="`helpscraper verify` names every damaged file; restore it from a backup",
            ) from error


def _compare(
    con: duckdb.DuckDBPyConnection,
    sources: tuple[Source, Source],
    runs: tuple[RunFacts, RunFacts],
    bodies: Bodies | None,
    evidence: Evidence,
) -> Comparison:
    (before, after), (before_run, after_run) = sources, runs
    lacking = create_view(con, "before_own", before, before_run)
    schema_differs = {*lacking} ^ {*create_view(con, "after", after, after_run)}
    others = sorted({name for name, _ in before_run.kept.items() ^ after_run.kept.items()})
    con.register("others", pa.table({"article_id": pa.array(others, pa.string())}))
    extractor = extractor_of(after_run)
    find_hidden_rows(con, before_run, evidence.earlier, extractor)
    hidden = _both_sides(con)
    _find_differing(con, hidden)
    _find_renames(con, bodies, evidence.redirects, runs)
    classify_absences(con, before_run, after_run, evidence)
    at = _snapshot_at(con, after_run)
    same_extractor = extractor_of(before_run) == extractor
    empty = () if same_extractor else _all_null(con)
    plain = same_extractor and not hidden and not others
    _pair(con, at, "true" if plain else _corroborated(same_extractor))
    # Each table of the rows that differ is dropped after its last use: a day of new view counts changes all rows.
    con.execute("drop table a; drop table b")
    articles = con.sql(_ARTICLES).to_arrow_table()
    # A query that returns Arrow is planned twice, and planning this one is slow; so store its result first.
    con.execute(f"create temp table records_unsorted as {records_query({*schema_differs, *empty})}")
    con.execute("drop table pairs")
    records = con.sql(RECORDS, params=[at]).to_arrow_table().cast(RECORD_SCHEMA)
    [(n_before, n_after)] = con.execute("select n_before, n_after from live").fetchall()
    return Comparison(records, articles, {"before": n_before - hidden, "after": n_after})


def _both_sides(con: duckdb.DuckDBPyConnection) -> int:
    """Make the view ``before`` with the hidden rows; return how many there are."""
    [(hidden,)] = con.execute("select count(*) from hidden").fetchall()
    also = " union all by name select * exclude (other_extractor) from hidden" if hidden else ""
    con.execute(f"create temp view before as select * from before_own{also}")
    return int(hidden)


def _find_differing(con: duckdb.DuckDBPyConnection, hidden: int) -> None:
    """Find the keys whose rows differ, as the table ``differing``, and the rows themselves, as ``b`` and ``a``.

    Hidden rows are always included, because the diff reports that they are seen again.
    """
    row = f"hash({', '.join(COMPARED)})"
    keys = "select article_id, {row} as h from {side}"
    con.execute(
        "create temp table joined as select article_id, b.h is null as came, a.h is null as went,"
        " b.h is distinct from a.h as differs"
        f" from ({keys.format(row=row, side='before')}) b full outer join"
        f" ({keys.format(row=row, side='after')}) a using (article_id)"
    )
    con.execute(
        "create temp table live as select count(*) filter (not came) as n_before,"
        " count(*) filter (not went) as n_after from joined"
    )
    seen_again = " or article_id in (select article_id from hidden)" if hidden else ""
    con.execute(
        f"create temp table differing as select article_id, came, went from joined where differs{seen_again}"
    )
    con.execute("drop table joined")
    for short, side in (("b", "before"), ("a", "after")):
        con.execute(
            f"create temp table {short} as select * from {side} semi join differing using (article_id)"
        )


def _find_renames(
    con: duckdb.DuckDBPyConnection,
    bodies: Bodies | None,
    redirects: Sequence[Redirect],
    runs: tuple[RunFacts, RunFacts],
) -> None:
    """Fill the table ``renames``: an article that went and one that came are the same article.

    A redirect leads forwards in time. So where ``before`` is the newer snapshot, renames are looked for in the order of
    time and turned round: both directions of a diff pair the same articles.
    """
    sides = []
    for side, flag in (("b", "went"), ("a", "came")):
        rows = con.execute(
            f"select article_id, source_id, body_sha256, {as_text('published_at', 'TIMESTAMPTZ')},"
            f" published_on::varchar, {_SEEN} from {side}"
            f" semi join (select article_id from differing where {flag}) using (article_id)"
        ).fetchall()
        sides.append([Candidate(*row) for row in rows])
    names, newer, own = ["before", "after", "via"], "after", runs[1].redirects
    renames: list[Rename] = []
    if all(sides):
        if _instant(con, "before") > _instant(con, "after"):
            sides.reverse()
            names, newer, own = ["after", "before", "via"], "before", runs[0].redirects
        redirects = sorted([*redirects, *own], key=lambda each: (each.at, each.url, each.target))
        living: set[str] = set()
        until = ""
        if redirects:
            targets = list({each.target_id for each in redirects})
            there = f"select article_id from {newer} where article_id in (select unnest(?::varchar[]))"
            living = {key for (key,) in con.execute(there, [targets]).fetchall()}
            until = max([_instant(con, newer, _SEEN), *(each.at for each in own)])
        older, later = sides
        renames = find_renames(older, later, bodies, redirects, living=living, until=until)
    columns = [[r.before for r in renames], [r.after for r in renames], [r.via for r in renames]]
    con.register("renames", pa.table([pa.array(each, pa.string()) for each in columns], names))


def _instant(
    con: duckdb.DuckDBPyConnection, view: str, instant: str = as_text("snapshot_at", "TIMESTAMPTZ")
) -> str:
    """Return the latest ``instant`` of a view as text, empty where it has none."""
    [(latest,)] = con.execute(f"select max({instant}) from {view}").fetchall()
    return latest or ""


def _snapshot_at(con: duckdb.DuckDBPyConnection, after_run: RunFacts) -> str:
    """Return the instant of the later snapshot as text, from its rows, else from its run facts."""
    return _instant(con, "after") or after_run.started_at or "1970-01-01T00:00:00Z"


def _all_null(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the columns that are null in the whole earlier snapshot; their values are not new on the site."""
    counts = (
        con.execute(f"select {', '.join(f'count({name})' for name in COMPARED)} from before").fetchone() or ()
    )
    return tuple(name for name, count in zip(COMPARED, counts, strict=True) if not count)


def _corroborated(same_extractor: bool) -> str:
    """Return the condition under which a difference is the site's and not one between two extractors.

    ``others`` are the articles with a row that a re-extraction kept from another extractor on one side.
    """
    if not same_extractor:
        return _CORROBORATED
    return f"(not other_extractor and key not in (select article_id from others) or {_CORROBORATED})"


def _pair(con: duckdb.DuckDBPyConnection, at: str, corroborated: str) -> None:
    """Join the differing rows as the table ``pairs``, with flags for each kind of change.

    Articles that are hidden on both sides are left out, unless a crawl proves that they were removed.
    """
    columns = ", ".join(f"b.{name} as b_{name}, a.{name} as a_{name}" for name in ("article_id", *COMPARED))
    con.execute(
        f"""
        create temp table pairs as
        with side_by_side as (
            select coalesce(a.article_id, b.key) as key, b.via, coalesce(b.hidden, false) as hidden,
                coalesce(b.other_extractor, false) as other_extractor, a.confidence as a_confidence, {columns}
            from (select b.*, r.via, coalesce(r.after, b.article_id) as key, h.article_id is not null as hidden,
                      coalesce(h.other_extractor, false) as other_extractor
                  from b left join renames r on r.before = b.article_id
                  left join hidden h on h.article_id = b.article_id) b
            full outer join a on a.article_id = b.key
        )
        select *,
            b_article_id is not null and a_article_id is not null as both_there,
            b_body_sha256 is not null and a_body_sha256 is not null
                and b_body_sha256 <> a_body_sha256 as edited,
            b_title is distinct from a_title as retitled,
            b_category is distinct from a_category or b_section is distinct from a_section as moved,
            b_updated_at is not distinct from a_updated_at
                and b_updated_on is not distinct from a_updated_on
                and a_confidence is distinct from 'generic' as undated,
            b_body_sha256 is null and a_body_sha256 is not null as b_unread,
            a_body_sha256 is null and b_body_sha256 is not null as a_unread,
            a_article_id is null and b_article_id in (select article_id from removed) as removed,
            b_article_id is null and a_article_id in (select article_id from added) as added,
            {corroborated} as corroborated,
            {HAPPENED} as happened
        from side_by_side
        where not hidden or a_article_id is not null or b_article_id in (select article_id from removed)
        """,
        [] if corroborated == "true" else [at],
    )
