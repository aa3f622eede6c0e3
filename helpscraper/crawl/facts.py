"""The facts of a run, put together from the ledger, the rows and Scrapy's statistics."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from helpscraper.intake.tables import nested

if TYPE_CHECKING:
    from helpscraper.crawl.session import CrawlSession

__all__ = ["listing_holes", "run_facts"]

_SHOWN = 5
_PROBLEM_TEXTS = 50


def listing_holes(session: CrawlSession, sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name what was not seen on the way to the articles: categories, sections, listing pages."""
    found = [detail for kind, _, detail in session.ledger.problems() if kind == "discovery"]
    found += [f"section {slug}: {hole}" for slug, section in sections.items() for hole in section["holes"]]
    found += [
        f"section {slug} is not on the site" for slug in session.arguments.sections if slug not in sections
    ]
    return found


def run_facts(
    session: CrawlSession,
    sections: Mapping[str, Mapping[str, Any]],
    census: Mapping[str, Any],
    unnamed: Iterable[str],
    finish_reason: str,
    stats: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the facts of this run; ``complete`` means that all of the help centre was asked for and seen.

    ``incomplete_reasons`` names every hole, and after them the part that was asked for where that was not all;
    ``holes`` counts the former.
    """
    ledger, arguments = session.ledger, session.arguments
    problems = ledger.tallies("problem")
    holes = listing_holes(session, sections) + _article_holes(session, census, list(unnamed), problems)
    if finish_reason != "finished":
        holes.append(f"the crawl ended early: {finish_reason}")
    asked = [f"only part: {arguments.scope}"] if arguments.scope else []
    return {
        "run_id": session.snapshot_id,
        "site": session.partition.site,
        "locale": session.partition.locale,
        "kind": "crawl",
        "started_at": session.snapshot_at.isoformat(),
        "finished_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - session.monotonic_start, 3),
        "finish_reason": finish_reason,
        "stopped": session.stopped,
        "complete": not holes and not asked,
        "incomplete_reasons": holes + asked,
        "holes": len(holes),
        "scope": arguments.scope,
        "sections": sections,
        **census,
        "audit": _audit(session),
        "why_fetched": dict(ledger.tallies("reason")),
        "fields": nested(ledger.tallies("fields")),
        "rules": dict(ledger.tallies("rules")),
        "drift": dict(ledger.tallies("drift")),
        "problems": dict(problems),
        "problem_texts": [
            f"{kind}: {url}: {detail}" for kind, url, detail in ledger.problems()[:_PROBLEM_TEXTS]
        ],
        "language_asked": session.language,
        "languages": dict(ledger.tallies("language")),
        "editions": dict(ledger.tallies("edition")),
        "region": session.region,
        "regions": dict(ledger.tallies("region")),
        "requests": _requests(stats),
        **session.witness.as_facts({slug for slug, section in sections.items() if section["whole"]}),
        "warc": session.recorder.facts() if session.recorder is not None else None,
        "internal_errors": int(stats.get("helpscraper/internal_errors", 0)),
        "errors": list(stats.get("helpscraper/internal_error_texts", ())),
        "versions": dict(session.options.versions),
        "arguments": arguments.as_facts(),
        "declaration": arguments.site.as_facts(),
        "resumed": session.resumed,
        "why_new": session.why_new,
        "found_lying": session.found_lying.as_facts() if session.found_lying else {},
        "health": [],
        "snapshot": None,
    }


def _article_holes(
    session: CrawlSession, census: Mapping[str, Any], unnamed: list[str], problems: Mapping[str, int]
) -> list[str]:
    found = [detail for kind, _, detail in session.ledger.problems() if kind == "unlisted"]
    due = census["due"]
    if failed := census["counts"]["failed"] - due:
        found.append(f"{failed} article pages could not be read")
    if due:
        found.append(f"{due} article pages were still to be read")
    if unnamed:
        found.append(f"{len(unnamed)} articles without a title are left out: {', '.join(unnamed[:_SHOWN])}")
    if dropped := problems.get("invalid", 0) + problems.get("slug", 0):
        found.append(f"{dropped} listed articles could not become rows")
    return found


def _audit(session: CrawlSession) -> dict[str, Any] | None:
    """Return the bound in days, how many pages were chosen for it, and how many it was too late for or did not fit."""
    audit = session.audit
    if audit is None:
        return None
    return {
        "days": session.options.audit_days,
        "chosen": len(audit.chosen),
        "late": audit.late,
        "put_off": audit.put_off,
    }


def _requests(stats: Mapping[str, Any]) -> dict[str, Any]:
    prefix = "downloader/response_status_count/"
    return {
        "total": stats.get("downloader/request_count", 0),
        "by_status": {
            name.removeprefix(prefix): n for name, n in sorted(stats.items()) if name.startswith(prefix)
        },
        "retries": stats.get("retry/count", 0),
        "second_chances": stats.get("helpscraper/second_chances", 0),
        "held_seconds": round(stats.get("retry/held_seconds", 0), 3),
        "errors": stats.get("downloader/exception_count", 0),
        "bytes": stats.get("downloader/response_bytes", 0),
        "robots_refused": stats.get("robotstxt/forbidden", 0),
    }
