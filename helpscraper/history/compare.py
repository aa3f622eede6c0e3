"""The comparison itself: two snapshots in, long records of differences out. DuckDB does the work.

Two passes keep the memory small. The first joins keys and one hash per row over the eighteen compared columns, and
finds the articles that differ at all; the second reads the columns of those articles only. So the memory follows the
number of keys and of changes, never the width of the rows; what does not fit is spilled to disk.
"""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.errors import ArchiveError
from helpscraper.history.absence import absence_is_proven
from helpscraper.history.kinds import ARTICLE, COMPANIONS, COMPARED, FIELD_KINDS, KINDS, LABELS
from helpscraper.history.renames import Bodies, Candidate, find_renames

__all__ = ["RECORD_SCHEMA", "Comparison", "Source", "compare", "connect"]

Source: TypeAlias = pa.Table | str | Path
"""A snapshot: a table in memory, or the path of a Parquet file."""

RECORD_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("before", pa.string()),
        pa.field("after", pa.string()),
        pa.field("silent", pa.bool_(), nullable=False),
        pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("reason", pa.string()),
    ]
)
"""The columns of a change feed, and ``reason``: null for a change of the site, else why it is kept apart."""

_MEMORY = "600MB"
_SQL_TYPES = {
    "string": "VARCHAR",
    "list<element: string>": "VARCHAR[]",
    "list<item: string>": "VARCHAR[]",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    "date32[day]": "DATE",
    "int64": "BIGINT",
    "int32": "INTEGER",
    "int16": "SMALLINT",
}
_COLUMNS = {field.name: _SQL_TYPES[str(field.type)] for field in SNAPSHOT_SCHEMA}
# What says no more than that the slug is another one.
_FOLLOWING = {
    "url": "replace(b_url, '/' || b_article_id, '/' || a_article_id) = a_url",
    "source_id": "coalesce(b_source_id = b_article_id and a_source_id = a_article_id, false)",
}
_NEEDED = ("article_id", "status", *COMPARED)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What ``compare`` found.

    ``records`` has ``RECORD_SCHEMA``, sorted. ``articles`` has one row for each article in it: ``article_id``,
    ``previous_id`` (another one after a rename), ``title``, ``section``, ``url``, as they are after the change.
    ``counts`` tells the live articles of the two sides (``before``, ``after``) and how many came in sections that
    the earlier crawl had not read whole (``unclaimed``).
    """

    records: pa.Table
    articles: pa.Table
    counts: Mapping[str, int]
    schema_differs: tuple[str, ...]


def connect(memory_limit: str = _MEMORY) -> duckdb.DuckDBPyConnection:
    """Return a private connection that spills to the system's temporary folder and needs no network."""
    connection = duckdb.connect()
    connection.execute("set autoinstall_known_extensions = false; set preserve_insertion_order = false")
    connection.execute(f"set memory_limit = '{memory_limit}'")
    connection.execute("set temp_directory = ?", [str(Path(tempfile.gettempdir()) / "helpscraper-duckdb")])
    return connection


def compare(
    before: Source,
    after: Source,
    *,
    before_run: Mapping[str, Any],
    after_run: Mapping[str, Any],
    same_extractor: bool,
    bodies: Bodies | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Comparison:
    """Compare two snapshots; see ``kinds`` for what each difference is and ``absence`` for what is missing.

    Without ``same_extractor`` a difference stays the site's only where the site itself states an update between the
    two crawls. Raises ``ArchiveError`` for a file that cannot be read, for a key that stands there twice, and for a
    table that is no snapshot.
    """
    con = connection or connect()
    missing = [_attach(con, "before", before), _attach(con, "after", after)]
    schema_differs = tuple(sorted(set(missing[0]) ^ set(missing[1])))
    _find_differing(con)
    _find_renames(con, bodies)
    unclaimed = _judge_absence(con, before_run, after_run)
    at = _snapshot_at(con, after_run)
    empty = () if same_extractor else _all_null(con)
    _pair(con, same_extractor, at)
    records = _records(con, set(schema_differs) | set(empty), at)
    articles = con.sql(
        "select key as article_id, case when b_article_id <> key then b_article_id end as previous_id,"
        " coalesce(a_title, b_title) as title, case when a_article_id is null then b_section else a_section end"
        " as section, coalesce(a_url, b_url) as url from pairs order by 1"
    ).to_arrow_table()
    live = con.execute("select n_before, n_after from live").fetchone() or (0, 0)
    counts = {"before": live[0], "after": live[1], "unclaimed": unclaimed}
    return Comparison(records, articles, counts, schema_differs)


def _attach(con: duckdb.DuckDBPyConnection, side: str, source: Source) -> list[str]:
    """Make ``source`` the view ``<side>_all`` with today's columns; return those that it does not have."""
    if isinstance(source, pa.Table):
        con.register(f"{side}_source", source)
        relation = f"{side}_source"
    else:
        quoted = str(source).replace("'", "''")
        relation = f"read_parquet('{quoted}', hive_partitioning = false)"
    try:
        present = {row[0]: row[1] for row in con.execute(f"describe select * from {relation}").fetchall()}
    except duckdb.Error as error:
        raise ArchiveError(
            f"{source if not isinstance(source, pa.Table) else side}: cannot be read as a snapshot: {error}",
            advice="`helpscraper verify` names every damaged file; restore it from a backup",
        ) from error
    for name in ("article_id", "status", "title", "url"):
        if name not in present:
            raise ArchiveError(
                f"{side}: column {name} is missing", advice="this is no snapshot of helpscraper"
            )
    columns = []
    for name in (*_NEEDED, "snapshot_at"):
        wanted = _COLUMNS[name]
        kind = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(present.get(name, ""), present.get(name))
        value = name if kind == wanted else f"cast({name if name in present else 'null'} as {wanted})"
        columns.append(f"{value} as {name}")
    con.execute(f"create or replace temp view {side}_all as select {', '.join(columns)} from {relation}")
    con.execute(f"create or replace temp view {side} as select * from {side}_all where status <> 'gone'")
    return [name for name in COMPARED if name not in present]


def _find_differing(con: duckdb.DuckDBPyConnection) -> None:
    """Find the keys whose rows differ, as the table ``differing``, and the rows themselves, as ``b`` and ``a``."""
    row = f"hash({', '.join(COMPARED)})"
    keys = "select article_id, {row} as h from {side}"
    try:
        con.execute(
            "create or replace temp table joined as select article_id, b.h is null as came, a.h is null as went,"
            " b.h is distinct from a.h as differs"
            f" from ({keys.format(row=row, side='before')}) b full outer join"
            f" ({keys.format(row=row, side='after')}) a using (article_id)"
        )
    except duckdb.Error as error:
        raise ArchiveError(
            f"the snapshots cannot be compared: {error}", advice="`helpscraper verify`"
        ) from error
    con.execute(
        "create or replace temp table live as select count(*) filter (not came) as n_before,"
        " count(*) filter (not went) as n_after from joined"
    )
    con.execute(
        "create or replace temp table differing as select article_id, came, went from joined where differs"
    )
    con.execute("drop table joined")
    for short, side in (("b", "before"), ("a", "after")):
        con.execute(
            f"create or replace temp table {short} as select * from {side} semi join differing using (article_id)"
        )


def _find_renames(con: duckdb.DuckDBPyConnection, bodies: Bodies | None) -> None:
    sides = []
    for table, flag in (("b", "went"), ("a", "came")):
        rows = con.execute(
            "select article_id, source_id, body_sha256, "
            f" coalesce(published_on::varchar, {_text('published_at', 'TIMESTAMPTZ')}) from {table} semi join (select article_id from differing where {flag}) using (article_id)"
        ).fetchall()
        sides.append([Candidate(*row) for row in rows])
    renames = find_renames(sides[0], sides[1], bodies) if all(sides) else []
    names = ("before", "after", "via")
    table = pa.table({name: pa.array([getattr(r, name) for r in renames], pa.string()) for name in names})
    con.register("renames", table)


def _judge_absence(
    con: duckdb.DuckDBPyConnection, before_run: Mapping[str, Any], after_run: Mapping[str, Any]
) -> int:
    """Put the proven absences into the table ``proven``; return how many newcomers the earlier crawl may have missed.

    Articles are judged by the listings they stood in, of which there are few, not one by one.
    """
    places = con.execute(
        "select distinct b.section, b.listed_in from b semi join (select article_id from differing where went)"
        " using (article_id)"
    ).fetchall()
    proven = [
        (section, listed) for section, listed in places if absence_is_proven(section, listed, after_run)
    ]
    sections = pa.array([place[0] for place in proven], pa.string())
    listings = pa.array([place[1] for place in proven], pa.list_(pa.string()))
    con.register("proven_places", pa.table({"section": sections, "listed_in": listings}))
    con.execute(
        "create or replace temp table proven as select b.article_id from b join proven_places p on"
        " b.section is not distinct from p.section and b.listed_in is not distinct from p.listed_in"
        " union select article_id from after_all where status = 'gone'"
    )
    whole = [slug for slug, facts in (before_run.get("sections") or {}).items() if facts.get("whole") is True]
    if before_run.get("complete") is True:
        return 0
    count = con.execute(
        "select count(*) from a semi join (select article_id from differing where came) using (article_id)"
        " where section is null or not list_contains(?::varchar[], section)",
        [whole],
    ).fetchone()
    return int(count[0]) if count else 0


def _snapshot_at(con: duckdb.DuckDBPyConnection, after_run: Mapping[str, Any]) -> str:
    """The instant of the later snapshot as text: from its rows, or, when it has none, from its run's facts."""
    found = con.execute(f"select {_text('max(snapshot_at)', 'TIMESTAMPTZ')} from after_all").fetchone()
    if found and found[0]:
        return str(found[0])
    return str(after_run.get("started_at") or "1970-01-01T00:00:00Z")


def _all_null(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The columns of which the earlier snapshot knew nothing at all: what stands in them now is new to us."""
    counts = (
        con.execute(f"select {', '.join(f'count({name})' for name in COMPARED)} from before").fetchone() or ()
    )
    return tuple(name for name, count in zip(COMPARED, counts, strict=True) if not count)


def _pair(con: duckdb.DuckDBPyConnection, same_extractor: bool, at: str) -> None:
    """Set the differing rows side by side, as the table ``pairs``, with what happened to each article."""
    columns = ", ".join(f"b.{name} as b_{name}, a.{name} as a_{name}" for name in ("article_id", *COMPARED))
    corroborated = (
        "true"
        if same_extractor
        else (
            "coalesce(a_updated_at > (select max(snapshot_at) from before_all) and a_updated_at <= ?::timestamptz"
            " and a_updated_at is distinct from b_updated_at, false)"
        )
    )
    con.execute(
        f"""
        create or replace temp table pairs as
        with side_by_side as (
            select coalesce(a.article_id, b.key) as key, b.via, {columns}
            from (select b.*, r.via, coalesce(r.after, b.article_id) as key
                  from b left join renames r on r.before = b.article_id) b
            full outer join a on a.article_id = b.key
        )
        select *,
            b_article_id is not null and a_article_id is not null as both_there,
            b_body_sha256 is not null and a_body_sha256 is not null
                and b_body_sha256 <> a_body_sha256 as edited,
            b_title is distinct from a_title as retitled,
            b_category is distinct from a_category or b_section is distinct from a_section as moved,
            b_updated_at is not distinct from a_updated_at
                and b_updated_on is not distinct from a_updated_on as undated,
            {corroborated} as corroborated
        from side_by_side
        """,
        [] if same_extractor else [at],
    )


def _records(con: duckdb.DuckDBPyConnection, unknown: set[str], at: str) -> pa.Table:
    """Unpivot ``pairs`` into one record for each article and difference."""
    order = "case kind " + " ".join(f"when '{kind}' then {i}" for i, kind in enumerate(KINDS)) + " end"
    rank = (
        "case field "
        + " ".join(f"when '{name}' then {i}" for i, name in enumerate(COMPARED))
        + " else -1 end"
    )
    parts = [_coming_and_going("b", "a"), _coming_and_going("a", "b"), _renamed()]
    parts += [_field(name, name in unknown) for name in COMPARED]
    query = f"""
        select article_id, kind, field, before, after, silent, ?::timestamptz as at, reason
        from ({" union all ".join(parts)}) order by article_id, {order}, {rank}
        """
    return con.sql(query, params=[at]).to_arrow_table().cast(RECORD_SCHEMA)


def _coming_and_going(side: str, other: str) -> str:
    # A JSON merge onto an empty object drops the nulls, so the record holds what is known and no more.
    parts = ", ".join(
        f"{name} := {_json(f'{side}_{name}', _COLUMNS[name])}" for name in ("article_id", *COMPARED)
    )
    whole = f"cast(json_merge_patch('{{}}', to_json(struct_pack({parts}))) as varchar)"
    kind = "'added'"
    if side == "b":
        kind = (
            "case when b_article_id in (select article_id from proven) then 'removed' else 'unverified' end"
        )
    before, after = (whole, "null") if side == "b" else ("null", whole)
    return (
        f"select key as article_id, {kind} as kind, '{ARTICLE}' as field, {before}::varchar as before,"
        f" {after}::varchar as after, false as silent, null::varchar as reason"
        f" from pairs where {other}_article_id is null"
    )


def _renamed() -> str:
    return (
        "select key, 'renamed', via, b_article_id, a_article_id, false,"
        " case when not corroborated then 'extractor' end from pairs where both_there and b_article_id <> a_article_id"
    )


def _field(name: str, unknown: bool) -> str:
    b, a, sql_type = f"b_{name}", f"a_{name}", _COLUMNS[name]
    happened = "case when edited then 'edited' when retitled then 'retitled' when moved then 'moved'"
    happened += " when b_article_id <> a_article_id then 'renamed' else 'touched' end"
    if name in FIELD_KINDS:
        kind = f"'{FIELD_KINDS[name]}'"
    elif name in LABELS:
        slug = LABELS[name]
        kind = f"case when b_{slug} is null and a_{slug} is null then 'moved' else {happened} end"
    else:
        assert name in COMPANIONS  # noqa: S101  (the three tables of ``kinds`` make up COMPARED)
        kind = happened
    # A page that was never read has no body: what only a page can tell is not a change when it is read at last.
    unread = (
        f"(({b} is null and b_body_sha256 is null and a_body_sha256 is not null)"
        f" or ({a} is null and a_body_sha256 is null and b_body_sha256 is not null))"
    )
    reason = f"case when not corroborated then 'extractor' when {unread} then 'unread' end"
    if unknown:
        reason = "'schema'"
    differs = f"{b} is distinct from {a}"
    if name in _FOLLOWING:
        differs += f" and not (b_article_id <> a_article_id and {_FOLLOWING[name]})"
    return (
        f"select key, {kind}, '{name}', {_text(b, sql_type)}, {_text(a, sql_type)},"
        f" {kind} = 'edited' and undated, {reason} from pairs where both_there and {differs}"
    )


def _text(value: str, sql_type: str) -> str:
    """Render a value as text: ISO 8601 for dates and instants (UTC), JSON for lists, decimal digits for numbers."""
    if sql_type == "TIMESTAMPTZ":
        return (
            f"replace(strftime(make_timestamp(epoch_us({value})), '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"
        )
    if sql_type == "VARCHAR[]":
        return f"cast(to_json({value}) as varchar)"
    return value if sql_type == "VARCHAR" else f"cast({value} as varchar)"


def _json(value: str, sql_type: str) -> str:
    return (
        value
        if sql_type in {"VARCHAR", "VARCHAR[]", "BIGINT", "INTEGER", "SMALLINT"}
        else _text(value, sql_type)
    )
