"""Check recordings: read every record, compute every digest, follow every row's reference."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from weakref import finalize

from helpscraper.archive.layout import Partition, folder, parse_path
from helpscraper.archive.progress import Progress, silent, tracked
from helpscraper.archive.recordings.access import split_ref
from helpscraper.archive.recordings.index import Capture, capture_of, index_path, parse_index, warc_files
from helpscraper.archive.store import Store
from helpscraper.errors import InputError
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage

__all__ = ["MovedAway", "check_records"]

_SHOWN = 20
_LAST = (1 << 63) - 1  # of SQLite's whole numbers
_TABLES = """
CREATE TABLE own (file TEXT, at INTEGER, PRIMARY KEY (file, at)) WITHOUT ROWID;
CREATE TABLE strange (file TEXT, at INTEGER, PRIMARY KEY (file, at)) WITHOUT ROWID;
CREATE TABLE wrong (text TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE held (digest TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_OWN, _FOREIGN = "INSERT OR IGNORE INTO own VALUES (?, ?)", "INSERT OR IGNORE INTO strange VALUES (?, ?)"
_RESTORE = "restore the file from a backup; a re-extraction keeps rows whose record is lost"


@dataclass(frozen=True, slots=True)
class MovedAway:
    """Recordings older than all that are here: they were moved away, which ``docs/running.md`` allows.

    ``until`` is the newest crawl of the ``files``, ``records`` are those that rows refer to, and ``revisits`` the
    records here whose payload must be in one of the files.
    """

    partition: Partition
    files: int
    until: str
    records: int
    revisits: int

    def __str__(self) -> str:
        files = f"{self.files} file{'s' if self.files > 1 else ''} up to {self.until}"
        revisits = f", and {self.revisits:,} later revisits need them" if self.revisits else ""
        return (
            f"{self.partition}: the oldest recordings are not here ({files});"
            f" rows refer to {self.records:,} records in them{revisits}"
        )


class _Seen:
    """The references of rows and the digests of payloads, in a temporary SQLite database: they grow with history."""

    def __init__(self, references: Iterable[str], partition: Partition) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        finalize(self, self._db.close)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")  # never committed, because only this connection reads it
        for reference in references:
            try:
                located, offset = split_ref(reference)
            except InputError:
                self._db.execute("INSERT OR IGNORE INTO wrong VALUES (?)", (reference,))
                continue
            own = located.partition == partition
            self._db.execute(_OWN if own else _FOREIGN, (located.path, min(offset, _LAST)))

    def files(self) -> Counter[str]:
        """Return the number of the references to records of each file of the partition."""
        return Counter(dict(self._db.execute("SELECT file, count(*) FROM own GROUP BY file")))

    def unfounded(self, file: str, places: Collection[int]) -> list[int]:
        """Return the offsets in ``file`` that rows refer to and that are not in ``places``."""
        offsets = self._db.execute("SELECT at FROM own WHERE file = ? ORDER BY at", (file,))
        return [offset for (offset,) in offsets if offset not in places]

    def problems(self, partition: Partition) -> Iterator[Damage]:
        """Yield the references to other partitions, and those that are none."""
        for file, offset in self._db.execute("SELECT file, at FROM strange ORDER BY file, at"):
            detail = f"a row of {partition} refers to a record of {_partition(file)}"
            yield Damage(file, offset, detail, advice=_RESTORE)
        [(count,)] = self._db.execute("SELECT count(*) FROM wrong")
        for (text,) in self._db.execute("SELECT text FROM wrong ORDER BY text LIMIT ?", (_SHOWN,)):
            detail, advice = _why_wrong(text)
            yield Damage("warc_record", 0, detail, advice=advice)
        if count > _SHOWN:
            yield Damage("warc_record", 0, f"and {count - _SHOWN:,} more that are not references to records")

    def add(self, digest: str) -> None:
        """Note that a record holds the payload with this digest."""
        self._db.execute("INSERT OR IGNORE INTO held VALUES (?)", (digest,))

    def __contains__(self, digest: object) -> bool:
        return self._db.execute("SELECT 1 FROM held WHERE digest = ?", (digest,)).fetchone() is not None


def check_records(
    store: Store, partition: Partition, references: Iterable[str] = (), progress: Progress = silent
) -> Iterator[Damage | MovedAway]:
    """Yield the damage in the WARC files of ``partition`` and in ``references`` (``warc_record`` of its rows).

    Each file is read once, from first byte to last. A revisit without a stored payload, an index that does not agree
    with its file, and a reference that leads to no response count as damage. Missing files are no damage where all of
    them are older than the files that are here; ``MovedAway`` then tells of them, once.
    """
    files = warc_files(store, partition)
    seen = _Seen(references, partition)
    missing = seen.files()
    for file in files:
        missing.pop(file, None)
    moved = _are_older(missing, files)
    revisits = 0
    for file in tracked(files, f"{partition} recordings", progress):
        places: set[int] = set()
        # An empty file is that of a crawl that was killed before the first record.
        for item in _check_file(store, file, places) if store.size(file) else ():
            if isinstance(item, Damage):
                yield item
                continue
            for unknown in _unknown_payload(item, seen):
                if moved:
                    revisits += 1
                else:
                    yield unknown
        for offset in seen.unfounded(file, places):
            yield Damage(
                file, offset, "a row refers to this offset, where no response begins", advice=_RESTORE
            )
    yield from seen.problems(partition)
    if moved:
        yield MovedAway(partition, len(missing), _crawl(max(missing)), missing.total(), revisits)
    elif missing and not files:
        detail = (
            f"all recordings are missing: rows refer to {missing.total():,} records in {len(missing)} files"
        )
        yield Damage(folder("warc", partition), 0, detail, advice=_RESTORE)
    else:
        for file, count in sorted(missing.items()):
            detail = f"this file is missing, and rows refer to {count:,} of its records"
            yield Damage(file, 0, detail, advice=_RESTORE)


def _check_file(store: Store, file: str, places: set[int]) -> Iterator[Damage | Capture]:
    """Yield the damage in a file, and its captures; enter in ``places`` where the records begin that rows may mean."""
    found: list[Capture] = []
    with store.open(file) as stream:
        for item in iter_records(stream, file):
            if isinstance(item, Damage):
                yield item
                continue
            for wrong in item.wrong_digests():
                yield Damage(file, item.offset, wrong, item.url, _RESTORE)
            if item.type in {"conversion", "resource"}:
                places.add(item.offset)
            capture = capture_of(item)
            if capture is not None:
                found.append(capture)
                yield capture
    places.update(capture.offset for capture in found)
    yield from _check_index(store, file, found)


def _why_wrong(reference: str) -> tuple[str, str]:
    try:
        split_ref(reference)
    except InputError as error:
        return error.message, error.advice
    raise AssertionError(f"{reference} is a reference")


def _are_older(missing: Iterable[str], files: Sequence[str]) -> bool:
    """Tell whether files are missing, and all of crawls before the first one whose file is here."""
    crawls = [_crawl(file) for file in missing]
    return bool(crawls and files) and max(crawls) < _crawl(files[0])


def _partition(file: str) -> str:
    item = parse_path(file)
    return str(item.partition) if item else ""


def _crawl(file: str) -> str:
    item = parse_path(file)
    return item.snapshot_id if item else ""


def _unknown_payload(capture: Capture, held: _Seen) -> Iterator[Damage]:
    if not capture.is_revisit:
        if capture.digest:
            held.add(capture.digest)
    elif capture.status == HTTPStatus.NOT_MODIFIED and not capture.digest:
        return  # the page was fetched while recording was off
    elif capture.digest not in held:
        detail = "no earlier record holds the payload of this revisit"
        yield Damage(
            capture.file, capture.offset, detail, capture.url, "restore the files of the crawls before it"
        )


def _check_index(store: Store, file: str, found: list[Capture]) -> Iterator[Damage]:
    path = index_path(file)
    if not store.exists(path):
        return  # a killed crawl wrote none; the next crawl makes it
    lines: set[Capture] = set()
    for item in parse_index(store.read(path), path, folder=file.rpartition("/")[0] + "/"):
        if isinstance(item, Damage):
            yield item
        else:
            lines.add(item)
    for capture in sorted(lines ^ set(found), key=lambda each: each.offset):
        detail = f"the index names a record at {capture.ref}, where the file holds another one or none"
        if capture not in lines:
            detail = f"the index does not name the record {capture.ref}"
        yield Damage(path, 0, detail, capture.url, "delete the index: it is made again from the WARC file")
