"""Read the page behind a snapshot row by its reference, and follow revisits."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from helpscraper.archive.layout import ArchiveFile, parse_path
from helpscraper.archive.recordings.index import Capture, load_index, warc_files
from helpscraper.archive.store import Store
from helpscraper.errors import InputError
from helpscraper.warc.reader import read_at
from helpscraper.warc.record import Record

__all__ = ["PayloadReader", "read_payload", "read_record", "record_of", "split_ref"]

_PLACE = re.compile(r"![0-9]+$", re.ASCII)

# Indexes held in memory; a revisit rarely leads back more than a few crawls.
_INDEXES = 64


def record_of(reference: str) -> str:
    """Return the ``file#offset`` of a record, for the reference to one of several articles in it (``…!n``).

    >>> record_of("warc/a.warc.gz#1180!3"), record_of("warc/a.warc.gz#1180")
    ('warc/a.warc.gz#1180', 'warc/a.warc.gz#1180')
    """
    return _PLACE.sub("", reference)


def split_ref(reference: str) -> tuple[ArchiveFile, int]:
    """Split ``file#offset``, or ``file#offset!n``; raises ``InputError`` unless it names a WARC file of an archive.

    >>> split_ref("warc/site=okx/locale=en/20261122T060000Z-00000.warc.gz#1180!3")[1]
    1180
    """
    file, mark, offset = record_of(reference).rpartition("#")
    located = parse_path(file)
    if not mark or located is None or located.kind != "warc" or not (offset.isascii() and offset.isdigit()):
        raise InputError(
            f"{reference[:200]!r} is not a reference to a record",
            advice="use a value of the column warc_record: warc/…/ID-00000.warc.gz#OFFSET",
        )
    return located, int(offset)


def read_record(store: Store, reference: str) -> Record:
    """Return the record at ``reference``, unchecked; raises ``InputError`` or ``ArchiveError``."""
    located, offset = split_ref(reference)
    with store.open(located.path) as stream:
        return read_at(stream, located.path, offset)


def read_payload(store: Store, reference: str) -> tuple[bytes, dict[str, Any]]:
    """Return the payload at ``reference``, as sent over the wire, and facts about it.

    The facts are ``url``, ``date`` (aware), ``status``, ``content_type``, ``content_encoding``, ``record``
    and ``payload_record`` (for a revisit, the record with the bytes). Raises ``InputError`` with file and offset
    for a record that is damaged or has wrong digests.
    """
    return PayloadReader(store).read(reference)


class PayloadReader:
    """Reads payloads of one archive; caches the indexes that it needs for revisits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._indexes: OrderedDict[str, list[Capture]] = OrderedDict()

    def read(self, reference: str) -> tuple[bytes, dict[str, Any]]:
        """See ``read_payload``."""
        record = self.checked(reference)
        holder = self.checked(self.holder(record)) if record.is_revisit else record
        described = record.described_by(holder)
        facts = {
            "url": record.url,
            "date": record.date,
            "status": holder.status if record.not_modified else record.status,
            "content_type": described.http_header("Content-Type"),
            "content_encoding": described.http_header("Content-Encoding"),
            "record": record.ref,
            "payload_record": holder.ref,
        }
        return holder.payload, facts

    def checked(self, reference: str) -> Record:
        """Return the record after checking its digests."""
        record = read_record(self._store, reference)
        wrong = record.wrong_digests()
        if wrong:
            raise InputError(
                f"{reference}: {'; '.join(wrong)} ({record.url})", advice="restore the file from a backup"
            )
        return record

    def holder(self, record: Record) -> str:
        """Return the reference of the earlier record with the payload of a revisit: the one with its digest."""
        if record.not_modified and not record.digest:
            raise InputError(
                f"{record.ref}: the server answered 304 (not modified); no record holds the page ({record.url})",
                advice="WARC_ENABLED was off when it was fetched; a crawl with -a mode=full fetches it again",
            )
        located, _ = split_ref(record.ref)
        files = [file for file in warc_files(self._store, located.partition) if file <= record.file]
        for file in reversed(files):
            for capture in self._index(file):
                if capture.digest == record.digest and not capture.is_revisit:
                    return capture.ref
        raise InputError(
            f"{record.ref}: the payload that this revisit refers to is not in the archive ({record.url})",
            advice=f"it came on {record.headers.get_header('WARC-Refers-To-Date') or 'an unknown day'}: "
            "restore the WARC files of that crawl",
        )

    def _index(self, file: str) -> list[Capture]:
        if file not in self._indexes:
            self._indexes[file] = load_index(self._store, file)
            while len(self._indexes) > _INDEXES:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(file)
        return self._indexes[file]
