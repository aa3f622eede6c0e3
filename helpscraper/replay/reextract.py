"""Read the recorded pages of a crawl again with today's extractor; this makes another snapshot of the same instant.

A crawl that carried articles over depends on the crawls before it, so those are re-extracted first. The facts of the
crawl (which pages it asked for, which it could not reach) are kept. So is every row that today's reading would lose,
because a record is damaged or today's extractor reads less than an earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper import __version__
from helpscraper.archive.bodies import BodyIndex
from helpscraper.archive.layout import Partition, snapshot_instant, snapshot_path
from helpscraper.archive.lost_rows import keep_lost
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import PROBLEM_TEXTS, RunFacts
from helpscraper.archive.run_parts import Counts, DeclarationFacts, WarcFacts, nested
from helpscraper.archive.writer import SnapshotFile, write_reextracted
from helpscraper.crawl.lock import EditionLock
from helpscraper.errors import ArchiveError
from helpscraper.intake.interface_comparison import sections_from_interface
from helpscraper.intake.known import EarlierRows
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.notes import Batch
from helpscraper.intake.tables import LedgerBodies
from helpscraper.intake.versions import versions
from helpscraper.normalise.article import Context
from helpscraper.platforms import extractor_of, get_platform
from helpscraper.replay.keep import keep_sightings, reasons, settle_rest
from helpscraper.replay.plan import PER_ANSWER, UNREAD, RecordedAnswer, plan, question, unanswered
from helpscraper.replay.recordings import Recordings, find_recordings
from helpscraper.replay.rows import SEEN, known_before, rows_again, with_holes
from helpscraper.replay.workers import WorkerPool
from helpscraper.sites import Site, site_of_day, sites_at

__all__ = ["Report", "reextract"]

_AT_ONCE = 128
"""Answers in one transaction of the ledger; a kill loses at most these."""

Progress = Callable[[str, int, int], None]
"""Called with the snapshot id, the records done, and all of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result for one snapshot: the file written, or the ``reason`` for none.

    ``problems`` name file, offset and URL. ``whole`` says that nothing recorded is lost and no row had to be kept.
    """

    snapshot: Snapshot
    written: SnapshotFile | None
    reason: str = ""
    records: int = 0
    problems: tuple[str, ...] = ()
    whole: bool = True


def reextract(
    archive_uri: str,
    references: Sequence[str] = (),
    *,
    site: str | None = None,
    locale: str | None = None,
    force: bool = False,
    jobs: int | None = None,
    cluster: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[Report]:
    """Re-extract the snapshots that ``references`` name, or all, oldest first; yield one report for each.

    A snapshot whose rows are all by today's extractor is skipped unless ``force``; so is one without recorded pages.
    Snapshots that a named one depends on are done before it. Each is read with the declaration in its run facts, or
    today's when they hold none. ``jobs`` is the number of processes (default: all cores), or of the tasks of
    ``cluster``, an executor on other machines, at a time. A run that was killed goes on
    where it stopped. Raises ``ReferenceNotFoundError``, ``ArchiveError``, and ``LockHeldError`` while another
    re-extraction is running.
    """
    catalog = Catalog(archive_uri, site=site, locale=locale)
    named = [catalog.resolve(reference) for reference in references]
    last: dict[Partition, str] = {}
    for snapshot in named:
        last[snapshot.partition] = max(snapshot.id, last.get(snapshot.partition, ""))
    locked: dict[Partition, EditionLock] = {}
    sites = sites_at(catalog.store.uri)
    with WorkerPool(catalog.store.uri, jobs, cluster) as workers, ExitStack() as locks:
        for snapshot in catalog.snapshots():
            if named and snapshot.id > last.get(snapshot.partition, ""):
                continue
            wanted = force and (not named or snapshot in named)
            facts = catalog.facts(snapshot)
            declared = facts.declaration.values if facts.declaration else None
            declared_site = site_of_day(declared, snapshot.partition.site, sites)
            extractor = extractor_of(declared_site)
            if wanted or facts.extractor != extractor or facts.kept:
                if snapshot.partition not in locked:
                    # Two re-extractions would write to one ledger. A crawl has another lock and may run meanwhile.
                    lock = EditionLock(
                        catalog.store, snapshot.partition, "re-extraction", part="reading-again"
                    )
                    locked[snapshot.partition] = locks.enter_context(lock)
                locked[snapshot.partition].check()
                yield _Job(catalog, snapshot, facts, declared_site, workers, progress).run()
            elif not named or snapshot in named:
                yield Report(snapshot, None, f"today's extractor {extractor} has read it already")


class _Job:
    """The re-extraction of one snapshot; it goes on from the ledger that a killed one left in the state folder."""

    def __init__(
        self,
        catalog: Catalog,
        snapshot: Snapshot,
        facts: RunFacts,
        site: Site,
        workers: WorkerPool,
        progress: Progress | None,
    ) -> None:
        self.catalog, self.snapshot = catalog, snapshot
        self.store, self.partition = catalog.store, snapshot.partition
        self.workers, self.progress = workers, progress
        self.snapshot_at = snapshot_instant(snapshot.id)
        self.first = Snapshot(self.partition, snapshot.id, snapshot_path(self.partition, snapshot.id))
        # A re-extraction may have failed to read a listing; the crawl itself saw more.
        crawl = catalog.facts(self.first)
        self.facts = replace(
            facts,
            stated=facts.stated | (crawl.stated & SEEN),
            complete=crawl.complete,
            incomplete_reasons=crawl.incomplete_reasons,
            sections=crawl.sections,
        )
        base_url = facts.arguments.base_url or site.base_url
        self.context = Context(site, self.partition.locale, base_url)
        self.extractor = extractor_of(site)

    def run(self) -> Report:
        """Read, merge and write; answers already in the ledger are not read again."""
        self.workers.expect(self.facts.counts.fetched or 0)
        before, extractors = self._before()
        found = self._recordings(before)
        recorded = self._recorded(found)
        if not recorded:
            reason = "; ".join(found.gaps) or "none of its pages was recorded"
            return Report(self.snapshot, None, reason, 0, tuple(found.gaps), not found.gaps)
        path = self.store.state_dir(self.partition) / f"reextract-{self.snapshot.id}.sqlite"
        ledger = _resumed(path, self.extractor, str(len(recorded)))
        with closing(ledger):
            self._fill(ledger, self._without_stored_bodies(recorded, before))
            unread = unanswered(recorded, ledger.tallies(UNREAD))
            settle_rest(ledger, before)
            kept = keep_sightings(ledger, before, unread, everywhere=bool(found.gaps))
            ids = set(before.column("article_id").to_pylist())
            earlier = EarlierRows() if self._imported else known_before(self.catalog, self.snapshot)
            rows, older = rows_again(
                ledger, earlier, self.snapshot, self.facts, ids, only=bool(found.gaps),
                confidence=get_platform(self.context.site.platform).claim.confidence,
            )  # fmt: skip
            rows, lost = keep_lost(before, rows)
            broken = {answer.url for answer in recorded if question(answer.asked) in unread}
            why = reasons(self.store, ledger, lost, {answer.record for answer in recorded})
            named = {url for url, _ in why.values()}
            problems, overcome = [*found.gaps, *found.notes], Counter[str]()
            for kind, url, detail in ledger.problems():
                if kind in PER_ANSWER and url not in broken:
                    overcome[kind] += 1
                elif url not in named:
                    problems.append(f"{kind}: {url}: {detail}")
            problems += [f"{url}: {reason}; the row is kept as it was" for url, reason in why.values()]
            kept |= why.keys()
            older |= {name: by for name in kept if (by := extractors[name])}
            facts = replace(
                self._facts(ledger, rows, problems, len(recorded)),
                problems=ledger.tallies("problem") - overcome,
                kept={name: by for name, by in sorted(older.items()) if by != self.extractor},
            )
            damaged = bool(facts.problems.get("record"))
            if not damaged:
                facts, damaged = with_holes(self.facts, facts, sorted(unread))
            bodies = LedgerBodies(ledger, self.snapshot_at)
            written = write_reextracted(self.store, self.partition, self.snapshot.id, rows, bodies, facts)
            ledger.delete()
        whole = not (found.gaps or why or damaged)
        return Report(self.snapshot, written, "", len(recorded), tuple(problems), whole)

    def _before(self) -> tuple[pa.Table, dict[str, str | None]]:
        """Return the rows of which none may be lost, and the extractor of each by article.

        These are the newest re-extraction and the rows of the crawl that it lost, as older versions of helpscraper did.
        """
        rows, lost = keep_lost(self.catalog.load_table(self.first), self.catalog.load_table(self.snapshot))
        extractors = _extractors(rows, self.facts) | dict(self.facts.kept)
        return rows, extractors | _extractors(lost, self.catalog.facts(self.first))

    @property
    def _imported(self) -> bool:
        return (self.facts.extraction_of or self.facts.kind) == "import"

    def _recordings(self, before: pa.Table) -> Recordings:
        try:
            run = self.catalog.run(self.partition, self.snapshot.id)
        except ArchiveError:
            run = RunFacts()  # `verify` names it; the rows still name their records
        warc, captures = run.warc or WarcFacts(), self.facts.arguments.captures
        return find_recordings(
            self.store,
            self.partition,
            self.snapshot.id,
            files=warc.files,
            references=pc.unique(before.column("warc_record")).drop_null().to_pylist(),
            responses=warc.responses or len(captures),
        )

    def _recorded(self, found: Recordings) -> list[RecordedAnswer]:
        """Return the recorded answers of this crawl."""
        captures = found.captures
        if self._imported:
            captures = sorted(captures, key=lambda capture: capture.date)
        from_interface = sections_from_interface(self.facts.witness)
        followed = not self._imported
        recorded = list(
            plan(captures, self.context, found.holders, redirects=followed, interface=from_interface)
        )
        if self._imported:
            return recorded  # captures have no crawl order: the home page may come last
        # A resumed crawl read its listings again, beginning at the home page; articles stayed.
        again = max(
            (number for number, answer in enumerate(recorded) if answer.asked.kind == "home"), default=0
        )
        return [answer for answer in recorded[:again] if answer.asked.kind == "article"] + recorded[again:]

    def _without_stored_bodies(
        self, recorded: Iterable[RecordedAnswer], before: pa.Table
    ) -> list[RecordedAnswer]:
        """Return the answers, each with the key of the body that the archive holds for its article.

        A better extractor changes few bodies; the others are not sent through the ledger again. A body whose file is
        lost or damaged is not held, and is stored again.
        """
        keys = before.column("body_sha256").combine_chunks()
        index = BodyIndex(self.store, self.partition)
        held = pc.is_in(keys, value_set=index.keys)
        kept = before.filter(held)
        stored = dict(
            zip(kept.column("article_id").to_pylist(), kept.column("body_sha256").to_pylist(), strict=True)
        )
        return [
            replace(answer, stored_body=key)
            if answer.payload and (key := stored.get(answer.asked.key))
            else answer
            for answer in recorded
        ]

    def _fill(self, ledger: Ledger, recorded: Sequence[RecordedAnswer]) -> None:
        done = kept = int(ledger.meta()["done"])
        waiting: list[Batch] = []
        for notes in self.workers.read(recorded[done:], self.context):
            waiting.append(notes)
            done += notes.answers
            if done - kept >= _AT_ONCE or done == len(recorded):
                # The notes and the number of records read are committed together, so no kill lets a record count twice.
                with ledger.transaction():
                    for each in waiting:
                        each.enter(ledger)
                    ledger.flush()
                    ledger.set_meta(done=str(done))
                kept, waiting = done, []
            if self.progress is not None:
                self.progress(self.snapshot.id, done, len(recorded))

    def _facts(self, ledger: Ledger, rows: pa.Table, problems: list[str], records: int) -> RunFacts:
        """Return the run facts: those of the crawl, with the counts and problems of this reading."""
        there = set(rows.column("article_id").to_pylist())
        gone = {name: fact for name, fact in self.facts.gone.items() if name not in there}
        return replace(
            self.facts.reextracted(versions(self.extractor)),
            counts=Counts.of(Counter(rows.column("status").to_pylist()), len(gone)),
            gone=gone,
            fields=nested(ledger.tallies("fields")),
            rules=ledger.tallies("rules"),
            languages=ledger.tallies("language"),
            problem_texts=tuple(problems[:PROBLEM_TEXTS]),
            records_read=records,
            declaration=DeclarationFacts.of(self.context.site),
        )


def _extractors(rows: pa.Table, facts: RunFacts) -> dict[str, str | None]:
    return dict.fromkeys(rows.column("article_id").to_pylist(), facts.extractor)


def _resumed(path: Path, extractor: str, records: str) -> Ledger:
    """Open the ledger of a killed run of the same versions and records, else a new one."""
    wanted = {"extractor": extractor, "helpscraper": __version__, "records": records}
    ledger = Ledger(path)
    meta = ledger.meta()
    if not wanted.items() <= meta.items():
        ledger.delete()
        ledger = Ledger(path)
        ledger.set_meta(**wanted, done="0")
    return ledger
