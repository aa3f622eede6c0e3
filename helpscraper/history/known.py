"""Which other snapshots of an archive have a say in a comparison, because one of the two did not look everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.errors import ArchiveError
from helpscraper.history.relations import NOTHING_ELSE, Evidence, Run, Source, View

__all__ = ["earlier_snapshots", "evidence_for", "source_of"]


def source_of(catalog: Catalog, snapshot: Snapshot) -> Source:
    """Return the snapshot's own file where there is one on this machine, to be read by need; else its rows."""
    own = snapshot.path.endswith(f"/{snapshot.id}.parquet")
    file = catalog.store.local_path(snapshot.path) if own else None
    return catalog.load_table(snapshot) if file is None else str(file)


def evidence_for(
    catalog: Catalog, pair: tuple[Snapshot, Snapshot], runs: tuple[Run, Run]
) -> tuple[Evidence, tuple[str, ...]]:
    """Return what other snapshots tell about these two, and a warning for each of those that cannot be read.

    Nothing where both crawls saw everything, and nothing for a comparison back in time: what is said of that is the
    mirror of what the two tell by themselves.
    """
    before, after = pair
    saw_all = [run.complete is True for run in runs]
    if before.id >= after.id or all(saw_all):
        return NOTHING_ELSE, ()
    between = [each for each in catalog.snapshots(before.partition) if before.id < each.id < after.id]
    seen, lost = _views(catalog, between, runs[0])
    earlier, more = earlier_snapshots(catalog, before, runs[0])
    return Evidence([view for _, view in earlier], [view for _, view in seen]), (*lost, *more)


def earlier_snapshots(
    catalog: Catalog, snapshot: Snapshot, run: Run
) -> tuple[list[tuple[str, View]], tuple[str, ...]]:
    """Return the snapshots before one that did not see everything, the newest first, down to one that did.

    Those of another regional site are left out: they hold other articles. Each comes with its id; warnings name
    those that cannot be read.
    """
    if run.complete is True:
        return [], ()
    older = [each for each in catalog.snapshots(snapshot.partition) if each.id < snapshot.id]
    found: list[tuple[str, View]] = []
    warnings: list[str] = []
    for each in reversed(older):
        views, lost = _views(catalog, [each], run)
        found += views
        warnings += lost
        if views and views[0][1].run.complete is True:
            break
    return found, tuple(warnings)


def _views(
    catalog: Catalog, snapshots: Sequence[Snapshot], run: Run
) -> tuple[list[tuple[str, View]], list[str]]:
    views: list[tuple[str, View]] = []
    warnings: list[str] = []
    for each in snapshots:
        try:
            facts = catalog.facts(each)
            if len({_region(facts), _region(run)} - {None}) < 2:
                views.append((each.id, View(source_of(catalog, each), facts)))
        except ArchiveError as error:
            warnings.append(f"what {each.id} held is not known: {error.message}")
    return views, warnings


def _region(run: Run) -> str | None:
    return run.region.get("site")
