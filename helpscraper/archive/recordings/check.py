"""Check recordings: read every record, compute every digest, follow every row's reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus

from helpscraper.archive.layout import Partition
from helpscraper.archive.recordings.access import split_ref
from helpscraper.archive.recordings.index import Capture, capture_of, index_path, parse_index, warc_files
from helpscraper.archive.store import Store
from helpscraper.errors import InputError
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage

__all__ = ["check_records"]

_RESTORE = "restore the file from a backup; a re-extraction keeps rows whose record is lost"


def check_records(store: Store, partition: Partition, references: Iterable[str] = ()) -> Iterator[Damage]:
    """Yield the damage in the WARC files of ``partition`` and in ``references`` (``warc_record`` of its rows).

    Each file is read once, from first byte to last. A revisit without a stored payload, an index that does not agree
    with its file, and a reference that leads to no response count as damage.
    """
    held: set[str] = set()
    places: dict[str, set[int]] = {}
    for file in warc_files(store, partition):
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
                    yield from _unknown_payload(capture, held)
        places.setdefault(file, set()).update(capture.offset for capture in found)
        yield from _check_index(store, file, found)
    for reference in references:
        yield from _check_reference(reference, partition, places)


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


def _check_reference(reference: str, partition: Partition, places: dict[str, set[int]]) -> Iterator[Damage]:
    try:
        located, offset = split_ref(reference)
    except InputError as error:
        yield Damage("warc_record", 0, error.message, advice=error.advice)
        return
    if located.partition != partition:
        detail = f"a row of {partition} refers to a record of {located.partition}"
        yield Damage(located.path, offset, detail, advice=_RESTORE)
    elif located.path not in places:
        yield Damage(located.path, offset, "a row refers to this file, which is missing", advice=_RESTORE)
    elif offset not in places[located.path]:
        yield Damage(
            located.path, offset, "a row refers to this offset, where no response begins", advice=_RESTORE
        )
