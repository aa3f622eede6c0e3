"""Check recordings: read every record, compute every digest, follow every row's reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from helpscraper.archive.layout import Partition, folder, parse_path
from helpscraper.archive.progress import Progress, silent, tracked
from helpscraper.archive.recordings.access import split_ref
from helpscraper.archive.recordings.index import Capture, capture_of, index_path, parse_index, warc_files
from helpscraper.archive.store import Store
from helpscraper.errors import InputError
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage

__all__ = ["MovedAway", "check_records"]

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


def check_records(
    store: Store, partition: Partition, references: Iterable[str] = (), progress: Progress = silent
) -> Iterator[Damage | MovedAway]:
    """Yield the damage in the WARC files of ``partition`` and in ``references`` (``warc_record`` of its rows).

    Each file is read once, from first byte to last. A revisit without a stored payload, an index that does not agree
    with its file, and a reference that leads to no response count as damage. Missing files are no damage where all of
    them are older than the files that are here; ``MovedAway`` then tells of them, once.
    """
    held: set[str] = set()
    places: dict[str, set[int]] = {}
    files = warc_files(store, partition)
    wanted = list(references)
    missing = _missing(wanted, files, partition)
    moved = _are_older(missing, files)
    revisits = 0
    for file in tracked(files, f"{partition} recordings", progress):
        if store.size(file) == 0:
            continue  # its crawl was killed before the first record
        found: list[Capture] = []
        with store.open(file) as stream:
            for item in iter_records(stream, file):
                if isinstance(item, Damage):
                    yield item
                    continue
                for wrong in item.wrong_digests():
                    yield Damage(file, item.offset, wrong, item.url, _RESTORE)
                if item.type in {"conversion", "resource"}:
                    places.setdefault(file, set()).add(item.offset)
                capture = capture_of(item)
                if capture is not None:
                    found.append(capture)
                    for unknown in _unknown_payload(capture, held):
                        if moved:
                            revisits += 1
                        else:
                            yield unknown
        places.setdefault(file, set()).update(capture.offset for capture in found)
        yield from _check_index(store, file, found)
    for reference in wanted:
        yield from _check_reference(reference, partition, places, missing)
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


def _missing(references: Iterable[str], files: Sequence[str], partition: Partition) -> Counter[str]:
    """Return how many records rows refer to in each file of ``partition`` that is missing."""
    here = set(files)
    missing: Counter[str] = Counter()
    for reference in references:
        try:
            located, _ = split_ref(reference)
        except InputError:
            continue  # ``_check_reference`` reports it
        if located.partition == partition and located.path not in here:
            missing[located.path] += 1
    return missing


def _are_older(missing: Iterable[str], files: Sequence[str]) -> bool:
    """Tell whether files are missing, and all of crawls before the first one whose file is here."""
    crawls = [_crawl(file) for file in missing]
    return bool(crawls and files) and max(crawls) < _crawl(files[0])


def _crawl(file: str) -> str:
    item = parse_path(file)
    return item.snapshot_id if item else ""


def _unknown_payload(capture: Capture, held: set[str]) -> Iterator[Damage]:
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


def _check_reference(
    reference: str, partition: Partition, places: dict[str, set[int]], missing: Counter[str]
) -> Iterator[Damage]:
    try:
        located, offset = split_ref(reference)
    except InputError as error:
        yield Damage("warc_record", 0, error.message, advice=error.advice)
        return
    if located.partition != partition:
        detail = f"a row of {partition} refers to a record of {located.partition}"
        yield Damage(located.path, offset, detail, advice=_RESTORE)
    elif located.path not in missing and offset not in places.get(located.path, ()):
        yield Damage(
            located.path, offset, "a row refers to this offset, where no response begins", advice=_RESTORE
        )
