"""Find in the change feeds the snapshots that are lost, and the changes that are in two feeds."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from helpscraper.archive.layout import Partition, snapshot_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import FROM_KEY
from helpscraper.errors import ArchiveError

__all__ = ["lost_snapshots", "lost_warnings", "overlapping_feeds"]


def lost_snapshots(
    catalog: Catalog, partition: Partition, among: Collection[str] | None = None
) -> dict[str, str]:
    """Return the id of each lost snapshot, oldest first, and the path of the next change feed, which proves it existed.

    ``among`` are the ids to look for (None: any).

    Run facts prove nothing, because a crawl may be killed between writing them and the snapshot. The next feed names
    the snapshot that it was compared with. The loss of the newest snapshot, or of a snapshot together with the next
    feed, is not detected.
    """
    feeds = catalog.feeds(partition)
    known = {*catalog.run_ids(partition), *feeds}
    found = {}
    for name in sorted(known - set(catalog.ids(partition))):
        if among is not None and name not in among:
            continue
        following = next((each for each in feeds if each > name), None)
        if following is not None and _compared_with(catalog, partition, following, feeds) == name:
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


def overlapping_feeds(catalog: Catalog, partition: Partition) -> dict[str, tuple[str, str]]:
    """Return the path of each feed that is from before another feed's snapshot, which is in between.

    The values are the id of the snapshot that the feed is from, and the id in between. A sum over the feeds counts the
    changes of both twice. Two crawls at the same time made such feeds in earlier versions.
    """
    feeds = catalog.feeds(partition)
    found = {}
    for before, name in pairwise(feeds):
        begin = _compared_with(catalog, partition, name, feeds)
        if begin and begin < before:
            found[feeds[name]] = begin, before
    return found


def _compared_with(catalog: Catalog, partition: Partition, name: str, feeds: dict[str, str]) -> str | None:
    try:
        with catalog.months.open("changes", partition, name, feeds[name], by_index=True) as feed:
            return feed.metadata.get(FROM_KEY, b"").decode(errors="replace")
    except ArchiveError:
        return None
