"""Commit a snapshot: everything it refers to first, the snapshot file itself last.

A writer that is killed at any instant leaves all snapshots as they were. At most it adds bodies that no snapshot refers
to, which the next crawl finds by their hash, a change feed, and run facts, which state how the run ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.bodies import BodyIndex, write_bodies
from helpscraper.archive.gone import GONE, move_gone_to_facts
from helpscraper.archive.layout import (
    Partition,
    changes_path,
    reextracted_path,
    refused_path,
    run_path,
    snapshot_instant,
    snapshot_path,
)
from helpscraper.archive.lost_rows import lost_rows
from helpscraper.archive.months import Months
from helpscraper.archive.parquet import CHANGES_ROWS, RUN_KEY, open_parquet, write_parquet
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import CHANGES_SCHEMA, REQUIRED, SNAPSHOT_SCHEMA, read_compatible
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, ReferenceNotFoundError

__all__ = [
    "SnapshotFile",
    "check_rows",
    "promote",
    "write_reextracted",
    "write_refused",
    "write_run",
    "write_snapshot",
]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """The result of a commit: the snapshot's path, the numbers of its rows and new bodies, its size in bytes."""

    partition: Partition
    snapshot_id: str
    path: str
    rows: int
    size: int
    new_bodies: int


def write_snapshot(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    rows: pa.Table,
    bodies: Iterable[pa.RecordBatch] | pa.Table,
    run: RunFacts,
    changes: pa.Table | None = None,
    *,
    fence: Callable[[], None] = lambda: None,
    index: BodyIndex | None = None,
) -> SnapshotFile:
    """Commit one snapshot: new bodies, the change feed, the run's facts, then the snapshot file.

    ``fence`` is called before the last three, and raises when this process may not write it any more. ``index`` is
    that of the edition's bodies; a caller that commits many snapshots reads it once.

    ``rows`` has the columns of ``SNAPSHOT_SCHEMA``, ``bodies`` those of ``BODIES_SCHEMA``, ``changes`` those of
    ``CHANGES_SCHEMA``. Raises ``ArchiveError`` before the commit for invalid rows (see ``check_rows``), for a row whose
    body is neither in ``bodies`` nor in the archive, and for another snapshot with this id.
    """
    path = snapshot_path(partition, snapshot_id)
    ordered = check_rows(rows, snapshot_id)
    there = _find_same(store, partition, snapshot_id, ordered, run)
    new_bodies = _store_bodies(store, partition, snapshot_id, bodies, ordered, index=index)
    if there is not None:
        return SnapshotFile(partition, snapshot_id, there, ordered.num_rows, store.size(there), new_bodies)
    fence()
    if changes is not None:
        _write_changes(store, partition, snapshot_id, changes)
    write_run(store, partition, snapshot_id, replace(run, snapshot=path))
    return _commit_rows(store, partition, snapshot_id, path, ordered, run, new_bodies)


def write_refused(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    rows: pa.Table,
    bodies: Iterable[pa.RecordBatch] | pa.Table,
    run: RunFacts,
) -> SnapshotFile:
    """Write a snapshot that the health checks refused, so that a person can read and accept it later.

    Its bodies are stored like all others.
    """
    path = refused_path(partition, snapshot_id)
    ordered = check_rows(rows, snapshot_id)
    new_bodies = _store_bodies(store, partition, snapshot_id, bodies, ordered)
    write_run(store, partition, snapshot_id, replace(run, snapshot=path))
    return _commit_rows(store, partition, snapshot_id, path, ordered, run, new_bodies)


def write_reextracted(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    rows: pa.Table,
    bodies: Iterable[pa.RecordBatch] | pa.Table,
    run: RunFacts,
) -> SnapshotFile:
    """Write a re-extraction of a crawl; the snapshot and earlier re-extractions stay.

    Raises ``ArchiveError`` for rows that have lost something of the snapshot (see ``lost_rows``), because readers
    prefer a re-extraction. One that equals the newest before it is not written.
    """
    place = Months(store).path("snapshots", partition, snapshot_id)
    if place is None:
        raise ReferenceNotFoundError(
            f"{partition} {snapshot_id}: there is no snapshot to re-extract",
            advice="`helpscraper runs` lists them",
        )
    ordered = check_rows(rows, snapshot_id)
    with Months(store).open("snapshots", partition, snapshot_id, place) as stored:
        before = read_compatible(stored.read(), where=place)
    lost = lost_rows(before, ordered)
    if lost.num_rows:
        raise _rows_error("the snapshot has these articles, their bodies or their pages", lost)
    there, part = "", 0
    while store.exists(path := reextracted_path(partition, snapshot_id, part)):
        there, part = path, part + 1
    known = before.column("body_sha256").combine_chunks()
    new_bodies = _store_bodies(store, partition, snapshot_id, bodies, ordered, lacking=known)
    if there and _is_same(store, there, ordered, run):
        return SnapshotFile(partition, snapshot_id, there, ordered.num_rows, store.size(there), new_bodies)
    return _commit_rows(store, partition, snapshot_id, path, ordered, run, new_bodies)


def _is_same(store: Store, path: str, ordered: pa.Table, run: RunFacts) -> bool:
    with suppress(ArchiveError), open_parquet(store, path) as file:
        metadata = file.schema_arrow.metadata or {}
        return bool(metadata.get(RUN_KEY) == run.footer() and file.read().equals(ordered))
    return False


def write_run(store: Store, partition: Partition, snapshot_id: str, run: RunFacts) -> str:
    """Write the facts of a run and return their path.

    A resumed run overwrites its earlier facts; the facts of a committed snapshot never change.
    """
    path = run_path(partition, snapshot_id)
    if not store.create(path, run.dump()) and not _is_committed(store, partition, snapshot_id):
        store.replace(path, run.dump())
    return path


def promote(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    changes: pa.Table | None = None,
) -> SnapshotFile:
    """Commit the refused snapshot ``snapshot_id`` without changes, and its change feed.

    The refused file stays in place. In the facts of the snapshot ``accepted`` is True; ``complete`` is unchanged.
    Raises ``ReferenceNotFoundError`` when there is no such refused snapshot.
    """
    source = refused_path(partition, snapshot_id)
    if not store.exists(source):
        raise ReferenceNotFoundError(
            f"{partition} {snapshot_id}: no refused snapshot of this name",
            advice="`helpscraper runs` shows which runs were refused",
        )
    with open_parquet(store, source) as file:
        stored = read_compatible(file.read(), where=source)
    run = RunFacts.parse((stored.schema.metadata or {}).get(RUN_KEY, b"{}"), source)
    rows, run = move_gone_to_facts(stored, run)
    run = replace(run, outcome="committed" if run.complete else "incomplete", accepted=True)
    path = snapshot_path(partition, snapshot_id)
    ordered = check_rows(rows, snapshot_id)
    there = _find_same(store, partition, snapshot_id, ordered, run)
    _store_bodies(store, partition, snapshot_id, [], ordered)
    if there is not None:
        return SnapshotFile(partition, snapshot_id, there, ordered.num_rows, store.size(there), 0)
    if changes is not None:
        _write_changes(store, partition, snapshot_id, changes)
    return _commit_rows(store, partition, snapshot_id, path, ordered, run, 0)


def check_rows(rows: pa.Table, snapshot_id: str) -> pa.Table:
    """Return the rows in the form in which they are stored: declared columns only, sorted by ``article_id``.

    Raises ``ArchiveError`` that shows the rows for a null in a required column, a duplicate article, an article
    that is gone, and a ``snapshot_at`` that is not the instant of ``snapshot_id``.
    """
    table = read_compatible(rows, where=f"snapshot {snapshot_id}").replace_schema_metadata()
    for name in REQUIRED:
        if table.column(name).null_count:
            raise _rows_error(f"{name} is null", table.filter(pc.is_null(table.column(name))))
    ids = table.column("article_id")
    # A ledger gives its rows in order, and sorting copies all of them.
    if not pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py():
        table = table.sort_by([("article_id", "ascending"), ("url", "ascending")])
        ids = table.column("article_id")
    if pc.any(same := pc.equal(ids[1:], ids[:-1])).as_py():
        twice = pc.unique(ids[1:].filter(same))
        raise _rows_error("an article appears twice", table.filter(pc.is_in(ids, value_set=twice)))
    gone = table.filter(pc.equal(table.column("status"), GONE))
    if gone.num_rows:
        raise _rows_error("their status is gone, but a snapshot holds only articles that exist", gone)
    instant = pa.scalar(snapshot_instant(snapshot_id), SNAPSHOT_SCHEMA.field("snapshot_at").type)
    other = table.filter(pc.not_equal(table.column("snapshot_at"), instant))
    if other.num_rows:
        raise _rows_error(f"snapshot_at is not {instant.as_py().isoformat()}", other)
    return table


def _rows_error(fault: str, rows: pa.Table) -> ArchiveError:
    shown = rows.slice(0, _SHOWN).select(["article_id", "url", "title", "snapshot_at"]).to_pylist()
    lines = [
        f"  {row['article_id']}  {row['url']}  {str(row['title'])[:80]!r}  {row['snapshot_at']}"
        for row in shown
    ]
    more = [f"  and {rows.num_rows - _SHOWN} more"] if rows.num_rows > _SHOWN else []
    return ArchiveError(
        "\n".join([f"these rows cannot be written: {fault}:", *lines, *more]),
        advice="nothing was written; this is an error of the extractor or of the input file",
    )


def _is_committed(store: Store, partition: Partition, snapshot_id: str) -> bool:
    return Months(store).path("snapshots", partition, snapshot_id) is not None


def _find_same(
    store: Store, partition: Partition, snapshot_id: str, ordered: pa.Table, run: RunFacts
) -> str | None:
    """Return the path of the file that holds this snapshot already, None when there is none with this id.

    Raises ``ArchiveError`` for a snapshot with other contents, before anything is written.
    """
    months = Months(store)
    path = months.path("snapshots", partition, snapshot_id)
    if path is None:
        return None
    with months.open("snapshots", partition, snapshot_id, path) as stored:
        facts = RunFacts.parse(stored.metadata.get(RUN_KEY, b"{}"), path)
        rows, facts = move_gone_to_facts(read_compatible(stored.read(), where=path), facts)
        same = facts.footer() == run.footer() and rows.equals(ordered)
    if not same:
        raise ArchiveError(
            f"{store.url(path)}: this snapshot is already there with other contents",
            advice="a snapshot is never overwritten: choose another time (--captured-at for an import)",
        )
    return path


def _store_bodies(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    bodies: Iterable[pa.RecordBatch] | pa.Table,
    ordered: pa.Table,
    *,
    lacking: pa.Array | None = None,
    index: BodyIndex | None = None,
) -> int:
    """Store the new bodies and return their number; raises ``ArchiveError`` if a body of ``ordered`` is missing then.

    The keys in ``lacking`` may be missing: a snapshot that is re-extracted has lost these bodies already.
    """
    index = BodyIndex(store, partition) if index is None else index
    _, count = write_bodies(store, partition, snapshot_id, bodies, snapshot_instant(snapshot_id), index)
    missing = index.missing(ordered.column("body_sha256").drop_null())
    if lacking is not None:
        missing = missing.filter(pc.invert(pc.is_in(missing, value_set=lacking)))
    if len(missing):
        rows = ordered.filter(pc.is_in(ordered.column("body_sha256"), value_set=missing))
        damaged = f"; damaged: {', '.join(sorted(index.damaged))}" if index.damaged else ""
        raise _rows_error(f"their body is neither given nor in the archive{damaged}", rows)
    return count


def _write_changes(store: Store, partition: Partition, snapshot_id: str, changes: pa.Table) -> None:
    path = changes_path(partition, snapshot_id)
    table = read_compatible(changes, CHANGES_SCHEMA, where=path)
    keys = [(name, "ascending") for name in ("article_id", "kind", "field", "before", "after")]
    noted = {
        key: value
        for key, value in (changes.schema.metadata or {}).items()
        if key.startswith(b"helpscraper.")
    }
    with store.scratch(path) as target:
        write_parquet(target, CHANGES_SCHEMA, [table.sort_by(keys)], metadata=noted, rows=CHANGES_ROWS)
        put = store.put_new if _is_committed(store, partition, snapshot_id) else store.replace
        put(path, target.read_bytes())


def _commit_rows(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    path: str,
    ordered: pa.Table,
    run: RunFacts,
    new_bodies: int,
) -> SnapshotFile:
    with store.scratch(path) as target:
        count = write_parquet(target, SNAPSHOT_SCHEMA, [ordered], metadata={RUN_KEY: run.footer()})
        size = target.stat().st_size
        store.put_new(path, target)
    return SnapshotFile(partition, snapshot_id, path, count, size, new_bodies)
