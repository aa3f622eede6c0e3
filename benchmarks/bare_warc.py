"""The loops that re-extraction is held against: read the records, parse their HTML, and do nothing with it.

``in_order`` reads the file as everybody reads a WARC file: record by record, requests too. ``by_index`` is told where
the pages are and reads nothing else. A module of its own, so that its processes import no more than they need.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import lxml.html
from warcio.archiveiterator import ArchiveIterator

__all__ = ["by_index", "in_order", "on_all_cores"]

# As many pages at a time as a re-extraction takes.
_BATCH = 16


def in_order(path: str, offsets: Sequence[int]) -> int:
    """Read from the first of ``offsets`` (each a page's) to the last and parse the pages; return their bytes."""
    size = 0
    left = len(offsets)
    with Path(path).open("rb") as stream:
        stream.seek(offsets[0])
        for record in ArchiveIterator(stream):
            if record.rec_type != "response" or record.http_headers.get_statuscode() != "200":
                continue
            page = record.content_stream().read()
            lxml.html.fromstring(page)
            size += len(page)
            left -= 1
            if not left:
                break
    return size


def by_index(path: str, offsets: Sequence[int]) -> int:
    """Read the records at ``offsets`` alone and parse the pages; return their bytes."""
    size = 0
    with Path(path).open("rb") as stream:
        for offset in offsets:
            stream.seek(offset)
            page = next(iter(ArchiveIterator(stream))).content_stream().read()
            lxml.html.fromstring(page)
            size += len(page)
    return size


def on_all_cores(
    loop: Callable[[str, Sequence[int]], int], path: str, offsets: Sequence[int], cores: int
) -> int:
    """Run ``loop`` over all of ``offsets`` in ``cores`` processes; return the bytes parsed."""
    parts = [offsets[start : start + _BATCH] for start in range(0, len(offsets), _BATCH)]
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(loop, [path] * len(parts), parts))
