"""The end of a crawl: the ledger becomes rows, the rows are judged, and one file is committed, refused, or none.

The order is the safety: everything a snapshot refers to is on disk before the snapshot, and nothing that was stored
before is touched.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from helpscraper.archive.reader import Catalog
from helpscraper.archive.runs import Outcome, RunFacts
from helpscraper.archive.schema import articles_table, bodies_table
from helpscraper.archive.writer import write_refused, write_run, write_snapshot
from helpscraper.crawl.completeness import section_facts
from helpscraper.crawl.health import Verdict, check_health, is_fit
from helpscraper.crawl.merge import merge_row
from helpscraper.crawl.notify import notify_transition
from helpscraper.crawl.session import CrawlSession
from helpscraper.crawl.validators import save_validators
from helpscraper.errors import ArchiveError, ExitCode, HelpscraperError
from helpscraper.history.feed import changes_feed
from helpscraper.items import Article

__all__ = ["abandon", "conclude"]

logger = logging.getLogger(__name__)

_COVERED = ("category", "section", "published_on", "updated_on", "view_count", "body_sha256")
_BATCH = 200


def conclude(session: CrawlSession, finish_reason: str, stats: Mapping[str, Any]) -> dict[str, Any]:
    """End ``session`` and return the run facts; ``facts["exit_code"]`` is what the command answers with.

    ``finish_reason`` is Scrapy's (``finished``, ``shutdown``, ``closespider_…``), ``stats`` its statistics. A crawl
    that was interrupted keeps its ledger for ``--resume``. Raises ``ArchiveError`` when the archive cannot be written;
    the ledger is kept then too.
    """
    session.close_recording()
    rows, unnamed = _rows(session)
    facts = _facts(session, rows, unnamed, finish_reason, stats)
    interrupted = finish_reason == "shutdown"
    if interrupted:
        facts |= {"outcome": "failed", "exit_code": ExitCode.INTERNAL, "reason": "interrupted; --resume goes on"}
        _write_run(session, facts)
        session.release()
        session.concluded = facts
        return facts
    earlier = _baseline(session)
    verdicts = check_health(facts, earlier, session.options.thresholds)
    facts["health"] = [verdict.as_facts() for verdict in verdicts]
    if is_fit(verdicts):
        _commit(session, rows, facts)
    else:
        _refuse(session, rows, facts, verdicts)
    _notify(session, facts)
    session.finish()
    session.concluded = facts
    return facts


def _baseline(session: CrawlSession) -> list[RunFacts]:
    """Return the facts of the last good crawls, newest first; a damaged file is named and left aside."""
    found: list[RunFacts] = []
    for snapshot in reversed(session.catalog.snapshots(session.partition)):
        if len(found) >= session.options.baseline_runs:
            break
        try:
            facts = session.catalog.facts(snapshot)
        except ArchiveError as error:
            logger.warning("An earlier snapshot is no baseline: %s", error)
            continue
        if facts.get("kind") == "crawl":
            found.append(facts)
    return found


def abandon(session: CrawlSession, error: BaseException) -> dict[str, Any]:
    """End a session whose crawl broke before it could be concluded: facts are written, the ledger is kept."""
    facts = _facts(session, articles_table([]), [], "error", {}) | {
        "outcome": "failed",
        "exit_code": ExitCode.INTERNAL,
        "error": f"{type(error).__name__}: {error}"[:2000],
    }
    try:
        _write_run(session, facts)
    except ArchiveError as second:
        logger.error("The facts of this run could not be written either: %s", second)
    finally:
        session.release()
        session.concluded = facts
    return facts


def _rows(session: CrawlSession) -> tuple[pa.Table, list[str]]:
    """Return the snapshot's rows, and the articles of which not even a title is known."""
    tags = frozenset(s.slug for s in session.ledger.sections() if s.content_type == "tag")
    unnamed: list[str] = []

    def articles() -> Iterator[Article]:
        for entry in session.ledger.entries():
            row = merge_row(entry, session.known.get(entry.article_id), session.snapshot_at, tags=tags)
            if row is None:
                # An article that was asked for, answered "gone", and was never known leaves nothing to keep.
                if entry.outcome != "gone":
                    unnamed.append(entry.article_id)
            else:
                yield Article(**row)

    return articles_table(articles()), unnamed


def _facts(
    session: CrawlSession, rows: pa.Table, unnamed: list[str], finish_reason: str, stats: Mapping[str, Any]
) -> dict[str, Any]:
    ledger, arguments = session.ledger, session.arguments
    sections = section_facts(ledger.sections())
    status = Counter(rows.column("status").to_pylist())
    problems = ledger.tallies("problem")
    holes = [f"section {slug}: {hole}" for slug, section in sections.items() for hole in section["holes"]]
    holes += [f"{detail}" for kind, _, detail in ledger.problems() if kind in {"discovery", "vanished"}]
    holes += [f"section {slug} is not on the site" for slug in arguments.sections if slug not in sections]
    if status["failed"]:
        holes.append(f"{status['failed']} article pages could not be read")
    if unnamed:
        holes.append(f"{len(unnamed)} articles without a title are left out: {', '.join(unnamed[:5])}")
    if problems["invalid"] or problems["slug"]:
        holes.append(f"{problems['invalid'] + problems['slug']} listed articles could not become rows")
    scope = arguments.scope
    asked = [f"only a part was asked for: {scope}"] if scope else []
    started = session.snapshot_at
    now = dt.datetime.now(dt.UTC)
    return {
        "run_id": session.snapshot_id,
        "site": session.partition.site,
        "locale": session.partition.locale,
        "kind": "crawl",
        "started_at": started.isoformat(),
        "finished_at": now.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - session.monotonic_start, 3),
        "finish_reason": finish_reason,
        "complete": not holes and not asked,
        "incomplete_reasons": holes + asked,
        "holes": len(holes),
        "scope": scope,
        "sections": sections,
        "counts": {name: status[name] for name in ("fetched", "carried", "listed", "failed", "gone")},
        "why_fetched": dict(ledger.tallies("reason")),
        "fields": _nested(ledger.tallies("fields")),
        "rules": dict(ledger.tallies("rules")),
        "problems": dict(problems),
        "problem_texts": [f"{kind}: {url}: {detail}" for kind, url, detail in ledger.problems()[:50]],
        "coverage": _coverage(rows),
        "language_asked": session.language,
        "languages": dict(ledger.tallies("language")),
        "region": session.region,
        "requests": _requests(stats),
        "warc": session.recorder.facts() if session.recorder is not None else None,
        "internal_errors": int(stats.get("log_count/CRITICAL", 0)) + int(stats.get("helpscraper/internal_errors", 0)),
        "errors": list(stats.get("helpscraper/internal_error_texts", ())),
        "versions": dict(session.options.versions),
        "arguments": arguments.as_facts(),
        "resumed": session.options.resume,
        "found_lying": session.found_lying,
        "health": [],
        "snapshot": None,
    }


def _commit(session: CrawlSession, rows: pa.Table, facts: dict[str, Any]) -> None:
    outcome: Outcome = "incomplete" if facts["holes"] else "committed"
    facts |= {"outcome": outcome, "exit_code": ExitCode.INCOMPLETE if facts["holes"] else ExitCode.OK}
    changes = _changes(session.catalog, session, rows, facts)
    written = write_snapshot(
        session.catalog.store, session.partition, session.snapshot_id, rows, _bodies(session), facts, changes
    )
    facts["snapshot"] = written.path
    try:
        save_validators(session.catalog, session.partition, session.snapshot_id, session.ledger.all_validators())
    except OSError as error:
        logger.warning("The validators could not be kept (%s); the next crawl fetches in full", error)


def _refuse(session: CrawlSession, rows: pa.Table, facts: dict[str, Any], verdicts: list[Verdict]) -> None:
    reasons = "; ".join(f"{v.check}: {v.detail}" for v in verdicts if v.verdict == "fail")
    internal = facts["internal_errors"] > 0
    facts |= {
        "outcome": "refused",
        "exit_code": ExitCode.INTERNAL if internal else ExitCode.REFUSED,
        "reason": reasons,
        "complete": False,
    }
    if rows.num_rows:
        written = write_refused(
            session.catalog.store, session.partition, session.snapshot_id, rows, _bodies(session), facts
        )
        facts["snapshot"] = written.path
    else:
        _write_run(session, facts)


def _changes(catalog: Catalog, session: CrawlSession, rows: pa.Table, facts: Mapping[str, Any]) -> pa.Table | None:
    """Return the change feed against the snapshot before; a damaged earlier file costs the feed, not the commit."""
    try:
        return changes_feed(catalog, session.partition, session.snapshot_id, rows, facts, _bodies(session))
    except HelpscraperError as error:
        logger.error("No change feed for this snapshot: %s", error)
        return None


def _write_run(session: CrawlSession, facts: Mapping[str, Any]) -> None:
    write_run(session.catalog.store, session.partition, session.snapshot_id, facts)


def _notify(session: CrawlSession, facts: Mapping[str, Any]) -> None:
    if session.options.notify_urls:
        before = session.catalog.run_before(session.partition, session.snapshot_id)
        notify_transition(session.options.notify_urls, facts, before)


def _bodies(session: CrawlSession) -> Iterator[pa.RecordBatch]:
    batch = []
    for body in session.ledger.bodies():
        batch.append(body)
        if len(batch) >= _BATCH:
            yield from bodies_table(batch, session.snapshot_at).to_batches()
            batch = []
    yield from bodies_table(batch, session.snapshot_at).to_batches()


def _nested(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for name, n in counts.items():
        field, _, outcome = name.partition("/")
        nested.setdefault(field, {})[outcome] = n
    return nested


def _coverage(rows: pa.Table) -> dict[str, float]:
    """Return the share of rows that have a value, by field."""
    n = rows.num_rows
    return {name: round(1 - rows.column(name).null_count / n, 4) for name in _COVERED} if n else {}


def _requests(stats: Mapping[str, Any]) -> dict[str, Any]:
    prefix = "downloader/response_status_count/"
    return {
        "total": stats.get("downloader/request_count", 0),
        "by_status": {name.removeprefix(prefix): n for name, n in sorted(stats.items()) if name.startswith(prefix)},
        "retries": stats.get("retry/count", 0),
        "held_seconds": round(stats.get("retry/held_seconds", 0), 3),
        "errors": stats.get("downloader/exception_count", 0),
        "bytes": stats.get("downloader/response_bytes", 0),
        "robots_refused": stats.get("robotstxt/forbidden", 0),
    }
