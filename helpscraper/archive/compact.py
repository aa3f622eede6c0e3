"""Put the snapshots of past months together, a month in a file: the archive's counterpart of ``git gc``.

Day after day a snapshot repeats most of its columns. Sorted by article and time they stand side by side and cost
almost nothing. Nothing is lost and in no instant is a row missing: the month's file is written under a temporary name,
read back and unpacked, every snapshot in it is compared with the original byte by byte, then the file gets its name,
and only then the originals go. Who does this must hold the lock of the site and locale (``helpscraper compact`` does).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from helpscraper.archive.compact_merge import Source, pack, unpack
from helpscraper.archive.compact_plan import Plan, make_plan, months
from helpscraper.archive.compact_read import Entry, Part, own_path
from helpscraper.archive.layout import Packed, Partition, month_path
from helpscraper.archive.parquet import WRITER, open_parquet
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store, sha256
from helpscraper.errors import ArchiveError

__all__ = ["MonthReport", "compact", "expand", "month_begin", "unpacked"]

# Feeds first: a reader that looks between the two finds either form of both.
_KINDS: tuple[Packed, ...] = ("changes", "snapshots")


@dataclass(frozen=True, slots=True)
class MonthReport:
    """What became (or would become) of one month: ``ids`` are the snapshots that are put together or taken out.

    ``before`` and ``after`` are bytes of the files concerned; ``after`` is None where nothing was written (a dry run).
    ``problems`` name files that stay as they are, and why.
    """

    partition: Partition
    kind: Packed
    month: str
    ids: tuple[str, ...]
    before: int
    after: int | None
    problems: tuple[str, ...] = ()


def month_begin(now: dt.datetime) -> dt.datetime:
    """Return the beginning of the month in which ``now`` lies (UTC): what is earlier belongs to finished months."""
    return now.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def compact(
    catalog: Catalog, partition: Partition, before: dt.datetime, *, dry_run: bool = False
) -> Iterator[MonthReport]:
    """Pack the snapshots of ``partition`` older than ``before``, and their feeds; yield a report for each month.

    Months with nothing to do are passed over. A file that is damaged, or of another schema version, or that another
    program changed, stays as it is and is named. Raises ``ArchiveError`` when a month's file cannot be written, or
    does not give back what went in: that month is then as it was.
    """
    for kind in _KINDS:
        for month in months(catalog, kind, partition, before):
            plan = make_plan(catalog, kind, partition, month, before)
            going = plan.going
            if not going and not plan.problems:
                continue
            ids = tuple(sorted({*plan.own, *itertools.chain(*plan.chunks)}))
            size = sum(catalog.store.size(path) for path in going)
            after = None if dry_run else _carry_out(catalog, plan, going)
            yield MonthReport(partition, kind, month, ids, size, after, tuple(plan.problems))


def expand(catalog: Catalog, partition: Partition, *, dry_run: bool = False) -> Iterator[MonthReport]:
    """Take every snapshot and feed of ``partition`` out of the months' files; yield a report for each file.

    Each gets its own file back before the month's goes. Written by what wrote them first, they are the very bytes
    that they were (checked); by another version, the same rows in other bytes. Raises ``ArchiveError`` for a damaged
    file, which then stays.
    """
    store = catalog.store
    for kind in reversed(_KINDS):
        for part in catalog.months.parts(kind, partition):
            after = None
            if part.error is not None:
                raise part.error
            if not dry_run:
                with unpacked(store, part) as (targets, wrong):
                    if wrong:
                        raise ArchiveError(
                            f"{store.url(part.path)}: {'; '.join(wrong)}",
                            advice="nothing was taken out; `helpscraper verify` names every damaged file",
                        )
                    after = sum(target.stat().st_size for target in targets.values())
                    for name, target in targets.items():
                        if not store.exists(own := own_path(kind, partition, name)):
                            store.commit(own, target)
                store.remove(part.path)
            yield MonthReport(partition, kind, part.file.month, tuple(part.entries), part.size, after)


@contextmanager
def unpacked(store: Store, part: Part) -> Iterator[tuple[dict[str, Path], list[str]]]:
    """Give each snapshot of a month's file as a file of its own, and say in words what differs from the original.

    The files are gone when the block ends. Raises ``ArchiveError`` when the month's file cannot be read.
    """
    with ExitStack() as stack:
        targets = {name: stack.enter_context(store.scratch(part.path)) for name in part.entries}
        with open_parquet(store, part.path) as file:
            counts = unpack(part.file.kind, file, targets, {name: part.noted(name) for name in targets})
            strange = int(file.metadata.num_rows) - sum(counts.values())
        wrong = [f"{strange} rows are of none of its snapshots"] if strange else []
        for name, entry in part.entries.items():
            if counts[name] != entry.rows:
                wrong.append(f"{name} has {counts[name]} rows, and its own file had {entry.rows}")
            elif entry.writer == WRITER and sha256(targets[name]) != entry.sha256:
                wrong.append(f"{name} does not give the bytes that its own file had")
        yield targets, wrong


def _carry_out(catalog: Catalog, plan: Plan, going: list[str]) -> int:
    """Write what is to be written, prove it, remove what it stands for; return the bytes of the files that stand."""
    store = catalog.store
    after = sum(_build(catalog, plan, chunk) for chunk in plan.chunks)
    for part in plan.kept:  # a run that was killed had come as far as this
        with open_parquet(store, part.path) as file:
            _prove(catalog, plan, file, part.entries)
        after += part.size
    for path in going:
        store.remove(path)
    return after


def _build(catalog: Catalog, plan: Plan, chunk: tuple[str, ...]) -> int:
    """Write the file of ``chunk``, prove it, give it its name, and return its bytes."""
    store = catalog.store
    numbers = [part.file.part for part in catalog.months.parts(plan.kind, plan.partition, plan.month)]
    path = month_path(plan.kind, plan.partition, plan.month, max(numbers, default=-1) + 1)
    entries = {name: plan.entries[name] for name in chunk}
    with store.scratch(path) as target, ExitStack() as stack:
        sources = [
            Source(stack.enter_context(open_parquet(store, where)), frozenset(ids))
            for where, ids in plan.sources(chunk).items()
        ]
        while True:
            pack(plan.kind, target, sources, entries, {name: plan.noted[name] for name in chunk})
            with pq.ParquetFile(target, page_checksum_verification=True) as file:
                other = _prove(catalog, plan, file, entries)
            if not other:
                break
            # Files of an earlier version: their rows are proven, and that their bytes come out otherwise is noted.
            entries |= {name: replace(entries[name], writer=None) for name in other}
        size = target.stat().st_size
        store.commit(path, target)
    return size


def _prove(catalog: Catalog, plan: Plan, file: pq.ParquetFile, entries: Mapping[str, Entry]) -> list[str]:
    """Unpack ``file`` and compare each snapshot with what it is now; ``ArchiveError`` when a row differs.

    Returns those that have the same rows and ought to be, but are not, the same bytes.
    """
    store, other = catalog.store, []
    with ExitStack() as stack:
        targets = {name: stack.enter_context(store.scratch()) for name in entries}
        unpack(plan.kind, file, targets, {name: plan.noted[name] for name in entries})
        for name, scratch in targets.items():
            if sha256(scratch) == entries[name].sha256:
                continue
            if not _same_rows(catalog, plan, name, scratch):
                raise ArchiveError(
                    f"{store.url(own_path(plan.kind, plan.partition, name))}: would not come out of the month's file"
                    " as it went in; nothing was removed",
                    advice="run `helpscraper verify`; where it finds nothing, please report this with the file",
                )
            if entries[name].writer == WRITER:
                other.append(name)
    return other


def _same_rows(catalog: Catalog, plan: Plan, name: str, scratch: Path) -> bool:
    (where,) = plan.sources([name])
    with (
        catalog.months.open(plan.kind, plan.partition, name, where) as one,
        pq.ParquetFile(scratch, page_checksum_verification=True) as file,
    ):
        return bool(one.read().equals(file.read(), check_metadata=True))
