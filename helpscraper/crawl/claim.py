"""The claim of a run's id: a small file beside the run's facts, from before the first request until they are written.

It keeps two machines from one id, and names a run that died on another machine. No reader takes it for a run.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from helpscraper.archive.layout import Partition, claim_path, claimed_id, folder, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts
from helpscraper.archive.store import Store
from helpscraper.crawl.lock import EditionLock
from helpscraper.crawl.recovery import Leftover, record_lost_run
from helpscraper.errors import ArchiveError

__all__ = ["claim", "record_dead_runs", "release_claim"]

logger = logging.getLogger(__name__)


def claim(
    store: Store,
    partition: Partition,
    arguments: ArgumentFacts,
    versions: Mapping[str, str],
    snapshot_id: str,
) -> bool:
    """Claim ``snapshot_id`` for a run; False when another run has it. Raises ``ArchiveError``."""
    facts = {
        "claimed_by": uuid4().hex,  # no two claims are equal, so an equal file is the own one
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "claimed_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "arguments": arguments.to_json(),
        "versions": dict(versions),
    }
    return store.create(claim_path(partition, snapshot_id), json.dumps(facts, indent=1).encode())


def release_claim(store: Store, partition: Partition, snapshot_id: str) -> bool:
    """Remove the claim of a run whose facts are written; False when it stays, and the next crawl tries again."""
    try:
        store.remove(claim_path(partition, snapshot_id))
    except ArchiveError as error:
        logger.warning("The claim of a run's id could not be removed: %s", error.message)
        return False
    return True


def record_dead_runs(
    catalog: Catalog, partition: Partition, lock: EditionLock, besides: Leftover | None, max_hours: float
) -> Iterator[RunFacts]:
    """Record as failed the runs that claimed an id and ended without facts, on any machine, and yield their facts.

    ``besides`` is a run whose ledger is here. Where the lock that this process holds excludes no other machines, a
    claim of the last ``max_hours`` may be of a run that goes on, and is only named.
    """
    store, known = catalog.store, {*catalog.run_ids(partition), *catalog.ids(partition)}
    removable = True
    for name in filter(None, map(claimed_id, store.list(folder("runs", partition)))):
        if besides is not None and name == besides.snapshot_id:
            continue
        if name not in known:
            who, leftover = _read(store, partition, name)
            age = dt.datetime.now(dt.UTC) - snapshot_instant(name)
            if not lock.is_of_all_machines and age < dt.timedelta(hours=max_hours):
                logger.warning("The run %s of %s has no facts yet: it is going on, or it died.", name, who)
                continue
            logger.warning("The run %s of %s ended without facts: recorded as failed.", name, who)
            if (facts := record_lost_run(catalog, partition, leftover, where=who)) is not None:
                yield facts
        # In a bucket that allows no removal, one refusal is enough.
        removable = removable and release_claim(store, partition, name)


def _read(store: Store, partition: Partition, name: str) -> tuple[str, Leftover]:
    """Return the process that made the claim, in words, and the run."""
    facts: dict[str, Any] = {}
    try:
        facts = dict(json.loads(store.read(claim_path(partition, name))))
        arguments = ArgumentFacts.from_json(facts["arguments"])
    except (ArchiveError, ValueError, TypeError, KeyError) as error:
        logger.warning("%s: the claim cannot be read: %s", claim_path(partition, name), error)
        arguments = ArgumentFacts(site=partition.site, locale=partition.locale)
    who = f"process {facts.get('pid', '?')} on {facts.get('host', '?')}"
    return who, Leftover(name, arguments, dict(facts.get("versions") or {}), {})
