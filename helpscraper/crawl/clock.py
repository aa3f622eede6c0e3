"""The instant that names a crawl: later than all that the archive holds of the partition, or there is no crawl.

Snapshots are ordered by their names. One that a clock which ran ahead has named stays the latest, whatever is crawled
after it; so does a crawl that a clock which runs behind would name.
"""

from __future__ import annotations

import datetime as dt
import time

from helpscraper.archive.layout import Partition, folder, locate, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.errors import ArchiveError

__all__ = ["free_instant"]

# A clock that is set right by so much between two crawls is waited for.
_PATIENCE = dt.timedelta(seconds=5)


def free_instant(catalog: Catalog, partition: Partition) -> dt.datetime:
    """Return now, in whole seconds, once it is later than every snapshot, and no run of the partition has that name.

    Raises ``ArchiveError`` when a snapshot, committed or refused, is of the future.
    """
    newest = _newest(catalog, partition)
    while True:
        now = _now().replace(microsecond=0)
        if newest is not None and snapshot_instant(newest) - now > _PATIENCE:
            raise ArchiveError(
                f"{catalog.store.uri} ({partition}): snapshot {newest} is of the future: by the clock it is "
                f"{snapshot_id(now)}, and a crawl of now would never be the latest",
                advice=f"set the clock; if it is right and was ahead before, move the files named {newest} out of "
                "the archive's folders (snapshots, changes, runs, refused) and crawl again",
            )
        if (newest is None or snapshot_id(now) > newest) and not catalog.is_taken(
            partition, snapshot_id(now)
        ):
            return now
        time.sleep(0.05)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _newest(catalog: Catalog, partition: Partition) -> str | None:
    """Return the id of the newest snapshot, committed or refused; None when there is none."""
    refused = map(locate, catalog.store.list(folder("refused", partition)))
    ids = [*catalog.ids(partition)[-1:], *(found.snapshot_id for found in refused if found is not None)]
    return max(ids, default=None)
