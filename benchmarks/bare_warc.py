"""The loop that re-extraction is compared with: read the records and parse their HTML, nothing else.

A separate module, so that its processes import only this.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lxml import etree
from warcio.archiveiterator import ArchiveIterator

__all__ = ["bare", "bare_on_all_cores"]

# As many records at a time as a re-extraction takes.
_BATCH = 16


def bare(path: str, offsets: Sequence[int]) -> int:
    """Read the records at ``offsets`` and parse their HTML; return the bytes parsed."""
    size = 0
    with Path(path).open("rb") as stream:
        for offset in offsets:
            stream.seek(offset)
            page = next(iter(ArchiveIterator(stream))).content_stream().read()
            etree.HTML(page)
            size += len(page)
    return size


def bare_on_all_cores(path: str, offsets: Sequence[int], cores: int) -> int:
    """Read and parse in ``cores`` processes; return the bytes parsed."""
    parts = [offsets[start : start + _BATCH] for start in range(0, len(offsets), _BATCH)]
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(bare, [path] * len(parts), parts))
