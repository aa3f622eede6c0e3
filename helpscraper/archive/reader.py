"""Read an archive: list its snapshots, resolve their names, load their rows.

Everything is found by listing folders; facts come from file footers and from ``runs/``. A damaged file is an
``ArchiveError`` for the caller that asks for it, and does not hinder other readers.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.bodies import BODY_COLUMNS, BodyIndex
from helpscraper.archive.gone import (
    drop_gone_rows,
    may_hold_gone,
    move_gone_to_facts,
)
from helpscraper.archive.layout import (
    ArchiveFile,
    Kind,
    Partition,
    default_partition,
    folder,
    parse_path,
    refused_path,
    run_path,
    snapshot_path,
)
from helpscraper.archive.months import Months, OpenFile
from helpscraper.archive.parquet import RUN_KEY, open_parquet
from helpscraper.archive.references import match_reference, split_reference
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import SNAPSHOT_SCHEMA, read_compatible
from helpscraper.archive.store import Store, open_store
from helpscraper.errors import ArchiveError, ReferenceNotFoundError

__all__ = ["BODY_COLUMNS", "Catalog", "Snapshot"]


@dataclass(frozen=True, slots=True, order=True)
class Snapshot:
    """One committed crawl. ``path`` is the file that stands for it: its newest re-extraction if any, else its own,
    else its month's.
    """

    partition: Partition
    id: str
    path: str = field(compare=False)
    reextracted: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.partition}:{self.id}"


class Catalog:
    """The contents of an archive. Cheap to make; lists folders when asked and remembers only the keys of bodies.

    ``site`` and ``locale`` narrow it down to a part. Where one partition is needed and several fit,
    ``layout.default_partition`` is taken if it is among them.
    """

    def __init__(
        self,
        store: Store | str | os.PathLike[str] = "output",
        *,
        site: str | None = None,
        locale: str | None = None,
    ) -> None:
        self.store = store if isinstance(store, Store) else open_store(store)
        self.site = site
        self.locale = locale
        self.months = Months(self.store)
        self._bodies: dict[Partition, BodyIndex] = {}

    def with_cached_listings(self) -> Catalog:
        """Return the catalog of this moment: it lists each folder once, for all that is asked of it."""
        one = copy.copy(self)
        one.store = self.store.with_cached_listings()
        one.months = Months(one.store, self.months)
        return one

    def partitions(self) -> list[Partition]:
        """Return the sites and locales that have a snapshot or a run, within the filter, sorted."""
        found = {item.partition for item in [*self._committed(), *self._located("runs")]}
        return sorted(found)

    def partition(self, site: str | None = None, locale: str | None = None) -> Partition:
        """Return the one partition that is meant; ``ReferenceNotFoundError`` when it is not clear."""
        site, locale = site or self.site, locale or self.locale
        if site and locale:
            return Partition(site, locale)
        fitting = [
            each for each in self.partitions() if site in (None, each.site) and locale in (None, each.locale)
        ]
        if len(fitting) == 1:
            return fitting[0]
        default = default_partition(site, locale, archive=self.store.uri)
        if default is not None and (default in fitting or not fitting):
            return default
        if not fitting:
            existing = ", ".join(map(str, Catalog(self.store).partitions()))
            raise ReferenceNotFoundError(
                f"{self.store.uri} holds nothing of the site {site}",
                advice=f"choose one of: {existing}"
                if existing
                else "make a snapshot with `helpscraper crawl`",
            )
        raise ReferenceNotFoundError(
            f"{self.store.uri} holds several sites or locales: {', '.join(map(str, fitting))}",
            advice="choose one by its site and locale (--site and --locale, in Python site= and locale=)",
        )

    def snapshots(self, partition: Partition | None = None) -> list[Snapshot]:
        """Return the committed snapshots, oldest first, partition by partition."""
        return self._snapshots(partition)

    def ids(self, partition: Partition) -> list[str]:
        """Return the ids of the committed snapshots of ``partition``, oldest first."""
        return list(self.paths(partition))

    def paths(self, partition: Partition) -> dict[str, str]:
        """Return, by id, which file holds each committed snapshot as it was crawled, oldest first."""
        return {item.snapshot_id: item.path for item in self._committed(partition)}

    def feeds(self, partition: Partition) -> dict[str, str]:
        """Return, by id, which file holds the change feed of each snapshot that has one, oldest first."""
        places = self.months.places("changes", partition)
        return {name: places[where, name] for where, name in sorted(places)}

    def is_committed(self, partition: Partition, snapshot_id: str) -> bool:
        """Tell whether there is a snapshot of this instant, in a file of its own or in its month's."""
        return self.months.where("snapshots", partition, snapshot_id) is not None

    def resolve(
        self, reference: str = "latest", *, site: str | None = None, locale: str | None = None
    ) -> Snapshot:
        """Return the snapshot that ``reference`` means; a site or locale in it beats the arguments.

        Raises ``ReferenceNotFoundError``.
        """
        named_site, named_locale, name = split_reference(reference)
        partition = self.partition(named_site or site, named_locale or locale)
        ids = self.ids(partition)
        if not ids and (existing := Catalog(self.store).partitions()):
            if partition in existing:
                raise ReferenceNotFoundError(
                    f"{self.store.uri} ({partition}) holds no snapshot yet, though crawls were made",
                    advice="`helpscraper runs` shows what became of each run",
                )
            raise ReferenceNotFoundError(
                f"{self.store.uri} ({partition}) holds no snapshot yet",
                advice=f"choose one of: {', '.join(map(str, existing))}",
            )
        found = match_reference(name, ids, where=f"{self.store.uri} ({partition})")
        return self._snapshot(partition, found)

    def is_taken(self, partition: Partition, snapshot_id: str) -> bool:
        """Tell whether a snapshot, a refused snapshot or a run of that name exists."""
        paths = (f(partition, snapshot_id) for f in (refused_path, run_path))
        return self.is_committed(partition, snapshot_id) or any(self.store.exists(path) for path in paths)

    def load_table(
        self,
        reference: str | Snapshot = "latest",
        *,
        columns: Sequence[str] | None = None,
        article_id: str | None = None,
        bodies: bool = False,
        site: str | None = None,
        locale: str | None = None,
    ) -> pa.Table:
        """Return the rows of one snapshot, sorted by ``article_id``, with the columns of ``SNAPSHOT_SCHEMA``.

        Each row is an article that was there, whatever version of helpscraper wrote the file.
        ``columns`` narrows them; ``article_id`` reads only the row group that can hold that article;
        ``bodies`` adds ``body_text``, ``body_markdown`` and ``body_html`` (null where there is none). The
        file's metadata stay on the table's schema. Raises ``ArchiveError`` naming a damaged file.
        """
        snapshot = (
            reference
            if isinstance(reference, Snapshot)
            else self.resolve(reference, site=site, locale=locale)
        )
        wanted = list(columns) if columns is not None else SNAPSHOT_SCHEMA.names
        schema = pa.schema([SNAPSHOT_SCHEMA.field(name) for name in wanted])
        read = dict.fromkeys(
            [*wanted, *(["article_id"] if article_id else []), *(["body_sha256"] if bodies else [])]
        )
        with self.open(snapshot) as one:
            old = may_hold_gone(one.metadata)
            found = one.read(
                dict.fromkeys([*read, "status"]) if old else read,
                None if article_id is None else [article_id],
            )
            table = read_compatible(
                drop_gone_rows(found) if old else found, _only(list(read)), where=snapshot.path
            )
        if article_id is not None:
            table = table.filter(pc.equal(table.column("article_id"), article_id))
        if not bodies:
            return table.select(wanted) if len(read) > len(schema) else table
        # A stored body stays, so the index is brought up to date only when a body is not in it.
        index = self._bodies.get(snapshot.partition) or self.body_index(snapshot.partition)
        return index.append_to(table, self.store, str(snapshot)).select([*wanted, *BODY_COLUMNS])

    def refused(self, partition: Partition, snapshot_id: str) -> tuple[pa.Table, RunFacts]:
        """Return the rows and the run facts of a refused snapshot, or raise ``ReferenceNotFoundError``."""
        path = refused_path(partition, snapshot_id)
        if not self.store.exists(path):
            raise ReferenceNotFoundError(
                f"{partition}: {snapshot_id} was not refused",
                advice="`helpscraper runs` shows what became of each run",
            )
        with open_parquet(self.store, path) as file:
            table = read_compatible(file.read(), where=path)
        return move_gone_to_facts(
            table, RunFacts.parse((table.schema.metadata or {}).get(RUN_KEY, b"{}"), path)
        )

    def open(self, snapshot: Snapshot) -> AbstractContextManager[OpenFile]:
        """Open the rows and the metadata of a snapshot, in whichever file they are."""
        return self.months.open("snapshots", snapshot.partition, snapshot.id, snapshot.path)

    def open_feed(self, snapshot: Snapshot) -> AbstractContextManager[OpenFile]:
        """Open the change feed of a snapshot, in whichever file it is; ``ArchiveError`` when there is none."""
        return self.months.open("changes", snapshot.partition, snapshot.id)

    def facts(self, snapshot: Snapshot) -> RunFacts:
        """Return the run facts that the snapshot's own file carries (without those of clock and machine).

        ``gone`` is filled for a file of schema 1 too, from its rows.
        """
        with self.open(snapshot) as one:
            return one.facts(self.store.url(snapshot.path))

    def overview(self, snapshot: Snapshot) -> tuple[RunFacts, int]:
        """Return the run facts as ``facts`` does, and the number of articles that were there."""
        with self.open(snapshot) as one:
            facts = one.facts(self.store.url(snapshot.path))
            return facts, one.rows - (len(facts.gone) if may_hold_gone(one.metadata) else 0)

    def size(self, snapshot: Snapshot) -> int:
        """Return the bytes of the snapshot's file; of a month's file, its share by rows."""
        part = self.months.part(snapshot.path)
        if part is None:
            return self.store.size(snapshot.path)
        return part.size * part.rows[snapshot.id] // max(sum(part.rows.values()), 1)

    def run(self, partition: Partition, run_id: str) -> RunFacts:
        """Return the facts of one run, committed or not; ``ArchiveError`` when there are none."""
        path = run_path(partition, run_id)
        return RunFacts.parse(self.store.read(path), self.store.url(path))

    def run_ids(self, partition: Partition) -> list[str]:
        """Return the ids of all runs of ``partition`` that left facts, oldest first."""
        return [item.snapshot_id for item in self._located("runs", partition)]

    def body_index(self, partition: Partition) -> BodyIndex:
        """Return the index of the partition's bodies, brought up to date."""
        index = self._bodies.get(partition)
        if index is None:
            index = self._bodies[partition] = BodyIndex(self.store, partition)
        else:
            index.refresh(self.store)
        return index

    def body(self, sha256: str, partition: Partition | None = None) -> dict[str, Any]:
        """Return one body as a dict named as ``BODIES_SCHEMA``, or raise ``ReferenceNotFoundError``.

        Where files of bodies are damaged, and it may be in one of them, it is an ``ArchiveError`` that names them.
        """
        damaged: list[str] = []
        for each in [partition] if partition else self.partitions():
            index = self.body_index(each)
            rows = index.fetch(pa.array([sha256], pa.string())).to_pylist()
            if rows:
                return dict(rows[0])
            damaged += (error.message for error in index.damaged.values())
        if damaged:
            lines = "".join(f"\n  {each}" for each in damaged)
            raise ArchiveError(
                f"{self.store.uri}: body {sha256} cannot be read{lines}",
                advice="restore the files that are damaged from a backup",
            )
        raise ReferenceNotFoundError(
            f"{self.store.uri}: no body {sha256}",
            advice="keys stand in the column body_sha256 of a snapshot; `helpscraper verify` names a missing one",
        )

    def _located(self, kind: Kind, partition: Partition | None = None) -> list[ArchiveFile]:
        """Return the files of ``kind`` within the filter, in the order of partition, id and part."""
        found = (parse_path(path) for path in self.store.list(folder(kind, partition)))
        return sorted(item for item in found if item is not None and self._wants(item.partition))

    def _committed(self, partition: Partition | None = None) -> list[ArchiveFile]:
        """Return where each committed snapshot lies, within the filter, oldest first in each partition."""
        places = self.months.places("snapshots", partition)
        return sorted(
            ArchiveFile("snapshots", where, name, 0, path)
            for (where, name), path in places.items()
            if self._wants(where)
        )

    def _wants(self, partition: Partition) -> bool:
        return self.site in (None, partition.site) and self.locale in (None, partition.locale)

    def _snapshots(self, partition: Partition | None) -> list[Snapshot]:
        newer = {(item.partition, item.snapshot_id): item for item in self._located("reextracted", partition)}
        found = []
        for item in self._committed(partition):
            better = newer.get((item.partition, item.snapshot_id))
            found.append(
                Snapshot(
                    item.partition, item.snapshot_id, (better or item).path, reextracted=better is not None
                )
            )
        return found

    def _snapshot(self, partition: Partition, snapshot_id: str) -> Snapshot:
        newer = [item for item in self._located("reextracted", partition) if item.snapshot_id == snapshot_id]
        if newer:
            return Snapshot(partition, snapshot_id, newer[-1].path, reextracted=True)
        path = self.months.where("snapshots", partition, snapshot_id)
        if path is None:  # in a damaged file, or nowhere any more: opening it says so
            there = (each.path for each in self._committed(partition) if each.snapshot_id == snapshot_id)
            path = next(there, snapshot_path(partition, snapshot_id))
        return Snapshot(partition, snapshot_id, path)


def _only(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([SNAPSHOT_SCHEMA.field(name) for name in columns])
