"""The articles that one of two snapshots lacks: hidden, removed, added or unverified, by what other crawls prove.

A partial or incomplete crawl misses articles that exist. Articles that it did not look for are taken from the last
snapshot that held them (**hidden** rows), unless a later crawl proves that they went. So an article that is seen again
is compared with its last known state, and one that vanished meanwhile counts as removed. An article that no snapshot
held is added only if a crawl proves that it did not exist; ``absence`` defines the proof.

Everything here works on tables of one DuckDB connection: ``before_own`` and ``after`` are the two snapshots.
"""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from helpscraper.archive.run_facts import RunFacts
from helpscraper.history.absence import absence_is_proven
from helpscraper.history.relations import NEEDED, Evidence, EvidenceSnapshot, create_view, extractor_of

__all__ = ["classify_absences", "find_hidden_rows"]


def find_hidden_rows(
    con: duckdb.DuckDBPyConnection,
    before_run: RunFacts,
    earlier: Sequence[EvidenceSnapshot],
    extractor: tuple[str, str],
) -> None:
    """Put the articles that the earlier snapshot did not look for into the table ``hidden``.

    The table ``absent`` gets the articles that this or an older snapshot proves not to have existed.
    ``hidden.other_extractor`` marks rows that were not read by ``extractor``.
    """
    con.execute("create temp table absent as select article_id from before_own_gone")
    con.execute("create temp table hidden as select *, false as other_extractor from before_own limit 0")
    if not earlier:
        return
    con.execute(
        "create temp table decided as select article_id from before_own union select article_id from absent"
    )
    runs = [before_run]
    for number, view in enumerate(earlier):
        name = f"earlier_{number}"
        create_view(con, name, view.source, view.run)
        # Read only the keys first: most snapshots hold no article that newer ones lack.
        con.execute(
            f"create or replace temp table fresh as select article_id from (select article_id from {name}"
            f" union select article_id from {name}_gone) anti join decided using (article_id)"
        )
        if con.execute("select 1 from fresh limit 1").fetchall():
            columns = ", ".join(NEEDED)
            con.execute(
                f"create or replace temp table last_seen as select {columns} from {name}"
                " semi join fresh using (article_id)"
            )
            _prove(con, "last_seen", runs)
            _alter(
                con,
                f"insert into absent select article_id from {name}_gone semi join fresh using (article_id)"
                " union select article_id from proven",
            )
            _alter(
                con,
                "insert into hidden select *, ? from last_seen anti join absent using (article_id)",
                [extractor_of(view.run) != extractor],
            )
            _alter(con, "insert into decided select article_id from fresh")
        runs.append(view.run)


def classify_absences(
    con: duckdb.DuckDBPyConnection, before_run: RunFacts, after_run: RunFacts, evidence: Evidence
) -> None:
    """Put the removed articles into the table ``removed`` and the added ones into ``added``; the rest is unverified."""
    for name, side, flag in (("went", "b", "went"), ("came", "a", "came")):
        con.execute(
            f"create temp table {name} as select article_id, section, listed_in from {side}"
            f" semi join (select article_id from differing where {flag}) using (article_id)"
        )
    _prove(con, "went", [after_run])
    con.execute(
        "create temp table removed as select article_id from proven union select article_id from after_gone"
    )
    _prove(con, "came", [before_run, *(view.run for view in evidence.earlier)])
    con.execute(
        "create temp table added as select article_id from proven union select article_id from absent"
    )
    names = []
    for number, view in enumerate(evidence.between):
        names.append(f"between_{number}")
        create_view(con, names[-1], view.source, view.run)
    # An article that was absent at any time between the two was added after that.
    for name, view in zip(names, evidence.between, strict=True):
        _prove_between(con, "came", name, view.run, "added")
    # An article that was absent when it was last looked for was removed; if it was seen since, that is not known.
    for name, view in reversed(list(zip(names, evidence.between, strict=True))):
        _prove_between(con, "went", name, view.run, "removed")
        _alter(
            con,
            f"delete from went where article_id in (select article_id from {name})",
        )


def _prove_between(
    con: duckdb.DuckDBPyConnection, articles: str, view: str, run: RunFacts, into: str
) -> None:
    """Add to the table ``into`` those of ``articles`` that the snapshot ``view`` proves to have been absent."""
    con.execute(
        f"create or replace temp table unseen as select * from {articles} anti join {into} using (article_id)"
        f" where article_id not in (select article_id from {view})"
    )
    _prove(con, "unseen", [run])
    _alter(
        con,
        f"insert into {into} select article_id from proven union"
        f" select article_id from unseen where article_id in (select article_id from {view}_gone)",
    )


def _prove(con: duckdb.DuckDBPyConnection, articles: str, runs: Sequence[RunFacts]) -> None:
    """Put those of ``articles`` that one of ``runs`` proves absent into ``proven``, by their few distinct listings."""
    places = con.execute(f"select distinct section, listed_in from {articles}").fetchall()
    provable = [place for place in places if any(absence_is_proven(place[0], place[1], run) for run in runs)]
    sections = pa.array([place[0] for place in provable], pa.string())
    listings = pa.array([place[1] for place in provable], pa.list_(pa.string()))
    con.register("places", pa.table({"section": sections, "listed_in": listings}))
    con.execute(
        f"create or replace temp table proven as select t.article_id from {articles} t join places p on"
        " t.section is not distinct from p.section and t.listed_in is not distinct from p.listed_in"
    )
    con.unregister("places")


def _alter(con: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[object] = ()) -> None:
    """Run an INSERT or DELETE; its result must be fetched before the connection is used again."""
    con.execute(statement, list(parameters)).fetchall()
