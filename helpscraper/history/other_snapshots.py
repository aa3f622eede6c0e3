"""Choose the other snapshots of an archive that a comparison needs, because one of the two crawls was incomplete."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
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

    Other snapshots count only forwards in time, and only if one of the two crawls did not see everything. Redirects
    count in both directions, so that both pair the same articles.
    """
    before, after = sorted(pair, key=lambda each: each.id)
    if before.id == after.id:
        return NO_EVIDENCE, ()
    every = catalog.snapshots(before.partition)
    between = [each for each in every if before.id < each.id < after.id]
    if all(run.complete is True for run in runs):
        return Evidence(redirects=_followed(catalog, between)), ()
    imported, damaged = redirects_of(catalog, before.partition)
    later = [each for each in every if each.id > before.id]
    redirects = [*_standing(catalog, imported, later, after), *_followed(catalog, between)]
    if pair != (before, after):
        return Evidence(redirects=redirects), damaged
    seen, lost = _views(catalog, between, runs)
    earlier, more = earlier_snapshots(catalog, before, runs[0])
    evidence = Evidence([view for _, view in earlier], [view for _, view in seen], redirects)
    return evidence, (*lost, *more, *damaged)


def _followed(catalog: Catalog, snapshots: Iterable[Snapshot]) -> list[Redirect]:
    """Return the redirects that these crawls were answered with."""
    found: list[Redirect] = []
    for each in snapshots:
        with suppress(ArchiveError):  # a damaged snapshot is named where its rows are needed
            found += catalog.facts(each).redirects
    return found


def _standing(
    catalog: Catalog, redirects: Sequence[Redirect], later: Iterable[Snapshot], after: Snapshot
) -> list[Redirect]:
    """Leave out the redirects of an address that was an article between them and the snapshot ``after``.

    ``later`` are the snapshots since the earlier one.
    """
    if not redirects:
        return []
    begun = f"{snapshot_instant(after.id):%Y-%m-%dT%H:%M:%SZ}"
    newest = snapshot_id(dt.datetime.fromisoformat(max(each.at for each in redirects)))
    moved = frozenset(each.article_id for each in redirects)
    seen: defaultdict[str, list[str]] = defaultdict(list)
    for snapshot in later:
        if snapshot.id <= max(newest, after.id):
            for key, at in _seen(catalog, snapshot, moved).items():
                seen[key].append(at)
    return [
        each
        for each in redirects
        if not any(min(each.at, begun) < at <= max(each.at, begun) for at in seen[each.article_id])
    ]


# By snapshot, the articles whose address redirected at some time, and when they were last seen.
_SEEN: WeakKeyDictionary[Catalog, dict[tuple[str, frozenset[str]], dict[str, str]]] = WeakKeyDictionary()


def _seen(catalog: Catalog, snapshot: Snapshot, articles: frozenset[str]) -> dict[str, str]:
    """Return when each of ``articles`` that the snapshot holds was seen in it; each snapshot is read once."""
    known = _SEEN.setdefault(catalog, {})
    if (snapshot.path, articles) not in known:
        found: dict[str, str] = {}
        with suppress(ArchiveError):  # `_views` names it
            rows = catalog.load_table(snapshot, columns=["article_id", "snapshot_at", "fetched_at"])
            wanted = pa.array(sorted(articles), pa.string())
            for row in rows.filter(pc.is_in(rows.column("article_id"), value_set=wanted)).to_pylist():
                at = max(row["snapshot_at"], row["fetched_at"] or row["snapshot_at"])
                found[row["article_id"]] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        known[snapshot.path, articles] = found
    return known[snapshot.path, articles]


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
