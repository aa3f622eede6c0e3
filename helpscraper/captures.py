"""Captures of other web archives become snapshots at the times when they were taken.

The history then reaches back before the first crawl. Captures are grouped by day (UTC); each group is one
snapshot, never complete, whose records are copied into the archive, so that it can be verified and
re-extracted like a crawl.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from helpscraper import __version__
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_path, warc_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import SCHEMA_VERSION, rows_table
from helpscraper.archive.warc import Capture, Payloads, Problem, Record, Recorder, load_index, warc_files
from helpscraper.archive.warc.index import index_path
from helpscraper.archive.warc.sources import captures_in, path_of, record_in
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.crawl.ledger import Ledger
from helpscraper.crawl.lock import CrawlLock
from helpscraper.crawl.merge import Listings, merge_row
from helpscraper.crawl.readers import Readers
from helpscraper.crawl.replay import is_ours, plan
from helpscraper.crawl.tables import ledger_bodies, nested
from helpscraper.errors import CommandError, InputError
from helpscraper.locales import get_locale
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.pages.okx import EXTRACTOR
from helpscraper.pages.text import read_text
from helpscraper.sites import get_site
from helpscraper.urls import parse_help_url

__all__ = ["CaptureReport", "import_captures"]

# Of each reason so many examples are named; the number is exact.
_EXAMPLES = 20
_TEXT_TYPES = {"conversion"}


@dataclass(slots=True)
class CaptureReport:
    """What an import made: snapshots written, captures used, and what was passed over.

    ``skipped`` counts by reason; ``examples`` names file, offset and URL of the first few of each;
    ``problems`` are places in the files that could not be read.
    """

    snapshots: list[SnapshotFile] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    used: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def skip(self, reason: str, where: str, url: str) -> None:
        """Count one capture that was passed over."""
        self.skipped[reason] += 1
        named = self.examples.setdefault(reason, [])
        if len(named) < _EXAMPLES:
            named.append(f"{where} {url}")


@dataclass(frozen=True, slots=True)
class _Place:
    """One capture worth importing and where it lies."""

    file: str
    offset: int
    number: int
    alone: bool
    url: str
    at: dt.datetime
    locale: str
    digest: str
    text: bool
    revisit: bool

    @property
    def ref(self) -> str:
        return f"{self.file}#{self.offset}"


def import_captures(
    archive_uri: str,
    paths: Sequence[Path],
    site: str = "okx",
    locale: str | None = None,
    *,
    base_url: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> CaptureReport:
    """Import every capture in ``paths`` of the help centre ``site``, in ``locale`` or in all of its locales.

    ``paths`` are WARC, WET, WACZ or CDXJ files. Importing the same captures twice is harmless. Raises
    ``CommandError`` for the arguments, ``InputError`` for a file that cannot be opened, ``LockHeldError`` while a
    crawl of one of the locales is at work, and ``ArchiveError`` for the archive.
    """
    found_site = get_site(site)
    wanted = get_locale(locale).prefix if locale is not None else None
    catalog, report = Catalog(archive_uri), CaptureReport()
    groups: defaultdict[tuple[Partition, dt.date], list[_Place]] = defaultdict(list)
    home = base_url or found_site.base_url
    for place in _select(paths, home, wanted, report):
        groups[Partition(site, place.locale), place.at.date()].append(place)
    with ExitStack() as stack:
        # The recordings of a crawl at work are its own: their index cannot be made before they end.
        for partition in sorted({partition for partition, _ in groups}):
            lock = CrawlLock(catalog.store.state_dir(partition))
            lock.acquire()
            stack.callback(lock.release)
        readers = stack.enter_context(Readers(catalog.store.uri))
        for number, ((partition, day), places) in enumerate(sorted(groups.items()), start=1):
            context = Context(found_site, partition.locale, home)
            _Day(catalog, context, sorted(places, key=_order), report, readers).commit()
            if progress is not None:
                progress(f"{partition} {day}", number, len(groups))
    return report


def _order(place: _Place) -> tuple[dt.datetime, str, int]:
    return place.at, place.file, place.number


def _select(
    paths: Iterable[Path], base_url: str, locale: str | None, report: CaptureReport
) -> Iterator[_Place]:
    """Yield the captures that are pages of this help centre; everything else is counted in ``report``."""
    seen: set[tuple[str, dt.datetime, str]] = set()
    for path in paths:
        for number, item in enumerate(captures_in(path)):
            if isinstance(item, Problem):
                report.problems.append(item)
                continue
            if item.type not in {"response", "revisit", *_TEXT_TYPES}:
                continue
            reason = _unfit(item, base_url, locale)
            place = _place(item, number)
            if reason is None and (place.url, place.at, place.digest) in seen:
                reason = "the same capture is in another file too"
            if reason is not None:
                report.skip(reason, item.ref, item.url)
                continue
            seen.add((place.url, place.at, place.digest))
            yield place


def _unfit(record: Record, base_url: str, locale: str | None) -> str | None:
    """Say why a record is no capture to import, None when it is one."""
    if not is_ours(record.url, base_url):
        return "another site"
    target = parse_help_url(record.url)
    if target.kind == "other":
        return "not a page of the help centre"
    if locale is not None and target.locale != locale:
        return "another locale"
    try:
        get_locale(target.locale)
    except CommandError:
        return "an unknown locale"
    if record.date is None:
        return "no date"
    if record.date > dt.datetime.now(dt.UTC):
        return "a date that is still to come"
    if record.headers.get_header("WARC-Truncated"):
        return "cut off by the crawler that made it"
    if wrong := record.wrong_digests():
        return wrong[0].partition(":")[0]
    if record.type in _TEXT_TYPES:
        return None
    if record.status is None:
        return "no HTTP response"
    if record.status == 206:
        return "status 206: a part of a page"
    redirect = record.status // 100 == 3 and record.status != 304
    return None if record.status // 100 == 2 or redirect else f"status {record.status}"


def _place(record: Record, number: int) -> _Place:
    at = (record.date or dt.datetime.min.replace(tzinfo=dt.UTC)).replace(microsecond=0)
    digest = record.digest or "sha256:" + hashlib.sha256(record.block).hexdigest()
    locale = parse_help_url(record.url).locale
    return _Place(
        record.file,
        record.offset,
        number,
        record.alone,
        record.url,
        at,
        locale,
        digest,
        record.type in _TEXT_TYPES,
        record.is_revisit,
    )


class _Day:
    """The captures of one day in one locale on their way to one snapshot."""

    def __init__(
        self,
        catalog: Catalog,
        context: Context,
        places: Sequence[_Place],
        report: CaptureReport,
        readers: Readers,
    ) -> None:
        self._catalog, self._store, self._context = catalog, catalog.store, context
        self._partition = Partition(context.site.name, context.locale)
        self._places, self._report, self._readers = places, report, readers
        # Where the file that was handed in holds what the archive's own file holds there.
        self._came_from: dict[str, str] = {}

    def commit(self) -> None:
        """Copy the records, read them, and write the snapshot; nothing, where it is there already."""
        first = self._places[0].at
        at = self._instant(first)
        self._pass_over_lost(at)
        told = "\n".join(sorted(f"{each.url} {each.at.isoformat()} {each.digest}" for each in self._places))
        self._fingerprint = hashlib.sha256(told.encode()).hexdigest()
        if not self._places or self._is_there(first, at):
            return
        name = snapshot_id(at)
        recorder = Recorder(
            self._store,
            self._partition,
            name,
            info={"software": f"helpscraper/{__version__}", "isPartOf": name},
        )
        with TemporaryDirectory(prefix="helpscraper-") as folder:
            ledger = Ledger(Path(folder) / "ledger.sqlite")
            with closing(ledger):
                self._copy(recorder, ledger)
                self._read(recorder.files, ledger)
                rows = self._rows(ledger, at)
                if not rows.num_rows:
                    self._take_back(recorder)
                    return
                run = self._facts(ledger, rows, at)
                written = write_snapshot(
                    self._store, self._partition, name, rows, ledger_bodies(ledger, at), run
                )
        self._report.snapshots.append(written)
        self._report.used += len(self._places)

    def _instant(self, at: dt.datetime) -> dt.datetime:
        """Return the first capture's instant ``at``, moved on by seconds where a snapshot has it."""
        while self._catalog.is_committed(self._partition, snapshot_id(at)):
            at += dt.timedelta(seconds=1)
        return at

    def _is_there(self, first: dt.datetime, at: dt.datetime) -> bool:
        """Tell whether one of the snapshots from ``first`` to before ``at`` was made of the same captures."""
        while first < at:
            path = snapshot_path(self._partition, snapshot_id(first))
            facts = self._catalog.facts(Snapshot(self._partition, snapshot_id(first), path))
            if facts.get("arguments", {}).get("fingerprint") == self._fingerprint:
                self._report.already.append(path)
                return True
            first += dt.timedelta(seconds=1)
        return False

    def _pass_over_lost(self, at: dt.datetime) -> None:
        """Leave out revisits of payloads that are neither here nor in the archive before ``at``: copies of them would
        lead nowhere.
        """
        if not any(place.revisit for place in self._places):
            return
        held = {place.digest for place in self._places if not place.revisit}
        for file in warc_files(self._store, self._partition):
            if file < warc_path(self._partition, snapshot_id(at), 0):
                held |= {each.digest for each in load_index(self._store, file) if not each.is_revisit}
        for place in self._places:
            if place.revisit and place.digest not in held:
                self._report.skip("a revisit of a payload that is nowhere", place.ref, place.url)
        self._places = [place for place in self._places if not place.revisit or place.digest in held]

    def _take_back(self, recorder: Recorder) -> None:
        """Remove what was copied for a snapshot that has no row."""
        for place in self._places:
            self._report.skip("nothing in it became a row", place.ref, place.url)
        for file in recorder.files:
            self._store.remove(index_path(file))
            self._store.remove(file)

    def _copy(self, recorder: Recorder, ledger: Ledger) -> None:
        """Copy every record into the archive; flattened text is read here, because its layouts are others."""
        try:
            for place, record in self._records():
                reference = recorder.copy(record)
                self._came_from[reference] = place.ref
                if place.text:
                    self._read_text(ledger, place, record, reference)
        finally:
            recorder.close()

    def _records(self) -> Iterator[tuple[_Place, Record]]:
        shared: dict[str, dict[int, _Place]] = {}
        for place in self._places:
            if not place.alone:
                shared.setdefault(place.file, {})[place.number] = place
                continue
            yield place, record_in(place.file, place.offset)
        for file, wanted in shared.items():
            # Compressed as a whole, so that no offset leads to one record: the file is read again.
            for number, item in enumerate(captures_in(path_of(file))):
                if number in wanted and isinstance(item, Record):
                    item.alone = True
                    yield wanted[number], item

    def _read_text(self, ledger: Ledger, place: _Place, record: Record, reference: str) -> None:
        target = parse_help_url(place.url)
        text = record.block.decode("utf-8", "replace")
        page = read_text(text, url=place.url, locale=self._context.locale)
        if not page.rows:
            self._report.skip("no article was found in the text", place.ref, place.url)
        for row in page.rows:
            values = normalise_article(row.raw, self._context)
            ledger.tally("fields", values.outcomes)
            if values.columns.get("article_id") and values.columns.get("title"):
                listed_by = target.slug if target.kind == "section" and target.slug else ""
                columns = values.columns | {"warc_record": reference}
                ledger.sighting(values.columns["article_id"], listed_by, columns)

    def _read(self, files: Sequence[str], ledger: Ledger) -> None:
        captures = [capture for file in files for capture in load_index(self._store, file)]
        captures.sort(key=lambda capture: capture.date)
        locale, base_url = self._context.locale, self._context.base_url or ""
        tasks = list(plan(captures, locale, base_url, self._holders(captures), redirects=False))
        for notes in self._readers.read(tasks, self._context):
            with ledger.transaction():
                notes.enter(ledger)
            for each in notes.unread:
                where = self._came_from.get(each.record, each.record)
                self._report.skip(each.kind, where, f"{each.url}: {each.detail}")

    def _holders(self, captures: Iterable[Capture]) -> dict[str, str]:
        """Return the record that holds each payload, in this day or in the archive before it."""
        payloads = Payloads(self._store)
        found = {}
        for capture in captures:
            if not capture.is_revisit:
                found[capture.digest] = capture.ref
        for capture in captures:
            if capture.is_revisit and capture.digest not in found:
                try:
                    found[capture.digest] = payloads.holder(payloads.checked(capture.ref))
                except InputError:
                    continue  # named when it is read: its payload is nowhere
        return found

    def _rows(self, ledger: Ledger, at: dt.datetime) -> pa.Table:
        tags = frozenset(ledger.tags())
        merged = (merge_row(entry, None, at, Listings(tags=tags)) for entry in ledger.entries())
        return rows_table(row for row in merged if row is not None)

    def _facts(self, ledger: Ledger, rows: pa.Table, at: dt.datetime) -> dict[str, Any]:
        status = Counter(rows.column("status").to_pylist())
        problems = [f"{kind}: {url}: {detail}" for kind, url, detail in ledger.problems()[:50]]
        return {
            "run_id": snapshot_id(at),
            "site": self._partition.site,
            "locale": self._partition.locale,
            "kind": "import",
            "started_at": at.isoformat(),
            "outcome": "incomplete",
            "exit_code": 0,
            "complete": False,
            "incomplete_reasons": [f"{len(self._places)} captures of another web archive, not a crawl"],
            "scope": "captures of another web archive",
            "sections": {},
            "counts": {name: status[name] for name in ("fetched", "carried", "listed", "failed", "gone")},
            "fields": nested(ledger.tallies("fields")),
            "rules": dict(ledger.tallies("rules")),
            "problems": dict(ledger.tallies("problem")),
            "problem_texts": problems,
            "requests": {},
            "health": [],
            "region": {},
            "versions": {"helpscraper": __version__, "extractor": EXTRACTOR, "schema": str(SCHEMA_VERSION)},
            "arguments": {
                "base_url": self._context.base_url,
                "files": sorted({path_of(place.file).name for place in self._places}),
                "captures": [f"{place.at:%Y%m%d%H%M%S} {place.url}" for place in self._places],
                "fingerprint": self._fingerprint,
            },
        }
