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
    program changed, stays as it is and is named. A month whose file cannot be written, or does not give back what went
    in, stays as it was: its report names no snapshot and says why, and the next month is looked at.
    """
    for kind in _KINDS:
        for month in months(catalog, kind, partition, before):
            plan = make_plan(catalog, kind, partition, month, before)
            going = plan.going
            if not going and not plan.problems:
                continue
            ids = tuple(sorted({*plan.own, *itertools.chain(*plan.chunks)}))
            size = sum(catalog.store.size(path) for path in going)
            try:
                after = None if dry_run else _carry_out(catalog, plan, going)
            except ArchiveError as error:
                problems = (*plan.problems, str(error))
                yield MonthReport(partition, kind, month, (), size, None, problems)
                continue
            yield MonthReport(partition, kind, month, ids, size, after, tuple(plan.problems))


def expand(catalog: Catalog, partition: Partition, *, dry_run: bool = False) -> Iterator[MonthReport]:
    """Take every snapshot and feed of ``partition`` out of the months' files; yield a report for each file.

    Each gets its own file back before the month's goes. Written by what wrote them first, they are the very bytes
    that they were (checked); by another version, the same rows in other bytes. A damaged file stays: its report names
    no snapshot and says why, and the next one is looked at.
    """
    for kind in reversed(_KINDS):
        # Of two files of one month the newer one tells how a snapshot is, as it does for who reads it.
        parts = sorted(catalog.months.parts(kind, partition), key=lambda p: (p.file.month, -p.file.part))
        for part in parts:
            try:
                if part.error is not None:
                    raise part.error
                after = None if dry_run else _take_out(catalog.store, part)
            except ArchiveError as error:
                yield MonthReport(partition, kind, part.file.month, (), part.size, None, (str(error),))
                continue
            yield MonthReport(partition, kind, part.file.month, tuple(part.entries), part.size, after)


def _take_out(store: Store, part: Part) -> int:
    """Give each snapshot of a month's file its own file back, remove the month's, and return the bytes they take.

    One that has its own file already keeps it, if that can be read: else the month's holds the last good rows.
    """
    with unpacked(store, part) as (targets, wrong):
        if wrong:
            raise ArchiveError(
                f"{store.url(part.path)}: {'; '.join(wrong)}",
                advice="nothing was taken out; `helpscraper verify` names every damaged file",
            )
        own = {name: own_path(part.file.kind, part.file.partition, name) for name in targets}
        there = {name for name, path in own.items() if store.exists(path)}
        for name in sorted(there):
            if store.digest(own[name]) != sha256(targets[name]):
                _require_whole(store, own[name], part)
        for name in sorted(set(targets) - there):
            store.commit(own[name], targets[name])
        after = sum(target.stat().st_size for target in targets.values())
    store.remove(part.path)
    return after


def _require_whole(store: Store, path: str, part: Part) -> None:
    """Read a file from end to end; ``ArchiveError`` says that it is damaged and that ``part`` holds it, too."""
    try:
        with open_parquet(store, path) as file:
            for number in range(file.num_row_groups):
                file.read_row_group(number, use_threads=False)
    except ArchiveError as error:
        raise ArchiveError(
            f"{error.message}; {store.url(part.path)} holds the snapshot, too, and stays as it is",
            advice="move the damaged file away and run this again: it comes out of the month's file",
        ) from error


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
            Source(stack.enter_context(open_parquet(store, where)), frozenset(ids), store.url(where))
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
