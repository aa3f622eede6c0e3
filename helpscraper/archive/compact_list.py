"""Where each snapshot and each feed lies: in a file of its own, or in its month's."""

from __future__ import annotations

from collections.abc import Iterator

from helpscraper.archive.compact_read import Months, Part
from helpscraper.archive.layout import Packed, Partition, folder, locate, locate_month, run_path
from helpscraper.archive.runs import parse_run
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["doubles", "feed_places", "snapshot_places"]

Places = dict[tuple[Partition, str], str]
"""The path of the file that holds a snapshot, by partition and id."""


def snapshot_places(store: Store, months: Months, partition: Partition | None = None) -> Places:
    """Return where each committed snapshot lies; one that has its own file is taken from there."""
    paths = store.list(folder("snapshots", partition))
    found: Places = {}
    for part in months.among(paths):
        if part.error is not None:
            _guess(store, months, part, found)
        found |= {(part.file.partition, name): part.path for name in part.entries}
    for item in map(locate, paths):
        if item is not None and not item.part:
            found[item.partition, item.snapshot_id] = item.path
    return found


def feed_places(store: Store, months: Months, partition: Partition) -> dict[str, str]:
    """Return, by id, where the change feed of each snapshot that has one lies, oldest first."""
    paths = store.list(folder("changes", partition))
    found = {name: part.path for part in months.among(paths) for name in part.entries}
    found |= {item.snapshot_id: item.path for item in map(locate, paths) if item and not item.part}
    return dict(sorted(found.items()))


def doubles(
    store: Store, months: Months, kind: Packed, partition: Partition
) -> Iterator[tuple[str, str, str]]:
    """Yield each file that is not needed, with a snapshot in it and the other file that holds that one too."""
    own = filter(None, map(locate, store.list(folder(kind, partition))))
    holder = {item.snapshot_id: item.path for item in own if not item.part}
    for part in reversed(months.parts(kind, partition)):  # the newest part of a month first
        for name in part.entries:
            other = holder.setdefault(name, part.path)
            if other != part.path:
                newer = locate_month(other) is not None
                yield (part.path, name, other) if newer else (other, name, part.path)


def _guess(store: Store, months: Months, part: Part, found: Places) -> None:
    """Enter what a damaged month's file must have held: snapshots do not vanish unsaid, their loss is to be named.

    Their runs said that they would be committed, or left a feed.
    """
    partition = part.file.partition
    published = feed_places(store, months, partition)
    for item in filter(None, map(locate, store.list(folder("runs", partition)))):
        name = item.snapshot_id
        if name[:6] != part.file.month or (partition, name) in found:
            continue
        try:
            facts = parse_run(store.read(run_path(partition, name)), store.url(item.path))
        except ArchiveError:
            facts = {}
        if name in published or facts.get("outcome") in {"committed", "incomplete"}:
            found[partition, name] = part.path
