"""Choose the other snapshots of an archive that a comparison needs, because one of the two crawls was incomplete."""

from __future__ import annotations

from collections.abc import Sequence

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.redirects import Redirect, load_redirects
from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ArchiveError
from helpscraper.history.relations import NO_EVIDENCE, Evidence, EvidenceSnapshot, Source

__all__ = ["earlier_snapshots", "evidence_for", "redirects_of", "source_of"]


def source_of(catalog: Catalog, snapshot: Snapshot) -> Source:
    """Return the path of the snapshot's own local file, else its rows."""
    own = snapshot.path.endswith(f"/{snapshot.id}.parquet")
    file = catalog.store.local_path(snapshot.path) if own else None
    return catalog.load_table(snapshot) if file is None else str(file)


def evidence_for(
    catalog: Catalog, pair: tuple[Snapshot, Snapshot], runs: tuple[RunFacts, RunFacts]
) -> tuple[Evidence, tuple[str, ...]]:
    """Return the evidence of other snapshots, and a warning for each that cannot be read.

    Returns no evidence when both crawls saw everything, and none for a backwards comparison: it mirrors the forward
    diff of the two alone.
    """
    before, after = pair
    saw_all = [run.complete is True for run in runs]
    if before.id >= after.id or all(saw_all):
        return NO_EVIDENCE, ()
    between = [each for each in catalog.snapshots(before.partition) if before.id < each.id < after.id]
    before_run, _ = runs
    seen, lost = _views(catalog, between, runs)
    earlier, more = earlier_snapshots(catalog, before, before_run)
    redirects, damaged = redirects_of(catalog, before.partition)
    evidence = Evidence([view for _, view in earlier], [view for _, view in seen], redirects)
    return evidence, (*lost, *more, *damaged)


def redirects_of(catalog: Catalog, partition: Partition) -> tuple[list[Redirect], tuple[str, ...]]:
    """Return the known redirects between articles, and a warning when they cannot be read."""
    try:
        return load_redirects(catalog.store, partition), ()
    except ArchiveError as error:
        return [], (f"the redirects are not known: {error.message}",)


def earlier_snapshots(
    catalog: Catalog, snapshot: Snapshot, run: RunFacts
) -> tuple[list[tuple[str, EvidenceSnapshot]], tuple[str, ...]]:
    """Return the ids and contents of the snapshots before an incomplete one, newest first, down to a complete one.

    Snapshots of another regional site are left out. The warnings name those that cannot be read.
    """
    if run.complete is True:
        return [], ()
    older = [each for each in catalog.snapshots(snapshot.partition) if each.id < snapshot.id]
    found: list[tuple[str, EvidenceSnapshot]] = []
    warnings: list[str] = []
    for each in reversed(older):
        views, lost = _views(catalog, [each], [run])
        found += views
        warnings += lost
        if any(view.run.complete is True for _, view in views):
            break
    return found, tuple(warnings)


def _views(
    catalog: Catalog, snapshots: Sequence[Snapshot], runs: Sequence[RunFacts]
) -> tuple[list[tuple[str, EvidenceSnapshot]], list[str]]:
    views: list[tuple[str, EvidenceSnapshot]] = []
    warnings: list[str] = []
    for each in snapshots:
        try:
            facts = catalog.facts(each)
            if len({_region(run) for run in (facts, *runs)} - {None}) < 2:
                views.append((each.id, EvidenceSnapshot(source_of(catalog, each), facts)))
        except ArchiveError as error:
            warnings.append(f"the rows of {each.id} are not known: {error.message}")
    return views, warnings


def _region(run: RunFacts) -> str | None:
    return run.region.get("site")
