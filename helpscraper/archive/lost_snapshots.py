"""Find snapshots that were committed but whose file is missing."""

from __future__ import annotations

from helpscraper.archive.layout import Partition, folder, parse_path, snapshot_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import FROM_KEY
from helpscraper.errors import ArchiveError

__all__ = ["lost_snapshots", "lost_warnings"]


def lost_snapshots(catalog: Catalog, partition: Partition) -> dict[str, str]:
    """Return each lost snapshot (id, oldest first) and the path of the next change feed, which proves it existed.

    Run facts prove nothing, because a crawl may be killed between writing them and the snapshot. The next feed names
    the snapshot that it was compared with. The newest snapshot, and one whose next feed is lost too, is not found.
    """
    feeds = catalog.feeds(partition)
    runs = filter(None, map(parse_path, catalog.store.list(folder("runs", partition))))
    known = {item.snapshot_id for item in runs} | feeds.keys()
    there = set(catalog.ids(partition))
    found = {}
    for name in sorted(known - there):
        following = next((each for each in feeds if each > name), None)
        if following is not None and _written_against(catalog, partition, following, feeds) == name:
            found[name] = feeds[following]
    return found


def lost_warnings(catalog: Catalog, partition: Partition, after: str = "") -> list[str]:
    """Return a warning for each lost snapshot with an id greater than ``after``."""
    return [
        f"{name}: {snapshot_path(partition, name)} is missing, although {feed} was compared with it; "
        "restore it from a backup"
        for name, feed in lost_snapshots(catalog, partition).items()
        if name > after
    ]


def _written_against(catalog: Catalog, partition: Partition, name: str, feeds: dict[str, str]) -> str | None:
    try:
        with catalog.months.open("changes", partition, name, feeds[name]) as one:
            return one.metadata.get(FROM_KEY, b"").decode(errors="replace")
    except ArchiveError:
        return None
