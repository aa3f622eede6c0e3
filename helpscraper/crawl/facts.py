"""Derive the run facts of a crawl from the ledger, the rows and Scrapy's statistics."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from helpscraper.archive.run_facts import PROBLEM_TEXTS, RunFacts
from helpscraper.archive.run_parts import (
    NO_LEFTOVER,
    AuditFacts,
    ClaimFacts,
    DeclarationFacts,
    RequestFacts,
    SectionFacts,
    nested,
)
from helpscraper.intake.row_counts import RowCounts

if TYPE_CHECKING:
    from helpscraper.crawl.session import CrawlSession

__all__ = ["crawl_facts", "listing_holes"]

_SHOWN = 5

# A crawl states every fact, even a null or empty one, except these.
_WHERE_KNOWN = frozenset(
    "accepted alike ambiguous error extraction_of extractor_before gone interrupted kept other reason records_read"
    " redirects single_writer stated witness".split()
)
_STATED = frozenset(each.name for each in fields(RunFacts)) - _WHERE_KNOWN


def listing_holes(session: CrawlSession, sections: Mapping[str, SectionFacts]) -> list[str]:
    """Describe the categories, sections and listing pages that were not read."""
    found = [detail for kind, _, detail in session.ledger.problems() if kind == "discovery"]
    found += [f"section {slug}: {hole}" for slug, section in sections.items() for hole in section.holes]
    found += [
        f"section {slug} is not on the site" for slug in session.arguments.sections if slug not in sections
    ]
    return found


def crawl_facts(
    session: CrawlSession,
    sections: Mapping[str, SectionFacts],
    row_counts: RowCounts,
    unnamed: Iterable[str],
    finish_reason: str,
    stats: Mapping[str, Any],
) -> RunFacts:
    """Return the facts of this run; ``complete`` means that the whole help centre was asked for and read."""
    ledger, arguments = session.ledger, session.arguments
    problems = ledger.problems()
    facts = RunFacts(
        stated=_STATED,
        run_id=session.snapshot_id,
        site=session.partition.site,
        locale=session.partition.locale,
        kind="crawl",
        started_at=session.snapshot_at.isoformat(),
        finished_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - session.monotonic_start, 3),
        finish_reason=finish_reason,
        stopped=session.stopped,
        scope=arguments.scope,
        sections=sections,
        audit=_audit(session),
        why_fetched=ledger.tallies("reason"),
        fields=nested(ledger.tallies("fields")),
        rules=ledger.tallies("rules"),
        drift=ledger.tallies("drift"),
        problems=ledger.tallies("problem"),
        problem_texts=tuple(f"{kind}: {url}: {detail}" for kind, url, detail in problems[:PROBLEM_TEXTS]),
        language_asked=session.language,
        languages=ledger.tallies("language"),
        editions=ledger.tallies("edition"),
        region=session.region,
        regions=ledger.tallies("region"),
        requests=_requests(stats),
        witness=session.comparison.as_facts({slug for slug, section in sections.items() if section.whole}),
        warc=session.recorder.facts() if session.recorder is not None else None,
        internal_errors=int(stats.get("helpscraper/internal_errors", 0)),
        errors=tuple(stats.get("helpscraper/internal_error_texts", ())),
        versions=session.options.versions,
        arguments=arguments.as_facts(),
        declaration=DeclarationFacts.of(arguments.site),
        claim=ClaimFacts.from_json(asdict(session.platform.claim)),
        resumed=session.resumed,
        single_writer=None if session.catalog.store.probe() else True,
        why_new=session.why_new,
        found_lying=session.found_lying.as_facts() if session.found_lying else NO_LEFTOVER,
    )
    facts = row_counts.into(facts)
    holes = listing_holes(session, sections) + _article_holes(session, facts, list(unnamed))
    holes += [f"the crawl ended early: {finish_reason}"] if finish_reason != "finished" else []
    asked = [f"only part: {arguments.scope}"] if arguments.scope else []
    return replace(
        facts, complete=not holes and not asked, incomplete_reasons=(*holes, *asked), holes=len(holes)
    )


def _article_holes(session: CrawlSession, facts: RunFacts, unnamed: list[str]) -> list[str]:
    found = [detail for kind, _, detail in session.ledger.problems() if kind == "unlisted"]
    due = facts.due or 0
    if failed := (facts.counts.failed or 0) - due:
        found.append(f"{failed} article pages could not be read")
    if due:
        found.append(f"{due} article pages were still to be read")
    if unnamed:
        found.append(f"{len(unnamed)} articles without a title are left out: {', '.join(unnamed[:_SHOWN])}")
    if dropped := facts.problems.get("invalid", 0) + facts.problems.get("slug", 0):
        found.append(f"{dropped} listed articles could not become rows")
    return found


def _audit(session: CrawlSession) -> AuditFacts | None:
    audit = session.audit
    if audit is None:
        return None
    return AuditFacts(
        days=session.options.audit_days, chosen=len(audit.chosen), late=audit.late, put_off=audit.put_off
    )


def _requests(stats: Mapping[str, Any]) -> RequestFacts:
    prefix = "downloader/response_status_count/"
    return RequestFacts(
        total=stats.get("downloader/request_count", 0),
        by_status={
            name.removeprefix(prefix): n for name, n in sorted(stats.items()) if name.startswith(prefix)
        },
        retries=stats.get("retry/count", 0),
        second_chances=stats.get("helpscraper/second_chances", 0),
        held_seconds=round(stats.get("retry/held_seconds", 0), 3),
        errors=stats.get("downloader/exception_count", 0),
        bytes=stats.get("downloader/response_bytes", 0),
        robots_refused=stats.get("robotstxt/forbidden", 0),
    )
