"""WARC files of an archive: write while crawling, read one record by its reference, iterate, index, check,
hand on.

stream    bytes, member by member, past damage
reader    records of one file, or one record by its offset
formats   files of other formats, and what to do with them
record    what one record holds; its digests and its page
index     the CDXJ lines beside each file
build     an exchange of request and response as WARC 1.1 records
writer    the files of one crawl, rotated, revisits for what is stored already
access    a snapshot row's ``file#offset`` to its bytes
check     every reference of a snapshot followed, every digest computed
wacz      one crawl as a WACZ
"""

from __future__ import annotations

from helpscraper.archive.warc.access import Payloads, read_payload, read_record, split_ref
from helpscraper.archive.warc.build import Exchange
from helpscraper.archive.warc.check import check_records
from helpscraper.archive.warc.index import Capture, capture_of, load_index, parse_index, scan, warc_files
from helpscraper.archive.warc.reader import MAX_RECORD, iter_records, read_at
from helpscraper.archive.warc.record import Problem, Record
from helpscraper.archive.warc.writer import ROTATE_BYTES, Recorder

__all__ = [
    "MAX_RECORD",
    "ROTATE_BYTES",
    "Capture",
    "Exchange",
    "Payloads",
    "Problem",
    "Record",
    "Recorder",
    "capture_of",
    "check_records",
    "iter_records",
    "load_index",
    "parse_index",
    "read_at",
    "read_payload",
    "read_record",
    "scan",
    "split_ref",
    "warc_files",
]
