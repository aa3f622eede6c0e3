"""What is known of each article before a crawl begins: its newest row."""

from __future__ import annotations

import logging
from typing import Any

import pyarrow.compute as pc

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.runs import RunFacts
from helpscraper.errors import ArchiveError

__all__ = ["known_articles", "newest_run"]

logger = logging.getLogger(__name__)


def known_articles(catalog: Catalog, partition: Partition) -> dict[str, dict[str, Any]]:
    """Return the newest row of every article that is believed to exist, by article id.

    The newest complete snapshot says what exists; snapshots after it, which saw only a part, add to it and update it.
    Articles that are gone are left out. A row whose body cannot be read any more comes without its key, so that the
    page is fetched again. A damaged snapshot is named in the log and the ones before it are used.
    """
    known: dict[str, dict[str, Any]] = {}
    for snapshot in _believed(catalog, partition):
        table = catalog.load_table(snapshot)
        known.update((row["article_id"], row) for row in table.to_pylist())
    alive = {article_id: row for article_id, row in known.items() if row["status"] != "gone"}
    held = set(pc.unique(catalog.body_index(partition).keys).to_pylist())
    for row in alive.values():
        if row["body_sha256"] not in held:
            row["body_sha256"] = None
    return alive


def _believed(catalog: Catalog, partition: Partition) -> list[Snapshot]:
    """Return the newest complete snapshot and those after it, oldest first."""
    found: list[Snapshot] = []
    for snapshot in reversed(catalog.snapshots(partition)):
        try:
            facts = catalog.facts(snapshot)
        except ArchiveError as error:
            logger.warning("An earlier snapshot is left aside: %s", error)
            continue
        if facts.get("kind") == "import":
            continue
        found.append(snapshot)
        if facts.get("complete"):
            break
    return found[::-1]


def newest_run(catalog: Catalog, partition: Partition) -> RunFacts | None:
    """Return the facts of the newest run of any outcome, or None when there is none that can be read."""
    ids = catalog.run_ids(partition)
    if not ids:
        return None
    try:
        return catalog.run(partition, ids[-1])
    except ArchiveError as error:
        logger.warning("The facts of the last run are left aside: %s", error)
        return None
