"""Crawl many editions, each in a process of its own, as an engine outside of helpscraper would.

Scrapy's reactor runs once in a process, and a crawl that is killed must not take the others with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import IO

from helpscraper.archive.due import DueEdition
from helpscraper.archive.layout import Partition
from helpscraper.errors import ExitCode

__all__ = ["OUTCOMES", "Ended", "by_host", "crawl_edition", "crawl_in_turn", "worst"]

OUTCOMES = {
    ExitCode.INTERNAL: "failed",
    ExitCode.USAGE: "bad arguments",
    ExitCode.REFUSED: "refused",
    ExitCode.LOCKED: "another crawl is running",
    ExitCode.INCOMPLETE: "committed, incomplete",
    ExitCode.OK: "committed",
}
"""How a crawl with each exit code ended, the worst first."""

# Bytes of a crawl's output that are kept: its last line says how it ended.
_SAID = 4096


@dataclass(frozen=True, slots=True)
class Ended:
    """How the crawl of one edition ended, and after how many seconds; ``said`` is the end of its captured output."""

    edition: Partition
    code: ExitCode
    seconds: float
    said: str = ""


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code for all crawls together, by the order of ``OUTCOMES``; 0 when there was none.

    >>> worst([ExitCode.OK, ExitCode.LOCKED, ExitCode.INCOMPLETE]), worst([])
    (<ExitCode.LOCKED: 75>, <ExitCode.OK: 0>)
    """
    found = set(codes)
    return next((code for code in OUTCOMES if code in found), ExitCode.OK)


def by_host(due: Iterable[DueEdition]) -> list[list[Partition]]:
    """Return the editions of each host together: only one of them may be crawled at a time."""
    groups: dict[str, list[Partition]] = {}
    for each in due:
        groups.setdefault(each.host, []).append(each.edition)
    return list(groups.values())


def crawl_in_turn(groups: Iterable[Sequence[Partition]], words: Sequence[str]) -> Iterator[Ended]:
    """Crawl the editions one after the other; their output goes to that of this process."""
    for edition in (each for group in groups for each in group):
        yield crawl_edition(edition, words)


def crawl_edition(edition: Partition, words: Sequence[str], *, capture: bool = False) -> Ended:
    """Run ``helpscraper crawl --resume`` of ``edition`` with further arguments in a process, and wait for its end.

    Any exception that ends the waiting (Ctrl-C) stops the crawl first, which keeps its ledger.
    """
    named = ("-a", f"site={edition.site}", "-a", f"locale={edition.locale}")
    began = time.monotonic()
    with tempfile.TemporaryFile() if capture else nullcontext() as output:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "helpscraper.cli.attached", "crawl", "--resume", *named, *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            process_group=0,  # a terminal's Ctrl-C reaches this process alone, which passes it on once
        )
        with process:
            try:
                code = process.wait()
            except BaseException:
                process.terminate()
                process.wait()
                raise
        said = _end_of(output) if output else ""
    if code < 0:
        said += f"the process of the crawl was ended by signal {-code}\n"
    known = ExitCode(code) if code in OUTCOMES else ExitCode.INTERNAL
    return Ended(edition, known, time.monotonic() - began, said)


def _end_of(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _SAID))
    return file.read().decode(errors="replace")
