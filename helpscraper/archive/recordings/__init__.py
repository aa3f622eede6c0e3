"""The recordings of an archive: WARC files written while crawling, and their indexes.

writer    write the files of one crawl, with revisits for payloads that are stored already
index     read and write the CDXJ index beside each file
access    read a record by a row's ``file#offset``
check     verify every digest and every reference of a snapshot
sources   read WARC and WACZ files of other archives
wacz      export one crawl as a WACZ
"""

from __future__ import annotations

from helpscraper.archive.recordings.access import (
    PayloadReader,
    read_payload,
    read_record,
    record_of,
    split_ref,
)
from helpscraper.archive.recordings.check import MovedAway, check_records
from helpscraper.archive.recordings.index import (
    Capture,
    capture_of,
    iter_index,
    load_index,
    parse_index,
    scan,
    warc_files,
)
from helpscraper.archive.recordings.writer import ROTATE_BYTES, Recorder

__all__ = [
    "ROTATE_BYTES",
    "Capture",
    "MovedAway",
    "PayloadReader",
    "Recorder",
    "capture_of",
    "check_records",
    "iter_index",
    "load_index",
    "parse_index",
    "read_payload",
    "read_record",
    "record_of",
    "scan",
    "split_ref",
    "warc_files",
]
