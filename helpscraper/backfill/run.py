"""One backfill: ask the index, choose, fetch, import, and count the result for every capture."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings.sources import record_in
from helpscraper.backfill.choose import Pick, Wanted, choose, is_redirect
from helpscraper.backfill.coverage import Coverage
from helpscraper.backfill.fetch import LATER, NOT_HAD, Asked, Progress, fetch, known_to
from helpscraper.backfill.index_cache import IndexCache
from helpscraper.backfill.kept import Kept
from helpscraper.backfill.sources import Source
from helpscraper.crawl.lock import EditionLock
from helpscraper.errors import HelpscraperError, LockHeldError
from helpscraper.platforms import address_at
from helpscraper.replay.captures import CaptureReport, import_captures
from helpscraper.replay.captures.select import ELSEWHERE_TOO

__all__ = ["Backfill", "Reach", "backfill"]

REDIRECT = "a redirect, which holds no page"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the history of an edition goes, and the longest time between two snapshots in it (ISO dates)."""

    first: str
    snapshots: int
    gap: tuple[str, str] | None


@dataclass(slots=True)
class Backfill:
    """The result: the counts, the gaps of the archive, and the import (None when nothing was imported).

    ``held`` says that a crawl which began meanwhile kept the import from running.
    """

    partition: Partition
    coverage: Coverage = field(default_factory=Coverage)
    asked: Asked = field(default_factory=Asked)
    imported: CaptureReport | None = None
    held: LockHeldError | None = None
    reach: Reach | None = None
    kept: Path | None = None


@dataclass(slots=True)
class _Told(CaptureReport):
    """A report that also keeps the reason, by ``file#offset``, why a record gave nothing."""

    reasons: dict[str, str] = field(default_factory=dict)

    def skip(self, reason: str, where: str, url: str) -> None:
        """Count one capture that was skipped."""
        CaptureReport.skip(self, reason, where, url)
        if reason != ELSEWHERE_TOO:
            self.reasons[where] = reason


def backfill(
    archive_uri: str,
    source: Source,
    wanted: Wanted,
    *,
    every: dt.timedelta,
    limit: int | None = None,
    dry_run: bool = False,
    progress: Progress = lambda name, done, total: None,
) -> Backfill:
    """Fetch the captures of ``wanted`` that ``source`` knows and import them; with ``dry_run`` only ask its index.

    Captures of one address are at least ``every`` apart. At most ``limit`` are fetched; the next run fetches the next
    ones. Raises ``LockHeldError`` before the first request while another backfill or a crawl of the edition is running,
    ``CommandError`` for the arguments, and ``ArchiveError`` for the archive. A fault of the web archive is counted and
    raises nothing.
    """
    partition = Partition(wanted.site.name, wanted.locale)
    found = Backfill(partition)
    if dry_run:
        _picks(source, wanted, every, found, progress)
        return found
    store = Catalog(archive_uri).store
    lock = EditionLock(store, partition, "backfill", part="backfill")
    folder = lock.folder
    with EditionLock(store, partition, "import"):
        pass  # the import could not run; it takes the lock only at the end, so that crawls go on meanwhile
    with lock, IndexCache(folder / "index.sqlite") as cache:
        source.cache = cache
        picks = _picks(source, wanted, every, found, progress)
        if picks:
            with _kept(folder, source) as kept:
                found.kept = kept.path
                fetch(source, picks, kept, limit, found.coverage, found.asked, progress)
                if found.asked.had:
                    _import(archive_uri, found, wanted, folder, progress)
        if not (found.asked.again or found.coverage.left_out(LATER) or found.coverage.left_out(NOT_HAD)):
            cache.clear()
    return found


def _picks(
    source: Source, wanted: Wanted, every: dt.timedelta, found: Backfill, progress: Progress
) -> list[Pick]:
    """Ask the index, and count the captures that it knows and those that are chosen."""
    known = list(known_to(source, wanted, found.asked, progress))
    picks = choose(known, wanted, every, found.coverage.leave_out)
    for capture in known:
        if capture.date <= f"{wanted.now:%Y%m%d%H%M%S}":
            found.coverage.count("known", capture)
    for pick in picks:
        found.coverage.count("chosen", pick.capture)
    return picks


@contextmanager
def _kept(folder: Path, source: Source) -> Iterator[Kept]:
    kept = Kept(folder / f"{source.name}.warc.gz", source.name)
    try:
        yield kept
    finally:
        kept.close()


def _import(archive_uri: str, found: Backfill, wanted: Wanted, folder: Path, progress: Progress) -> None:
    """Import everything that is kept of the edition, because a revisit may refer to a record of another run."""
    report = _Told()
    files = sorted(folder.glob("*.warc.gz"))
    partition = found.partition
    try:
        import_captures(
            archive_uri, files, partition.site, partition.locale, progress=progress, report=report
        )
    except LockHeldError as error:
        found.held = error
        return
    found.imported = report
    reasons = _remembered(folder, report)
    days = {capture.date[:8] for ref, capture in found.asked.had.items() if Path(ref).name in reasons}
    later = _read_again(Catalog(archive_uri), partition, days)
    for ref, capture in found.asked.had.items():
        reason = reasons.get(Path(ref).name)
        if (address_at(wanted.site, capture.url).key, capture.date) in later:
            reason = None
        if is_redirect(capture):
            found.coverage.leave_out(capture, REDIRECT)
        elif reason is None:
            found.coverage.count("read", capture)
        else:
            found.coverage.count("unreadable", capture)
            found.coverage.leave_out(capture, reason)
    found.reach = _reach(archive_uri, partition)


def _remembered(folder: Path, report: _Told) -> dict[str, str]:
    """Return why records gave nothing, in this run or an earlier one, because the import reads a day only once.

    A day that was imported now was read as a whole, so the reasons of earlier runs do not hold for its records.
    """
    file = folder / "unread.json"
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    days = {Path(written.path).name[:8] for written in report.snapshots}
    before = before if isinstance(before, dict) else {}
    told = {ref: why for ref, why in before.items() if not (days and _day(folder, ref) in days)}
    told |= {Path(ref).name: why for ref, why in report.reasons.items()}
    file.write_text(json.dumps(told, ensure_ascii=False, indent=0), encoding="utf-8")
    return told


def _read_again(catalog: Catalog, partition: Partition, days: set[str]) -> set[tuple[str | None, str]]:
    """Return the key and the time (14 digits) of each page in a re-extraction of ``days``.

    A later parser may have read a page that the import could not.
    """
    again = [each for each in catalog.snapshots(partition) if each.reextracted and each.id[:8] in days]
    tables = [catalog.load_table(each, columns=["article_id", "fetched_at"]) for each in again]
    rows = [row for table in tables for row in table.to_pylist() if row["fetched_at"] is not None]
    return {(row["article_id"], f"{row['fetched_at']:%Y%m%d%H%M%S}") for row in rows}


def _day(folder: Path, ref: str) -> str:
    """Return the day of a kept record, empty where it is not there any more."""
    name, _, offset = ref.rpartition("#")
    try:
        at = record_in(str(folder / name), int(offset)).date
    except (HelpscraperError, OSError, ValueError):
        return ""
    return f"{at:%Y%m%d}" if at is not None else ""


def _reach(archive_uri: str, partition: Partition) -> Reach | None:
    days = [
        f"{each.id[:4]}-{each.id[4:6]}-{each.id[6:8]}" for each in Catalog(archive_uri).snapshots(partition)
    ]
    if not days:
        return None
    ends = [
        (dt.date.fromisoformat(two) - dt.date.fromisoformat(one), one, two) for one, two in pairwise(days)
    ]
    return Reach(days[0], len(days), max(ends)[1:] if ends else None)
