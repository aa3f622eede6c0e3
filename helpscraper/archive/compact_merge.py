"""Many snapshots into one file and out of it again, group by group, in memory that does not grow with the rows.

``pack`` merges files that are each sorted by article into one that is sorted by article and then by time. ``unpack``
writes each snapshot out of such a file again, in one pass: the same rows in the same order with the same metadata,
and so, by the same writer, the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.compact_read import AT, HOLDS_KEY, Entry
from helpscraper.archive.layout import Packed, snapshot_id, snapshot_instant
from helpscraper.archive.parquet import (
    CHANGES_ROWS,
    SNAPSHOT_ROWS,
    damage_named,
    open_month_writer,
    open_writer,
)
from helpscraper.archive.schema import CHANGES_SCHEMA, SNAPSHOT_SCHEMA, VERSION_KEY

__all__ = ["SCHEMAS", "Source", "pack", "unpack"]

SCHEMAS: Mapping[Packed, pa.Schema] = {"snapshots": SNAPSHOT_SCHEMA, "changes": CHANGES_SCHEMA}

# One article of one snapshot is read with its whole group: 16,384 rows take 12 ms (33 snapshots of 500 articles), the
# double 25 ms and is 1 % smaller.
_MONTH_ROWS = 16_384
_OWN_ROWS: Mapping[Packed, int] = {"snapshots": SNAPSHOT_ROWS, "changes": CHANGES_ROWS}

# A value that stays for days is one long run, which zstd writes down shorter than a dictionary and its indices do;
# measured column by column.
_PLAIN: Mapping[Packed, Collection[str]] = {
    "snapshots": frozenset({"body_sha256", "published_at", "updated_at", "view_count", "warc_record"}),
    "changes": frozenset({"before", "after"}),
}


@dataclass(frozen=True, slots=True)
class Source:
    """An open file, the ids of those of its snapshots that are wanted, and its name; its rows are sorted by article."""

    file: pq.ParquetFile
    ids: frozenset[str]
    url: str


def pack(
    kind: Packed,
    target: Path,
    sources: Iterable[Source],
    entries: Mapping[str, Entry],
    noted: Mapping[str, Mapping[bytes, bytes]],
) -> None:
    """Write the rows of ``sources`` to ``target``, sorted by ``article_id`` and instant. Same input, same bytes.

    ``entries`` and ``noted`` (by id) say what each snapshot's own file was and had as metadata. Raises ``ArchiveError``
    naming the source that is damaged.
    """
    schema = SCHEMAS[kind]
    held = {name: {k: v for k, v in asdict(entry).items() if k != "id"} for name, entry in entries.items()}
    metadata = {HOLDS_KEY: json.dumps(held, sort_keys=True).encode()}
    for name, own in sorted(noted.items()):
        metadata |= {b"%s.%s" % (key, name.encode()): own[key] for key in sorted(own) if key != VERSION_KEY}
    with open_month_writer(target, schema, plain=_PLAIN[kind]) as writer:
        for table in _cut(_merged(kind, list(sources)), _MONTH_ROWS):
            writer.write_table(
                table.replace_schema_metadata(writer.schema.metadata), row_group_size=_MONTH_ROWS
            )
        # Only now: what the writer is opened with, it writes twice, once for Arrow's own use.
        writer.add_key_value_metadata(metadata)


def unpack(
    kind: Packed,
    file: pq.ParquetFile,
    targets: Mapping[str, Path],
    noted: Mapping[str, Mapping[bytes, bytes]],
) -> dict[str, int]:
    """Write each snapshot of ``targets`` (by id) out of ``file`` to its path, and return its number of rows."""
    waiting: dict[str, list[pa.Table]] = {name: [] for name in targets}
    counts = dict.fromkeys(targets, 0)
    rows = _OWN_ROWS[kind]
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(open_writer(path, SCHEMAS[kind], noted[name]))
            for name, path in targets.items()
        }
        for number in range(file.num_row_groups):
            for name, table in _by_instant(kind, file.read_row_group(number)):
                if name not in waiting:
                    continue
                counts[name] += table.num_rows
                waiting[name].append(table)
                while sum(part.num_rows for part in waiting[name]) >= rows:
                    joined = pa.concat_tables(waiting[name])
                    _write(writers[name], joined.slice(0, rows))
                    waiting[name] = [joined.slice(rows)]
        for name, tables in waiting.items():
            if tables and (rest := pa.concat_tables(tables)).num_rows:
                _write(writers[name], rest)
    return counts


def _write(writer: pq.ParquetWriter, table: pa.Table) -> None:
    """Write one row group; in one chunk, because the pages of a column end where its chunks do."""
    writer.write_table(table.combine_chunks().replace_schema_metadata(writer.schema.metadata))


def _by_instant(kind: Packed, group: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each snapshot in this group, in their order."""
    column = AT[kind]
    # Sorting is stable, so the rows of one snapshot stay in order.
    ordered = group.replace_schema_metadata().take(pc.sort_indices(group, [(column, "ascending")]))
    counts = ordered.group_by(column, use_threads=False).aggregate([([], "count_all")]).to_pydict()
    start = 0
    for instant, count in zip(counts[column], counts["count_all"], strict=True):
        yield snapshot_id(instant), ordered.slice(start, count)
        start += count


def _merged(kind: Packed, sources: list[Source]) -> Iterator[pa.Table]:
    """Yield the wanted rows of all sources in order, holding about one row group of each."""
    heads = [_Head(kind, source) for source in sources]
    column = AT[kind]
    while True:
        for head in heads:
            head.fill()
        open_ends = [head.last for head in heads if head.more]
        bound = min(open_ends) if open_ends else None
        taken = [head.take_below(bound) for head in heads]
        merged = pa.concat_tables(taken)
        if merged.num_rows:
            keys = [("article_id", "ascending"), (column, "ascending")]
            yield merged.take(pc.sort_indices(merged, keys))
        if bound is None:
            return
        # More of that article may follow in those that end with it: read on before anything of it is given out.
        for head in heads:
            if head.more and head.last == bound:
                head.extend()


class _Head:
    """What was read of one source and not yet given out."""

    def __init__(self, kind: Packed, source: Source) -> None:
        self.file, self.url, self.column = source.file, source.url, AT[kind]
        instants = [snapshot_instant(name) for name in sorted(source.ids)]
        self.instants = pa.array(instants, pa.timestamp("us", tz="UTC"))
        self.next = 0
        self.table = SCHEMAS[kind].empty_table()

    @property
    def more(self) -> bool:
        """Whether anything of the file is still to be read."""
        return self.next < int(self.file.num_row_groups)

    @property
    def last(self) -> str:
        """The article of the last row that was read."""
        return str(self.table.column("article_id")[-1].as_py())

    def fill(self) -> None:
        """Read on until there is a row, or nothing more."""
        while not self.table.num_rows and self.more:
            self.extend()

    def extend(self) -> None:
        """Read one row group more."""
        with damage_named(self.url):  # many are open: whoever opened the last one would be blamed for it
            group = self.file.read_row_group(self.next, use_threads=False).replace_schema_metadata()
        self.next += 1
        wanted = group.filter(pc.is_in(group.column(self.column), value_set=self.instants))
        self.table = pa.concat_tables([self.table, wanted.cast(self.table.schema)])

    def take_below(self, bound: str | None) -> pa.Table:
        """Give out the rows of articles before ``bound`` (None: all)."""
        count = self.table.num_rows
        if bound is not None:
            count = pc.sum(pc.less(self.table.column("article_id"), bound)).as_py() or 0
        taken, self.table = self.table.slice(0, count), self.table.slice(count)
        return taken


def _cut(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of ``rows`` rows, the last one shorter."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        while sum(part.num_rows for part in held) >= rows:
            joined = pa.concat_tables(held)
            yield joined.slice(0, rows).combine_chunks()
            held = [joined.slice(rows)]
    if held and (rest := pa.concat_tables(held)).num_rows:
        yield rest.combine_chunks()
