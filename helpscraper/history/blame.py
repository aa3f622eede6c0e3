"""Find the snapshot in which each paragraph of an article first appeared."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import pyarrow as pa

from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.errors import ArchiveError, ReferenceNotFoundError
from helpscraper.history.timeline import History, article_history
from helpscraper.history.words import align, blocks_of, units_of

__all__ = ["BLAME_SCHEMA", "attribute", "blame"]

BLAME_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("block", pa.int64(), nullable=False),
        pa.field("snapshot_id", pa.string(), nullable=False),
        pa.field("snapshot_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("or_earlier", pa.bool_(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""One row for each block of the newest body, from 1; ``or_earlier``: the first snapshot has the block already."""


@dataclass(frozen=True, slots=True)
class _Version:
    sha256: str
    snapshot_id: str


def attribute(versions: list[tuple[str, str]], language: str | None = None) -> list[tuple[str, str]]:
    """Return the text of each block of the last version and the name of the version that introduced it. Pure.

    ``versions`` are (name, body text), oldest first. A block that only moved keeps its version; one that changed in
    any word gets the version of the change.

    >>> attribute([("mon", "One two three.\\nFour."), ("tue", "Four.\\nOne two three!\\nFive.")])
    [('Four.', 'mon'), ('One two three!', 'tue'), ('Five.', 'tue')]
    """
    blocks: list[str] = []
    names: list[str] = []
    units = cache(partial(units_of, language=language))
    for name, text in versions:
        fresh = blocks_of(text)
        from_before = {j: names[i] for i, j, _ in align(blocks, fresh, units) if blocks[i] == fresh[j]}
        names = [from_before.get(j, name) for j in range(len(fresh))]
        blocks = fresh
    return list(zip(blocks, names, strict=True))


def blame(
    catalog: Catalog,
    article_id: str,
    partition: Partition | None = None,
    *,
    warn: Callable[[str], object] = lambda _: None,
) -> pa.Table:
    """Return the blocks of the newest body of an article with the snapshot that introduced each (``BLAME_SCHEMA``).

    Skips unreadable snapshots and passes each as a message to ``warn``. Raises ``ReferenceNotFoundError`` for an
    unknown article (with the nearest names) and for one whose page was never read, and ``ArchiveError`` for a body that
    cannot be read.
    """
    history = article_history(catalog, article_id, partition)
    for warning in history.warnings:
        warn(warning)
    language, newest = _newest(catalog, history, warn)
    versions = _versions(catalog, history, newest)
    texts = [(v.snapshot_id, catalog.body(v.sha256, history.partition)["body_text"]) for v in versions]
    found = attribute(texts, language)
    ids = [name for _, name in found]
    return pa.table(
        {
            "block": list(range(1, len(found) + 1)),
            "snapshot_id": ids,
            "snapshot_at": [snapshot_instant(name) for name in ids],
            "or_earlier": [name == history.since for name in ids],
            "text": [text for text, _ in found],
        },
        schema=BLAME_SCHEMA,
    )


def _newest(catalog: Catalog, history: History, warn: Callable[[str], object]) -> tuple[str | None, str]:
    """Return the language and body key in the newest snapshot that has a body of the article."""
    for snapshot in reversed(catalog.snapshots(history.partition)):
        try:
            row = _row(catalog, history, snapshot)
        except ArchiveError as error:
            warn(f"{snapshot.id}: {error.message}")
            continue
        if row and row["body_sha256"]:
            return row["language"], row["body_sha256"]
    raise ReferenceNotFoundError(
        f"{history.article_id}: no snapshot has a body of it", advice="its page was never fetched"
    )


def _versions(catalog: Catalog, history: History, newest: str) -> list[_Version]:
    """Return the bodies that the article had, oldest first.

    The feed dates the edits. Any other body (first reading of the page, newer extractor) gets the first snapshot in
    which the article has it.
    """
    versions: list[_Version] = []

    def add(sha256: str, at: str | None) -> None:
        if not versions or versions[-1].sha256 != sha256:
            versions.append(_Version(sha256, at or _shown(catalog, history, sha256, versions)))

    for row in history.table.to_pylist():
        if row["field"] == "body_sha256" and row["kind"] == "edited":
            add(row["before"], None)
            add(row["after"], row["snapshot_id"])
    add(newest, None)
    return versions


def _shown(catalog: Catalog, history: History, sha256: str, earlier: list[_Version]) -> str:
    """Return the first snapshot after the ``earlier`` versions in which the article has this body.

    The date on which the body was stored is not enough: another article may have had it before.
    """
    for snapshot in catalog.snapshots(history.partition):
        if earlier and snapshot.id < earlier[-1].snapshot_id:
            continue
        with contextlib.suppress(ArchiveError):
            row = _row(catalog, history, snapshot)
            if row and row["body_sha256"] == sha256:
                return snapshot.id
    at: dt.datetime = catalog.body(sha256, history.partition)["first_snapshot_at"]
    return snapshot_id(at)


def _row(catalog: Catalog, history: History, snapshot: Snapshot) -> dict[str, str | None] | None:
    """Return the language and body key of the article in a snapshot, by the key that it had then."""
    name = history.name_in(snapshot.id)
    if name is None:
        return None
    found = catalog.load_table(snapshot, columns=["language", "body_sha256"], article_id=name)
    return next(iter(found.to_pylist()), None)
