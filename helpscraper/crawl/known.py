"""What the archive says before a crawl begins: the newest row of each article, the last runs, the last good
crawls.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.runs import RunFacts
from helpscraper.errors import ArchiveError

__all__ = ["Known", "good_crawls", "newest_run", "read_known"]

logger = logging.getLogger(__name__)

# A year of daily crawls; what lies further back is no measure for today, and its facts need not be read.
_LOOK_BACK = 366


@dataclass(frozen=True, slots=True)
class Known:
    """``rows`` by article id, of the articles believed to exist, and the extractor versions that read them.

    ``kept`` names the extractor of each row that a re-extraction kept from an older one.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    extractors: frozenset[str] = frozenset()
    kept: dict[str, str] = field(default_factory=dict)


def read_known(catalog: Catalog, partition: Partition) -> Known:
    """Return the newest row of every article that is believed to exist.

    The newest complete snapshot says what exists; snapshots after it, which saw only a part, add to it and
    update it. Articles that are gone are left out. A row whose body cannot be read any more comes without its
    key, so that the page is fetched again. A damaged snapshot is named in the log and the ones before it are
    used.
    """
    rows: dict[str, dict[str, Any]] = {}
    extractors = set()
    kept: dict[str, str] = {}
    for table, facts in _believed(catalog, partition):
        fresh = {row["article_id"]: row for row in table.to_pylist()}
        rows |= fresh
        kept = {name: by for name, by in kept.items() if name not in fresh} | (facts.get("kept") or {})
        extractors |= {str(facts.get("versions", {}).get("extractor")), *kept.values()}
    alive = {article_id: row for article_id, row in rows.items() if row["status"] != "gone"}
    held = set(pc.unique(catalog.body_index(partition).keys).to_pylist())
    for row in alive.values():
        if row["body_sha256"] not in held:
            row["body_sha256"] = None
    return Known(alive, frozenset(extractors), kept)


def _believed(catalog: Catalog, partition: Partition) -> list[tuple[pa.Table, RunFacts]]:
    """Return the rows of the newest complete snapshot and of those after it, oldest first, with their facts."""
    found: list[tuple[pa.Table, RunFacts]] = []
    for snapshot in reversed(catalog.snapshots(partition)):
        try:
            facts, crawl = catalog.facts(snapshot), catalog.facts(_as_crawled(snapshot))
            table = catalog.load_table(snapshot)
        except ArchiveError as error:
            logger.warning("An earlier snapshot is left aside: %s", error)
            continue
        if crawl.get("kind") == "import":
            continue  # one saved page of any date tells nothing about what exists now
        found.append((table, facts))
        if crawl.get("complete"):
            break
    return found[::-1]


def good_crawls(catalog: Catalog, partition: Partition, count: int) -> list[RunFacts]:
    """Return the facts of committed crawls as measure for the next one, newest first.

    These are the last ``count`` of any kind and, before them, as many complete ones as make ``count``: a hole that
    lasts must not push the last crawls that saw everything out of sight. What a person accepted after it was refused
    is the new normal: crawls before it do not count any more. A damaged file is named and left aside.
    """
    found: list[RunFacts] = []
    seen = complete = 0
    for snapshot in reversed(catalog.snapshots(partition)[-_LOOK_BACK:]):
        if complete >= count:
            break
        try:
            facts = catalog.facts(_as_crawled(snapshot))
        except ArchiveError as error:
            logger.warning("An earlier snapshot is no measure: %s", error)
            continue
        if facts.get("kind") != "crawl":
            continue
        seen += 1
        complete += facts.get("complete") is True
        if seen <= count or facts.get("complete") is True:
            found.append(facts)
        if facts.get("accepted"):
            break
    return found


def _as_crawled(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot as its crawl wrote it, where a newer extractor's reading stands for it."""
    return Snapshot(snapshot.partition, snapshot.id, snapshot_path(snapshot.partition, snapshot.id))


def newest_run(catalog: Catalog, partition: Partition, before: str | None = None) -> RunFacts | None:
    """Return the facts of the newest run of any outcome (``before`` an id), or None when there is none to
    read.
    """
    ids = [run_id for run_id in catalog.run_ids(partition) if before is None or run_id < before]
    if not ids:
        return None
    try:
        return catalog.run(partition, ids[-1])
    except ArchiveError as error:
        logger.warning("The facts of the last run are left aside: %s", error)
        return None
