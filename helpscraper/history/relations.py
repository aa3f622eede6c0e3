"""A snapshot as a DuckDB view, with the columns that a comparison needs in today's types."""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from helpscraper.archive.gone import GONE
from helpscraper.archive.redirects import Redirect
from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ArchiveError
from helpscraper.history.change_sql import COLUMNS
from helpscraper.history.kinds import COMPARED

__all__ = ["NEEDED", "NO_EVIDENCE", "Evidence", "EvidenceSnapshot", "Source", "create_view", "extractor_of"]

Source: TypeAlias = pa.Table | str | Path
"""A snapshot: a table in memory, or the path of a Parquet file."""

NEEDED: Final = ("article_id", "status", "confidence", *COMPARED, "snapshot_at", "fetched_at")


@dataclass(frozen=True, slots=True)
class EvidenceSnapshot:
    """One snapshot as evidence: its rows and the facts of its crawl."""

    source: Source
    run: RunFacts


@dataclass(frozen=True, slots=True)
class Evidence:
    """Other snapshots of the same edition that help to compare two.

    ``earlier``: those before the earlier one, newest first. ``between``: those between the two, oldest first.
    ``redirects`` are those between addresses of articles, at any time; those of the later one are in its run facts.
    """

    earlier: Sequence[EvidenceSnapshot] = ()
    between: Sequence[EvidenceSnapshot] = ()
    redirects: Sequence[Redirect] = ()


NO_EVIDENCE: Final = Evidence()


def extractor_of(run: RunFacts) -> tuple[str, str]:
    """Return the kind of run and the version of the extractor that read the pages.

    The kind of a re-extraction is that of the run whose recordings it reads.
    """
    kind = run.extraction_of if run.kind == "re-extract" else run.kind
    return kind or "crawl", run.extractor or ""


def create_view(con: duckdb.DuckDBPyConnection, name: str, source: Source, run: RunFacts) -> list[str]:
    """Make ``source`` the view ``name`` with today's columns; return the compared columns that it lacks.

    The view holds the existing articles. The table ``{name}_gone`` gets the ids of articles whose pages answered 404 or
    410 in ``run`` (in a file of schema 1 they are rows with status ``gone``). Raises ``ArchiveError`` for a table that
    is not a snapshot, and ``duckdb.Error`` for an unreadable file.
    """
    if isinstance(source, pa.Table):
        con.register(f"{name}_source", source)
        relation = f"{name}_source"
    else:
        quoted = str(source).replace("'", "''")
        relation = f"read_parquet('{quoted}', hive_partitioning = false)"
    present = {name for name, *_ in con.execute(f"describe select * from {relation}").fetchall()}
    for column in ("article_id", "status", "title", "url"):
        if column not in present:
            raise ArchiveError(
                f"{name}: column {column} is missing", advice="pass a snapshot that helpscraper wrote"
            )
    columns = [
        f"cast({column if column in present else 'null'} as {COLUMNS[column]}) as {column}"
        for column in NEEDED
    ]
    con.execute(
        f"create temp view {name} as select {', '.join(columns)} from {relation} where status <> '{GONE}'"
    )
    con.execute(
        f"create or replace temp table {name}_gone as select article_id from {relation} where status = '{GONE}'"
        " union select unnest(?::varchar[])",
        [list(run.gone)],
    )
    return [column for column in COMPARED if column not in present]
