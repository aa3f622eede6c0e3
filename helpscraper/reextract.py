"""The recorded pages of a crawl read again by today's extractor: another snapshot of the same instant.

A crawl that carried articles over stands on the crawls before it, so those are brought up to date first. What
the crawl itself did (which pages it asked for, what it could not reach) is a fact of that day and stays as it
was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper import __version__
from helpscraper.archive.bodies import BodyIndex
from helpscraper.archive.layout import Partition, snapshot_instant, snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import SCHEMA_VERSION, rows_table
from helpscraper.archive.warc import Capture, load_index, warc_files
from helpscraper.archive.writer import SnapshotFile, write_reextracted
from helpscraper.crawl.known import read_known
from helpscraper.crawl.ledger import Ledger
from helpscraper.crawl.lock import CrawlLock
from helpscraper.crawl.merge import Listings, merge_row
from helpscraper.crawl.notes import Notes
from helpscraper.crawl.readers import Readers
from helpscraper.crawl.replay import PER_ANSWER, UNREAD, Task, plan, question, unanswered
from helpscraper.crawl.tables import ledger_bodies, nested
from helpscraper.normalise.article import Context
from helpscraper.pages.okx import EXTRACTOR
from helpscraper.sites import get_site

__all__ = ["Report", "reextract"]

_AT_ONCE = 128
"""Answers that are entered in the ledger in one go; a kill costs the reading of no more."""

Progress = Callable[[str, int, int], None]
"""Called with the snapshot id, the records done, and all of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one snapshot: the file written, or why there is none; ``problems`` name file and
    offset.
    """

    snapshot: Snapshot
    written: SnapshotFile | None
    reason: str = ""
    records: int = 0
    problems: tuple[str, ...] = ()


def reextract(
    archive_uri: str,
    references: Sequence[str] = (),
    *,
    site: str | None = None,
    locale: str | None = None,
    force: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Report]:
    """Re-extract the snapshots that ``references`` name, or all, oldest first; yield one report for each.

    A snapshot that today's extractor made is left alone unless ``force``; so is one without recorded pages.
    Those that a named snapshot stands on are done before it. ``jobs`` is the number of processes (default:
    all cores). A run that was killed goes on where it stopped. Raises ``ReferenceNotFoundError``,
    ``ArchiveError``, and ``LockHeldError`` while another re-extraction is at work.
    """
    catalog = Catalog(archive_uri, site=site, locale=locale)
    named = [catalog.resolve(reference) for reference in references]
    last: dict[Partition, str] = {}
    for snapshot in named:
        last[snapshot.partition] = max(snapshot.id, last.get(snapshot.partition, ""))
    locked: set[Partition] = set()
    with Readers(catalog.store.uri, jobs) as readers, ExitStack() as locks:
        for snapshot in catalog.snapshots():
            if named and snapshot.id > last.get(snapshot.partition, ""):
                continue
            wanted = force and (not named or snapshot in named)
            facts: Mapping[str, Any] = catalog.facts(snapshot)
            if wanted or facts.get("versions", {}).get("extractor") != EXTRACTOR:
                if snapshot.partition not in locked:
                    # Two of them would count in one ledger. A crawl may go on meanwhile: its lock is another.
                    folder = catalog.store.state_dir(snapshot.partition) / "reading-again"
                    locks.enter_context(CrawlLock(folder, "re-extraction"))
                    locked.add(snapshot.partition)
                yield _Job(catalog, snapshot, facts, readers, progress).run()
            elif not named or snapshot in named:
                yield Report(snapshot, None, f"today's extractor {EXTRACTOR} made it already")


class _Job:
    """One snapshot on its way through the extractor. The ledger in the state folder is what a killed run
    left.
    """

    def __init__(
        self,
        catalog: Catalog,
        snapshot: Snapshot,
        facts: Mapping[str, Any],
        readers: Readers,
        progress: Progress | None,
    ) -> None:
        self.catalog, self.snapshot, self.facts = catalog, snapshot, facts
        self.store, self.partition = catalog.store, snapshot.partition
        self.readers, self.progress = readers, progress
        self.snapshot_at = snapshot_instant(snapshot.id)
        site = get_site(self.partition.site)
        base_url = facts.get("arguments", {}).get("base_url") or site.base_url
        self.context = Context(site, self.partition.locale, base_url)

    def run(self) -> Report:
        """Read, merge and write; what is in the ledger already is not read again."""
        self.readers.expect((self.facts.get("counts") or {}).get("fetched") or 0)
        tasks = self._tasks()
        if not tasks:
            return Report(self.snapshot, None, "no page of it was recorded")
        first = Snapshot(self.partition, self.snapshot.id, snapshot_path(self.partition, self.snapshot.id))
        before = self.catalog.load_table(first)
        path = self.store.state_dir(self.partition) / f"reextract-{self.snapshot.id}.sqlite"
        ledger = _resumed(path, str(len(tasks)))
        with closing(ledger):
            self._fill(ledger, self._without_stored_bodies(tasks, before))
            lost = self._keep_the_rest(ledger, before)
            rows = self._rows(ledger, set(before.column("article_id").to_pylist()))
            unread = unanswered(tasks, ledger.tallies(UNREAD))
            broken = {task.url for task in tasks if question(task.asked) in unread}
            found, overcome = [], Counter[str]()
            for kind, url, detail in ledger.problems():
                if kind in PER_ANSWER and url not in broken:
                    overcome[kind] += 1
                else:
                    found.append(f"{kind}: {url}: {detail}")
            problems = found + [f"{name}: no record of its page can be read; kept as it was" for name in lost]
            facts = self._facts(ledger, rows, problems, len(tasks))
            facts["problems"] = dict(ledger.tallies("problem") - overcome)
            self._mark_holes(facts, sorted(unread))
            bodies = ledger_bodies(ledger, self.snapshot_at)
            written = write_reextracted(self.store, self.partition, self.snapshot.id, rows, bodies, facts)
            ledger.delete()
        return Report(self.snapshot, written, "", len(tasks), tuple(problems))

    @property
    def _imported(self) -> bool:
        return bool(self.facts.get("extraction_of", self.facts.get("kind")) == "import")

    def _tasks(self) -> list[Task]:
        """Return what was recorded of this crawl, with the records of earlier crawls that its revisits refer
        to.
        """
        holders: dict[str, str] = {}
        captures: list[Capture] = []
        own = warc_files(self.store, self.partition, self.snapshot.id)
        for file in warc_files(self.store, self.partition):
            found = load_index(self.store, file) if own and file <= own[-1] else []
            holders |= {each.digest: each.ref for each in found if not each.is_revisit}
            captures += found if file in own else []
        if self._imported:
            captures.sort(key=lambda capture: capture.date)
        locale, base_url = self.partition.locale, self.context.base_url or ""
        tasks = list(plan(captures, locale, base_url, holders, redirects=not self._imported))
        if self._imported:
            return tasks  # captures in no order of a crawl: the home page may be the last of a day
        # A crawl that was resumed read its listings afresh, beginning at the home page; articles stayed.
        again = max((number for number, task in enumerate(tasks) if task.asked.kind == "home"), default=0)
        return [task for task in tasks[:again] if task.asked.kind == "article"] + tasks[again:]

    def _without_stored_bodies(self, tasks: Iterable[Task], before: pa.Table) -> list[Task]:
        """Return the tasks, each with the body that the archive holds for its article.

        A better extractor changes few bodies; the others need not travel from process to ledger to archive. A body
        whose file is lost or damaged counts as not held, and is stored again.
        """
        keys = before.column("body_sha256").combine_chunks()
        index = BodyIndex(self.store, self.partition)
        held = pc.is_in(keys, value_set=index.keys)
        kept = before.filter(held)
        stored = dict(
            zip(kept.column("article_id").to_pylist(), kept.column("body_sha256").to_pylist(), strict=True)
        )
        return [
            replace(task, stored_body=key) if task.payload and (key := stored.get(task.asked.slug)) else task
            for task in tasks
        ]

    def _fill(self, ledger: Ledger, tasks: Sequence[Task]) -> None:
        done = kept = int(ledger.meta()["done"])
        waiting: list[Notes] = []
        for notes in self.readers.read(tasks[done:], self.context):
            waiting.append(notes)
            done += notes.answers
            if done - kept >= _AT_ONCE or done == len(tasks):
                # What was read and how far it is are kept together, so no kill lets a record count twice.
                with ledger.transaction():
                    for each in waiting:
                        each.enter(ledger)
                    ledger.flush()
                    ledger.set_meta(done=str(done))
                kept, waiting = done, []
            if self.progress is not None:
                self.progress(self.snapshot.id, done, len(tasks))

    def _keep_the_rest(self, ledger: Ledger, before: pa.Table) -> list[str]:
        """Settle the articles of which this crawl has no page as the crawl did; return those whose page is
        lost.
        """
        lost: list[str] = []
        known = pa.array(sorted(ledger.articles()), pa.string())
        for row in before.filter(pc.invert(pc.is_in(before.column("article_id"), known))).to_pylist():
            article_id = row["article_id"]
            if row["status"] == "fetched":
                lost.append(article_id)
                ledger.fetched(article_id, row, None)
            elif row["status"] != "listed":
                ledger.settle(article_id, row["status"])
            elif not ledger.is_listed(article_id):
                lost.append(article_id)
                for section in row["listed_in"] or [""]:
                    ledger.sighting(article_id, section, row)
        return lost

    def _rows(self, ledger: Ledger, before: Set[str]) -> pa.Table:
        """Return the rows, merged as the crawl merged them.

        Which listings were read whole, and which absent article was really gone, the crawl knew and decided.
        """
        known = (
            {} if self._imported else read_known(_Earlier(self.catalog, self.snapshot), self.partition).rows
        )
        sections: Mapping[str, Mapping[str, Any]] = self.facts.get("sections", {})
        tags = ledger.tags() | {
            slug for slug, section in sections.items() if section.get("content_type") == "tag"
        }
        whole = {slug for slug, section in sections.items() if section.get("whole")}
        if self._saw_all_listings():
            held = (row["listed_in"] or () for row in known.values())
            whole |= {slug for listed_in in held for slug in listed_in} - sections.keys()
        listings = Listings(tags=frozenset(tags), whole=frozenset(whole))
        merged = (
            merge_row(entry, known.get(entry.article_id), self.snapshot_at, listings)
            for entry in ledger.entries()
            if entry.article_id in before or entry.sightings or entry.outcome == "fetched"
        )
        return rows_table(row for row in merged if row is not None)

    def _saw_all_listings(self) -> bool:
        sections = self.facts.get("sections", {})
        asked = str(self.facts.get("arguments", {}).get("sections", "")).split(",")
        missed = any(section.get("holes") for section in sections.values())
        missed = missed or bool(self.facts.get("problems", {}).get("discovery"))
        missed = missed or any(slug and slug not in sections for slug in asked)
        return not missed and not self.facts.get("scope")

    def _facts(self, ledger: Ledger, rows: pa.Table, problems: list[str], records: int) -> dict[str, Any]:
        """Return the run facts: those of the crawl, but for what an extractor has a say in."""
        status = Counter(rows.column("status").to_pylist())
        versions = {"helpscraper": __version__, "extractor": EXTRACTOR, "schema": str(SCHEMA_VERSION)}
        return {
            **self.facts,
            "kind": "re-extract",
            "extraction_of": self.facts.get("extraction_of", self.facts.get("kind")),
            "extractor_before": self.facts.get("versions", {}).get("extractor"),
            "versions": {**self.facts.get("versions", {}), **versions},
            "counts": {name: status[name] for name in ("fetched", "carried", "listed", "failed", "gone")},
            "fields": nested(ledger.tallies("fields")),
            "rules": dict(ledger.tallies("rules")),
            "languages": dict(ledger.tallies("language")),
            "problem_texts": problems[:50],
            "records_read": records,
        }

    def _mark_holes(self, facts: dict[str, Any], unread: Sequence[str]) -> None:
        """Enter in ``facts`` the listing pages among the questions ``unread``.

        A better extractor sees no more of the site than the crawl did, so an incomplete crawl stays one; what
        today's extractor cannot read makes it one.
        """
        detail = "a recorded listing page cannot be read by this extractor"
        slugs = dict.fromkeys(each.split("/")[1] for each in unread if each.startswith("section/"))
        holes = [f"section {slug}: {detail}" for slug in slugs]
        sections = {slug: dict(section) for slug, section in self.facts.get("sections", {}).items()}
        for slug in slugs.keys() & sections.keys():
            sections[slug] |= {"whole": False, "holes": [*sections[slug].get("holes", ()), detail]}
        facts |= {
            "complete": bool(self.facts.get("complete")) and not holes,
            "incomplete_reasons": list(dict.fromkeys([*self.facts.get("incomplete_reasons", ()), *holes])),
            "sections": sections,
        }


class _Earlier(Catalog):
    """An archive as it was before one of its snapshots."""

    def __init__(self, catalog: Catalog, snapshot: Snapshot) -> None:
        super().__init__(catalog.store, site=catalog.site, locale=catalog.locale)
        self._end = snapshot.id

    def snapshots(self, partition: Partition | None = None) -> list[Snapshot]:
        """Return the snapshots before that one."""
        return [each for each in super().snapshots(partition) if each.id < self._end]


def _resumed(path: Path, records: str) -> Ledger:
    """Open the ledger of a run that was killed, or a new one where there is none that fits."""
    wanted = {"extractor": EXTRACTOR, "helpscraper": __version__, "records": records}
    ledger = Ledger(path)
    meta = ledger.meta()
    if not wanted.items() <= meta.items():
        ledger.delete()
        ledger = Ledger(path)
        ledger.set_meta(**wanted, done="0")
    return ledger
