"""What is to be packed: the files of a month, which of them can be put together, and which go then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.compact_merge import SCHEMAS
from helpscraper.archive.compact_read import AT, Entry, Part
from helpscraper.archive.layout import Packed, Partition, folder, locate, locate_month, snapshot_instant
from helpscraper.archive.parquet import RUN_KEY, WRITER, open_parquet
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import SCHEMA_VERSION, VERSION_KEY, schema_version
from helpscraper.errors import ArchiveError

__all__ = ["MOST", "Plan", "make_plan", "months"]

# So many snapshots in a file at most: it bounds what reading one of them has to pass over, and how many files are
# open while one is made. A month of two crawls a day is one file.
MOST = 62


@dataclass(slots=True)
class Plan:
    """One month of one kind: which files there are, what is to be built of which ids, and what goes then."""

    kind: Packed
    partition: Partition
    month: str
    own: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    kept: list[Part] = field(default_factory=list)
    chunks: list[tuple[str, ...]] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    noted: dict[str, Mapping[bytes, bytes]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def going(self) -> list[str]:
        """The files that are not needed any more once the chunks are there."""
        kept = {part.path for part in self.kept}
        return [*self.own.values(), *(part.path for part in self.parts if part.path not in kept)]

    def sources(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return which file each of these snapshots is taken from: its own where there is one."""
        found: dict[str, list[str]] = {}
        for name in ids:
            holders = [part.path for part in self.parts if name in part.entries]
            found.setdefault(self.own.get(name) or holders[-1], []).append(name)
        return found


def months(catalog: Catalog, kind: Packed, partition: Partition, before: dt.datetime) -> list[str]:
    """Return the months that have a file of a snapshot older than ``before``, or more than one file of the month."""
    found = set()
    for path in catalog.store.list(folder(kind, partition)):
        own, month = locate(path), locate_month(path)
        if own is not None and not own.part and snapshot_instant(own.snapshot_id) < before:
            found.add(own.snapshot_id[:6])
        elif month is not None:
            found.add(month.month)
    return sorted(found)


def make_plan(catalog: Catalog, kind: Packed, partition: Partition, month: str, before: dt.datetime) -> Plan:
    """Look at the files of one month and say what to do with those of snapshots older than ``before``.

    Each file is read far enough to know that it would come out again as it went in; one that would not stays alone
    and is named in ``problems``.
    """
    plan = Plan(kind, partition, month)
    parts = catalog.months.parts(kind, partition, month)
    damaged = [part for part in parts if part.error is not None]
    if damaged:
        # What it holds is not known, so nothing of this month is touched.
        plan.problems += [str(part.error) for part in damaged]
        return plan
    plan.parts = [p for p in parts if p.metadata.get(VERSION_KEY) == str(SCHEMA_VERSION).encode()]
    for part in plan.parts:
        plan.entries |= part.entries
        plan.noted |= {name: part.noted(name) for name in part.entries}
    committed = set(catalog.ids(partition)) if kind == "changes" else set()
    for path in catalog.store.list(folder(kind, partition)):
        own = locate(path)
        if (
            own is None
            or own.part
            or own.snapshot_id[:6] != month
            or snapshot_instant(own.snapshot_id) >= before
        ):
            continue
        if kind == "changes" and own.snapshot_id not in committed:
            continue  # its crawl may still be resumed, and would write it again
        try:
            _take(catalog, plan, own.snapshot_id, path)
        except ArchiveError as error:
            plan.problems.append(error.message)
    ids = sorted(plan.entries)
    for start in range(0, len(ids), MOST):
        chunk = tuple(ids[start : start + MOST])
        same = [part for part in plan.parts if {n: plan.entries[n] for n in chunk} == dict(part.entries)]
        if same:
            plan.kept.append(same[-1])
        else:
            plan.chunks.append(chunk)
    return plan


def _take(catalog: Catalog, plan: Plan, name: str, path: str) -> None:
    """Put a snapshot with a file of its own on the plan; ``ArchiveError`` says why it has to stay alone."""
    store, schema = catalog.store, SCHEMAS[plan.kind]
    with open_parquet(store, path) as file:
        found, rows = file.schema_arrow, int(file.metadata.num_rows)
        if (version := schema_version(found)) != SCHEMA_VERSION:
            raise _stays(store.url(path), f"schema version {version}, and today's is {SCHEMA_VERSION}")
        if not found.equals(schema):
            raise _stays(store.url(path), "other columns than helpscraper's")
        metadata = dict(found.metadata or {})
        strange = [key for key in metadata if not key.startswith(b"helpscraper.")]
        if strange or (plan.kind == "snapshots" and RUN_KEY not in metadata):
            raise _stays(store.url(path), "other metadata than helpscraper's")
        _check_rows(file, plan.kind, name, store.url(path))
    digest = store.digest(path)
    held = plan.entries.get(name)
    plan.own[name] = path
    if held is None or held.sha256 != digest:  # else a run that was killed has packed it already
        plan.entries[name] = Entry(name, rows, store.size(path), digest, WRITER)
        plan.noted[name] = metadata


def _check_rows(file: pq.ParquetFile, kind: Packed, name: str, url: str) -> None:
    """Look for what would not come out again as it went in: rows of another instant, out of order, or damaged."""
    last = ""
    for number in range(file.num_row_groups):
        # All columns: damage found only while merging would keep the whole month from being packed.
        table = file.read_row_group(number, use_threads=False)
        if table.column(AT[kind]).unique().to_pylist() not in ([snapshot_instant(name)], []):
            raise _stays(url, f"rows whose {AT[kind]} is not that of the file's name")
        ids = pa.concat_arrays([pa.array([last], pa.string()), *table.column("article_id").chunks])
        if pc.any(pc.less(ids[1:], ids[:-1])).as_py():
            raise _stays(url, "rows that are not sorted by article_id")
        last = str(ids[-1])


def _stays(url: str, why: str) -> ArchiveError:
    return ArchiveError(f"{url}: has {why}; it stays as it is")
