"""Make one snapshot of captures of one day in one locale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.recordings import Capture, Recorder, load_index
from helpscraper.archive.recordings.index import index_path
from helpscraper.archive.recordings.sources import captures_in, path_of, record_in
from helpscraper.archive.run_facts import PROBLEM_TEXTS, RunFacts
from helpscraper.archive.run_parts import ArgumentFacts, DeclarationFacts
from helpscraper.archive.schema import rows_table
from helpscraper.archive.writer import write_snapshot
from helpscraper.intake.enter import WITHOUT_BODY, notes_of, readings_of
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.merge import Listings, merge_row
from helpscraper.intake.tables import LedgerBodies
from helpscraper.intake.versions import versions
from helpscraper.normalise.article import Context
from helpscraper.platforms import address_at, extractor_of, get_platform
from helpscraper.replay.captures.held import Held, told
from helpscraper.replay.captures.revisits import Stored, payload_of
from helpscraper.replay.captures.select import CaptureReport, Place
from helpscraper.replay.naming import KnownArticles, known_articles, named_rows
from helpscraper.replay.plan import plan
from helpscraper.replay.rows import with_rows
from helpscraper.replay.workers import WorkerPool
from helpscraper.warc.record import Record

__all__ = ["Day"]


class Day:
    """The captures of one day, or of a part of it; ``commit`` writes them to the archive."""

    def __init__(
        self,
        held: Held,
        context: Context,
        places: Sequence[Place],
        report: CaptureReport,
        workers: WorkerPool,
    ) -> None:
        self._held, self._store, self._context = held, held.catalog.store, context
        self._partition = held.partition
        self._places, self._report, self._workers = places, report, workers
        # By record of the archive: the record in the imported file that it was copied from.
        self._came_from: dict[str, str] = {}

    def commit(self) -> None:
        """Copy the records, read them, and write the snapshot; do nothing without a capture that can be read."""
        self._places = self._held.without_superseded(self._places, self._context.site, self._report)
        if not self._places:
            return
        at = self._held.instant(self._places[0].at)
        self._find_payloads(at)
        if not self._places:
            return
        name = snapshot_id(at)
        recorder = self._held.recorder(name)
        with TemporaryDirectory(prefix="helpscraper-") as folder:
            ledger = Ledger(Path(folder) / "ledger.sqlite")
            with closing(ledger):
                self._copy(recorder, ledger)
                self._read(recorder.files, ledger, at)
                rows = self._rows(ledger, at)
                if not rows.num_rows:
                    self._take_back(recorder)
                    return
                run = self._facts(ledger, rows, at)
                written = write_snapshot(
                    self._store,
                    self._partition,
                    name,
                    rows,
                    LedgerBodies(ledger, at),
                    run,
                    index=self._held.bodies,
                )
        self._held.add(name, written.path, recorder.files)
        self._report.snapshots.append(written)
        doubts = (each.detail for each in run.health if each.verdict != "ok")
        self._report.doubts += [f"{self._partition} {name}: {doubt}" for doubt in doubts]
        self._report.used += len(self._places)

    def _find_payloads(self, at: dt.datetime) -> None:
        """Find the payload of each revisit among these captures or in the archive before ``at``.

        A revisit without a payload is left out: nothing could be read from its copy.
        """
        if not any(place.revisit for place in self._places):
            return
        stored, own = self._held.stored_before(at), Stored()
        for place in self._places:
            own.add(place)
        found = []
        for place in self._places:
            payload = payload_of(place, stored, own) if place.revisit else place.payload
            if payload is None:
                self._report.skip("a revisit whose payload is missing", place.ref, place.url)
            else:
                found.append(replace(place, payload=payload))
        self._places = found

    def _take_back(self, recorder: Recorder) -> None:
        """Remove what was copied for a snapshot that has no row."""
        for place in self._places:
            self._report.skip("none of its articles became a row", place.ref, place.url)
        for file in recorder.files:
            self._store.remove(index_path(file))
            self._store.remove(file)

    def _copy(self, recorder: Recorder, ledger: Ledger) -> None:
        """Copy every record into the archive; flattened text is read here, because it needs another reader."""
        try:
            for place, record in self._records():
                reference = recorder.copy(record, "" if place.text else place.payload)
                self._came_from[reference] = place.ref
                if place.text:
                    self._read_text(ledger, place, record, reference)
        finally:
            recorder.close()

    def _records(self) -> Iterator[tuple[Place, Record]]:
        shared: dict[str, dict[int, Place]] = {}
        for place in self._places:
            if not place.addressable:
                shared.setdefault(place.file, {})[place.number] = place
                continue
            yield place, record_in(place.file, place.offset)
        for file, wanted in shared.items():
            # The file is compressed as a whole, so no offset leads to one record: it is read again.
            for number, item in enumerate(captures_in(path_of(file))):
                if number in wanted and isinstance(item, Record):
                    item.addressable = True
                    yield wanted[number], item

    @cached_property
    def _known(self) -> KnownArticles:
        return known_articles(self._held.catalog, self._partition)

    def _read_text(self, ledger: Ledger, place: Place, record: Record, reference: str) -> None:
        target = address_at(self._context.site, place.url)
        text = record.block.decode("utf-8", "replace")
        raws, _ = named_rows(text, place.url, self._context, self._known)
        if not raws:
            self._report.skip("no article was found in the text", place.ref, place.url)
        section = (target.key or "") if target.kind == "list" else ""
        readings = readings_of(raws, self._context, section=section, at=place.at, record=reference)
        with ledger.transaction():
            for note in notes_of(readings, reference):
                note.enter(ledger)
        for columns in (reading.values.columns for reading in readings):
            if columns.get("title"):
                self._known.setdefault(columns["title"], {})[columns["article_id"]] = columns["published_on"]

    def _read(self, files: Sequence[str], ledger: Ledger, at: dt.datetime) -> None:
        captures = [capture for file in files for capture in load_index(self._store, file)]
        captures.sort(key=lambda capture: capture.date)
        recorded = list(plan(captures, self._context, self._holders(captures, at), redirects=False))
        for batch in self._workers.read(recorded, self._context):
            with ledger.transaction():
                batch.enter(ledger)
            for each in (problem for problem in batch.problems if problem.kind != WITHOUT_BODY):
                where = self._came_from.get(each.record, each.record)
                self._report.skip(each.kind, where, f"{each.url}: {each.detail}")

    def _holders(self, captures: Iterable[Capture], at: dt.datetime) -> dict[str, str]:
        """Return the record that holds each payload, in this snapshot or in the archive before it."""
        found = {each.digest: each.ref for each in captures if not each.is_revisit}
        for missing in {each.digest for each in captures if each.is_revisit} - found.keys():
            if (ref := self._held.stored_before(at).ref(missing)) is not None:
                found[missing] = ref
        return found

    def _rows(self, ledger: Ledger, at: dt.datetime) -> pa.Table:
        confidence = get_platform(self._context.site.platform).claim.confidence
        listings = Listings(tags=frozenset(ledger.tags()), confidence=confidence)
        there = (entry for entry in ledger.entries() if entry.outcome != "gone")
        merged = (merge_row(entry, None, at, listings) for entry in there)
        return rows_table(row for row in merged if row is not None)

    def _facts(self, ledger: Ledger, rows: pa.Table, at: dt.datetime) -> RunFacts:
        extractor = extractor_of(self._context.site)
        gone = {each.article_id: each.as_gone() for each in ledger.entries() if each.outcome == "gone"}
        problems = (f"{kind}: {url}: {detail}" for kind, url, detail in ledger.problems()[:PROBLEM_TEXTS])
        reason = f"{len(self._places)} captures of another web archive, not a crawl"
        facts = RunFacts.imported(
            self._partition, at, "captures of another web archive", reason, versions(extractor)
        )
        facts = replace(
            facts,
            stated=facts.stated | {"gone", "rules", "problems", "problem_texts"},
            gone=gone,
            rules=ledger.tallies("rules"),
            problems=ledger.tallies("problem"),
            problem_texts=tuple(problems),
            declaration=DeclarationFacts.of(self._context.site),
            arguments=ArgumentFacts(
                stated=frozenset({"base_url"}),
                base_url=self._context.base_url,
                files=tuple(sorted({path_of(place.file).name for place in self._places})),
                captures=tuple(map(told, self._places)),
            ),
        )
        return with_rows(facts, rows, ledger.tallies("fields"))
