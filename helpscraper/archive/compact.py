"""Pack the snapshots of each past month into one file, as ``git gc`` packs objects.

Most values repeat from day to day; sorted by article and time they compress to almost nothing. No row is missing at
any time: the month's file is written under a temporary name, read back, compared with its originals and renamed, and
only then the originals are removed. A killed run leaves duplicate rows at worst, which the next run removes. The caller
holds the lock of the site and locale.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.layout import PackedKind, Partition, folder, month_path, parse_path, snapshot_instant
from helpscraper.archive.months import HOLDS_KEY, TIME_COLUMN
from helpscraper.archive.parquet import RUN_KEY, open_month_writer, open_parquet
from helpscraper.archive.progress import Progress, silent, tracked
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import (
    CHANGES_SCHEMA,
    SCHEMA_VERSION,
    SNAPSHOT_SCHEMA,
    VERSION_KEY,
    schema_version,
)
from helpscraper.errors import ArchiveError

__all__ = ["MonthReport", "compact", "month_begin"]

_SCHEMAS: Mapping[PackedKind, pa.Schema] = {"changes": CHANGES_SCHEMA, "snapshots": SNAPSHOT_SCHEMA}

# Reading one snapshot decodes the whole file, and writing holds all of its snapshots in memory.
_MOST_SNAPSHOTS = 62
_MOST_ROWS = 500_000

# An article is read with its whole row group: 16,384 rows take 12 ms.
_GROUP_ROWS = 16_384

# For these columns zstd is shorter than a dictionary, because values stay for days (measured).
_PLAIN: Mapping[PackedKind, Collection[str]] = {
    "snapshots": frozenset({"body_sha256", "published_at", "updated_at", "view_count", "warc_record"}),
    "changes": frozenset({"before", "after"}),
}


@dataclass(slots=True)
class MonthReport:
    """One month's work, done or planned: ``ids`` are the snapshots (or feeds) that are packed.

    ``before`` counts the bytes of their own files, ``after`` those of the written files of the month (0 in a dry run,
    and when a killed run had written them). ``problems`` names the files that are left unpacked, and why.
    """

    partition: Partition
    kind: PackedKind
    month: str
    ids: list[str] = field(default_factory=list)
    before: int = 0
    after: int = 0
    problems: list[str] = field(default_factory=list)


def month_begin(now: dt.datetime) -> dt.datetime:
    """Return the first instant of the month of ``now`` (UTC); earlier snapshots belong to past months."""
    return now.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def compact(
    catalog: Catalog,
    partition: Partition,
    before: dt.datetime,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Iterator[MonthReport]:
    """Pack the snapshots of ``partition`` older than ``before``, and their feeds; yield a report for each month.

    Skips months with nothing to do and a single snapshot of a month. Snapshots of different schema versions get
    different files. A file that is damaged, of a later schema version, or changed by another program is left unpacked
    and reported.
    """
    # Feeds first, so that a reader in between finds every feed of the snapshots that it finds.
    for kind in _SCHEMAS:
        own: dict[str, dict[str, str]] = {}
        committed = None if kind == "snapshots" else set(catalog.ids(partition))
        for item in filter(None, map(parse_path, sorted(catalog.store.list(folder(kind, partition))))):
            name = item.snapshot_id
            if item.part or snapshot_instant(name) >= before:
                continue
            # A crawl that was killed before its commit writes its feed again when it is resumed.
            if committed is None or name in committed:
                own.setdefault(name[:6], {})[name] = item.path
        for month, paths in tracked(own.items(), f"{partition} {kind}", progress):
            report = MonthReport(partition, kind, month)
            try:
                _pack_month(catalog, report, paths, dry_run)
            except ArchiveError as error:
                report.problems.append(str(error))
            if report.ids or report.problems:
                yield report


def _pack_month(catalog: Catalog, report: MonthReport, own: Mapping[str, str], dry_run: bool) -> None:
    parts = catalog.months.parts(report.kind, report.partition, report.month)
    report.problems += [str(part.error) for part in parts if part.error is not None]
    if report.problems:
        return  # the snapshots of a damaged file are unknown
    held = {name: part.path for part in parts for name in part.rows}
    number = max((part.file.part for part in parts), default=-1) + 1
    for chunk in _chunks(catalog, report, own):
        fresh: dict[str, pa.Table] = {}
        packed: list[str] = []
        for name in chunk:
            try:
                table = _load(catalog, report.kind, name, own[name])
                if name not in held:
                    fresh[name] = table
                elif _is_same(catalog, report, name, held[name], table):
                    packed.append(name)  # by a killed run
            except ArchiveError as error:
                report.problems.append(error.message)
        for version in sorted({schema_version(table.schema) or 0 for table in fresh.values()}):
            alike = {name: table for name, table in fresh.items() if schema_version(table.schema) == version}
            if len(alike) < 2:
                continue
            if not dry_run:
                report.after += _write(catalog, report, number, alike)
                number += 1
            packed += alike
        report.ids += sorted(packed)
        report.before += sum(catalog.store.size(own[name]) for name in packed)
        for name in [] if dry_run else packed:
            catalog.store.remove(own[name])


def _chunks(catalog: Catalog, report: MonthReport, own: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the ids in order, in groups that fit into one file; report and leave out unreadable files."""
    chunk: list[str] = []
    rows = 0
    for name, path in own.items():
        try:
            with open_parquet(catalog.store, path) as file:
                more = int(file.metadata.num_rows)
        except ArchiveError as error:
            report.problems.append(error.message)
            continue
        if len(chunk) == _MOST_SNAPSHOTS or (len(chunk) > 1 and rows + more > _MOST_ROWS):
            yield chunk
            chunk, rows = [], 0
        chunk.append(name)
        rows += more
    if chunk:
        yield chunk


def _load(catalog: Catalog, kind: PackedKind, name: str, path: str) -> pa.Table:
    """Read a whole snapshot (or feed); raises ``ArchiveError`` with the reason when it cannot be packed."""
    url = catalog.store.url(path)
    with open_parquet(catalog.store, path) as file:
        table = file.read(use_threads=False)
    metadata = dict(table.schema.metadata or {})
    ids = table.column("article_id").combine_chunks() if "article_id" in table.schema.names else None
    fault = ""
    # Later versions only add columns.
    columns = [field for field in _SCHEMAS[kind] if field.name in table.schema.names]
    if (version := schema_version(table.schema)) is None or not 1 <= version <= SCHEMA_VERSION:
        fault = f"schema version {version}, not 1 to {SCHEMA_VERSION}"
    elif (
        not table.schema.equals(pa.schema(columns))
        or ids is None
        or TIME_COLUMN[kind] not in table.schema.names
    ):
        fault = "other columns than helpscraper's"
    elif any(not key.startswith(b"helpscraper.") for key in metadata) or (
        kind == "snapshots" and RUN_KEY not in metadata
    ):
        fault = "other metadata than helpscraper's"
    elif table.column(TIME_COLUMN[kind]).unique().to_pylist() not in ([snapshot_instant(name)], []):
        fault = f"rows whose {TIME_COLUMN[kind]} is not that of the file's name"
    elif pc.any(pc.less(ids[1:], ids[:-1])).as_py():
        fault = "rows that are not sorted by article_id"
    if fault:
        raise ArchiveError(f"{url}: has {fault}; it was not packed")
    return table


def _is_same(catalog: Catalog, report: MonthReport, name: str, path: str, table: pa.Table) -> bool:
    """Return True for a snapshot with an equal copy in a month's file; raises ``ArchiveError`` when they differ."""
    with catalog.months.open(report.kind, report.partition, name, path) as packed:
        if packed.read().equals(table, check_metadata=True):
            return True
    raise ArchiveError(
        f"{name}: {catalog.store.url(path)} holds other rows than the snapshot's own file; neither was changed",
        advice="readers use the snapshot's own file: compare the two and move one away",
    )


def _write(catalog: Catalog, report: MonthReport, number: int, tables: Mapping[str, pa.Table]) -> int:
    """Write the file of these snapshots, compare it with them, commit it, and return its bytes."""
    store, at = catalog.store, TIME_COLUMN[report.kind]
    rows = pa.concat_tables(table.replace_schema_metadata() for table in tables.values())
    # Stable, so the rows of one snapshot keep their order.
    rows = rows.take(pc.sort_indices(rows, [("article_id", "ascending"), (at, "ascending")]))
    path = month_path(report.kind, report.partition, report.month, number)
    with store.scratch(path) as target:
        _write_file(report.kind, target, rows, tables)
        with pq.ParquetFile(target, page_checksum_verification=True) as file:
            if not file.read(use_threads=False).replace_schema_metadata().equals(rows):
                raise ArchiveError(
                    f"{store.url(path)}: reads back differently than it was written; nothing was removed",
                    advice="check the disk; if it is sound, please report this with the month's files",
                )
        size = target.stat().st_size
        store.put_new(path, target)
    return size


def _write_file(kind: PackedKind, target: Path, rows: pa.Table, tables: Mapping[str, pa.Table]) -> None:
    held = {name: {"rows": table.num_rows} for name, table in tables.items()}
    metadata = {HOLDS_KEY: json.dumps(held, sort_keys=True).encode()}
    for name, table in sorted(tables.items()):
        own = table.schema.metadata
        metadata |= {b"%s.%s" % (key, name.encode()): own[key] for key in sorted(own) if key != VERSION_KEY}
    # The Arrow schema of the originals, with only the version as metadata.
    version = {VERSION_KEY: next(iter(tables.values())).schema.metadata[VERSION_KEY]}
    with open_month_writer(target, rows.schema.with_metadata(version), plain=_PLAIN[kind]) as writer:
        writer.write_table(
            rows.combine_chunks().replace_schema_metadata(writer.schema.metadata), row_group_size=_GROUP_ROWS
        )
        # Metadata given to the constructor would be written twice, once by Arrow for itself.
        writer.add_key_value_metadata(metadata)
