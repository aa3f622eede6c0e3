"""The ledger of a crawl that did not end: a later crawl resumes it or records it as a failed run."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helpscraper.archive.layout import Partition, is_snapshot_id, refused_path, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts, LeftoverFacts
from helpscraper.archive.writer import write_run
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.errors import CommandError, HelpscraperError
from helpscraper.intake.ledger import Ledger, LedgerDamagedError

__all__ = ["Leftover", "open_or_recover", "record_lost_run", "why_not_resumable", "write_header"]

logger = logging.getLogger(__name__)

_CLOCK_SLACK = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Leftover:
    """An unfinished crawl, as its ledger describes it; ``outcomes`` counts articles."""

    snapshot_id: str
    arguments: ArgumentFacts
    versions: dict[str, str]
    outcomes: dict[str, int]
    declaration: str | None = None
    """The SHA-256 of the site's declaration; None in a ledger that does not say it."""

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in sorted(self.outcomes.items()))
        return f"{self.snapshot_id} (articles: {counts or 'none'})"

    def as_facts(self) -> LeftoverFacts:
        """Return the entry for the run facts of the next crawl."""
        return LeftoverFacts(snapshot_id=self.snapshot_id, outcomes=self.outcomes)


def write_header(
    ledger: Ledger, snapshot_at: dt.datetime, arguments: CrawlArguments, versions: Mapping[str, str]
) -> None:
    """Write the id, arguments and versions of the crawl into its new ledger, in one transaction."""
    ledger.set_meta(
        snapshot_id=snapshot_id(snapshot_at),
        arguments=json.dumps(arguments.as_facts().to_json()),
        versions=json.dumps(dict(versions)),
        declaration=arguments.site.as_facts()["sha256"],
    )


def open_or_recover(path: Path, catalog: Catalog, partition: Partition) -> tuple[Ledger, Leftover | None]:
    """Open the ledger at ``path``; return it, and the unfinished crawl that it holds, if any.

    A ledger whose crawl is already in the archive (the process died between commit and clean-up) holds none. A damaged
    ledger is renamed to ``….damaged`` and replaced by a new one.
    """
    try:
        ledger = Ledger(path)
    except LedgerDamagedError as error:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        logger.warning("%s Renamed to %s; starting with a new ledger.", error.message, aside)
        return Ledger(path), None
    leftover = _read(ledger)
    if leftover is not None and (
        catalog.is_committed(partition, leftover.snapshot_id)
        or catalog.store.exists(refused_path(partition, leftover.snapshot_id))
    ):
        leftover = None
    return ledger, leftover


def _read(ledger: Ledger) -> Leftover | None:
    meta = ledger.meta()
    if not is_snapshot_id(meta.get("snapshot_id", "")):
        return None
    return Leftover(
        meta["snapshot_id"],
        ArgumentFacts.from_json(json.loads(meta["arguments"])),
        json.loads(meta["versions"]),
        dict(ledger.outcomes()),
        meta.get("declaration"),
    )


def why_not_resumable(
    leftover: Leftover | None, arguments: CrawlArguments, versions: Mapping[str, str], max_hours: float
) -> str | None:
    """Return why ``leftover`` cannot be resumed, or None when it can.

    Raises ``CommandError`` when its arguments were others; that stops a schedule with ``--resume`` for at most
    ``max_hours``.
    """
    if leftover is None:
        return "there was none to resume"
    started = snapshot_instant(leftover.snapshot_id)
    named = f"the one of {started:%Y-%m-%d %H:%M} UTC"
    if not leftover.outcomes:
        # Otherwise the snapshot would have the start time of a crawl that read nothing.
        return f"{named} had found no article"
    now = dt.datetime.now(dt.UTC)
    if started - now > _CLOCK_SLACK:
        return f"{named} is still to come: the clock was ahead"
    if now - started > dt.timedelta(hours=max_hours):
        return f"{named} is too old to be resumed (RESUME_MAX_HOURS={max_hours:g})"
    if versions.get("extractor") != leftover.versions.get("extractor"):
        return f"{named} was read by another version of the extractor"
    if leftover.declaration not in {None, arguments.site.as_facts()["sha256"]}:
        return f"{named} was read by another declaration of the site"
    asked, before = arguments.as_facts().to_json(), leftover.arguments.to_json()
    if asked != before:
        differ = sorted(name for name in asked.keys() | before.keys() if asked.get(name) != before.get(name))
        raise CommandError(
            f"the crawl to resume was started with other arguments: {', '.join(differ)}",
            advice="resume with "
            + " ".join(f"-a {name}={value}" for name, value in sorted(before.items()))
            + ", or run it again without --resume",
        )
    return None


def record_lost_run(
    catalog: Catalog, partition: Partition, leftover: Leftover, *, where: str = ""
) -> RunFacts | None:
    """Write and return the facts of a killed run; None when that run wrote its own. ``where`` names its machine."""
    if leftover.snapshot_id in catalog.run_ids(partition):
        try:
            outcome = catalog.run(partition, leftover.snapshot_id).outcome
        except HelpscraperError:
            outcome = None
        if outcome in {"failed", "refused"}:
            return None
    facts = RunFacts.lost(
        partition, leftover.snapshot_id, leftover.outcomes, leftover.arguments, leftover.versions, where
    )
    write_run(catalog.store, partition, leftover.snapshot_id, facts)
    return facts
