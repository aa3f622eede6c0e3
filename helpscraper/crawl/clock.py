"""The instant that names a crawl: it must be later than every snapshot of the partition.

Snapshots are ordered by name, so a snapshot named by a clock that ran ahead would stay the latest.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from helpscraper.archive.layout import Partition, folder, parse_path, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.errors import ArchiveError

__all__ = ["free_instant"]

# A clock that was set back by at most this much is waited for.
_PATIENCE = dt.timedelta(seconds=5)


def free_instant(
    catalog: Catalog, partition: Partition, claim: Callable[[str], bool] = lambda _: True
) -> dt.datetime:
    """Return the present second, once it is later than every snapshot, names no run, and ``claim`` has got its id.

    The loser of a second takes another one. Raises ``ArchiveError`` when a committed or refused snapshot lies in the
    future.
    """
    newest = _newest(catalog, partition)
    while True:
        exact = _now()
        now = exact.replace(microsecond=0)
        if newest is not None and snapshot_instant(newest) - now > _PATIENCE:
            raise ArchiveError(
                f"{catalog.store.uri} ({partition}): snapshot {newest} lies in the future: by the clock it is "
                f"{snapshot_id(now)}, and a new crawl would never be the latest",
                advice=f"set the clock; if it is right and was ahead before, move the files named {newest} out of "
                "the archive's folders (snapshots, changes, runs, refused) and crawl again",
            )
        name = snapshot_id(now)
        if (newest is None or name > newest) and not catalog.is_taken(partition, name) and claim(name):
            return now
        time.sleep(1 - exact.microsecond / 1e6)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _newest(catalog: Catalog, partition: Partition) -> str | None:
    """Return the id of the newest snapshot, committed or refused; None when there is none."""
    refused = map(parse_path, catalog.store.list(folder("refused", partition)))
    ids = [*catalog.ids(partition)[-1:], *(found.snapshot_id for found in refused if found is not None)]
    return max(ids, default=None)
