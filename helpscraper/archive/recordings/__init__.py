"""The recordings of an archive: WARC files written while crawling, their index, one record by its reference.

writer    the files of one crawl, rotated; a revisit for a payload that is stored already
index     the CDXJ lines beside each file
access    a snapshot row's ``file#offset`` to its bytes
check     every reference of a snapshot followed, every digest computed
sources   WARC and WACZ files of other archives
wacz      one crawl as a WACZ
"""

from __future__ import annotations

from helpscraper.archive.recordings.access import Payloads, read_payload, read_record, split_ref
from helpscraper.archive.recordings.check import check_records
from helpscraper.archive.recordings.index import (
    Capture,
    capture_of,
    load_index,
    parse_index,
    scan,
    warc_files,
)
from helpscraper.archive.recordings.writer import ROTATE_BYTES, Recorder

__all__ = [
    "ROTATE_BYTES",
    "Capture",
    "Payloads",
    "Recorder",
    "capture_of",
    "check_records",
    "load_index",
    "parse_index",
    "read_payload",
    "read_record",
    "scan",
    "split_ref",
    "warc_files",
]
