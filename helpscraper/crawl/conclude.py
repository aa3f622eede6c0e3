"""The end of a crawl: the ledger becomes rows, the rows are judged, and one file is committed, refused, or none.

The order is the safety: everything a snapshot refers to is on disk before the snapshot, and nothing that was stored
before is touched.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from helpscraper.archive.layout import Partition, folder, refused_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import GoneFact, Redirect, SectionFacts
from helpscraper.archive.schema import rows_table
from helpscraper.archive.writer import SnapshotFile, promote, write_refused, write_run, write_snapshot
from helpscraper.crawl.claim import release_claim
from helpscraper.crawl.facts import crawl_facts, listing_holes
from helpscraper.crawl.session import CrawlSession
from helpscraper.errors import ArchiveError, ExitCode, HelpscraperError, LeaseLostError
from helpscraper.health.checks import check_health, is_fit
from helpscraper.health.notify import notify_transition, run_before
from helpscraper.history.absence import absence_is_proven
from helpscraper.history.feed import changes_feed
from helpscraper.intake.completeness import disproved, section_facts
from helpscraper.intake.entries import Entry
from helpscraper.intake.known import KnownRows, good_crawls
from helpscraper.intake.merge import Listings, merge_row
from helpscraper.intake.row_counts import RowCounts
from helpscraper.intake.tables import LedgerBodies
from helpscraper.intake.wording import main_cause, resume_hint, summary
from helpscraper.platforms.contract import Claim

__all__ = ["abandon", "accept", "amend", "conclude", "outcome_log"]

logger = logging.getLogger(__name__)
outcome_log = logging.getLogger("helpscraper.outcome")
"""Logs how a crawl ended, because ``scrapy crawl`` exits with 0 however it ended."""

_OF_PAGES = frozenset({"end", "articles", "section", "failed", "challenge"})
"""The checks that fail because of unreadable pages."""

Sections = Mapping[str, SectionFacts]


def conclude(session: CrawlSession, finish_reason: str, stats: Mapping[str, Any]) -> RunFacts:
    """End ``session`` and return the run facts; ``exit_code`` is that of the command.

    ``finish_reason`` is Scrapy's (``finished``, ``shutdown``, ``closespider_…``), ``stats`` its statistics. A crawl
    that did not run to its end commits nothing and keeps its ledger for ``--resume``. Raises ``ArchiveError`` when the
    archive cannot be written; the ledger is kept then too.
    """
    session.close_recording()
    sections: Sections = section_facts(session.ledger.sections())
    if session.platform.claim.absence == "list":
        sections = disproved(sections, session.ledger.unshown(), session.known.get)
    rows, unnamed, gone, redirects, row_counts = _rows(session, sections)
    session.known = KnownRows()  # frees memory for the commit
    facts = crawl_facts(session, sections, row_counts, unnamed, finish_reason, stats)
    facts = replace(facts, gone=gone, redirects=tuple(redirects), stated=facts.stated | {"gone"})
    earlier = good_crawls(session.catalog, session.partition, session.options.baseline_runs)
    verdicts = check_health(facts, earlier, session.options.thresholds)
    facts = replace(facts, health=tuple(verdicts))
    if session.mistake is not None:
        # A wrong argument says nothing about the site, no more than a crawl that a person interrupted.
        facts = replace(facts, health=())
        facts = _interrupted(session, facts, ExitCode.USAGE, session.mistake)
    elif finish_reason == "shutdown" and not facts.internal_errors:
        facts = _interrupted(session, facts, ExitCode.INTERNAL, f"interrupted{resume_hint(facts)}")
    elif is_fit(verdicts):
        facts = _commit(session, rows, facts)
    else:
        facts = _refuse(session, rows, facts)
    release_claim(session.catalog.store, session.partition, session.snapshot_id)
    session.concluded = facts
    nothing_to_resume = session.mistake is not None or not session.ledger.outcomes()
    if finish_reason == "finished" or (nothing_to_resume and not session.resumed):
        session.finish()
    else:
        session.release()
    well = facts.outcome == "committed"
    outcome_log.log(logging.INFO if well else logging.WARNING, "%s", summary(facts))
    # After the lock is released, because a slow receiver must not delay the next crawl.
    _notify(session, facts)
    _tell_changes(session)
    return facts


def abandon(session: CrawlSession, error: BaseException) -> RunFacts:
    """End a session after an error: write its facts and keep its ledger.

    After a lost lease no facts are written, because another worker may be going on with this very run.
    """
    lost = isinstance(error, LeaseLostError)
    facts = replace(
        crawl_facts(session, {}, RowCounts(), [], "error", {}),
        outcome="failed",
        exit_code=ExitCode.LOCKED if lost else ExitCode.INTERNAL,
        complete=False,
        incomplete_reasons=("the crawl was not concluded",),
        error=_said(error),
    )
    try:
        if not lost:
            _write_run(session, facts)
            release_claim(session.catalog.store, session.partition, session.snapshot_id)
    except ArchiveError as second:
        logger.warning("The facts of this run could not be written either: %s", second.message)
    finally:
        session.concluded = facts
        session.release()
    if not lost:
        _notify(session, facts)
    return facts


def amend(session: CrawlSession, error: BaseException) -> RunFacts:
    """Add an error outside a concluded session to its facts, such as a pipeline that could not open.

    A committed snapshot stays committed, and its facts as they are; the command still ends with an error.
    """
    concluded = session.concluded or RunFacts()
    facts = replace(concluded, exit_code=ExitCode.INTERNAL, error=_said(error))
    if facts.outcome not in {"committed", "incomplete"}:
        facts = replace(facts, outcome="failed")
        _write_run(session, facts)
    session.concluded = facts
    return facts


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def accept(catalog: Catalog, partition: Partition, snapshot_id: str) -> SnapshotFile:
    """Promote a refused snapshot, with its change feed, after a person checked it.

    Raises ``ReferenceNotFoundError`` when no snapshot of that name was refused, ``ArchiveError`` for a damaged file.
    """
    path = refused_path(partition, snapshot_id)
    changes = None
    if catalog.store.exists(path):
        rows, facts = catalog.refused(partition, snapshot_id)
        changes = _changes(catalog, partition, snapshot_id, rows, facts, ())
    return promote(catalog.store, partition, snapshot_id, changes)


def _rows(
    session: CrawlSession, sections: Sections
) -> tuple[pa.Table, list[str], dict[str, GoneFact], list[Redirect], RowCounts]:
    """Return the snapshot's rows, the ids of articles without even a title, the gone articles, redirects, counts."""
    seen_all = not listing_holes(session, sections) and not session.arguments.scope
    run = RunFacts(sections=sections, complete=seen_all)
    whole = {slug for slug, section in sections.items() if section.whole}
    if seen_all:
        # A section that a complete crawl did not find lists no articles any more.
        before = (listed_in or () for _, listed_in in session.known.pairs("listed_in"))
        whole |= {slug for listed_in in before for slug in listed_in} - sections.keys()
    tags = frozenset(slug for slug, section in sections.items() if section.content_type == "tag")
    confidence = session.platform.claim.confidence
    listings = Listings(tags=tags, whole=frozenset(whole), confidence=confidence)
    unnamed: list[str] = []
    gone: dict[str, GoneFact] = {}
    redirects: list[Redirect] = []
    row_counts = RowCounts()

    def rows() -> Iterator[dict[str, Any]]:
        for entry in session.ledger.entries():
            session.comparison.compare(entry)
            previous = session.known.get(entry.article_id)
            if entry.outcome == "gone":
                gone[entry.article_id] = entry.as_gone()
                row_counts.add_gone(entry.sightings)
                continue
            if redirect := entry.as_redirect():
                redirects.append(redirect)
            if _is_absent(entry, previous, run, session.platform.claim):
                continue
            row = merge_row(entry, previous, session.snapshot_at, listings)
            if row is not None:
                shown = session.comparison.of_pages(entry.sightings)
                row_counts.add(row, previous, shown, due=entry.outcome == "expected")
                yield row
            elif entry.outcome != "absent":
                # An absent article that was never known leaves no row.
                unnamed.append(entry.article_id)

    table = rows_table(rows())  # first, because it fills the others
    return table, unnamed, gone, redirects, row_counts


def _is_absent(entry: Entry, previous: Mapping[str, Any] | None, run: RunFacts, claim: Claim) -> bool:
    """Tell whether the article does not exist any more although its page gave no 404.

    Its address leads elsewhere or shows a page that is no article, and every listing that had to show it was read. A
    listing that proves nothing may name an address that only leads elsewhere.
    """
    if entry.outcome != "absent" or (entry.sightings and claim.absence == "list"):
        return False
    if previous is None:
        return True
    return absence_is_proven(previous.get("section"), previous.get("listed_in"), run)


def _interrupted(session: CrawlSession, facts: RunFacts, code: ExitCode, reason: str) -> RunFacts:
    session.lock.check()
    facts = replace(facts, outcome="failed", exit_code=code, interrupted=True, reason=reason)
    _write_run(session, facts)
    return facts


def _commit(session: CrawlSession, rows: pa.Table, facts: RunFacts) -> RunFacts:
    if facts.holes:
        facts = replace(facts, outcome="incomplete", exit_code=ExitCode.INCOMPLETE)
    else:
        facts = replace(facts, outcome="committed", exit_code=ExitCode.OK)
    catalog, partition, snapshot_id = session.catalog, session.partition, session.snapshot_id
    changes = _changes(
        catalog, partition, snapshot_id, rows, facts, LedgerBodies(session.ledger, session.snapshot_at)
    )
    if urls := session.options.notify_urls:
        from helpscraper.health.tell import note_receivers

        note_receivers(catalog, partition, urls)
    written = write_snapshot(
        catalog.store,
        partition,
        snapshot_id,
        rows,
        LedgerBodies(session.ledger, session.snapshot_at),
        facts,
        changes,
        fence=session.lock.confirm,
    )
    try:
        session.validators.save(snapshot_id, session.ledger)
    except (OSError, sqlite3.Error) as error:
        logger.warning("The validators could not be kept (%s); the next crawl fetches in full", error)
    return replace(facts, snapshot=written.path)


def _refuse(session: CrawlSession, rows: pa.Table, facts: RunFacts) -> RunFacts:
    facts = replace(
        facts,
        outcome="refused",
        exit_code=ExitCode.INTERNAL if facts.internal_errors else ExitCode.REFUSED,
        reason=_reason(session, facts),
    )
    session.lock.confirm()
    # An unfinished crawl cannot be accepted later; its ledger is kept for --resume.
    if rows.num_rows and facts.finish_reason == "finished":
        written = write_refused(
            session.catalog.store,
            session.partition,
            session.snapshot_id,
            rows,
            LedgerBodies(session.ledger, session.snapshot_at),
            facts,
        )
        return replace(facts, snapshot=written.path)
    _write_run(session, facts)
    return facts


def _reason(session: CrawlSession, facts: RunFacts) -> str:
    """Return why a crawl is refused, with the most frequent error among its unreadable pages."""
    failed = [verdict for verdict in facts.health if verdict.verdict == "fail"]
    if facts.stopped and not facts.counts.live:
        failed = [verdict for verdict in failed if verdict.check == "end"]  # the others follow from it
    said = [f"{verdict.check}: {verdict.detail}" for verdict in failed]
    if not _OF_PAGES.isdisjoint(verdict.check for verdict in failed):
        cause = main_cause(session.ledger.problems())
        said += [f"mostly {cause}"] if cause else []
    return "; ".join(said)


def _changes(
    catalog: Catalog,
    partition: Partition,
    snapshot_id: str,
    rows: pa.Table,
    facts: RunFacts,
    bodies: Iterable[pa.RecordBatch],
) -> pa.Table | None:
    """Return the change feed against the snapshot before; a damaged earlier file costs the feed, not the commit.

    None when a later snapshot is there: its feed has these changes already.
    """
    # Another program may have committed or imported a snapshot meanwhile.
    catalog.store.drop_listings(folder("snapshots", partition))
    if (newest := max(catalog.ids(partition), default="")) > snapshot_id:
        logger.warning("No change feed for snapshot %s: the later one %s is there", snapshot_id, newest)
        return None
    try:
        return changes_feed(catalog, partition, snapshot_id, rows, facts, bodies)
    except HelpscraperError as error:
        logger.warning("No change feed for snapshot %s: %s", snapshot_id, error)
        return None


def _write_run(session: CrawlSession, facts: RunFacts) -> None:
    write_run(session.catalog.store, session.partition, session.snapshot_id, facts)


def _notify(session: CrawlSession, facts: RunFacts) -> None:
    if urls := session.options.notify_urls:
        before = run_before(session.catalog, session.partition, session.snapshot_id)
        notify_transition(urls, facts, before, session.options.notify_seconds)


def _tell_changes(session: CrawlSession) -> None:
    """Tell people of the changes of this crawl, and of those that an earlier one could not tell."""
    options = session.options
    if not (options.notify_urls or options.digest):
        return
    from helpscraper.health.tell import Telling, tell

    telling = Telling(options.notify_urls, options.notify_rules, options.digest, options.notify_seconds)
    tell(session.catalog, session.partition, telling, session.snapshot_at)
