"""Find and open each snapshot and each change feed, in its own file or in the file of its month.

``helpscraper compact`` packs the snapshots of a month into one file, sorted by article and then by time, and their
change feeds into another. A plain reader sees the same rows in it; this module finds each snapshot in it. The footer
lists the ids (``helpscraper.holds``) and repeats the metadata of each original, with the id after the key
(``helpscraper.run.20261122T060000Z``).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.edition_index import indexed
from helpscraper.archive.layout import (
    MonthFile,
    PackedKind,
    Partition,
    changes_path,
    folder,
    is_snapshot_id,
    parse_month_path,
    parse_path,
    run_path,
    snapshot_instant,
    snapshot_path,
)
from helpscraper.archive.open_file import OpenFile, row_groups_with
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import VERSION_KEY
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["HOLDS_KEY", "TIME_COLUMN", "Months", "PackedMonth", "own_path"]

HOLDS_KEY = b"helpscraper.holds"

TIME_COLUMN: Mapping[PackedKind, str] = {"snapshots": "snapshot_at", "changes": "at"}
"""The column with the instant of a row's snapshot (or feed)."""

_INSTANT = pa.timestamp("us", tz="UTC")


class _Packed:
    """Metadata in a tenth of their memory: an archive of 1,000 editions has 12,000 months a year, of 60 KB each."""

    _CODEC = pa.Codec("zstd")

    def __init__(self, metadata: Mapping[bytes, bytes]) -> None:
        plain = pa.schema([], metadata).serialize()
        self._size, self._data = plain.size, self._CODEC.compress(plain, asbytes=True)

    def unpacked(self) -> dict[bytes, bytes]:
        plain = self._CODEC.decompress(self._data, self._size)
        return dict(pa.ipc.read_schema(plain).metadata or {})


@dataclass(frozen=True, slots=True)
class PackedMonth:
    """A month's file: the number of rows of each snapshot in it, by id, and the metadata of its footer.

    ``error`` is set for a damaged file, and then the other fields are empty.
    """

    file: MonthFile
    size: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    metadata: _Packed | None = None
    error: ArchiveError | None = None

    @property
    def path(self) -> str:
        """The path of the file in the archive."""
        return self.file.path

    def metadata_of(self, snapshot_id: str) -> dict[bytes, bytes]:
        """Return the metadata of the snapshot's original file, sorted by key."""
        end = f".{snapshot_id}".encode()
        every = self.metadata.unpacked() if self.metadata else {}
        own = {key.removesuffix(end): value for key, value in every.items() if key.endswith(end)}
        return dict(sorted({**own, VERSION_KEY: every[VERSION_KEY]}.items()))


class _OpenInMonth(OpenFile):
    """An open snapshot or feed in a month's file."""

    has_own_file = False

    def __init__(self, months: Months, part: PackedMonth, snapshot_id: str) -> None:
        def opener() -> pq.ParquetFile:
            raise AssertionError(f"{part.path} holds several snapshots")

        super().__init__(part.path, part.rows[snapshot_id], part.metadata_of(snapshot_id), opener)
        self._months, self._part = months, part
        self._instant = pa.scalar(snapshot_instant(snapshot_id), _INSTANT)

    def read(self, columns: Iterable[str] | None = None, articles: Collection[str] | None = None) -> pa.Table:
        at = TIME_COLUMN[self._part.file.kind]
        if articles is not None:
            tables = [self._months.rows_of(self._part, articles)]
        else:
            wanted = None if columns is None else [*columns, at]
            with open_parquet(self._months.store, self.path) as file:
                # By row group, because the file may hold fifty times the rows of the snapshot.
                groups = (file.read_row_group(n, wanted) for n in range(max(file.num_row_groups, 1)))
                tables = [each.filter(pc.equal(each.column(at), self._instant)) for each in groups]
        rows = pa.concat_tables(tables)
        names = rows.schema.names if columns is None else [n for n in columns if n in rows.schema.names]
        found = rows.filter(pc.equal(rows.column(at), self._instant)).select(names)
        return found.replace_schema_metadata(self.metadata)


class _Indexed(OpenFile):
    """A snapshot or feed of which the index knows all but the rows: ``reopen`` opens it, wherever it lies by then."""

    def __init__(
        self,
        path: str,
        rows: int,
        metadata: Mapping[bytes, bytes],
        reopen: Callable[[], contextlib.AbstractContextManager[OpenFile]],
    ) -> None:
        def opener() -> pq.ParquetFile:
            raise AssertionError(f"{path} is read by `reopen`")

        super().__init__(path, rows, metadata, opener)
        self._reopen = reopen

    def read(self, columns: Iterable[str] | None = None, articles: Collection[str] | None = None) -> pa.Table:
        with self._reopen() as opened:
            return opened.read(columns, articles)

    def check(self) -> None:
        with self._reopen() as opened:
            opened.check()


class Months:
    """The months' files of one archive; footers are cached until a file changes."""

    def __init__(self, store: Store, other: Months | None = None) -> None:
        """Share the cached footers of ``other``."""
        self.store = store
        self._parts: dict[str, tuple[str, PackedMonth]] = {} if other is None else other._parts
        # Cached, because the history of an article reads the same rows for every snapshot of a month.
        self._rows: tuple[PackedMonth, frozenset[str], pa.Table] | None = None

    def of_paths(self, paths: Iterable[str]) -> list[PackedMonth]:
        """Return the months' files among ``paths``, oldest first."""
        return [self._part(file) for file in sorted(filter(None, map(parse_month_path, paths)))]

    def part(self, path: str) -> PackedMonth | None:
        """Return the month's file at ``path``, None for another file; raises ``ArchiveError`` for a damaged one."""
        month = parse_month_path(path)
        part = self._part(month) if month else None
        if part is not None and part.error is not None:
            raise part.error
        return part

    def parts(self, kind: PackedKind, partition: Partition, month: str | None = None) -> list[PackedMonth]:
        """Return the months' files of a partition (or those of one month)."""
        paths = self.store.list(folder(kind, partition))
        return self.of_paths(p for p in paths if (f := parse_month_path(p)) and month in (None, f.month))

    def paths(self, kind: PackedKind, within: str) -> dict[tuple[Partition, str], str]:
        """Return the path of the file of each snapshot (or feed) in the folder ``within``, by partition and id.

        The path is that of its own file, else of its month's. Snapshots in a damaged month's file are included.
        """
        paths = self.store.list(within)
        found: dict[tuple[Partition, str], str] = {}
        for part in self.of_paths(paths):
            names = (
                part.rows if part.error is None else self._committed_in(part) if kind == "snapshots" else ()
            )
            found |= {(part.file.partition, name): part.path for name in names}
        for item in filter(None, map(parse_path, paths)):
            if not item.part:
                found[item.partition, item.snapshot_id] = item.path
        return found

    def duplicates(self, kind: PackedKind, partition: Partition) -> Iterator[tuple[str, str, str]]:
        """Yield each redundant file, a snapshot in it, and the month's file that holds that snapshot too."""
        held = {name: part.path for part in self.parts(kind, partition) for name in part.rows}
        for item in filter(None, map(parse_path, self.store.list(folder(kind, partition)))):
            if not item.part and item.snapshot_id in held:
                yield item.path, item.snapshot_id, held[item.snapshot_id]
        for part in self.parts(kind, partition):
            for name in part.rows:
                if held[name] != part.path:
                    yield part.path, name, held[name]

    def path(self, kind: PackedKind, partition: Partition, snapshot_id: str) -> str | None:
        """Return the path of the file of this snapshot (or feed): its own, else its month's; None when missing."""
        own = own_path(kind, partition, snapshot_id)
        if self.store.exists(own):
            return own
        parts = self.parts(kind, partition, snapshot_id[:6])
        return next((part.path for part in reversed(parts) if snapshot_id in part.rows), None)

    @contextlib.contextmanager
    def open(
        self,
        kind: PackedKind,
        partition: Partition,
        snapshot_id: str,
        path: str | None = None,
        *,
        by_index: bool = False,
    ) -> Iterator[OpenFile]:
        """Open one snapshot or feed; ``path`` is its last known path, or that of its re-extraction.

        With ``by_index`` an own file that the index of its edition knows is opened only when its rows are read.
        Raises ``ArchiveError`` naming a file that is missing or damaged.
        """
        found = path or self.path(kind, partition, snapshot_id) or own_path(kind, partition, snapshot_id)
        if by_index and parse_month_path(found) is None and (known := _footer(self.store, found)) is not None:
            yield _Indexed(found, *known, lambda: self.open(kind, partition, snapshot_id, found))
            return
        with contextlib.ExitStack() as stack:
            try:
                opened = stack.enter_context(self._open(found, snapshot_id))
            except ArchiveError:
                self.store.drop_listings()
                if self.store.exists(found):
                    raise
                # A compaction has moved it.
                moved = self.path(kind, partition, snapshot_id) or found
                opened = stack.enter_context(self._open(moved, snapshot_id))
            yield opened

    @contextlib.contextmanager
    def _open(self, path: str, snapshot_id: str) -> Iterator[OpenFile]:
        part = self.part(path)
        if part is not None:
            yield _OpenInMonth(self, part, snapshot_id)
            return
        with open_parquet(self.store, path) as file:
            yield OpenFile(path, int(file.metadata.num_rows), file.schema_arrow.metadata or {}, lambda: file)

    def rows_of(self, part: PackedMonth, articles: Collection[str]) -> pa.Table:
        """Return all rows of these articles in a month's file, for all of its snapshots; the last result is cached."""
        wanted = frozenset(articles)
        kept = self._rows  # a copy, because another thread may replace it
        if kept is None or kept[0] is not part or kept[1] != wanted:
            with open_parquet(self.store, part.path) as file:
                groups = row_groups_with(file.metadata, file.schema_arrow.names.index("article_id"), wanted)
                table = file.read_row_groups(groups, use_threads=False)
            ids = pa.array(sorted(wanted), pa.string())
            found = table.filter(pc.is_in(table.column("article_id"), value_set=ids))
            kept = self._rows = part, wanted, found
        return kept[2]

    def _part(self, file: MonthFile) -> PackedMonth:
        try:
            etag = self.store.etag(file.path)
            seen = self._parts.get(file.path)
            if seen is None or seen[0] != etag:
                seen = self._parts[file.path] = (etag, _read(self.store, file))
            return seen[1]
        except ArchiveError as error:
            return PackedMonth(file, error=error)

    def _committed_in(self, part: PackedMonth) -> list[str]:
        """Return the ids of a damaged month's file by the run facts, so that the loss can be reported."""
        partition, found = part.file.partition, []
        for item in filter(None, map(parse_path, self.store.list(folder("runs", partition)))):
            if item.snapshot_id[:6] != part.file.month:
                continue
            path = run_path(partition, item.snapshot_id)
            with contextlib.suppress(ArchiveError):
                facts = RunFacts.parse(self.store.read(path), self.store.url(path))
                if facts.outcome in ("committed", "incomplete"):
                    found.append(item.snapshot_id)
        return found


def own_path(kind: PackedKind, partition: Partition, snapshot_id: str) -> str:
    """Return the path of the snapshot's (or feed's) own file."""
    return (snapshot_path if kind == "snapshots" else changes_path)(partition, snapshot_id)


def _footer(store: Store, path: str) -> tuple[int, dict[bytes, bytes]] | None:
    """Return the number of rows and the metadata of a Parquet file from the index of its edition; None: not there."""
    row = indexed(store, "footers", path)
    return None if row is None else (row["rows"].as_py(), dict(row["metadata"].as_py()))


def _read(store: Store, file: MonthFile) -> PackedMonth:
    if (known := _footer(store, file.path)) is not None:
        metadata = known[1]
    else:
        with open_parquet(store, file.path) as opened:
            metadata = dict(opened.metadata.metadata or {})
    try:
        held: dict[str, dict[str, Any]] = json.loads(metadata[HOLDS_KEY])
        rows = {name: int(facts["rows"]) for name, facts in sorted(held.items())}
        if not all(map(is_snapshot_id, rows)):
            raise ValueError("an entry is not the id of a snapshot")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ArchiveError(
            f"{store.url(file.path)}: its metadata does not list its snapshots: {error!r}",
            advice="it was written by another program: move it away, or restore the original from a backup",
        ) from error
    return PackedMonth(file, store.size(file.path), rows, _Packed(metadata))
