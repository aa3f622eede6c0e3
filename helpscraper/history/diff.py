"""Compare two snapshots: tables in memory, Parquet files, or snapshots of an archive.

The run facts decide here whether two crawls are comparable: the same region, the same extractor.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ArchiveError, CommandError
from helpscraper.history.bodies import bodies_of, pictures_of
from helpscraper.history.compare import compare
from helpscraper.history.current_feed import pictures_told
from helpscraper.history.other_snapshots import evidence_for, source_of
from helpscraper.history.pictures import Pictures, with_pictures
from helpscraper.history.relations import NO_EVIDENCE, Evidence, Source, extractor_of
from helpscraper.history.renames import Bodies
from helpscraper.history.result import DiffResult, split
from helpscraper.plain_text import plural

__all__ = ["DiffResult", "diff_snapshots", "diff_tables"]


def diff_tables(
    before: Source,
    after: Source,
    *,
    before_run: RunFacts | None = None,
    after_run: RunFacts | None = None,
    bodies: Bodies | None = None,
    pictures: Pictures | None = None,
    evidence: Evidence = NO_EVIDENCE,
    kinds: Iterable[str] = (),
    fields: Iterable[str] = (),
    sections: Iterable[str] = (),
) -> DiffResult:
    """Compare two snapshots, each a table with the columns of ``items.Article`` or the path of a Parquet file.

    The order of rows does not matter. ``before_run`` and ``after_run`` are the facts of the two crawls; without them
    no absence and no appearance is proven and the extractor counts as the same. ``bodies`` gives body texts by key, to
    recognise a rename with a small edit; ``pictures`` gives their picture addresses, to report exchanged pictures.
    ``evidence`` holds other snapshots, for articles that one of the two did not look for. ``kinds``, ``fields`` and
    ``sections`` narrow the result. A file is read by column and spilled to disk when it is large.

    Raises ``ArchiveError`` when a table is no snapshot or holds an article twice, and ``CommandError`` when the
    crawls were served different regional sites.
    """
    for side, table in (("before", before), ("after", after)):
        if isinstance(table, pa.Table):  # a file that the archive wrote has each article once
            _check_unique(side, table)
    runs = before_run or RunFacts(), after_run or RunFacts()
    found = _diff((before, after), runs, (bodies, pictures), evidence)
    return found.narrow(kinds, fields, sections)


def diff_snapshots(
    catalog: Catalog,
    before: Snapshot | str | dt.date = "latest~1",
    after: Snapshot | str | dt.date = "latest",
    *,
    kinds: Iterable[str] = (),
    fields: Iterable[str] = (),
    sections: Iterable[str] = (),
) -> DiffResult:
    """Compare two snapshots of an archive, each with the run facts in its own file.

    An article that the earlier crawl did not look for is compared with its last known row; see ``missing_articles``.
    Raises what ``Catalog.resolve`` raises, ``ArchiveError`` naming a damaged file, and ``CommandError`` for snapshots
    of different editions or different regional sites.
    """
    a, b = (each if isinstance(each, Snapshot) else catalog.resolve(each) for each in (before, after))
    if a.partition != b.partition:
        raise CommandError(
            f"{a} and {b} are different editions: every article would seem to have changed",
            advice="compare each edition with itself (--locale); `Archive.editions()` links editions",
        )
    runs = catalog.facts(a), catalog.facts(b)
    evidence, lost = evidence_for(catalog, (a, b), runs)
    readers = bodies_of(catalog, a.partition), pictures_of(catalog, a.partition)
    told = pictures_told(catalog, a, b)
    try:
        sources = source_of(catalog, a), source_of(catalog, b)
        found = _diff(sources, runs, readers, evidence, (a, b), lost, told)
    except ArchiveError:
        catalog.store.drop_listings()
        if all(catalog.store.exists(each.path) for each in (a, b)):
            raise
        # A compaction has moved the rows since the paths were looked up.
        sources = catalog.load_table(a), catalog.load_table(b)
        found = _diff(sources, runs, readers, evidence, (a, b), lost, told)
    return found.narrow(kinds, fields, sections)


def _diff(
    sources: tuple[Source, Source],
    runs: tuple[RunFacts, RunFacts],
    readers: tuple[Bodies | None, Pictures | None],
    evidence: Evidence,
    snapshots: tuple[Snapshot, Snapshot] | None = None,
    lost: Sequence[str] = (),
    told: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> DiffResult:
    partition = None
    if snapshots:
        a, b = snapshots
        earlier, later, partition = a.id, b.id, a.partition
    else:
        earlier, later = (run.run_id or side for run, side in zip(runs, ("before", "after"), strict=True))
    _require_same_region((earlier, later), runs)
    bodies, pictures = readers
    before_run, after_run = runs
    found = compare(*sources, before_run=before_run, after_run=after_run, bodies=bodies, evidence=evidence)
    own, set_aside = split(with_pictures(found.records, pictures, told))
    warnings = (*lost, *_warnings((earlier, later), own, set_aside, runs))
    return DiffResult(earlier, later, own, set_aside, found.articles, found.counts, warnings, partition)


def _warnings(
    names: tuple[str, str],
    own: pa.Table,
    set_aside: pa.Table,
    runs: tuple[RunFacts, RunFacts],
) -> Iterator[str]:
    earlier, later = names
    before, after = map(extractor_of, runs)
    if before != after:
        count = _count(set_aside, pc.equal(set_aside.column("reason"), "extractor"))
        yield (
            f"the extractor changed from {_named(before)} to {_named(after)}:"
            f" {count} differences that may come from it are kept apart (.extractor_changes)"
        )
    lacking = set_aside.filter(pc.equal(set_aside.column("reason"), "schema"))
    if lacking.num_rows:
        columns = ", ".join(sorted(filter(None, lacking.column("field").unique().to_pylist())))
        yield f"one side does not have the columns {columns}: {lacking.num_rows} differences in them are kept apart"
    again = pc.and_(pc.equal(set_aside.column("reason"), "unseen"), pc.is_valid(set_aside.column("after")))
    if seen_again := _count(set_aside, again):
        yield (
            f"{plural(seen_again, 'article')} that {earlier} did not look for came into sight again:"
            " compared with the last snapshot that held them"
        )
    unverified = pc.equal(own.column("kind"), "unverified")
    if absent := _count(own, pc.and_(unverified, pc.is_valid(own.column("before")))):
        yield f"{plural(absent, 'article')} not seen: {later} did not look everywhere they could be"
    if appeared := _count(own, pc.and_(unverified, pc.is_valid(own.column("after")))):
        yield (
            f"{plural(appeared, 'article')} seen for the first time, maybe not new:"
            f" {earlier} did not look everywhere they could be"
        )


def _count(table: pa.Table, chosen: pa.ChunkedArray) -> int:
    return int(table.filter(chosen).num_rows)


def _named(reading: tuple[str, str]) -> str:
    kind, version = reading
    return f"{version or 'an unnamed version'}{'' if kind == 'crawl' else f' ({kind})'}"


def _require_same_region(names: tuple[str, str], runs: tuple[RunFacts, RunFacts]) -> None:
    """Refuse to compare two regional sites, which hold different articles."""
    earlier, later = names
    before, after = (run.region.get("site") for run in runs)
    if before and after and before != after:
        raise CommandError(
            f"{earlier} was served by the regional site {before}, {later} by {after}: they hold other articles"
            " by design, and a comparison would call them removed and added",
            advice="compare snapshots of one regional site; `helpscraper runs` shows what each crawl was served",
        )


def _check_unique(side: str, table: pa.Table) -> None:
    if "article_id" not in table.schema.names:
        raise ArchiveError(
            f"{side}: column article_id is missing", advice="pass a snapshot that helpscraper wrote"
        )
    ids = table.column("article_id")
    if pc.count_distinct(ids).as_py() < len(ids):
        counts = table.group_by("article_id").aggregate([([], "count_all")])
        twice = counts.filter(pc.greater(counts.column("count_all"), 1)).column("article_id")
        rows = table.filter(pc.is_in(ids, value_set=twice)).slice(0, 5)
        shown = "; ".join(f"{row['article_id']} {row.get('url')}" for row in rows.to_pylist())
        raise ArchiveError(
            f"{side}: {len(twice)} articles appear more than once: {shown}",
            advice="a snapshot has one row for an article; remove the repeated rows",
        )
