"""Snapshots that are not there any more, although what is left of the archive says that they were."""

from __future__ import annotations

from helpscraper.archive.layout import Partition, folder, locate, snapshot_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import FROM_KEY
from helpscraper.errors import ArchiveError

__all__ = ["lost_snapshots", "lost_warnings"]


def lost_snapshots(catalog: Catalog, partition: Partition) -> dict[str, str]:
    """Return, by id and oldest first, each snapshot that no file holds, and the file of the feed that was made of it.

    Run facts alone prove nothing: they are written before the snapshot, and a crawl may be killed in between. The
    next feed does: it names the snapshot that it was written against. A snapshot that was the newest, or whose next
    feed is lost too, is not found this way.
    """
    feeds = catalog.feeds(partition)
    runs = filter(None, map(locate, catalog.store.list(folder("runs", partition))))
    known = {item.snapshot_id for item in runs} | feeds.keys()
    there = set(catalog.ids(partition))
    found = {}
    for name in sorted(known - there):
        following = next((each for each in feeds if each > name), None)
        if following is not None and _written_against(catalog, partition, following, feeds) == name:
            found[name] = feeds[following]
    return found


def lost_warnings(catalog: Catalog, partition: Partition, after: str = "") -> list[str]:
    """Return what a reader is told of lost snapshots whose id is greater than ``after``, each in a line."""
    return [
        f"{name}: {snapshot_path(partition, name)} is missing, and {feed} was written against it"
        for name, feed in lost_snapshots(catalog, partition).items()
        if name > after
    ]


def _written_against(catalog: Catalog, partition: Partition, name: str, feeds: dict[str, str]) -> str | None:
    try:
        with catalog.months.open("changes", partition, name, feeds[name]) as one:
            return one.metadata.get(FROM_KEY, b"").decode(errors="replace")
    except ArchiveError:
        return None
