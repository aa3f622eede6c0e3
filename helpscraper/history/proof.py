"""What two snapshots alone cannot tell: what stood there out of sight, what was added and what was removed.

A crawl of a part, or one with a hole, does not have articles that are there. What it did not look for is taken from
the last snapshot that held it (**hidden** rows), as long as no crawl since then proves that it went. So an article that
merely comes back into sight is compared with its last known state, and one that vanished meanwhile was removed. What no
snapshot held is an addition only where one of them proves that it was not there; ``absence`` says what is proof.

Everything here works on tables of one DuckDB connection: ``before_own`` and ``after`` are the two snapshots.
"""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from helpscraper.history.absence import absence_is_proven
from helpscraper.history.relations import NEEDED, Evidence, Run, View, attach, reading_of

__all__ = ["judge", "uncover"]


def uncover(
    con: duckdb.DuckDBPyConnection, before_run: Run, earlier: Sequence[View], reading: tuple[str, str]
) -> None:
    """Find what the earlier snapshot did not look for, as the table ``hidden``.

    ``absent`` gets the articles that it, or a snapshot since they were last held, proves not to have been there.
    ``hidden.strange`` tells of a row that it was not read as ``reading`` says.
    """
    con.execute("create temp table absent as select article_id from before_own_gone")
    con.execute("create temp table hidden as select *, false as strange from before_own limit 0")
    if not earlier:
        return
    con.execute(
        "create temp table decided as select article_id from before_own union select article_id from absent"
    )
    runs = [before_run]
    for number, view in enumerate(earlier):
        name = f"earlier_{number}"
        attach(con, name, view.source, view.run)
        # The keys alone, first: most snapshots hold nothing that a newer one does not.
        con.execute(
            f"create or replace temp table fresh as select article_id from (select article_id from {name}"
            f" union select article_id from {name}_gone) anti join decided using (article_id)"
        )
        if con.execute("select 1 from fresh limit 1").fetchall():
            columns = ", ".join((*NEEDED, "snapshot_at"))
            con.execute(
                f"create or replace temp table last_seen as select {columns} from {name}"
                " semi join fresh using (article_id)"
            )
            _prove(con, "last_seen", runs)
            _alter(
                con,
                f"insert into absent select article_id from {name}_gone semi join fresh using (article_id)"
                " union select article_id from shown",
            )
            _alter(
                con,
                "insert into hidden select *, ? from last_seen anti join absent using (article_id)",
                [reading_of(view.run) != reading],
            )
            _alter(con, "insert into decided select article_id from fresh")
        runs.append(view.run)


def judge(con: duckdb.DuckDBPyConnection, before_run: Run, after_run: Run, evidence: Evidence) -> None:
    """Put what was removed into the table ``removed`` and what was added into ``added``; the rest is unverified.

    Articles are judged by the listings they stood in, of which there are few, not one by one.
    """
    for name, side, flag in (("went", "b", "went"), ("came", "a", "came")):
        con.execute(
            f"create temp table {name} as select article_id, section, listed_in from {side}"
            f" semi join (select article_id from differing where {flag}) using (article_id)"
        )
    _prove(con, "went", [after_run])
    con.execute(
        "create temp table removed as select article_id from shown union select article_id from after_gone"
    )
    _prove(con, "came", [before_run, *(view.run for view in evidence.earlier)])
    con.execute("create temp table added as select article_id from shown union select article_id from absent")
    names = []
    for number, view in enumerate(evidence.between):
        names.append(f"between_{number}")
        attach(con, names[-1], view.source, view.run)
    # Whatever was not there at any time between the two came after that.
    for name, view in zip(names, evidence.between, strict=True):
        _prove_between(con, "came", name, view.run, "added")
    # What was not there when it was last looked for went; if it was seen again since, nobody knows.
    for name, view in reversed(list(zip(names, evidence.between, strict=True))):
        _prove_between(con, "went", name, view.run, "removed")
        _alter(
            con,
            f"delete from went where article_id in (select article_id from {name})",
        )


def _prove_between(con: duckdb.DuckDBPyConnection, articles: str, view: str, run: Run, into: str) -> None:
    """Add to the table ``into`` those of ``articles`` that the snapshot ``view`` proves not to have been there."""
    con.execute(
        f"create or replace temp table unseen as select * from {articles} anti join {into} using (article_id)"
        f" where article_id not in (select article_id from {view})"
    )
    _prove(con, "unseen", [run])
    _alter(
        con,
        f"insert into {into} select article_id from shown union"
        f" select article_id from unseen where article_id in (select article_id from {view}_gone)",
    )


def _prove(con: duckdb.DuckDBPyConnection, articles: str, runs: Sequence[Run]) -> None:
    """Find those of ``articles`` that one of ``runs`` would have shown where they stand, as the table ``shown``."""
    places = con.execute(f"select distinct section, listed_in from {articles}").fetchall()
    proven = [place for place in places if any(absence_is_proven(place[0], place[1], run) for run in runs)]
    sections = pa.array([place[0] for place in proven], pa.string())
    listings = pa.array([place[1] for place in proven], pa.list_(pa.string()))
    con.register("places", pa.table({"section": sections, "listed_in": listings}))
    con.execute(
        f"create or replace temp table shown as select t.article_id from {articles} t join places p on"
        " t.section is not distinct from p.section and t.listed_in is not distinct from p.listed_in"
    )
    con.unregister("places")


def _alter(con: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[object] = ()) -> None:
    """Run an INSERT or DELETE to its end: its answer has to be fetched before the connection is used again."""
    con.execute(statement, list(parameters)).fetchall()
