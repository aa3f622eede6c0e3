"""The files of packed months: what each holds, and one snapshot or feed out of it.

``helpscraper compact`` puts the snapshots of a month into one file, sorted by article and then by time, and their
change feeds into another. A plain reader sees the same rows in it; here each snapshot is found again. What a file
holds stands in its footer: under ``helpscraper.holds`` the ids with what their own files were, and each key that
stood in such a file's metadata with the id behind it (``helpscraper.run.20261122T060000Z``).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpscraper.archive.layout import (
    MonthFile,
    Packed,
    Partition,
    changes_path,
    folder,
    is_snapshot_id,
    locate_month,
    snapshot_instant,
    snapshot_path,
)
from helpscraper.archive.parquet import open_parquet
from helpscraper.archive.schema import VERSION_KEY
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["AT", "HOLDS_KEY", "Entry", "Months", "One", "Part", "groups_with", "own_path"]

HOLDS_KEY = b"helpscraper.holds"

AT: Mapping[Packed, str] = {"snapshots": "snapshot_at", "changes": "at"}
"""The column whose instant tells which snapshot (or feed) a row belongs to."""

_INSTANT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a packed snapshot's own file was: its rows, its bytes and their SHA-256.

    ``writer`` names what writes these very bytes again (``parquet.WRITER``); None when that was not known any more
    at the time of packing.
    """

    id: str
    rows: int
    bytes: int
    sha256: str
    writer: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """A month's file. ``metadata`` is its footer's; with ``error`` the file is damaged and nothing else is known."""

    file: MonthFile
    size: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)
    metadata: Mapping[bytes, bytes] = field(default_factory=dict)
    error: ArchiveError | None = None

    @property
    def path(self) -> str:
        """Where the file lies in the archive."""
        return self.file.path

    def noted(self, snapshot_id: str) -> dict[bytes, bytes]:
        """Return the metadata that the snapshot's own file had, in the order in which it had them."""
        end = f".{snapshot_id}".encode()
        own = {key.removesuffix(end): value for key, value in self.metadata.items() if key.endswith(end)}
        return dict(sorted({**own, VERSION_KEY: self.metadata[VERSION_KEY]}.items()))


class One(Protocol):
    """One snapshot or feed, opened: ``path`` is the file that holds it, alone or among others.

    ``metadata`` is what stands, or stood, in the footer of its own file; ``rows`` counts its rows. ``file`` is its
    own file, None where it stands among others.
    """

    path: str
    metadata: Mapping[bytes, bytes]
    rows: int
    file: pq.ParquetFile | None

    def read(self, columns: Iterable[str] | None = None, among: Collection[str] | None = None) -> pa.Table:
        """Return the rows with those of ``columns`` that the file has, and its own metadata on the schema.

        With ``among``, only what stands in row groups that may hold one of these articles.
        """
        ...


class _Alone:
    """One that has a file of its own."""

    def __init__(self, path: str, file: pq.ParquetFile) -> None:
        self.path = path
        self.file: pq.ParquetFile | None = file
        self._file = file
        # Each look at the file's schema makes it anew, and whoever follows one article opens a file for each day.
        schema = file.schema_arrow
        self._names: list[str] = schema.names
        self.metadata: Mapping[bytes, bytes] = dict(schema.metadata or {})
        self.rows = int(file.metadata.num_rows)

    def read(self, columns: Iterable[str] | None = None, among: Collection[str] | None = None) -> pa.Table:
        known = self._names
        names = known if columns is None else [name for name in columns if name in known]
        if among is None:
            return self._file.read(names)
        groups = groups_with(self._file.metadata, known.index("article_id"), among)
        return self._file.read_row_groups(groups, names, use_threads=False)


class _Among:
    """One that stands in a month's file."""

    def __init__(self, months: Months, part: Part, snapshot_id: str) -> None:
        self.path = part.path
        self.file: pq.ParquetFile | None = None
        self.metadata: Mapping[bytes, bytes] = part.noted(snapshot_id)
        self.rows = part.entries[snapshot_id].rows
        self._months, self._part = months, part
        self._instant = pa.scalar(snapshot_instant(snapshot_id), _INSTANT)

    def read(self, columns: Iterable[str] | None = None, among: Collection[str] | None = None) -> pa.Table:
        at = AT[self._part.file.kind]
        if among is not None:
            rows = self._months.rows_of(self._part, among)
            names = rows.schema.names if columns is None else [n for n in columns if n in rows.schema.names]
            found = rows.filter(pc.equal(rows.column(at), self._instant)).select(names)
        else:
            with open_parquet(self._months.store, self.path) as file:
                known = file.schema_arrow.names
                names = known if columns is None else [name for name in columns if name in known]
                wanted = list(dict.fromkeys([*names, at]))
                groups = (file.read_row_group(n, wanted) for n in range(file.num_row_groups))
                tables = [each.filter(pc.equal(each.column(at), self._instant)) for each in groups]
                empty = file.schema_arrow.empty_table().select(wanted)
                found = pa.concat_tables([empty, *tables]).select(names)
        return found.replace_schema_metadata(dict(self.metadata))


class Months:
    """The months' files of one archive; a footer is read once, as long as its file stays as it is."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._parts: dict[str, tuple[str, Part]] = {}
        # Whoever follows one article asks each snapshot of a month for it, one after the other.
        self._rows: tuple[Part, frozenset[str], pa.Table] | None = None

    def among(self, paths: Iterable[str]) -> list[Part]:
        """Return what the months' files among ``paths`` hold, the oldest part of each month first."""
        return [self._part(file) for file in sorted(filter(None, map(locate_month, paths)))]

    def part(self, path: str) -> Part | None:
        """Return what the month's file at ``path`` holds, None when it is none; ``ArchiveError`` for a damaged one."""
        month = locate_month(path)
        part = self._part(month) if month else None
        if part is not None and part.error is not None:
            raise part.error
        return part

    def parts(self, kind: Packed, partition: Partition, month: str | None = None) -> list[Part]:
        """Return the months' files of a partition (or those of one month)."""
        paths = self.store.list(folder(kind, partition))
        return self.among(p for p in paths if (f := locate_month(p)) and month in (None, f.month))

    def holder(self, kind: Packed, partition: Partition, snapshot_id: str) -> Part | None:
        """Return the newest file of a month that holds this snapshot (or feed), or None."""
        parts = self.parts(kind, partition, snapshot_id[:6])
        return next((part for part in reversed(parts) if snapshot_id in part.entries), None)

    def where(self, kind: Packed, partition: Partition, snapshot_id: str) -> str | None:
        """Return the path of the file that holds this snapshot (or feed): its own where it is there."""
        own = own_path(kind, partition, snapshot_id)
        if self.store.exists(own):
            return own
        part = self.holder(kind, partition, snapshot_id)
        # Looked for again: it may have been taken out of a month's file between the two looks.
        return part.path if part else own if self.store.exists(own) else None

    @contextlib.contextmanager
    def open(
        self, kind: Packed, partition: Partition, snapshot_id: str, path: str | None = None
    ) -> Iterator[One]:
        """Open one snapshot or feed, where it is now; ``path`` says where it was seen last, or another reading of it.

        Raises ``ArchiveError`` naming a file that is missing or damaged.
        """
        if path is None or not self.store.exists(path):
            path = self.where(kind, partition, snapshot_id) or path or own_path(kind, partition, snapshot_id)
        part = self.part(path)
        if part is not None:
            yield _Among(self, part, snapshot_id)
            return
        with open_parquet(self.store, path) as file:
            yield _Alone(path, file)

    def rows_of(self, part: Part, articles: Collection[str]) -> pa.Table:
        """Return all rows of these articles in a month's file, of every snapshot in it; the last answer is kept."""
        wanted = frozenset(articles)
        kept = self._rows  # looked at once: another thread may put its own answer there meanwhile
        if kept is None or kept[0] is not part or kept[1] != wanted:
            with open_parquet(self.store, part.path) as file:
                groups = groups_with(file.metadata, file.schema_arrow.names.index("article_id"), wanted)
                table = file.read_row_groups(groups, use_threads=False)
            ids = pa.array(sorted(wanted), pa.string())
            found = table.filter(pc.is_in(table.column("article_id"), value_set=ids))
            kept = self._rows = part, wanted, found
        return kept[2]

    def _part(self, file: MonthFile) -> Part:
        try:
            mark = self.store.mark(file.path)
            seen = self._parts.get(file.path)
            if seen is None or seen[0] != mark:
                seen = self._parts[file.path] = (mark, _read(self.store, file))
            return seen[1]
        except ArchiveError as error:
            return Part(file, error=error)


def own_path(kind: Packed, partition: Partition, snapshot_id: str) -> str:
    """Return where the snapshot (or feed) lies as long as it has a file of its own."""
    return (snapshot_path if kind == "snapshots" else changes_path)(partition, snapshot_id)


def groups_with(metadata: pq.FileMetaData, column: int, names: Collection[str]) -> list[int]:
    """Return the row groups whose statistics allow one of ``names``: of sorted rows that is one, or none."""
    found = []
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(column).statistics
        if statistics is None or not statistics.has_min_max:
            found.append(number)
            continue
        least, most = statistics.min, statistics.max
        if any(least <= name <= most for name in names):
            found.append(number)
    return found


def _read(store: Store, file: MonthFile) -> Part:
    with open_parquet(store, file.path) as opened:
        metadata = dict(opened.metadata.metadata or {})
    try:
        held: dict[str, dict[str, Any]] = json.loads(metadata[HOLDS_KEY])
        entries = {name: Entry(name, **facts) for name, facts in sorted(held.items())}
        if not all(map(is_snapshot_id, entries)):
            raise ValueError("one of them is not the id of a snapshot")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ArchiveError(
            f"{store.url(file.path)}: its metadata do not say which snapshots it holds: {error!r}",
            advice="it was written by another program: move it away, or restore the original from a backup",
        ) from error
    return Part(file, store.size(file.path), entries, metadata)
