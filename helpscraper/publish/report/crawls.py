"""The runs of an edition with outcome, health and numbers of changes."""

from __future__ import annotations

from helpscraper.archive.overview import runs_table, snapshots_table
from helpscraper.archive.reader import Catalog
from helpscraper.publish.load import EditionData
from helpscraper.publish.model import Crawl

__all__ = ["crawls"]


def _silent_counts(source: EditionData) -> dict[str, int]:
    """Return the number of articles with a silent edit by snapshot."""
    return dict(
        source.con.execute(
            "select sid, count(distinct owner) from records where silent group by 1"
        ).fetchall()
    )


def _kind_counts(source: EditionData) -> dict[str, dict[str, int]]:
    """Return the number of articles under each kind of change, by snapshot."""
    rows = source.con.execute(
        "select sid, kind, count(distinct article_id) from feed group by 1, 2"
    ).fetchall()
    counts: dict[str, dict[str, int]] = {}
    for sid, kind, number in rows:
        counts.setdefault(sid, {})[kind] = number
    return counts


def crawls(source: EditionData) -> list[Crawl]:
    """Return every run of the range, including refused and failed ones, oldest first."""
    counts, silent = _kind_counts(source), _silent_counts(source)
    narrowed = Catalog(source.catalog.store, site=source.partition.site, locale=source.partition.locale)
    with_facts = set(source.catalog.run_ids(source.partition))
    # The rows that `log` and `snapshots()` count too, whatever the run said of itself.
    rows = {each["snapshot_id"]: each["articles"] for each in snapshots_table(narrowed).to_pylist()}
    found = []
    for row in runs_table(narrowed).to_pylist():
        name = row["run_id"]
        if name < source.ids[0] or (name > source.ids[-1] and name in narrowed.ids(source.partition)):
            continue
        committed = name in counts or name in source.ids
        place = source.ids.index(name) if committed else None
        found.append(
            Crawl(
                id=name,
                outcome=row["outcome"],
                complete=row["complete"],
                health=_health(source, name) if name in with_facts else (),
                articles=rows.get(name, row["articles"]),
                requests=row["requests"],
                seconds=row["seconds"],
                # The reason of a warning is among the health checks.
                reason=None if row["outcome"] == "committed" else row["reason"],
                committed=committed,
                kinds=counts.get(name, {}),
                silent=silent.get(name, 0),
                previous=source.ids[place - 1] if place else None,
                next=source.ids[place + 1] if place is not None and place + 1 < len(source.ids) else None,
            )
        )
    return found


def _health(source: EditionData, run_id: str) -> tuple[tuple[str, str, str], ...]:
    facts = source.catalog.run(source.partition, run_id)
    return tuple((each.check, each.verdict, each.detail) for each in facts.health)
