"""The session of one crawl: its lock, its ledger, the previous rows, and the decisions that follow from them.

The session imports no Scrapy.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from helpscraper.archive.indexing import update_index
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Recorder
from helpscraper.archive.run_facts import RunFacts
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.claim import claim, record_dead_runs, release_claim
from helpscraper.crawl.clock import free_instant
from helpscraper.crawl.lock import EditionLock
from helpscraper.crawl.plan import Audit, Pace, hint_of_edit, needs_fetch, plan_audit
from helpscraper.crawl.recovery import Leftover, record_lost_run, why_not_resumable, write_header
from helpscraper.crawl.settings_table import OWN
from helpscraper.crawl.shipping import Shipping, ledger_that_counts
from helpscraper.crawl.validators import Validators
from helpscraper.errors import ArchiveError, HelpscraperError, LeaseLostError
from helpscraper.health.checks import Thresholds
from helpscraper.health.notify import notify_transition, run_before
from helpscraper.health.rules import Rule
from helpscraper.intake.interface_comparison import InterfaceComparison
from helpscraper.intake.known import crawls_alike, newest_run, read_earlier_rows
from helpscraper.intake.ledger import Ledger
from helpscraper.normalise.article import Context
from helpscraper.platforms import get_platform
from helpscraper.platforms.contract import Findings

__all__ = ["CrawlSession", "SessionOptions"]

logger = logging.getLogger(__name__)

BEYOND = "beyond the limit that was asked for"
"""The detail of an article that the argument ``limit`` left out."""

_MOST_FOR_ONE = 10
_NOTHING_SAID = frozenset({"audit", "no evidence", "unlisted"})
"""Reasons to fetch a page that do not come from a change in a listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """The settings that a session needs; ``docs/settings.md`` describes each."""

    archive_uri: str = OWN["ARCHIVE_URI"].default
    single_writer: bool = OWN["SINGLE_WRITER"].default
    resume: bool = OWN["RESUME"].default
    resume_max_hours: float = OWN["RESUME_MAX_HOURS"].default
    audit_days: float = OWN["AUDIT_DAYS"].default
    baseline_runs: int = OWN["HEALTH_BASELINE_RUNS"].default
    thresholds: Thresholds = field(default_factory=Thresholds)
    notify_urls: tuple[str, ...] = ()
    notify_seconds: float = OWN["NOTIFY_TIMEOUT"].default
    lease_seconds: float = OWN["LEASE_SECONDS"].default
    notify_rules: tuple[Rule, ...] = ()
    digest: str = OWN["DIGEST"].default
    versions: Mapping[str, str] = field(default_factory=dict)


class CrawlSession:
    """One crawl of one site and locale. Create it with ``open``, end it with ``conclude.conclude`` or ``abandon``."""

    def __init__(
        self,
        arguments: CrawlArguments,
        options: SessionOptions,
        catalog: Catalog,
        lock: EditionLock,
        ledger: Ledger,
        snapshot_at: dt.datetime,
        found_lying: Leftover | None = None,
        *,
        resumed: bool = False,
        moved: bool = False,
        why_new: str | None = None,
    ) -> None:
        self.arguments = arguments
        self.options = options
        self.catalog = catalog
        self.ledger = ledger
        self.snapshot_at = snapshot_at
        self.found_lying = found_lying
        self.resumed = resumed
        self.why_new = why_new
        self.partition = Partition(arguments.site.name, arguments.locale)
        self.context = Context(arguments.site, arguments.locale, arguments.base_url)
        self.platform = get_platform(arguments.site.platform)
        known = read_earlier_rows(catalog, self.partition)
        self.known = known.rows
        extractor = options.versions.get("extractor")
        # A new extractor fetches everything once: rows carried over from the old one would later show the
        # extractor's changes as the site's.
        self.full_because = (
            "full crawl"
            if arguments.mode == "full"
            else "extractor"
            if extractor is not None and known.extractors - {extractor}
            else None
        )
        last = newest_run(catalog, self.partition)
        alike = crawls_alike(catalog, self.partition, arguments.as_facts(), before=snapshot_id(snapshot_at))
        starts = [*(snapshot_instant(run.run_id) for run in alike), snapshot_at]
        # The duration of a crawl that ended early says nothing about the usual duration.
        ended = (run for run in reversed(alike) if run.finish_reason == "finished")
        self.pace = Pace.of(starts, next(ended, None))
        self.audit: Audit | None = None
        self.validators = Validators(catalog, self.partition, None if self.full_because else last)
        self.region: dict[str, str] = {}
        self.comparison = InterfaceComparison(arguments.witness)
        self.monotonic_start = time.monotonic()
        self.concluded: RunFacts | None = None
        self.recorder: Recorder | None = None
        self.broken: HelpscraperError | None = None
        self.mistake: str | None = None
        # Why the crawl was ended early, in words; Scrapy only gets one word as the reason.
        self.stopped: str | None = None
        self._suspects: dict[str, str] = {}
        self._in_place = 0
        outcomes = ledger.outcomes()
        self.asked = outcomes["expected"] + outcomes["fetched"]
        self.lock = lock
        self.shipping = Shipping.under(lock, catalog.store, self.partition, ledger, moved=moved)

    @property
    def language(self) -> str:
        """The BCP 47 tag of the edition that was asked for."""
        return self.context.locale_facts.bcp47

    @property
    def snapshot_id(self) -> str:
        """The id of the snapshot that this crawl will write."""
        return snapshot_id(self.snapshot_at)

    @classmethod
    def open(cls, arguments: CrawlArguments, options: SessionOptions) -> CrawlSession:
        """Take the lock and open a new ledger, or with ``resume`` that of an unfinished crawl.

        Raises ``LockHeldError``, ``ArchiveError`` for a damaged or unwritable archive or a clock that cannot be right,
        and ``CommandError`` when the crawl to resume was started with other arguments.
        """
        catalog = Catalog(options.archive_uri).with_cached_listings()
        catalog.store.probe(single_writer=options.single_writer)
        partition = Partition(arguments.site.name, arguments.locale)
        lock = EditionLock(catalog.store, partition, seconds=options.lease_seconds)
        dead = lock.acquire()
        try:
            if dead is not None:
                logger.warning(
                    "The lock was held by process %s on %s since %s, which ended without releasing it; taken over.",
                    dead.get("pid"), dead.get("host"), dead.get("started_at"),
                )  # fmt: skip
            update_index(catalog, partition)
            path = lock.folder / "ledger.sqlite"
            ledger, leftover, moved = ledger_that_counts(path, catalog, partition, lock)
            for facts in record_dead_runs(catalog, partition, lock, leftover, options.resume_max_hours):
                _notify_lost_run(facts, catalog, partition, options)
            why_new = None
            if options.resume:
                why_new = why_not_resumable(leftover, arguments, options.versions, options.resume_max_hours)
                if leftover is not None and why_new is None:
                    logger.warning("Resuming the crawl of %s.", leftover)
                    ledger.reopen()
                    begun = snapshot_instant(leftover.snapshot_id)
                    return cls(arguments, options, catalog, lock, ledger, begun, resumed=True, moved=moved)
            if leftover is not None:
                logger.warning(
                    "Found the ledger of a crawl that did not end: %s. Starting a new crawl%s.", leftover,
                    "" if options.resume or not leftover.outcomes else "; --resume would have resumed it",
                )  # fmt: skip
                _notify_lost_run(record_lost_run(catalog, partition, leftover), catalog, partition, options)
                release_claim(catalog.store, partition, leftover.snapshot_id)
            take = partial(claim, catalog.store, partition, arguments.as_facts(), options.versions)
            snapshot_at = free_instant(catalog, partition, take)
            ledger.delete()
            ledger = Ledger(path)
            write_header(ledger, snapshot_at, arguments, options.versions)
            return cls(arguments, options, catalog, lock, ledger, snapshot_at, leftover, why_new=why_new)
        except BaseException:
            lock.release()
            raise

    def decide(self, article_id: str, listed: Callable[[], Mapping[str, Any]], section: str | None) -> None:
        """Decide whether the page of a listed article is fetched or its row carried over; enter it in the ledger.

        ``listed`` returns the typed columns of the listing's row; ``section`` is None for a tag or a search.
        """
        done = self.ledger.outcome(article_id)
        if done in {"expected", "fetched", "gone"}:
            return
        reason, known = self.full_because, self.known.get(article_id)
        if reason is None:
            said = listed() if known is not None else {}
            reason = needs_fetch(said, known, section, evidence=self.platform.claim.evidence)
            if reason is None and known is not None and (hint := hint_of_edit(said, known)):
                self._suspects[article_id] = hint
        if reason is not None and self.may_ask():
            self.claim(article_id, reason)
        elif reason is not None:
            self.ledger.settle(article_id, "listed", BEYOND)
        elif done is None:
            self.ledger.settle(article_id, "carried")

    def may_ask(self) -> bool:
        """Tell whether the argument ``limit`` allows one more article page."""
        return self.arguments.limit is None or self.asked < self.arguments.limit

    def holds_no_article(self) -> None:
        """Note that an address that was asked for holds no article, so that the ``limit`` allows another one.

        At most ``_MOST_FOR_ONE`` addresses are asked for in place of one article.
        """
        if self.arguments.limit is not None and self._in_place < _MOST_FOR_ONE * self.arguments.limit:
            self._in_place += 1
            self.asked -= 1

    def fill_limit(self) -> None:
        """Enter as due the next of the articles that the ``limit`` left out, as many as it allows now."""
        if self.arguments.limit is None or not self.may_ask():
            return
        for article_id in self.ledger.left_out(BEYOND, self.arguments.limit - self.asked):
            known = self.full_because is None and article_id in self.known
            self.claim(article_id, "no evidence" if known else self.full_because or "new")

    def claim(self, article_id: str, reason: str) -> bool:
        """Enter in the ledger that the article's page is due, and why; False when it was due already."""
        if not self.ledger.expect(article_id, reason):
            return False
        self.asked += 1
        self.ledger.tally("reason", {reason: 1})
        return True

    def plan_audit(self) -> None:
        """Choose unchanged articles to read again, and enter them as due; called once the listings are read."""
        days = self.options.audit_days
        if not days or self.full_because or self.arguments.query:
            return
        carried = set(self.ledger.carried())
        read_at = {name: at for name, at in self.known.pairs("fetched_at") if name in carried}
        bound = dt.timedelta(days=days)
        self.audit = plan_audit(read_at, self.snapshot_at, bound, self.pace, self._suspects)
        for article_id in self.audit.chosen:
            if self.may_ask():
                self.claim(article_id, self._suspects.get(article_id, "audit"))

    def conditional(self, article_id: str, reason: str) -> tuple[str | None, str | None]:
        """Return (ETag, Last-Modified) for a conditional request, or (None, None) for a full one.

        A request is conditional only when no listing shows a change and a 304 can be answered from the stored row and
        body.
        """
        row = self.known.get(article_id) if reason in _NOTHING_SAID else None
        if row is None or row["body_sha256"] is None or row["status"] == "failed":
            return (None, None)
        return self.validators.get(article_id)

    def served(self, found: Findings) -> None:
        """Count the language and the region that a page states."""
        if found.language:
            self.ledger.tally("language", {found.language: 1})
        if site := found.region.get("site"):
            self.ledger.tally("region", {site: 1})
        self.region |= found.region

    def unlisted(self) -> list[str]:
        """Return the known articles that the listings should have shown and did not, least recently fetched first.

        Their own pages tell whether they are gone or only left the listings.
        """
        if self.arguments.query or self.arguments.limit:
            return []
        sections = {section.key for section in self.ledger.sections() if section.pages or section.problem}
        if not sections:
            return []  # no listing was read, so a missing article proves nothing
        partial = bool(self.arguments.scope)
        found = sorted(
            (at or self.snapshot_at, article_id)
            for (article_id, at), (_, section) in zip(
                self.known.pairs("fetched_at"), self.known.pairs("section"), strict=True
            )
            if not (partial and section not in sections) and self.ledger.outcome(article_id) is None
        )
        return [article_id for _, article_id in found]

    def close_recording(self) -> None:
        """Write the recorded responses to disk, since the rows of the snapshot refer to them.

        Raises ``ArchiveError``; an earlier failure to record a response or to write the ledger is raised again.
        """
        if self.broken is not None:
            raise self.broken
        if self.recorder is not None:
            self.recorder.close()

    def release(self) -> None:
        """Close the ledger, keep its file, ship it where other machines may go on, and release the lock."""
        try:
            if self.shipping is not None:
                self._ship_last(self.shipping)
            if self.recorder is not None:
                self.recorder.close_unindexed()
            self.ledger.close()
        finally:
            self.validators.close()
            self.lock.release()

    def _ship_last(self, shipping: Shipping) -> None:
        try:
            shipping.ship(self.recorder)
        except LeaseLostError:
            pass  # said already; the other worker's state counts
        except ArchiveError as error:
            logger.warning("The crawl can only be resumed on this machine: %s", error.message)

    def finish(self) -> None:
        """Delete the ledger, whose contents are in the archive now, and release the lock."""
        try:
            self.ledger.delete()
            if self.shipping is not None:
                self.shipping.clear()
        finally:
            self.validators.close()
            self.lock.release()


def _notify_lost_run(
    facts: RunFacts | None, catalog: Catalog, partition: Partition, options: SessionOptions
) -> None:
    """Notify about a killed run at once, since this run may be killed too."""
    if facts is not None and options.notify_urls:
        before = run_before(catalog, partition, facts.run_id)
        notify_transition(options.notify_urls, facts, before, options.notify_seconds)
