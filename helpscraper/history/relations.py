"""A snapshot as a relation of DuckDB: the columns that a comparison needs, in today's types."""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from helpscraper.archive.gone import GONE
from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ArchiveError
from helpscraper.history.kinds import COMPARED
from helpscraper.history.unpivot import COLUMNS

__all__ = ["NEEDED", "NOTHING_ELSE", "Evidence", "Run", "Source", "View", "attach", "reading_of"]

Source: TypeAlias = pa.Table | str | Path
"""A snapshot: a table in memory, or the path of a Parquet file."""

Run: TypeAlias = RunFacts
"""The facts of the crawl that a snapshot came from."""

NEEDED: Final = ("article_id", "status", *COMPARED)


@dataclass(frozen=True, slots=True)
class View:
    """One snapshot as evidence: its rows and the facts of its crawl."""

    source: Source
    run: Run


@dataclass(frozen=True, slots=True)
class Evidence:
    """What other snapshots of the same edition tell about the two that are compared.

    ``earlier`` are those before the earlier one, the newest first: what it did not look for was last seen there.
    ``between`` are those between the two, the oldest first.
    """

    earlier: Sequence[View] = ()
    between: Sequence[View] = ()


NOTHING_ELSE: Final = Evidence()


def reading_of(run: Run) -> tuple[str, str]:
    """Return what read the pages: the kind of run and the version of the extractor.

    A re-extraction reads as the run whose recordings it reads, so that is its kind.
    """
    kind = run.extraction_of if run.kind == "re-extract" else run.kind
    return kind or "crawl", run.extractor or ""


def attach(con: duckdb.DuckDBPyConnection, name: str, source: Source, run: Run) -> list[str]:
    """Make ``source`` the view ``name`` with today's columns; return the compared ones that it does not have.

    The view holds the articles that were there. The table ``{name}_gone`` gets the ids of those that are proven not to
    have been: their own pages said so to ``run``, or a file of schema 1 has them as rows with status ``gone``.
    Raises ``ArchiveError`` for what is no snapshot, and ``duckdb.Error`` for a file that cannot be read.
    """
    if isinstance(source, pa.Table):
        con.register(f"{name}_source", source)
        relation = f"{name}_source"
    else:
        quoted = str(source).replace("'", "''")
        relation = f"read_parquet('{quoted}', hive_partitioning = false)"
    present = {row[0]: row[1] for row in con.execute(f"describe select * from {relation}").fetchall()}
    for column in ("article_id", "status", "title", "url"):
        if column not in present:
            raise ArchiveError(
                f"{name}: column {column} is missing", advice="this is no snapshot of helpscraper"
            )
    columns = []
    for column in (*NEEDED, "snapshot_at"):
        wanted = COLUMNS[column]
        kind = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(present.get(column, ""), present.get(column))
        value = column if kind == wanted else f"cast({column if column in present else 'null'} as {wanted})"
        columns.append(f"{value} as {column}")
    con.execute(
        f"create temp view {name} as select {', '.join(columns)} from {relation} where status <> '{GONE}'"
    )
    con.execute(
        f"create or replace temp table {name}_gone as select article_id from {relation} where status = '{GONE}'"
        " union select unnest(?::varchar[])",
        [list(run.gone)],
    )
    return [column for column in COMPARED if column not in present]
