"""Read an archive: list its snapshots, resolve their names, load their rows.

Files are found by listing folders; run facts are in file footers and in ``runs/``. A damaged file raises
``ArchiveError`` only when it is read; the other files stay readable.
"""

from __future__ import annotations

import copy
import datetime as dt
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.bodies import BODY_COLUMNS, BodyIndex
from helpscraper.archive.edition_index import indexed
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
    folder_within,
    parse_path,
    refused_path,
    run_path,
    snapshot_path,
)
from helpscraper.archive.months import Months
from helpscraper.archive.open_file import OpenFile
from helpscraper.archive.parquet import RUN_KEY, open_parquet
from helpscraper.archive.references import match_reference, split_reference
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import SNAPSHOT_SCHEMA, read_compatible
from helpscraper.archive.store import Store, open_store
from helpscraper.errors import ArchiveError, ReferenceNotFoundError
from helpscraper.nearest import nearest_or_all

__all__ = ["BODY_COLUMNS", "Catalog", "Snapshot"]


@dataclass(frozen=True, slots=True, order=True)
class Snapshot:
    """One committed crawl. ``path`` is the file with its rows: its newest re-extraction, else its own file, else the
    file of its month.
    """

    partition: Partition
    id: str
    path: str = field(compare=False)
    reextracted: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.partition}:{self.id}"


class Catalog:
    """The contents of an archive; ``site`` and ``locale`` restrict it to a part.

    Nothing is read until a method needs it, and only the keys of bodies are cached. Where one partition is needed and
    several match, ``layout.default_partition`` is used if it is among them.
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
        """Return a copy that lists each folder once, when it is first needed."""
        copied = copy.copy(self)
        copied.store = self.store.with_cached_listings()
        copied.months = Months(copied.store, self.months)
        return copied

    def partitions(self) -> list[Partition]:
        """Return the sites and locales of this catalog that have a snapshot or a run, sorted."""
        found = {item.partition for item in [*self._committed(), *self._files("runs")]}
        return sorted(found)

    def partition(self, site: str | None = None, locale: str | None = None) -> Partition:
        """Return the only partition of ``site`` and ``locale`` (None: any), else the default one.

        Raises ``ReferenceNotFoundError`` when none or several match.
        """
        site, locale = site or self.site, locale or self.locale
        if site and locale:
            return Partition(site, locale)
        matching = [
            each for each in self.partitions() if site in (None, each.site) and locale in (None, each.locale)
        ]
        if len(matching) == 1:
            return matching[0]
        default = default_partition(site, locale, archive=self.store.uri)
        if default is not None and (default in matching or not matching):
            return default
        if not matching:
            existing = list(map(str, Catalog(self.store).partitions()))
            raise ReferenceNotFoundError(
                f"{self.store.uri} holds no snapshot or run of the site {site}",
                advice=nearest_or_all(site or "", existing)
                if existing
                else "make a snapshot with `helpscraper crawl`",
            )
        raise ReferenceNotFoundError(
            f"{self.store.uri} holds several sites or locales: {', '.join(map(str, matching))}",
            advice="choose one by its site and locale (--site and --locale, in Python site= and locale=)",
        )

    def snapshots(self, partition: Partition | None = None) -> list[Snapshot]:
        """Return the committed snapshots (of ``partition``), by partition, oldest first."""
        reextracted = {
            (item.partition, item.snapshot_id): item.path for item in self._files("reextracted", partition)
        }
        return [
            Snapshot(item.partition, item.snapshot_id, reextracted.get(key, item.path), key in reextracted)
            for item in self._committed(partition)
            for key in [(item.partition, item.snapshot_id)]
        ]

    def ids(self, partition: Partition) -> list[str]:
        """Return the ids of the committed snapshots of ``partition``, oldest first."""
        return list(self.paths(partition))

    def paths(self, partition: Partition) -> dict[str, str]:
        """Return the path of each committed snapshot as it was crawled, by id, oldest first."""
        return {item.snapshot_id: item.path for item in self._committed(partition)}

    def feeds(self, partition: Partition) -> dict[str, str]:
        """Return the path of each change feed, by the id of its snapshot, oldest first."""
        paths = self.months.paths("changes", folder("changes", partition))
        return {name: path for (_, name), path in sorted(paths.items())}

    def is_committed(self, partition: Partition, snapshot_id: str) -> bool:
        """Tell whether there is a snapshot with this id, in its own file or in that of its month."""
        return self.months.path("snapshots", partition, snapshot_id) is not None

    def resolve(
        self, reference: str | dt.date = "latest", *, site: str | None = None, locale: str | None = None
    ) -> Snapshot:
        """Return the snapshot named ``reference``; a site or locale in it overrides the arguments.

        Raises ``ReferenceNotFoundError``.
        """
        if not isinstance(reference, str | dt.date):
            raise ReferenceNotFoundError(
                f"{reference!r} names no snapshot", advice="give a text such as latest~1, or a date"
            )
        named_site, named_locale, name = (
            split_reference(reference) if isinstance(reference, str) else (None, None, reference)
        )
        partition = self.partition(named_site or site, named_locale or locale)
        ids = self.ids(partition)
        if not ids and (existing := Catalog(self.store).partitions()):
            if partition in existing:
                raise ReferenceNotFoundError(
                    f"{self.store.uri} ({partition}) holds no snapshot yet, though there were runs",
                    advice="`helpscraper runs` shows how each run ended",
                )
            raise ReferenceNotFoundError(
                f"{self.store.uri} ({partition}) holds no snapshot yet",
                advice=nearest_or_all(str(partition), map(str, existing)),
            )
        found = match_reference(name, ids, where=f"{self.store.uri} ({partition})")
        return self._snapshot(partition, found)

    def is_taken(self, partition: Partition, snapshot_id: str) -> bool:
        """Tell whether a snapshot, a refused snapshot or a run with this id exists."""
        paths = (f(partition, snapshot_id) for f in (refused_path, run_path))
        return self.is_committed(partition, snapshot_id) or any(self.store.exists(path) for path in paths)

    def load_table(
        self,
        reference: str | dt.date | Snapshot = "latest",
        *,
        columns: Sequence[str] | None = None,
        article_id: str | None = None,
        bodies: bool = False,
        site: str | None = None,
        locale: str | None = None,
    ) -> pa.Table:
        """Return the rows of one snapshot, sorted by ``article_id``, with the columns of ``SNAPSHOT_SCHEMA``.

        Each row is an article that existed, whatever version of helpscraper wrote the file. ``columns`` selects some
        columns, ``article_id`` one article; ``bodies`` adds ``body_text``, ``body_markdown`` and ``body_html`` (null
        for a row without a body). The table keeps the metadata of the file. Raises ``ArchiveError`` naming a damaged
        file.
        """
        snapshot = (
            reference
            if isinstance(reference, Snapshot)
            else self.resolve(reference, site=site, locale=locale)
        )
        wanted = list(columns) if columns is not None else SNAPSHOT_SCHEMA.names
        read = dict.fromkeys(
            [*wanted, *(["article_id"] if article_id else []), *(["body_sha256"] if bodies else [])]
        )
        schema = pa.schema([SNAPSHOT_SCHEMA.field(name) for name in read])
        with self.open(snapshot) as opened:
            old = may_hold_gone(opened.metadata)
            found = opened.read(
                dict.fromkeys([*read, "status"]) if old else read,
                None if article_id is None else [article_id],
            )
            table = read_compatible(drop_gone_rows(found) if old else found, schema, where=snapshot.path)
        if article_id is not None:
            table = table.filter(pc.equal(table.column("article_id"), article_id))
        if not bodies:
            return table.select(wanted)
        # Bodies are never removed, so the index is refreshed only when it lacks one.
        index = self._bodies.get(snapshot.partition) or self.body_index(snapshot.partition)
        return index.append_to(table, self.store, str(snapshot)).select([*wanted, *BODY_COLUMNS])

    def refused(self, partition: Partition, snapshot_id: str) -> tuple[pa.Table, RunFacts]:
        """Return the rows and the run facts of a refused snapshot, or raise ``ReferenceNotFoundError``."""
        path = refused_path(partition, snapshot_id)
        if not self.store.exists(path):
            raise ReferenceNotFoundError(
                f"{partition}: {snapshot_id} was not refused",
                advice="`helpscraper runs` shows how each run ended",
            )
        with open_parquet(self.store, path) as file:
            table = read_compatible(file.read(), where=path)
        return move_gone_to_facts(
            table, RunFacts.parse((table.schema.metadata or {}).get(RUN_KEY, b"{}"), path)
        )

    def open(self, snapshot: Snapshot) -> AbstractContextManager[OpenFile]:
        """Open a snapshot in its own file, or in that of its month."""
        return self.months.open("snapshots", snapshot.partition, snapshot.id, snapshot.path)

    def open_feed(self, snapshot: Snapshot) -> AbstractContextManager[OpenFile]:
        """Open the change feed of a snapshot; raises ``ArchiveError`` when there is none."""
        return self.months.open("changes", snapshot.partition, snapshot.id, by_index=True)

    def facts(self, snapshot: Snapshot) -> RunFacts:
        """Return the run facts in the snapshot's footer (without those of clock and machine).

        For a file of schema 1 ``gone`` is read from its rows.
        """
        return self.overview(snapshot)[0]

    def overview(self, snapshot: Snapshot) -> tuple[RunFacts, int]:
        """Return the run facts as ``facts`` does, and the number of articles."""
        with self.months.open(
            "snapshots", snapshot.partition, snapshot.id, snapshot.path, by_index=True
        ) as opened:
            facts = opened.facts(self.store.url(snapshot.path))
            return facts, opened.rows - (len(facts.gone) if may_hold_gone(opened.metadata) else 0)

    def size(self, snapshot: Snapshot) -> int:
        """Return the size of the snapshot's file in bytes; for a month's file, its share by rows."""
        part = self.months.part(snapshot.path)
        if part is None:
            return self.store.size(snapshot.path)
        return part.size * part.rows[snapshot.id] // max(sum(part.rows.values()), 1)

    def run(self, partition: Partition, run_id: str) -> RunFacts:
        """Return the facts of one run, committed or not; raises ``ArchiveError`` when there are none."""
        path = run_path(partition, run_id)
        known = indexed(self.store, "footers", path)
        data = self.store.read(path) if known is None else dict(known["metadata"].as_py())[b""]
        return RunFacts.parse(data, self.store.url(path))

    def run_ids(self, partition: Partition) -> list[str]:
        """Return the ids of all runs of ``partition`` that have facts, oldest first."""
        return [item.snapshot_id for item in self._files("runs", partition)]

    def body_index(self, partition: Partition) -> BodyIndex:
        """Return the index of the partition's bodies, after a refresh."""
        index = self._bodies.get(partition)
        if index is None:
            index = self._bodies[partition] = BodyIndex(self.store, partition)
        else:
            index.refresh(self.store)
        return index

    def body(self, sha256: str, partition: Partition | None = None) -> dict[str, Any]:
        """Return one body as a dict with the columns of ``BODIES_SCHEMA``.

        Raises ``ReferenceNotFoundError`` for an unknown key, and ``ArchiveError`` naming the damaged files that may
        hold the body.
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
            advice="use a value of the column body_sha256; `helpscraper verify` names missing bodies",
        )

    def _files(self, kind: Kind, partition: Partition | None = None) -> list[ArchiveFile]:
        """Return the files of ``kind`` in this catalog, sorted by partition, id and part."""
        found = (parse_path(path) for path in self.store.list(self._within(kind, partition)))
        return sorted(item for item in found if item is not None and self._wants(item.partition))

    def _committed(self, partition: Partition | None = None) -> list[ArchiveFile]:
        """Return the file of each committed snapshot as it was crawled, by partition, oldest first."""
        return sorted(
            ArchiveFile("snapshots", found, name, 0, path)
            for (found, name), path in self.months.paths(
                "snapshots", self._within("snapshots", partition)
            ).items()
            if self._wants(found)
        )

    def _within(self, kind: Kind, partition: Partition | None) -> str:
        return folder_within(kind, self.site, self.locale) if partition is None else folder(kind, partition)

    def _wants(self, partition: Partition) -> bool:
        return self.site in (None, partition.site) and self.locale in (None, partition.locale)

    def _snapshot(self, partition: Partition, snapshot_id: str) -> Snapshot:
        newer = [item for item in self._files("reextracted", partition) if item.snapshot_id == snapshot_id]
        if newer:
            return Snapshot(partition, snapshot_id, newer[-1].path, reextracted=True)
        path = self.months.path("snapshots", partition, snapshot_id)
        if path is None:  # in a damaged file, or removed meanwhile: opening it raises the error
            found = (each.path for each in self._committed(partition) if each.snapshot_id == snapshot_id)
            path = next(found, snapshot_path(partition, snapshot_id))
        return Snapshot(partition, snapshot_id, path)
